"""What ends a run early: Ctrl-C, SIGTERM, the deadline. A write in flight is finished first.

Runners cancel a job with a series of signals, such as SIGINT and then SIGTERM, so a second signal
is no wish to leave at once: only a second Ctrl-C on a terminal is, or a third signal.
"""

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
_LEAVING = 3
"""The signal that leaves at once, where none is a second Ctrl-C on a terminal."""


class CancelToken:
    """The reason to end, once there is one; safe from any thread and from signal handlers.

    Args:
        note: prints one line for people.
        on_terminal: whether a Ctrl-C comes from somebody at a terminal.
    """

    def __init__(
        self, note: Callable[[str], None], on_terminal: Callable[[], bool] | None = None
    ) -> None:
        self._note = note
        self._on_terminal = on_terminal or _is_terminal
        self._event = threading.Event()
        self._error: InterruptedRunError | None = None
        self._committed = False
        self._signals = 0
        self._abandoned = False

    def wait(self, seconds: float) -> bool:
        """Wait so long; True where it broke off because the run is to stop."""
        return self._event.wait(seconds)

    def is_cancelled(self) -> bool:
        """Whether nothing new may start."""
        return self._event.is_set()

    def is_abandoned(self) -> bool:
        """Whether not even the write in flight is waited for."""
        return self._abandoned

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
        self._signals += 1
        name = signal.Signals(number).name
        error = self._error
        if error is None:
            error = self._end(f"{name} ended the run", _CODES[signal.Signals(number)])
        if self._signals == 1:
            if not self._committed:
                self.check()
            once_more = "Ctrl-C once more" if self._on_terminal() else "A third signal"
            self._print_note(
                "Stopping: the write in flight is finished and verified, no other is started. "
                f"{once_more} leaves at once."
            )
        elif self._signals >= _LEAVING or (number == signal.SIGINT and self._on_terminal()):
            self._leave(error)
        elif self._committed:
            self._print_note(f"{name} too: still finishing the write in flight.")

    def _leave(self, error: InterruptedRunError) -> None:
        """Have the run report what it knows; where that was asked for already, end here."""
        if not self._committed or self._abandoned:
            # Threads whose requests are still under way are daemons: nothing waits for them.
            sys.exit(error.exit_code)
        self._end(f"{error.what} before its writes were finished", error.exit_code)
        self._abandoned = True
        self._print_note("Leaving: what became of the write in flight is not known.")

    def _print_note(self, line: str) -> None:
        with suppress(RuntimeError):  # this very thread may have been printing when it was stopped
            self._note(line)

    def _on_deadline(self, seconds: float) -> None:
        if not self._event.is_set():
            self._end(f"The deadline of {seconds:g} s ended the run", ExitCode.TERMINATED)

    def _end(self, what: str, code: int) -> InterruptedRunError:
        self._error = InterruptedRunError(what, exit_code=code, fix=_AGAIN)
        self._event.set()
        return self._error


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
