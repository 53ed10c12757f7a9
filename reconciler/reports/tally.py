"""What happened, in numbers: an apply's outcomes counted by what they mean for the keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from reconciler.core.outcome import Outcome, RunResult, StepOutcome
from reconciler.core.plan import Action, Change

SAVED = frozenset({Outcome.APPLIED, Outcome.NOT_DEPLOYED})
"""The outcomes after which the Manager holds the step's body."""

_MAY_BE_SAVED = SAVED | {Outcome.UNKNOWN}

ChangeKey = tuple[str, str]
"""Project and final name: what addresses a change."""


class Tally(Struct, frozen=True):
    """Counts of one apply.

    Attributes:
        renamed: changes that are done and only renamed.
        described: changes that are done and only described.
        both: changes that are done and did both.
        resent: unchanged keys that were sent again and deployed.
        waiting: keys left under a temporary name.
        steps: how many steps came to which outcome.
    """

    renamed: int
    described: int
    both: int
    resent: int
    waiting: int
    steps: Mapping[Outcome, int]

    @property
    def complete(self) -> bool:
        """Whether every step that was to be sent is applied."""
        return all(outcome is Outcome.APPLIED for outcome in self.steps)


def changes_by_key(result: RunResult) -> dict[ChangeKey, Change]:
    """The plan's changes by what steps refer to them with."""
    return {(change.project, change.name): change for change in result.plan.changes}


def tally(result: RunResult) -> Tally:
    """Count an apply's outcomes; a change is done when its last step is applied."""
    changes = changes_by_key(result)
    done: Counter[tuple[Action, ...]] = Counter()
    for outcome in result.settled:
        if outcome.outcome is Outcome.APPLIED and not outcome.step.temporary:
            change = changes.get(key_of(outcome))
            done[change.actions if change else ()] += 1
    return Tally(
        renamed=done[(Action.RENAME,)],
        described=done[(Action.DESCRIBE,)],
        both=done[tuple(Action)],
        resent=done[()],
        waiting=len(left_waiting(result)),
        steps=Counter(outcome.outcome for outcome in result.settled),
    )


def key_of(outcome: StepOutcome) -> ChangeKey:
    """What addresses the change an outcome belongs to."""
    return outcome.step.project, outcome.step.change


def left_waiting(result: RunResult) -> tuple[StepOutcome, ...]:
    """The saved temporary steps whose change surely did not reach its final name."""
    waiting = {
        key_of(outcome): outcome
        for outcome in result.settled
        if outcome.step.temporary and outcome.outcome in SAVED
    }
    for outcome in result.settled:
        if not outcome.step.temporary and outcome.outcome in _MAY_BE_SAVED:
            waiting.pop(key_of(outcome), None)
    return tuple(waiting.values())
