"""One project's writes, from its second list to its last: one at a time, none of them blindly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from reconciler.core.identity import Identity, identities
from reconciler.core.list_changes import list_changes
from reconciler.core.model import LiveProject
from reconciler.core.observation import Decision, Observation, Observed, decide, observe
from reconciler.core.outcome import Outcome, StepOutcome, UpdateResponse
from reconciler.core.plan import JwkFields, Step
from reconciler.errors import ReconcilerError
from reconciler.executor.context import ExecutionContext, Halt, Unrecorded
from reconciler.executor.write import ATTEMPTS, Write

_GO_ON = frozenset({Decision.SAVED, Decision.RETRY})
"""The rulings after which a step may be sent once more."""

_WENT_ON = frozenset({Observed.AFTER, Observed.BEFORE, Observed.OCCUPIED})
"""What a list may show of a key's later step where the earlier one is saved."""


class ProjectRun:
    """The run of one project's steps.

    Args:
        steps: in the order they are sent.
        planned: the list they were planned on.
        tools: what to read and write with.
        halt: shared by all projects.

    Attributes:
        project: its name.
        stale: how its list differs from the planned one; empty where it does not.
    """

    def __init__(
        self, steps: Sequence[Step], planned: LiveProject, tools: ExecutionContext, halt: Halt
    ) -> None:
        self.project = planned.name
        self.stale: tuple[str, ...] = ()
        self._steps = steps
        self._planned = planned
        self._tools = tools
        self._recorder = tools.recorder or Unrecorded()
        self._halt = halt
        self._keys: dict[str, tuple[Identity, JwkFields]] = {}
        self._sent: list[Write] = []
        self._doubt = ""

    def run(self) -> list[StepOutcome]:
        """Send the steps until one is not saved; one outcome per step, in their order."""
        obstacle = self._obstacle()
        if not obstacle:
            self._send_all()
        outcomes = self._read_back() if self._sent else []
        return outcomes + self._not_tried(obstacle or self._reason(outcomes))

    def broken(self, error: Exception) -> list[StepOutcome]:
        """The outcomes after a bug of ours, which ended ``run``: what was sent is unknown."""
        # Only the kind of error is told: its text may hold anything.
        words = f"a bug of this program: {type(error).__name__}"
        unknown = [
            StepOutcome(write.step, Outcome.UNKNOWN, words, write.attempts) for write in self._sent
        ]
        return unknown + self._not_tried(words)

    def _not_tried(self, reason: str) -> list[StepOutcome]:
        rest = self._steps[len(self._sent) :]
        return [StepOutcome(step, Outcome.NOT_TRIED, reason) for step in rest]

    def _obstacle(self) -> str:
        """Why not even the first write may be sent; empty where it may."""
        if self._halt:
            return self._reason([])
        fresh = self._list()
        if isinstance(fresh, str):
            return f"the list could not be read again before the first write: {fresh}"
        self.stale = list_changes(self._planned, fresh)
        if self.stale:
            return f"the project changed since it was planned: {'; '.join(self.stale)}"
        known = identities(fresh.jwks)
        self._keys = {
            jwk.name: (known[jwk.name], JwkFields(jwk.name, jwk.description)) for jwk in fresh.jwks
        }
        return ""

    def _reason(self, outcomes: Sequence[StepOutcome]) -> str:
        if outcomes and outcomes[-1].outcome not in {Outcome.APPLIED, Outcome.NOT_DEPLOYED}:
            return "an earlier step of this project did not go through"
        first = next(iter(self._halt.errors), None)
        if isinstance(first, ReconcilerError):
            return f"the run was stopped: {first.what}"
        if self._doubt:
            return f"a temporary name was not seen on its key: {self._doubt}"
        return "the run was stopped before this step"

    def _list(self) -> LiveProject | str:
        """The list as it is now, or why it can't be had; a failing gateway stops the run."""
        try:
            answer = self._tools.reader.list_jwks(self.project)
        except ReconcilerError as error:
            self._halt.add(error)
            return str(error)
        return answer if isinstance(answer, LiveProject) else answer.message

    def _send_all(self) -> None:
        for step in self._steps:
            if self._halt:
                return
            identity, before = self._keys.pop(step.jwk)
            self._keys[step.body.name] = (identity, step.body)
            if not self._remember(partial(self._recorder.sending, step, identity)):
                return
            write = Write(step, identity, before)
            self._sent.append(write)
            try:
                self._send(write)
            except ReconcilerError as error:
                write.break_off(error)
                self._halt.add(error)
            deployed = write.deployment.deployed is True
            self._remember(partial(self._recorder.answered, step, deployed=deployed))
            self._tools.progress(step)
            if not write.saved or (step.temporary and not self._temporary(write)):
                return

    def _temporary(self, write: Write) -> bool:
        """Whether the list shows the temporary name on the key that it was meant for.

        In a cycle every name is taken before and after, so that no update of a second run would
        meet an absent or a taken name: only this list tells that the first run was quicker. While
        the temporary name is held, no other run can begin the same cycle.
        """
        sighting = self._sight(write, self._list(), [])
        if decide(write.settled_reply, sighting.sight, earlier_lost=write.lost) is Decision.SAVED:
            return True
        self._doubt = sighting.message
        return False

    def _send(self, write: Write) -> None:
        """Send one step until it is saved and deployed, or no further try is allowed."""
        while True:
            write.attempts += 1
            answer = self._tools.writer.update(self.project, write.address, write.step.body)
            if not write.take(answer):
                return
            waited = write.attempts < ATTEMPTS and self._wait(write, answer)
            if self._halt:
                return
            # What certainly never left may go again without reading the list. After the last try
            # the list tells whether the steps after this one may be sent.
            ruling = self._judge(write) if write.saved or write.lost else Decision.RETRY
            if not waited or ruling not in _GO_ON:
                return

    def _wait(self, write: Write, answer: UpdateResponse) -> bool:
        return not self._halt and self._tools.pace.pause(write.attempts, answer.retry_after)

    def _judge(self, write: Write) -> Decision:
        """Let the list decide what became of a step that was sent last."""
        sighting = self._sight(write, self._list(), [])
        ruling = decide(write.settled_reply, sighting.sight, earlier_lost=write.lost)
        write.saved = write.saved or ruling is Decision.SAVED
        return ruling

    @staticmethod
    def _sight(write: Write, fresh: LiveProject | str, later: Sequence[Write]) -> Observation:
        if isinstance(fresh, str):
            return Observation(Observed.UNREADABLE, fresh)
        reused = any(other.step.body.name == write.before.name for other in later)
        return observe(fresh.jwks, write.identity, write.before, write.step.body, reused=reused)

    def _read_back(self) -> list[StepOutcome]:
        """Believe nothing that the list does not show, key by key."""
        fresh = self._list()
        outcomes: list[StepOutcome] = []
        for place, write in enumerate(self._sent):
            outcome = self._settle(write, fresh, self._sent[place + 1 :])
            self._remember(partial(self._recorder.settled, outcome))
            outcomes.append(outcome)
        return outcomes

    def _settle(
        self, write: Write, fresh: LiveProject | str, later: Sequence[Write]
    ) -> StepOutcome:
        successor = next((other for other in later if other.identity == write.identity), None)
        if successor is not None and successor.deployment.deployed:
            write.deployment = successor.deployment
        sighting = self._sight(successor or write, fresh, later)
        if successor is not None and sighting.sight in _WENT_ON:
            sighting = Observation(Observed.AFTER)
        ruling = decide(write.settled_reply, sighting.sight, earlier_lost=write.lost)
        return write.outcome(ruling, sighting.message)

    def _remember(self, entry: Callable[[], None]) -> bool:
        """Whether it is remembered; if it can't be, the run ends."""
        try:
            entry()
        except ReconcilerError as error:
            self._halt.add(error)
            return False
        return True
