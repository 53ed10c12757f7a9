"""One step that is sent: what the responses to it said, and what became of it."""

from __future__ import annotations

from msgspec import Struct, field

from reconciler.core.identity import Identity
from reconciler.core.observation import Decision, Observation, decide
from reconciler.core.outcome import Deployment, Outcome, ResponseKind, StepOutcome, UpdateResponse
from reconciler.core.plan import JwkFields, Step
from reconciler.errors import AuthError, ReconcilerError

MAX_PUTS = 5
"""How many PUTs one step may cost, all reasons for sending again together."""


class Write(Struct):
    """A step and what is known of it so far.

    Attributes:
        step: the step.
        identity: of its key, from the list read before the project's first write.
        before: the fields its key had before it.
        attempts: how many PUTs were sent.
        kind: what the last response meant, until the step is saved.
        turned_away: how many of them the gateway turned away, saying when to come back.
        lost: a response was lost, so that its PUT may have had its effect unseen.
        saved: a response or a list said that the step is saved.
        deployment: what was last said about the gateways.
        message: what the last response said.
        answered: an answer came to the last PUT, though it said nothing: the next says no more.
    """

    step: Step
    identity: Identity
    before: JwkFields
    attempts: int = 0
    turned_away: int = 0
    kind: ResponseKind = ResponseKind.UNSENT
    lost: bool = False
    saved: bool = False
    deployment: Deployment = field(default_factory=lambda: Deployment(None))
    message: str = ""
    answered: bool = False

    @property
    def address(self) -> str:
        """The name the key has now, as far as is known."""
        return self.step.body.name if self.saved else self.step.jwk

    @property
    def is_silent(self) -> bool:
        """Whether the gateway answers, but says nothing of the deployment."""
        return self.answered and self.deployment.deployed is None

    def take(self, response: UpdateResponse) -> bool:
        """Take a response; whether another PUT might be of use."""
        self.message = response.message
        self.answered = response.unreadable or 200 <= (response.status or 0) < 300
        if not self.saved:
            self.kind = response.kind
            self.lost = self.lost or response.kind in {ResponseKind.LOST, ResponseKind.THROTTLED}
        if response.kind is ResponseKind.ACCEPTED:
            self.saved = True
            self.deployment = response.deployment
            # Without a deployment result another PUT has none either; a failed one may succeed.
            return response.deployment.deployed is False
        if response.deployment.deployed is False:
            self.deployment = response.deployment
        return response.kind is not ResponseKind.REJECTED or (self.lost and not self.saved)

    def stop(self, error: ReconcilerError) -> None:
        """Take the error that ended the run during the last PUT."""
        self.message = str(error)
        if not self.saved:
            self.kind = (
                ResponseKind.REJECTED if isinstance(error, AuthError) else ResponseKind.UNSENT
            )

    def decide(self, observation: Observation) -> Decision:
        """What became of saving it, by the responses and what the list shows."""
        kind = ResponseKind.ACCEPTED if self.saved else self.kind
        return decide(kind, observation.observed, earlier_lost=self.lost)

    @property
    def failures(self) -> int:
        """How many PUTs count against the limit."""
        return self.attempts - self.turned_away

    def outcome(self, observation: Observation) -> StepOutcome:
        """What became of it."""
        decision = self.decide(observation)
        if decision is Decision.SAVED:
            outcome, message = self._saved()
        elif decision is Decision.RETRY and self.kind is ResponseKind.THROTTLED:
            outcome = Outcome.NOT_TRIED
            message = f"the gateway takes no more requests for now: {self.message}"
        else:
            outcome, reason = _OUTCOMES[decision]
            if decision is Decision.REWRITTEN and self.deployment.deployed is not True:
                outcome = Outcome.NOT_DEPLOYED
            shown = observation.message if decision in _NEEDS_LIST else ""
            message = ": ".join(text for text in (reason, shown, self.message) if text)
        environments = self.deployment.environments
        return StepOutcome(self.step, outcome, message, self.attempts, environments)

    def _saved(self) -> tuple[Outcome, str]:
        if self.deployment.deployed:
            return Outcome.APPLIED, ""
        if self.deployment.deployed is False:
            message = self.deployment.message or "saved, but not deployed everywhere"
            return Outcome.NOT_DEPLOYED, message
        details = f": {self.message}" if self.message else ""
        return Outcome.NOT_DEPLOYED, f"saved, but no answer said that it was deployed{details}"


_OUTCOMES: dict[Decision, tuple[Outcome, str]] = {
    Decision.REJECTED: (Outcome.FAILED, "the gateway rejected it"),
    Decision.RETRY: (Outcome.FAILED, "it had no effect, and no further try was left"),
    Decision.REWRITTEN: (Outcome.FAILED, "saved, but not as it was sent"),
    Decision.CONFLICT: (Outcome.CONFLICT, "somebody else wrote at the same time"),
    Decision.UNKNOWN: (Outcome.UNKNOWN, "it may have been saved; the list could not be read back"),
    Decision.UNSENT: (Outcome.NOT_TRIED, "it could not be sent"),
}
_NEEDS_LIST = frozenset({Decision.CONFLICT, Decision.UNKNOWN, Decision.REWRITTEN})
"""The decisions that are not understood without what the list shows."""
