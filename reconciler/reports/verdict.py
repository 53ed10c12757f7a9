"""The message every report begins with; it holds counts only, so it is safe in every output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from reconciler.core.outcome import Outcome, RunResult, StepOutcome
from reconciler.core.plan import Action, Change, Plan
from reconciler.reports.formatting import counted, nonzero

ChangeKey = tuple[str, str]
"""Project and final name: what addresses a change."""

_SAVED = frozenset({Outcome.APPLIED, Outcome.NOT_DEPLOYED})
_MAYBE_SAVED = _SAVED | {Outcome.UNKNOWN}
_DONE = {
    (Action.RENAME,): "renamed",
    (Action.DESCRIBE,): "described",
    tuple(Action): "renamed and described",
    (): "deployed again",
}
_NOT_DONE = {
    Outcome.NOT_DEPLOYED: "saved but not deployed",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "unknown",
    Outcome.CONFLICT: "in conflict",
    Outcome.NOT_TRIED: "not tried",
}


class Status(StrEnum):
    """How good a verdict is."""

    GOOD = "good"
    PENDING = "pending"
    BAD = "bad"


ADVICE: dict[Outcome, str] = {
    Outcome.NOT_DEPLOYED: (
        "saved in the Manager, but some gateways may still serve what was before; no list shows "
        "this, and the only remedy is to send it again:"
    ),
    Outcome.FAILED: (
        "it was not carried out as it was sent; mend what is said above, then apply again"
    ),
    Outcome.UNKNOWN: (
        "nobody can say whether it was saved; once the gateway answers again, apply again, which "
        "finds out, and send what was saved again, as it may not be on every gateway:"
    ),
    Outcome.CONFLICT: (
        "somebody else wrote at the same time; find out who, then plan and review again"
    ),
    Outcome.NOT_TRIED: "not sent because of what came before; apply again once that is settled",
}
"""What to do about each outcome that is not simply applied; ends with a colon before a command."""


class Verdict(Struct, frozen=True):
    """What the whole run came to.

    Attributes:
        message: one line of plain text, one to three sentences.
        status: how good it is.
    """

    message: str
    status: Status

    @property
    def headline(self) -> str:
        """The first sentence, without its full stop."""
        return self.message.removesuffix(".").partition(". ")[0]

    @property
    def rest(self) -> str:
        """What follows the first sentence; "" where nothing does."""
        return self.message.removeprefix(self.headline).removeprefix(".").strip()


def verdict(result: RunResult) -> Verdict:
    """Sum up a result; what was edited may never have been planned, so that comes first."""
    found = _verdict(result)
    if not result.edited:
        return found
    return Verdict(f"Edited since it was written. {found.message}", Status.BAD)


def _verdict(result: RunResult) -> Verdict:
    outcomes = result.settled
    if outcomes:
        return _applied(result.plan, outcomes)
    if result.plan.refusals:
        return Verdict(_refused(result.plan, "is"), Status.BAD)
    if result.stopped is not None:
        return Verdict("Apply incomplete: nothing was written.", Status.BAD)
    if result.plan.steps or result.plan.changes:
        return Verdict(_planned(result.plan), Status.PENDING)
    return Verdict(_nothing(result.plan), Status.GOOD)


def changes_by_key(plan: Plan) -> dict[ChangeKey, Change]:
    """The plan's changes by what its steps refer to them with."""
    return {(change.project, change.name): change for change in plan.changes}


def change_key(outcome: StepOutcome) -> ChangeKey:
    """What addresses the change an outcome belongs to."""
    return outcome.step.project, outcome.step.change


def left_temporary(outcomes: Sequence[StepOutcome]) -> frozenset[ChangeKey]:
    """The changes whose key got its temporary name, but surely not its final one."""
    temporary = {
        change_key(item) for item in outcomes if item.step.temporary and item.outcome in _SAVED
    }
    final = {
        change_key(item)
        for item in outcomes
        if not item.step.temporary and item.outcome in _MAYBE_SAVED
    }
    return frozenset(temporary - final)


def _planned(plan: Plan) -> str:
    summary = plan.summary
    changed = changes_by_key(plan)
    resent = sum((step.project, step.change) not in changed for step in plan.steps)
    writes = nonzero(
        (summary.rename, "to rename"),
        (summary.describe, "to describe"),
        (summary.rename_and_describe, "to rename and describe"),
        (resent, "to deploy again"),
    )
    rest = nonzero((summary.unchanged, "unchanged"), (summary.unmanaged, "unmanaged"))
    return "; ".join([f"Plan: {', '.join(writes)}", *rest]) + ". Nothing is refused."


def _nothing(plan: Plan) -> str:
    unchanged = plan.summary.unchanged
    rest = "; ".join(["", *nonzero((plan.summary.unmanaged, "unmanaged"))])
    if not unchanged:
        return f"Nothing to do: no JWK is declared{rest}."
    verb = "is" if unchanged == 1 else "are"
    return f"Nothing to do: {counted(unchanged, 'JWK')} {verb} as declared{rest}."


def _refused(plan: Plan, verb: str) -> str:
    reasons = counted(len(plan.refusals), "reason")
    where = counted(len(plan.refused_projects), "project")
    return f"Refused: {reasons} in {where}; nothing {verb} written there."


def _applied(plan: Plan, outcomes: Sequence[StepOutcome]) -> Verdict:
    steps = Counter(item.outcome for item in outcomes)
    complete = steps.keys() == {Outcome.APPLIED}
    counts = _done(plan, outcomes)
    done = nonzero(*((counts[actions], label) for actions, label in _DONE.items()))
    if complete:
        message = (
            f"Applied: {', '.join(done)}; read back, and deployed everywhere the gateway named."
        )
    else:
        message = f"Apply incomplete: {_incomplete(done, steps, len(left_temporary(outcomes)))}."
    if plan.refusals:
        return Verdict(f"{message} {_refused(plan, 'was')}", Status.BAD)
    return Verdict(message, Status.GOOD if complete else Status.BAD)


def _done(plan: Plan, outcomes: Sequence[StepOutcome]) -> Counter[tuple[Action, ...]]:
    """How many changes are done, by their actions; a change is done when its last step is."""
    changes = changes_by_key(plan)
    done = [
        changes.get(change_key(item))
        for item in outcomes
        if item.outcome is Outcome.APPLIED and not item.step.temporary
    ]
    return Counter(change.actions if change else () for change in done)


def _incomplete(done: list[str], steps: Mapping[Outcome, int], left: int) -> str:
    not_done = nonzero(*((steps.get(outcome, 0), label) for outcome, label in _NOT_DONE.items()))
    return "; ".join(
        (
            ", ".join(done) or "nothing is done",
            f"of {counted(sum(steps.values()), 'update')}, {', '.join(not_done)}",
            *nonzero((left, "left under a temporary name")),
        )
    )
