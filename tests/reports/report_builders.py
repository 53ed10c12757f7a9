"""Plans and their parts, with all that follows from what a test says of them."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.digest import plan_digest
from reconciler.core.model import SourceLocation
from reconciler.core.plan import (
    Action,
    Change,
    Effect,
    JwkFields,
    Plan,
    PlanWarning,
    Refusal,
    Step,
    Summary,
    Unmanaged,
)

GATEWAY = "https://manager.example.com/apiops"
PAYMENTS = "manifests/payments.yaml"


def change(
    project: str,
    old: str,
    new: str,
    before: str | None = "",
    after: str | None = "",
    *,
    line: int = 7,
    detaches: bool = False,
) -> Change:
    """A change whose actions follow from its fields."""
    differs = ((old != new, Action.RENAME), (before != after, Action.DESCRIBE))
    effects = (Effect.REDEPLOYS, *((Effect.DETACHES_SOURCE,) if detaches else ()))
    return Change(
        project=project,
        name=new,
        before=JwkFields(old, before),
        after=JwkFields(new, after),
        actions=tuple(action for differ, action in differs if differ),
        effects=effects,
        id=f"id-of-{old}",
        kid=f"kid-of-{old}",
        source=SourceLocation(PAYMENTS, line, 13),
    )


def step_of(item: Change) -> Step:
    return Step(item.project, item.before.name, item.after, item.name)


def plan(
    changes: Sequence[Change] = (),
    steps: Sequence[Step] | None = None,
    refusals: Sequence[Refusal] = (),
    unmanaged: Sequence[Unmanaged] = (),
    warnings: Sequence[PlanWarning] = (),
    unchanged: int = 0,
) -> Plan:
    """A plan with a true summary and digest; one step for each change unless given."""
    if steps is None:
        steps = [step_of(item) for item in changes]
    actions = [item.actions for item in changes]
    return Plan(
        gateway=GATEWAY,
        digest=plan_digest(GATEWAY, changes, steps, refusals),
        summary=Summary(
            rename=actions.count((Action.RENAME,)),
            describe=actions.count((Action.DESCRIBE,)),
            rename_and_describe=actions.count(tuple(Action)),
            unchanged=unchanged,
            unmanaged=len(unmanaged),
            refused=len(refusals),
        ),
        changes=tuple(changes),
        steps=tuple(steps),
        refusals=tuple(refusals),
        unmanaged=tuple(unmanaged),
        warnings=tuple(warnings),
    )
