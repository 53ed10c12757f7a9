"""The one layer that tries again: how long to wait, and when to stop."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

BASE_SECONDS = 0.5
"""The first wait is drawn from zero to this; the range doubles with every further attempt."""
CAP_SECONDS = 30.0
"""Where the range stops growing."""
RETRY_AFTER_CAP_SECONDS = 60.0
"""The longest wait a gateway can ask for."""
MAX_ATTEMPTS = 5
"""How often one request is sent at most, the first time included."""

Wait = Callable[[float], bool]
"""Waits so many seconds; True where it broke off because the run is to stop (as ``Event.wait``)."""

Pause = Callable[[int, float | None], bool]
"""Waits before another attempt, given how many were made and the seconds the gateway asked for.
True: go on. False: give up, there were enough attempts or the run is to stop."""


class Backoff:
    """Waits with exponential backoff and full jitter, on one budget for all threads of a run.

    Args:
        budget: how many waits there may be in the whole run.
        wait: how to wait.
        jitter: a random number from 0 up to 1.
    """

    def __init__(self, budget: int, wait: Wait, jitter: Callable[[], float]) -> None:
        self._left = budget
        self._lock = threading.Lock()
        self._wait = wait
        self._jitter = jitter

    def pause(self, attempt: int, retry_after: float | None = None) -> bool:
        """See ``Pause``; ``attempt`` counts from 1."""
        if attempt >= MAX_ATTEMPTS or not self._spend():
            return False
        drawn = self._jitter() * min(CAP_SECONDS, BASE_SECONDS * 2 ** (attempt - 1))
        asked = min(retry_after or 0.0, RETRY_AFTER_CAP_SECONDS)
        return not self._wait(max(drawn, asked))

    def _spend(self) -> bool:
        with self._lock:
            if self._left <= 0:
                return False
            self._left -= 1
            return True


def seconds(value: object) -> float | None:
    """A number of seconds from an answer, as a number or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return max(number, 0.0) if math.isfinite(number) else None


def retry_after_seconds(header: str, now: float) -> float | None:
    """A ``Retry-After`` header (RFC 9110, 10.2.3) as seconds; None where it says nothing.

    Args:
        header: seconds or an HTTP-date.
        now: seconds since the epoch.
    """
    number = seconds(header)
    if number is not None:
        return number
    try:
        date = parsedate_to_datetime(header)
        # The asctime form names no zone; every HTTP-date is in GMT (RFC 9110, 5.6.7).
        return max((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None
