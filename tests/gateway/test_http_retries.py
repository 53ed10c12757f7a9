from __future__ import annotations

import gc
import threading
import weakref

import pytest
from fake_gateway import Waits
from hypothesis import given
from hypothesis import strategies as st

from reconciler.http.retries import MAX_ATTEMPTS, RetryPolicy, retry_after_seconds, seconds


def test_the_range_of_waits_doubles_and_stops_after_five_attempts() -> None:
    waits = Waits()
    policy = RetryPolicy(waits, lambda: 1.0, budget=60)
    assert [policy.wait_before_retry(attempt) for attempt in range(1, 6)] == [True] * 4 + [False]
    assert waits.seconds == [0.5, 1.0, 2.0, 4.0]


def test_waits_are_drawn_from_the_whole_range() -> None:
    waits = Waits()
    RetryPolicy(waits, lambda: 0.25, budget=60).wait_before_retry(3)
    RetryPolicy(waits, lambda: 0.0, budget=60).wait_before_retry(3)
    assert waits.seconds == [0.5, 0.0]


ASKED = {0.0: 0.5, 0.1: 0.5, 7.0: 7.0, 60.0: 60.0, 86400.0: 60.0, None: 0.5}


@pytest.mark.parametrize(("asked", "waited"), ASKED.items())
def test_the_wait_asked_for_is_honoured_within_bounds(asked: float | None, waited: float) -> None:
    waits = Waits()
    assert RetryPolicy(waits, lambda: 1.0, budget=60).wait_before_retry(1, asked)
    assert waits.seconds == [waited]


def test_a_stopping_run_does_not_go_on() -> None:
    stopping = threading.Event()
    policy = RetryPolicy(stopping.wait, lambda: 0.0, budget=60)
    assert policy.wait_before_retry(1)
    stopping.set()
    assert not policy.wait_before_retry(1, 50.0)


def test_all_threads_share_one_budget() -> None:
    went_on: list[bool] = []
    policy = RetryPolicy(Waits(), lambda: 0.0, budget=10)
    threads = [
        threading.Thread(
            target=lambda: went_on.extend(policy.wait_before_retry(1) for _ in range(5))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert went_on.count(True) == 10
    assert len(went_on) == 40


@given(st.integers(1, 2 * MAX_ATTEMPTS), st.floats(0, 1e9), st.floats(0, 1, exclude_max=True))
def test_no_wait_is_longer_than_a_minute(attempt: int, asked: float, drawn: float) -> None:
    waits = Waits()
    assert RetryPolicy(waits, lambda: drawn, budget=60).wait_before_retry(attempt, asked) is (
        attempt < MAX_ATTEMPTS
    )
    assert all(0 <= waited <= 60 for waited in waits.seconds)


SECONDS: dict[str, tuple[object, float | None]] = {
    "a number": (3, 3.0),
    "a fraction": (0.5, 0.5),
    "text": (" 12 ", 12.0),
    "negative": (-3, 0.0),
    "endless": ("inf", None),
    "no number": ("nan", None),
    "words": ("soon", None),
    "truth": (True, None),
    "nothing": (None, None),
    "beyond floats": (10**400, None),
}


@pytest.mark.parametrize(("value", "expected"), SECONDS.values(), ids=SECONDS.keys())
def test_seconds(value: object, expected: float | None) -> None:
    assert seconds(value) == expected


NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110
HEADERS = {
    "120": 120.0,
    "Sun, 06 Nov 1994 08:50:07 GMT": 30.0,
    "Sunday, 06-Nov-94 08:50:07 GMT": 30.0,
    "Sun Nov  6 08:50:07 1994": 30.0,
    "Sun, 06 Nov 1994 08:00:00 GMT": 0.0,
    "": None,
    "later": None,
}


@pytest.mark.parametrize(("header", "expected"), HEADERS.items())
def test_retry_after_headers(header: str, expected: float | None) -> None:
    assert retry_after_seconds(header, NOW) == expected


@given(st.text(max_size=40))
def test_any_header_has_a_meaning(header: str) -> None:
    found = retry_after_seconds(header, NOW)
    assert found is None or found >= 0


class Answer:
    """Stands for a response of some megabytes."""


def test_no_answer_waits_for_the_collector() -> None:
    policy = RetryPolicy(lambda _seconds: False)
    gc.disable()
    try:
        answer, _ = policy.call(Answer, lambda _answer: False, lambda _answer: None)
        alive = weakref.ref(answer)
        del answer
        assert alive() is None
    finally:
        gc.enable()
