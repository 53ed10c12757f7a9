from __future__ import annotations

import gc
import threading
import weakref

import pytest
from fake_gateway import Waits
from hypothesis import given
from hypothesis import strategies as st

from reconciler.http.retries import MAX_ATTEMPTS, RetryPolicy, retry_after_seconds, seconds
from reconciler.http.throttle import Throttle


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


class Bucket:
    """A server that takes twenty requests a second, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.second, self.taken = 0.0, 0
        self.sent = 0

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False

    def get(self) -> bool:
        self.sent += 1
        self.now += 0.001
        if self.now - self.second >= 1:
            self.second, self.taken = self.now, 0
        self.taken += 1
        return self.taken <= 20


def test_seven_hundred_projects_are_read_from_a_server_that_takes_twenty_a_second() -> None:
    bucket = Bucket()
    policy = RetryPolicy(bucket.wait, lambda: 0.0, budget=60)
    for _ in range(700):
        taken, _ = policy.call(bucket.get, not_, lambda _taken: 1.0, not_)
        assert taken
    assert 34 <= bucket.now <= 40
    assert policy.wait_before_retry(1), "nothing of the budget is used up"


def not_(taken: bool) -> bool:
    return not taken


@pytest.mark.parametrize(("asked", "attempts"), [(0.0, 21), (1.0, 11), (4.0, 3), (11.0, 1)])
def test_a_request_is_turned_away_for_so_long_at_most(asked: float, attempts: int) -> None:
    waits = Waits()
    policy = RetryPolicy(waits, lambda: 0.0, budget=0, turned_away_for=10)
    result, count = policy.call(lambda: "no", lambda _: True, lambda _: asked, lambda _: True)
    assert (result, count) == ("no", attempts)
    assert [policy.wait_turned_away(asked, times) for times in (attempts - 1, attempts)] == [
        True,
        False,
    ]


def test_fewer_are_sent_at_a_time_after_a_429_and_more_again_later() -> None:
    said: list[str] = []
    throttle = Throttle(8, lambda: False, said.append)

    def send(*, turned_away: bool, times: int = 1) -> int:
        for _ in range(times):
            with throttle.request() as note:
                note(turned_away)
        return throttle.allowed

    assert [send(turned_away=True) for _ in range(5)] == [4, 2, 1, 1, 1]
    assert [send(turned_away=False, times=20) for _ in range(3)] == [2, 3, 4]
    assert send(turned_away=False, times=1000) == 8
    assert len(said) == 1


def test_requests_that_were_under_way_together_slow_down_once() -> None:
    throttle = Throttle(8, lambda: False, lambda _text: None)
    with throttle.request() as one, throttle.request() as other:
        one(True)
        other(True)
    assert throttle.allowed == 4


def test_a_cancelled_run_waits_for_no_turn() -> None:
    cancelled = threading.Event()
    throttle = Throttle(1, cancelled.is_set, lambda _text: None)
    cancelled.set()
    with throttle.request(), throttle.request():
        pass


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
