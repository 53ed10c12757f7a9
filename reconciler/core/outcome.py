"""What the gateway answered to a write, and what became of each step."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from reconciler.core.plan import Plan, Step


class Environment(Struct, frozen=True):
    """Whether one environment (or one pod in it) got the key.

    Attributes:
        name: the environment's name; ``environment/pod`` where the answer goes down to pods.
        deployed: what the answer said of it; None where it can't be understood.
        message: the gateway's words; hostile text, not escaped.
    """

    name: str
    deployed: bool | None
    message: str = ""


class Deployment(Struct, frozen=True):
    """What an answer said about getting the key to the gateways.

    Attributes:
        deployed: True only where the answer can be read as success everywhere; False where it
            says it failed somewhere; None where it says nothing that can be understood.
        environments: one item per environment or pod the answer names.
        message: the gateway's words about the whole; hostile text, not escaped.
    """

    deployed: bool | None
    environments: tuple[Environment, ...] = ()
    message: str = ""


class ResponseKind(StrEnum):
    """What an answer to a write, or the lack of it, means for the write."""

    ACCEPTED = "accepted"
    """The gateway says it saved the key."""
    REJECTED = "rejected"
    """The gateway says it did not: a 4xx, or a failure inside a 200."""
    THROTTLED = "throttled"
    """429: not now."""
    LOST = "lost"
    """The request may have had its effect: timeout, reset, 5xx, an answer nobody understands."""
    UNSENT = "unsent"
    """The request never left: no connection."""


class UpdateResponse(Struct, frozen=True):
    """The meaning of the answer to one PUT, whatever its dialect.

    Attributes:
        kind: what it means for the write.
        message: the gateway's words or the network's failure, for people; hostile, not escaped.
        deployment: what it said about the gateways; ``Deployment(None)`` unless accepted.
        status: the HTTP status; None where there was no answer.
        retry_after: seconds the gateway asked to wait; None where it did not.
        unreadable: something came, but nothing that can be read.
    """

    kind: ResponseKind
    message: str
    deployment: Deployment
    status: int | None = None
    retry_after: float | None = None
    unreadable: bool = False


class Outcome(StrEnum):
    """What became of a step."""

    APPLIED = "applied"
    """Read back under its new fields, and deployed everywhere the answer named."""
    NOT_DEPLOYED = "not-deployed"
    """Saved, but not known to be on every gateway."""
    FAILED = "failed"
    """It was not carried out; the key is as it was."""
    UNKNOWN = "unknown"
    """Nobody can say: the answer was lost and the list could not be read."""
    CONFLICT = "conflict"
    """Somebody else wrote at the same time."""
    NOT_TRIED = "not-tried"
    """Not sent, because of something that came before it."""


class StepOutcome(Struct, frozen=True):
    """What became of one step.

    Attributes:
        step: the step of the plan.
        outcome: what became of it.
        message: why, in words for people; holds live text, not escaped.
        attempts: how many PUTs were sent for it.
        environments: the deployment answer's environments, of the last attempt that had one.
    """

    step: Step
    outcome: Outcome
    message: str = ""
    attempts: int = 0
    environments: tuple[Environment, ...] = ()


class RunResult(Struct, frozen=True):
    """What every report is made from.

    Attributes:
        plan: the plan.
        outcomes: what became of the steps that were reached; None where it was only planned.
        stopped: one sentence on why an apply ended early; else None.
        edited: whether it comes from a saved plan that was altered since it was written.
        command: what was called, as for a shell, to be completed where it has to be called again;
            in no file, as whoever can change one would have it called.

    Raises:
        ValueError: ``stopped`` is given for what was only planned.
    """

    plan: Plan
    outcomes: tuple[StepOutcome, ...] | None = None
    stopped: str | None = None
    edited: bool = False
    command: str = "reconciler apply"

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
