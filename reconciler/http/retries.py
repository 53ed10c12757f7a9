"""How long to wait before a request is sent again, and when to stop."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result

BASE_SECONDS = 0.5
"""The first wait is drawn from zero to this; the range doubles with every further attempt."""
CAP_SECONDS = 30.0
"""Where the range stops growing."""
SHORTEST_SECONDS = 0.5
"""So long is waited at least where a server turns a request away, whatever it asks for."""
MAX_ATTEMPTS = 5
"""How often one request is sent at most, the first time included."""

Wait = Callable[[float], bool]
"""Waits so many seconds; True where it broke off because the run was cancelled (``Event.wait``)."""

R = TypeVar("R")


class _CancelledError(Exception):
    """The run was cancelled during a wait."""


class RetryPolicy:
    """Exponential backoff with full jitter, shared by all threads of a run.

    Args:
        wait: how to wait.
        jitter: a random number from 0 up to 1.
        budget: how many waits there may be in the whole run; None for any number.
        longest_wait: the longest wait a server can ask for, in seconds.
        patient: wait for ``longest_wait`` where a server asks for more; if not, give up at once.
        turned_away_for: how many seconds one request may wait in all because the server turned it
            away and said when to come back; such waits count for nothing else.
    """

    def __init__(
        self,
        wait: Wait,
        jitter: Callable[[], float] = random.random,
        *,
        budget: int | None = None,
        longest_wait: float = 60.0,
        patient: bool = True,
        turned_away_for: float = 300.0,
    ) -> None:
        self._wait = wait
        self._jitter = jitter
        self._budget = math.inf if budget is None else budget
        self._longest_wait = longest_wait
        self._patient = patient
        self._turned_away_for = turned_away_for
        self._lock = threading.Lock()

    def call(
        self,
        send: Callable[[], R],
        may_retry: Callable[[R], bool],
        retry_after: Callable[[R], float | None],
        is_turned_away: Callable[[R], bool] = lambda _result: False,
    ) -> tuple[R, int]:
        """Send a request until its result is final, or no further attempt is allowed.

        Args:
            send: sends it once.
            may_retry: whether another attempt may get a better result.
            retry_after: the seconds the server asked to wait; None where it did not.
            is_turned_away: whether the server took nothing and said when to come back.

        Returns the last result, and how many attempts were made.
        """
        results: list[R] = []
        failures, waited = 0, 0.0
        asked, turned_away = None, False

        def attempt() -> R:
            nonlocal failures, waited, asked, turned_away
            results.append(send())
            asked = retry_after(results[-1])
            turned_away = asked is not None and is_turned_away(results[-1])
            failures += not turned_away
            waited += max(asked or 0.0, SHORTEST_SECONDS) if turned_away else 0.0
            return results[-1]

        def is_last(_state: RetryCallState) -> bool:
            return waited > self._turned_away_for if turned_away else self._is_last(failures, asked)

        def pause(_state: RetryCallState) -> float:
            polite = max(asked or 0.0, SHORTEST_SECONDS)
            return polite if turned_away else self._seconds(failures, asked)

        retrying = Retrying(
            retry=retry_if_result(may_retry),
            stop=is_last,
            wait=pause,
            sleep=self._sleep,
            retry_error_callback=lambda _state: results[-1],
        )
        with suppress(_CancelledError):
            retrying(attempt)
        # tenacity leaves a cycle of references: whole responses would wait in it for the collector.
        last, count = results[-1], len(results)
        results.clear()
        return last, count

    def wait_before_retry(self, attempt: int, retry_after: float | None = None) -> bool:
        """Wait before a request is sent again.

        Args:
            attempt: how often it was sent, from 1.
            retry_after: the seconds the server asked to wait; None where it did not.

        Returns:
            False where it may not be sent again: there were enough attempts, the budget is used up,
            or the run was cancelled.
        """
        if self._is_last(attempt, retry_after):
            return False
        return not self._wait(self._seconds(attempt, retry_after))

    def wait_turned_away(self, seconds: float, times: int) -> bool:
        """Wait as a server asked that turned a request away.

        Args:
            seconds: what it asked for.
            times: how often this request was turned away, from 1.

        Returns:
            False where that would be too long, or the run was cancelled.
        """
        seconds = max(seconds, SHORTEST_SECONDS)
        return times * seconds <= self._turned_away_for and not self._wait(seconds)

    def _is_last(self, attempt: int, retry_after: float | None) -> bool:
        if attempt >= MAX_ATTEMPTS:
            return True
        if not self._patient and (retry_after or 0.0) > self._longest_wait:
            return True
        with self._lock:
            if self._budget <= 0:
                return True
            self._budget -= 1
            return False

    def _seconds(self, attempt: int, retry_after: float | None) -> float:
        drawn: float = self._jitter() * min(CAP_SECONDS, BASE_SECONDS * 2.0 ** (attempt - 1))
        return max(drawn, min(retry_after or 0.0, self._longest_wait))

    def _sleep(self, seconds: float) -> None:
        if self._wait(seconds):
            raise _CancelledError


def seconds(value: object) -> float | None:
    """A number of seconds from a response, as a number or as text; None for anything else."""
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
        now: seconds since the epoch, by the clock of whoever wrote it.
    """
    number = seconds(header)
    if number is not None:
        return number
    date = http_date(header)
    return None if date is None else max(date - now, 0.0)


def http_date(header: str) -> float | None:
    """An HTTP-date (RFC 9110, 5.6.7) as seconds since the epoch; None for anything else."""
    try:
        date = parsedate_to_datetime(header)
        # The asctime form names no zone; every HTTP-date is in GMT.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
