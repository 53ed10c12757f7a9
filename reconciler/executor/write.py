"""One step that is sent: what its answers said, and what became of it."""

from __future__ import annotations

from msgspec import Struct, field

from reconciler.core.identity import Identity
from reconciler.core.observation import Decision
from reconciler.core.outcome import Deployment, Outcome, ResponseKind, StepOutcome, UpdateResponse
from reconciler.core.plan import JwkFields, Step
from reconciler.errors import AccessError, ReconcilerError

ATTEMPTS = 5
"""How many PUTs one step may cost, all reasons for sending again together."""


class Write(Struct):
    """A step and what is known of it so far.

    Attributes:
        step: the step.
        identity: of its key, from the list read before the project's first write.
        before: the fields its key had before it.
        attempts: how many PUTs were sent.
        kind: what the last answer meant, until the step is saved.
        lost: an answer was lost, so that its PUT may have had its effect unseen.
        saved: an answer or a list said that the step is saved.
        deployment: what was last said about the gateways.
        message: the words of the last answer.
    """

    step: Step
    identity: Identity
    before: JwkFields
    attempts: int = 0
    kind: ResponseKind = ResponseKind.UNSENT
    lost: bool = False
    saved: bool = False
    deployment: Deployment = field(default_factory=lambda: Deployment(None))
    message: str = ""

    @property
    def address(self) -> str:
        """The name the key has now, as far as is known."""
        return self.step.body.name if self.saved else self.step.jwk

    @property
    def settled_reply(self) -> ResponseKind:
        """What the answers came to, for the decision table."""
        return ResponseKind.ACCEPTED if self.saved else self.kind

    def take(self, answer: UpdateResponse) -> bool:
        """Take an answer; whether another PUT might be of use."""
        self.message = answer.message
        if not self.saved:
            self.kind = answer.kind
            self.lost = self.lost or answer.kind in {ResponseKind.LOST, ResponseKind.THROTTLED}
        if answer.kind is ResponseKind.ACCEPTED:
            self.saved = True
            self.deployment = answer.deployment
            # A silent answer stays silent; one that failed may succeed the next time.
            return answer.deployment.deployed is False
        if answer.deployment.deployed is False:
            self.deployment = answer.deployment
        return answer.kind is not ResponseKind.REJECTED or (self.lost and not self.saved)

    def break_off(self, error: ReconcilerError) -> None:
        """Take the error that ended the run during the last PUT."""
        self.message = str(error)
        if not self.saved:
            self.kind = (
                ResponseKind.REJECTED if isinstance(error, AccessError) else ResponseKind.UNSENT
            )

    def outcome(self, ruling: Decision, seen: str = "") -> StepOutcome:
        """What became of it.

        Args:
            ruling: the decision table's.
            seen: what the list shows, in words.
        """
        if ruling is Decision.SAVED:
            outcome, message = self._saved()
        else:
            outcome, words = _OUTCOMES[ruling]
            shown = seen if ruling in _SHOWN else ""
            message = ": ".join(text for text in (words, shown, self.message) if text)
        environments = self.deployment.environments
        return StepOutcome(self.step, outcome, message, self.attempts, environments)

    def _saved(self) -> tuple[Outcome, str]:
        if self.deployment.deployed:
            return Outcome.APPLIED, ""
        if self.deployment.deployed is False:
            words = self.deployment.message or "saved, but not deployed everywhere"
            return Outcome.NOT_DEPLOYED, words
        said = f": {self.message}" if self.message else ""
        return Outcome.NOT_DEPLOYED, f"saved, but no answer said that it was deployed{said}"


_OUTCOMES: dict[Decision, tuple[Outcome, str]] = {
    Decision.REJECTED: (Outcome.FAILED, "the gateway rejected it"),
    Decision.RETRY: (Outcome.FAILED, "it had no effect, and no further try was left"),
    Decision.CONFLICT: (Outcome.CONFLICT, "somebody else wrote at the same time"),
    Decision.UNKNOWN: (Outcome.UNKNOWN, "it may have been saved; the list could not be read back"),
    Decision.UNSENT: (Outcome.NOT_TRIED, "it could not be sent"),
}
_SHOWN = frozenset({Decision.CONFLICT, Decision.UNKNOWN})
"""The rulings that are not understood without what the list shows."""
