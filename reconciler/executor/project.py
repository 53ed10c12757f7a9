"""One project's updates, from its second list to its last: one at a time, none sent blindly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from reconciler.core.identity import Identity, identities
from reconciler.core.list_changes import list_changes
from reconciler.core.model import LiveProject
from reconciler.core.observation import Decision, Observation, Observed, observe
from reconciler.core.outcome import Outcome, ResponseKind, StepOutcome, UpdateResponse
from reconciler.core.plan import JwkFields, Step
from reconciler.errors import ReconcilerError
from reconciler.executor.context import ExecutionContext, RunErrors
from reconciler.executor.write import MAX_PUTS, Write

_SAVED = frozenset({Decision.SAVED, Decision.REWRITTEN})
_MAY_SEND_AGAIN = _SAVED | {Decision.RETRY}

_LATER_STEP_STARTED = frozenset(
    {
        Observed.AFTER,
        Observed.REWRITTEN,
        Observed.BEFORE,
        Observed.EQUIVALENT,
        Observed.OCCUPIED,
    }
)
"""What a list may show of a key's later step where the earlier one is saved."""


class ProjectRun:
    """The run of one project's steps.

    Args:
        steps: in the order they are sent.
        planned: the list they were planned on.
        context: what to read and write with.
        errors: what ends the whole run; shared by all projects.

    Attributes:
        project: its name.
        list_changes: how its list differs from the planned one, or what else appeared since the
            plan; empty where nothing does.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        planned: LiveProject,
        context: ExecutionContext,
        errors: RunErrors,
    ) -> None:
        self.project = planned.name
        self.list_changes: tuple[str, ...] = ()
        self._steps = steps
        self._planned = planned
        self._context = context
        self._errors = errors
        self._keys: dict[str, tuple[Identity, JwkFields]] = {}
        self._sent: list[Write] = []
        self._unseen_temporary_name = ""

    def run(self) -> list[StepOutcome]:
        """Send the steps until one is not saved; one outcome per step, in their order."""
        obstacle = self._obstacle()
        if not obstacle:
            self._send_all()
        outcomes = self._read_back() if self._sent else []
        return outcomes + self._not_tried(obstacle or self._reason(outcomes))

    def outcomes_after_bug(self, error: Exception) -> list[StepOutcome]:
        """The outcomes after a bug of ours, which ended ``run``: what was sent is unknown."""
        # Only the kind of error is reported: its text may hold anything.
        return self._not_settled(f"a bug of this program: {type(error).__name__}")

    def outcomes_when_abandoned(self) -> list[StepOutcome]:
        """The outcomes of a project whose thread is still at work, and not waited for."""
        return self._not_settled("the run was ended before the list was read back")

    def _not_settled(self, message: str) -> list[StepOutcome]:
        unknown = [
            StepOutcome(write.step, Outcome.UNKNOWN, message, write.attempts)
            for write in tuple(self._sent)
        ]
        return unknown + self._not_tried(message, len(unknown))

    def _not_tried(self, reason: str, sent: int | None = None) -> list[StepOutcome]:
        rest = self._steps[len(self._sent) if sent is None else sent :]
        return [StepOutcome(step, Outcome.NOT_TRIED, reason) for step in rest]

    def _is_stopped(self) -> bool:
        return bool(self._errors.all()) or self._context.is_cancelled()

    def _obstacle(self) -> str:
        """Why not even the first update may be sent; empty where it may."""
        if self._is_stopped():
            return self._reason([])
        fresh = self._list()
        if isinstance(fresh, str):
            return f"the list could not be read again before the first write: {fresh}"
        try:
            appeared = self._context.appeared
            self.list_changes = list_changes(self._planned, fresh) or appeared(self.project)
        except ReconcilerError as error:
            self._errors.add(error)
            return self._reason([])
        if self.list_changes:
            return f"the project changed since it was planned: {'; '.join(self.list_changes)}"
        known = identities(fresh.jwks)
        self._keys = {
            jwk.name: (known[jwk.name], JwkFields(jwk.name, jwk.description)) for jwk in fresh.jwks
        }
        return ""

    def _reason(self, outcomes: Sequence[StepOutcome]) -> str:
        """Why the steps after the last one that was sent were not sent."""
        if outcomes and outcomes[-1].outcome not in {Outcome.APPLIED, Outcome.NOT_DEPLOYED}:
            return "an earlier step of this project did not go through"
        first = next(iter(self._errors.all()), None)
        if isinstance(first, ReconcilerError):
            return f"the run was stopped: {first.what}"
        if self._unseen_temporary_name:
            return f"a temporary name was not seen on its key: {self._unseen_temporary_name}"
        return "the run was stopped before this step"

    def _list(self) -> LiveProject | str:
        """The list as it is now, or why it can't be had; a failing gateway stops the run."""
        try:
            live = self._context.reader.list_jwks(self.project)
        except ReconcilerError as error:
            self._errors.add(error)
            return str(error)
        return live if isinstance(live, LiveProject) else live.message

    def _send_all(self) -> None:
        recorder = self._context.recorder
        for step in self._steps:
            if self._is_stopped():
                return
            identity, before = self._keys.pop(step.jwk)
            self._keys[step.body.name] = (identity, step.body)
            if not self._record(partial(recorder.sending, step, identity, before)):
                return
            write = Write(step, identity, before)
            self._sent.append(write)
            try:
                self._send(write)
            except ReconcilerError as error:
                write.stop(error)
                self._errors.add(error)
            deployed = write.deployment.deployed is True
            self._record(partial(recorder.answered, step, deployed=deployed))
            self._context.on_sent(step)
            if not write.saved or (step.temporary and not self._shows_temporary_name(write)):
                return

    def _shows_temporary_name(self, write: Write) -> bool:
        """Whether the list shows the temporary name on the key that it was meant for.

        In a cycle every name is taken before and after, so that no update of a second run would
        meet an absent or a taken name: only this list tells that the first run was quicker. While
        the temporary name is held, no other run can begin the same cycle.
        """
        observation = self._observe(write, self._list(), [])
        if write.decide(observation) in _SAVED:
            return True
        self._unseen_temporary_name = observation.message
        return False

    def _send(self, write: Write) -> None:
        """Send one step until it is saved and deployed, or may not be sent again."""
        while True:
            write.attempts += 1
            response = self._context.writer.update(self.project, write.address, write.step.body)
            if not write.take(response):
                return
            waited = write.failures < MAX_PUTS and self._wait(write, response)
            if self._is_stopped():
                return
            # What certainly never left may go again without reading the list. After the last try
            # the list tells whether the steps after this one may be sent.
            decision = Decision.RETRY
            if write.saved or write.lost:
                decision = write.decide(self._observe(write, self._list(), []))
                write.saved = write.saved or decision in _SAVED
            if not waited or decision not in _MAY_SEND_AGAIN:
                return
            if decision is Decision.SAVED and write.is_silent:
                return

    def _wait(self, write: Write, response: UpdateResponse) -> bool:
        if self._is_stopped():
            return False
        seconds = response.retry_after
        if response.kind is ResponseKind.THROTTLED and seconds is not None:
            write.turned_away += 1
            return self._context.wait_turned_away(seconds, write.turned_away)
        return self._context.wait_before_retry(write.failures, seconds)

    @staticmethod
    def _observe(write: Write, fresh: LiveProject | str, later: Sequence[Write]) -> Observation:
        if isinstance(fresh, str):
            return Observation(Observed.UNREADABLE, fresh)
        reused = any(other.step.body.name == write.before.name for other in later)
        return observe(fresh.jwks, write.identity, write.before, write.step.body, reused=reused)

    def _read_back(self) -> list[StepOutcome]:
        """Believe nothing that the list does not show, key by key."""
        fresh = self._list()
        outcomes: list[StepOutcome] = []
        for position, write in enumerate(self._sent):
            outcome = self._outcome(write, fresh, self._sent[position + 1 :])
            self._record(partial(self._context.recorder.settled, outcome))
            outcomes.append(outcome)
        return outcomes

    def _outcome(
        self, write: Write, fresh: LiveProject | str, later: Sequence[Write]
    ) -> StepOutcome:
        next_write = next((other for other in later if other.identity == write.identity), None)
        if next_write is not None and next_write.deployment.deployed:
            write.deployment = next_write.deployment
        observation = self._observe(next_write or write, fresh, later)
        if next_write is not None and observation.observed in _LATER_STEP_STARTED:
            observation = Observation(Observed.AFTER)
        return write.outcome(observation)

    def _record(self, entry: Callable[[], None]) -> bool:
        """Whether it is recorded; if it can't be, the run ends."""
        try:
            entry()
        except ReconcilerError as error:
            self._errors.add(error)
            return False
        return True
