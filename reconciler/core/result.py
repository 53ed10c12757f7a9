"""What a run came to: a plan and, where it was applied, what became of its steps."""

from __future__ import annotations

from msgspec import Struct

from reconciler.core.outcome import Outcome, StepOutcome
from reconciler.core.plan import Plan


class RunResult(Struct, frozen=True):
    """What every report is made from.

    Attributes:
        plan: the plan.
        outcomes: what became of the steps that were reached; None where it was only planned.
        stopped: one sentence on why an apply ended early; else None.

    Raises:
        ValueError: ``stopped`` is given for what was only planned.
    """

    plan: Plan
    outcomes: tuple[StepOutcome, ...] | None = None
    stopped: str | None = None

    def __post_init__(self) -> None:
        if self.outcomes is None and self.stopped is not None:
            message = "only an apply can be stopped: give its outcomes, if only ()"
            raise ValueError(message)

    @property
    def settled(self) -> tuple[StepOutcome, ...]:
        """An outcome for every step an apply was to send, in the plan's order.

        A step the run did not reach counts as not tried. Steps of refused projects were never to be
        sent and are left out, unless an outcome says otherwise. Empty for what was only planned.
        """
        if self.outcomes is None:
            return ()
        known = {outcome.step: outcome for outcome in self.outcomes}
        refused = self.plan.refused_projects
        return tuple(
            known.get(step) or StepOutcome(step, Outcome.NOT_TRIED)
            for step in self.plan.steps
            if step in known or step.project not in refused
        )
