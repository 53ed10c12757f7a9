"""What ends a run early, in this very process."""

from __future__ import annotations

import signal
import threading

import pytest

from reconciler.cli.cancel import CancelToken
from reconciler.errors import InterruptedRunError

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


def silent(line: str) -> None:
    raise AssertionError(line)


@pytest.mark.parametrize(("number", "code"), CODES.items())
def test_before_the_first_write_a_signal_ends_the_run_where_it_is(
    number: signal.Signals, code: int
) -> None:
    stop = CancelToken(silent)
    with stop.listening(None), pytest.raises(InterruptedRunError, match=number.name) as caught:
        signal.raise_signal(number)
    assert caught.value.exit_code == code
    assert stop.is_cancelled()
    assert stop.wait(10)
    with pytest.raises(InterruptedRunError):
        stop.finish_updates()


@pytest.mark.parametrize(("number", "code"), CODES.items())
def test_from_then_on_a_signal_is_only_noted(number: signal.Signals, code: int) -> None:
    notes: list[str] = []
    stop = CancelToken(notes.append)
    with stop.listening(None):
        stop.finish_updates()
        signal.raise_signal(number)
    assert stop.error is not None
    assert stop.error.exit_code == code
    (note,) = notes
    assert note.startswith("Stopping: the write in flight is finished and verified")
    assert note.endswith("A third signal leaves at once.")


SERIES: dict[str, tuple[bool, list[signal.Signals], bool]] = {
    "one Ctrl-C": (True, [signal.SIGINT], False),
    "a second Ctrl-C on a terminal": (True, [signal.SIGINT, signal.SIGINT], True),
    "SIGTERM, then Ctrl-C on a terminal": (True, [signal.SIGTERM, signal.SIGINT], True),
    "two SIGTERM where a terminal is": (True, [signal.SIGTERM, signal.SIGTERM], False),
    "GitHub's SIGINT and SIGTERM": (False, [signal.SIGINT, signal.SIGTERM], False),
    "two SIGINT without a terminal": (False, [signal.SIGINT, signal.SIGINT], False),
    "three signals": (False, [signal.SIGINT, signal.SIGTERM, signal.SIGTERM], True),
}


@pytest.mark.parametrize(("terminal", "series", "leaves"), SERIES.values(), ids=SERIES)
def test_only_a_second_ctrl_c_on_a_terminal_or_a_third_signal_leaves_a_write(
    terminal: bool, series: list[signal.Signals], leaves: bool
) -> None:
    notes: list[str] = []
    stop = CancelToken(notes.append, on_terminal=lambda: terminal)
    with stop.listening(None):
        stop.finish_updates()
        for number in series:
            signal.raise_signal(number)
        assert stop.is_abandoned() == leaves
        assert stop.error is not None
        assert stop.error.exit_code == CODES[series[0]]
        assert ("before its writes were finished" in stop.error.what) == leaves
        if leaves:
            with pytest.raises(SystemExit):
                signal.raise_signal(signal.SIGTERM)
    assert len(notes) == len(series)
    assert notes[0].endswith(
        f"{'Ctrl-C once more' if terminal else 'A third signal'} leaves at once."
    )


def test_the_first_signal_after_the_deadline_leaves_no_write_behind() -> None:
    stop = CancelToken(lambda _note: None, on_terminal=lambda: True)
    with stop.listening(0.01):
        stop.finish_updates()
        assert stop.wait(10)
        signal.raise_signal(signal.SIGINT)
    assert not stop.is_abandoned()
    assert stop.error is not None
    assert stop.error.what == "The deadline of 0.01 s ended the run"


def test_a_signal_while_this_thread_prints_does_no_harm() -> None:
    def printing(_line: str) -> None:
        raise RuntimeError("reentrant call")

    stop = CancelToken(printing)
    with stop.listening(None):
        stop.finish_updates()
        signal.raise_signal(signal.SIGTERM)
    assert stop.is_cancelled()


def test_the_deadline_ends_waits() -> None:
    stop = CancelToken(silent)
    with stop.listening(0.01):
        assert stop.wait(10)
    with pytest.raises(InterruptedRunError, match=r"The deadline of 0.01 s") as caught:
        stop.check()
    assert caught.value.exit_code == 143


def test_a_deadline_after_a_signal_changes_nothing() -> None:
    stop = CancelToken(lambda _note: None)
    with stop.listening(0.05):
        stop.finish_updates()
        signal.raise_signal(signal.SIGINT)
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join(10)
    assert stop.error is not None
    assert stop.error.exit_code == 130


def test_without_a_reason_nothing_stops_and_the_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in CODES]
    stop = CancelToken(silent)
    with stop.listening(60):
        assert not stop.is_cancelled()
        assert not stop.wait(0)
        stop.check()
        stop.finish_updates()
    assert [signal.getsignal(number) for number in CODES] == before
    assert stop.error is None
