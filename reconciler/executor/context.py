"""What a run works with: the promises that the gateway, the door and the journal keep."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from reconciler.core.identity import Identity
from reconciler.core.model import LiveList
from reconciler.core.outcome import StepOutcome, UpdateResponse
from reconciler.core.plan import JwkFields, Step


class Reader(Protocol):
    """Reads lists; raises ``ReconcilerError`` where the run can't go on."""

    def list_jwks(self, project: str) -> LiveList:
        """One project's whole list."""
        ...


class Writer(Protocol):
    """Sends one update, once; raises ``ReconcilerError`` where the run can't go on."""

    def update(self, project: str, jwk: str, body: JwkFields) -> UpdateResponse:
        """One PUT and what its answer means."""
        ...


class Pace(Protocol):
    """When to wait, and when to stop."""

    def pause(self, attempt: int, retry_after: float | None) -> bool:
        """Wait before sending again; False where the budget is used up or the run is to end."""
        ...

    def stopping(self) -> bool:
        """Whether no further write may start."""
        ...


class Recorder(Protocol):
    """Remembers writes, for a run that may be killed.

    Every method raises ``ReconcilerError`` where it can't remember any more; then the run ends
    without another write.
    """

    def sending(self, step: Step, identity: Identity) -> None:
        """Called before a step's first PUT."""
        ...

    def answered(self, step: Step, *, deployed: bool) -> None:
        """Called once per step, after its last PUT.

        Args:
            step: the step.
            deployed: whether an answer said that it is on every gateway.
        """
        ...

    def settled(self, outcome: StepOutcome) -> None:
        """Called once per step that was sent, after the list was read back, in their order."""
        ...


class Unrecorded:
    """The recorder that remembers nothing."""

    def sending(self, step: Step, identity: Identity) -> None:
        """See ``Recorder``."""

    def answered(self, step: Step, *, deployed: bool) -> None:
        """See ``Recorder``."""

    def settled(self, outcome: StepOutcome) -> None:
        """See ``Recorder``."""


class ExecutionContext(Struct, frozen=True):
    """What a run works with.

    Attributes:
        progress: called from worker threads, once per step that was sent.
        recorder: None where nothing is to be remembered.
    """

    reader: Reader
    writer: Writer
    pace: Pace
    progress: Callable[[Step], None]
    recorder: Recorder | None = None


class Halt:
    """The reasons, of whatever thread, why the whole run ends; true once there is one."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = threading.Lock()
        self._errors: list[Exception] = []

    @property
    def errors(self) -> tuple[Exception, ...]:
        """In the order they came up; empty where nothing, or the pace, ends the run."""
        with self._lock:
            return tuple(self._errors)

    def add(self, error: Exception) -> None:
        """End the run."""
        with self._lock:
            self._errors.append(error)

    def __bool__(self) -> bool:
        return bool(self._errors) or self._pace.stopping()
