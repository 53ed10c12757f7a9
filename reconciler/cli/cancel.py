"""What ends a run early: Ctrl-C, SIGTERM, the deadline. A write in flight is finished first."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler.cli.exit_codes import ExitCode
from reconciler.errors import InterruptedRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
_AGAIN = "Run again: what is done is recognised, and the rest is finished"


class CancelToken:
    """The reason to end, once there is one; safe from any thread and from signal handlers.

    Args:
        note: prints one line for people.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._event = threading.Event()
        self._error: InterruptedRunError | None = None
        self._committed = False

    def wait(self, seconds: float) -> bool:
        """Wait so long; True where it broke off because the run is to stop."""
        return self._event.wait(seconds)

    def is_cancelled(self) -> bool:
        """Whether nothing new may start."""
        return self._event.is_set()

    @property
    def error(self) -> InterruptedRunError | None:
        """Why the run stops; None while it does not."""
        return self._error

    def check(self) -> None:
        """Raise the reason, where there is one."""
        if self._error is not None:
            raise self._error

    @contextmanager
    def listening(self, deadline: float | None) -> Iterator[None]:
        """Take signals and the deadline for as long as the context lasts.

        Args:
            deadline: seconds from now; None for no deadline.
        """
        before = {number: signal.signal(number, self._on_signal) for number in _CODES}
        timer = threading.Timer(deadline or 0, self._on_deadline, [deadline])
        timer.daemon = True
        if deadline is not None:
            timer.start()
        try:
            yield
        finally:
            timer.cancel()
            for number, handler in before.items():
                signal.signal(number, handler)

    def finish_updates(self) -> None:
        """From now on a signal is only noted: what begins is finished, verified and reported.

        Raises:
            InterruptedRunError: one came before.
        """
        self._committed = True
        self.check()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        code = _CODES[signal.Signals(number)]
        if self._event.is_set():
            # Threads whose requests are still under way are daemons: nothing waits for them.
            sys.exit(code)
        self._end(f"{signal.Signals(number).name} ended the run", code)
        if not self._committed:
            self.check()
        with suppress(RuntimeError):  # this very thread may have been printing when it was stopped
            self._note(
                "Stopping: the write in flight is finished and verified, no other is started. "
                "Once more leaves at once."
            )

    def _on_deadline(self, seconds: float) -> None:
        if not self._event.is_set():
            self._end(f"The deadline of {seconds:g} s ended the run", ExitCode.TERMINATED)

    def _end(self, what: str, code: ExitCode) -> None:
        self._error = InterruptedRunError(what, exit_code=code, fix=_AGAIN)
        self._event.set()
