"""What a run works with: how to read, write, wait, and record what was sent."""

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
        """Send one PUT; returns what its response means."""
        ...


class Recorder(Protocol):
    """Records updates, for a run that may be killed.

    Every method raises ``ReconcilerError`` where it can't record any more; then the run ends
    without another update.
    """

    def sending(self, step: Step, identity: Identity, before: JwkFields) -> None:
        """Called before a step's first PUT."""
        ...

    def answered(self, step: Step, *, deployed: bool) -> None:
        """Called once per step, after its last PUT.

        Args:
            step: the step.
            deployed: whether a response said that it is on every gateway.
        """
        ...

    def settled(self, outcome: StepOutcome) -> None:
        """Called once per step that was sent, after the list was read back, in their order."""
        ...


class NoRecorder:
    """The recorder that records nothing."""

    def sending(self, step: Step, identity: Identity, before: JwkFields) -> None:
        """See ``Recorder``."""

    def answered(self, step: Step, *, deployed: bool) -> None:
        """See ``Recorder``."""

    def settled(self, outcome: StepOutcome) -> None:
        """See ``Recorder``."""


def nothing_appeared(_project: str) -> tuple[str, ...]:
    """Nothing appeared."""
    return ()


class ExecutionContext(Struct, frozen=True, kw_only=True):
    """What a run works with.

    Attributes:
        reader: reads lists.
        writer: sends updates.
        wait_before_retry: waits before a PUT is sent again, given how often it was sent and the
            seconds the gateway asked for; False where it may not be sent again, as the budget is
            used up or the run was cancelled.
        wait_turned_away: waits as the gateway asked that turned an update away (429), given the
            seconds and how often it did; False as above.
        is_cancelled: whether no further update may start.
        is_abandoned: whether updates under way are not waited for any more.
        on_sent: called from worker threads, once per step that was sent.
        recorder: records updates.
        appeared: called once per project, just before its first update: what appeared since the
            plan that keeps it from being written to, in one sentence each.
    """

    reader: Reader
    writer: Writer
    wait_before_retry: Callable[[int, float | None], bool]
    wait_turned_away: Callable[[float, int], bool] = lambda _seconds, _times: False
    is_cancelled: Callable[[], bool]
    is_abandoned: Callable[[], bool] = lambda: False
    on_sent: Callable[[Step], None]
    recorder: Recorder = NoRecorder()
    appeared: Callable[[str], tuple[str, ...]] = nothing_appeared


class RunErrors:
    """The errors, of whatever thread, that end the whole run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._errors: list[Exception] = []

    def all(self) -> tuple[Exception, ...]:
        """In the order they came up."""
        with self._lock:
            return tuple(self._errors)

    def add(self, error: Exception) -> None:
        """End the run."""
        with self._lock:
            self._errors.append(error)
