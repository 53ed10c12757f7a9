from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from sandbox_calls import SEED, options

from reconciler.sandbox.request_log import RecordedRequest, RequestLog, json_or_none
from reconciler.sandbox.state import Options, ServerState


def test_the_journal_counts_and_forgets() -> None:
    journal = RequestLog()
    for method in ("GET", "PUT", "GET"):
        journal.record(RecordedRequest(method, "/", "/", None, None))
    assert journal.counts() == {"GET": 2, "PUT": 1}
    assert [len(journal.requests(method)) for method in (None, "GET", "POST")] == [3, 2, 0]
    journal.clear()
    assert (journal.requests(), journal.counts()) == ((), {})


def test_a_body_that_is_not_json_is_none() -> None:
    values = [json_or_none(body) for body in (b"[1]", b"{", b"\xff", b"[" * 100_000)]
    assert values == [[1], None, None, None]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dialect": "klingon"}, "dialect is 'klingon'; allowed are older, newer, mixed"),
        ({"deployment": "x"}, "deployment is 'x'; allowed are environmentResults"),
        ({"deploy_latency": -1.0}, "give seconds"),
    ],
)
def test_wrong_options_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        options(**change)


def test_the_stand_knows_which_projects_there_are() -> None:
    stand = ServerState(Options(SEED))
    with closing(stand.store), pytest.raises(KeyError):
        stand.keys("Absent")
