"""Fewer requests at a time where a server says that there are too many of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_RECOVERY = 20
"""After so many requests that were taken, one more may be sent at a time."""
_POLL_SECONDS = 0.1
"""After so long a cancelled run is noticed while a turn is awaited."""


class Throttle:
    """How many requests may be under way at a time; shared by all threads of a run.

    Half as many after a 429, never less than one; one more after every twenty that were taken.

    Args:
        limit: how many at most.
        is_cancelled: whether nobody waits for a turn any more.
        warn: told once, when the first request was turned away.
    """

    def __init__(
        self, limit: int, is_cancelled: Callable[[], bool], warn: Callable[[str], None]
    ) -> None:
        self._limit = self._allowed = limit
        self._is_cancelled = is_cancelled
        self._warn = warn
        self._turn = threading.Condition()
        self._under_way = 0
        self._taken = 0
        self._reductions = 0
        self._warned = False

    @property
    def allowed(self) -> int:
        """How many may be under way now."""
        return self._allowed

    @contextmanager
    def request(self) -> Iterator[Callable[[bool], None]]:
        """Wait for a turn; call the given function with whether the request was turned away."""
        with self._turn:
            while self._under_way >= self._allowed and not self._is_cancelled():
                self._turn.wait(_POLL_SECONDS)
            self._under_way += 1
            begun = self._reductions
        try:
            yield lambda turned_away: self._note(begun, turned_away=turned_away)
        finally:
            with self._turn:
                self._under_way -= 1
                self._turn.notify()

    def _note(self, begun: int, *, turned_away: bool) -> None:
        with self._turn:
            if not turned_away:
                self._taken += 1
                if self._taken >= _RECOVERY and self._allowed < self._limit:
                    self._allowed += 1
                    self._taken = 0
                return
            self._taken = 0
            # Requests that were under way together count once.
            if begun == self._reductions:
                self._allowed = max(1, self._allowed // 2)
                self._reductions += 1
            is_first, self._warned = not self._warned, True
        if is_first:
            self._warn(
                "The server limits how many requests it takes (HTTP 429): waiting as long as it "
                "asks for, and sending fewer at a time"
            )
