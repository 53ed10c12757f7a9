"""What the reports made of markup tell in sentences, with code between backticks for ``prose``.

Names in them are shown as on a terminal, and may still hold backticks of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.plan import Action, Change, Effect, Plan, Step
from reconciler.reports import escape
from reconciler.reports.changes import DETACHES
from reconciler.reports.notes import reminders
from reconciler.reports.tally import ChangeKey, changes_by_key, key_of
from reconciler.reports.wording import counted

SENT_AGAIN = "as declared; sent again to be deployed again"
"""What is told of a key that is sent though nothing differs."""

_EFFECTS = {Effect.REDEPLOYS: "redeploys", Effect.DETACHES_SOURCE: "DETACHES from its source"}


def effects_in_short(change: Change, temporary: Collection[ChangeKey]) -> list[str]:
    """What else happens to a changed key, in a few words each.

    Args:
        change: the change.
        temporary: see ``temporarily_renamed``.
    """
    told = [words for effect, words in _EFFECTS.items() if effect in change.effects]
    if (change.project, change.name) in temporary:
        told.append("goes through a temporary name")
    return told


def temporarily_renamed(plan: Plan) -> frozenset[ChangeKey]:
    """The changes whose key waits under a temporary name for a while."""
    return frozenset((step.project, step.change) for step in plan.steps if step.temporary)


def side_effects(plan: Plan) -> Iterator[str]:
    """What else happens, each in one sentence or two."""
    keys = len({(step.project, step.change) for step in plan.steps})
    if keys:
        verb = "is" if keys == 1 else "are"
        yield f"{counted(keys, 'key')} {verb} deployed to every environment, as part of the update."
    for change in plan.changes:
        if Effect.DETACHES_SOURCE in change.effects:
            yield f"`{escape.name(change.name)}` {DETACHES}."
    yield from reminders(plan)


def resent(plan: Plan) -> list[Step]:
    """The steps that send a key though nothing differs."""
    changed = {(change.project, change.name) for change in plan.changes}
    return [step for step in plan.steps if (step.project, step.change) not in changed]


def told_outcomes(result: RunResult) -> list[tuple[StepOutcome, str]]:
    """Each step's outcome with remarks, which may be empty; those to act upon come first."""
    changes = changes_by_key(result)
    told = [
        (outcome, _remarks(outcome, changes.get(key_of(outcome)))) for outcome in result.settled
    ]
    return sorted(told, key=lambda item: item[0].outcome is Outcome.APPLIED)


def environment_sentence(environment: Environment) -> str:
    """Whether one environment got the key."""
    words = "deployed" if environment.deployed else "NOT deployed"
    message = f", {escape.terminal(environment.message)}" if environment.message else ""
    return f"`{escape.name(environment.name)}` {words}{message}"


def _remarks(outcome: StepOutcome, change: Change | None) -> str:
    step = outcome.step
    remarks = []
    if step.temporary:
        remarks.append(f"a temporary name, on the way to `{escape.name(step.change)}`")
    elif change is None:
        remarks.append("sent again unchanged")
    elif Action.DESCRIBE in change.actions:
        remarks.append("with its description")
    if outcome.attempts > 1:
        remarks.append(counted(outcome.attempts, "attempt"))
    return "; ".join(remarks)
