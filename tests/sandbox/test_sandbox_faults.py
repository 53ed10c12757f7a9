from __future__ import annotations

from typing import Any

import pytest
from msgspec import to_builtins

from reconciler.sandbox.decoding import SeedError
from reconciler.sandbox.fault_injection import FAULT_HANDLERS, SIDE_EFFECTS
from reconciler.sandbox.faults import KINDS, Fault, FaultQueue, decode_faults


def met(fault: Fault, requests: int = 8) -> list[int]:
    queue = FaultQueue()
    queue.add(fault)
    return [number for number in range(1, requests + 1) if queue.due("PUT", "P")]


@pytest.mark.parametrize(
    ("fault", "numbers"),
    [
        pytest.param(Fault("html"), [1], id="by itself it meets the next request"),
        pytest.param(Fault("html", at=3), [3], id="at counts from 1"),
        pytest.param(Fault("html", at=3, times=2), [3, 4], id="times goes on from there"),
        pytest.param(Fault("html", every=3), [3, 6], id="every goes on for ever"),
        pytest.param(Fault("html", every=2, times=3), [2, 4, 6], id="every with times ends"),
        pytest.param(Fault("html", index=5), [5], id="index counts the server's requests"),
        pytest.param(Fault("html", method="GET"), [], id="another method"),
        pytest.param(Fault("html", project="Q"), [], id="another project"),
        pytest.param(Fault("html", method="PUT", project="P"), [1], id="this method and project"),
    ],
)
def test_which_requests_a_fault_meets(fault: Fault, numbers: list[int]) -> None:
    assert met(fault) == numbers


def test_a_fault_counts_the_requests_it_matches_from_when_it_was_armed() -> None:
    queue = FaultQueue()
    queue.due("PUT", "P")
    queue.add(Fault("html", method="PUT", at=2), Fault("429", index=4))
    assert queue.due("GET", "P") == ()
    assert queue.due("PUT", None) == ()
    assert [fault.kind for fault in queue.due("PUT", "P")] == ["html", "429"]
    assert queue.pending() == ()


def test_deploy_fails_waits_for_a_put_unless_told_otherwise() -> None:
    queue = FaultQueue()
    queue.add(Fault("deploy-fails"))
    assert not queue.due("GET", "P")
    assert queue.due("PUT", "P")


def test_pending_faults_can_be_seen_and_cleared() -> None:
    queue = FaultQueue()
    queue.add(Fault("latency", seconds=2.0, every=2))
    assert [to_builtins(fault) for fault in queue.pending()] == [
        {"kind": "latency", "every": 2, "seconds": 2.0}
    ]
    queue.clear()
    assert queue.pending() == ()


def test_every_kind_is_played_once_somewhere() -> None:
    assert sorted(KINDS) == sorted([*SIDE_EFFECTS, *FAULT_HANDLERS])


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        pytest.param(
            {"kind": 429, "seconds": 2, "header": True},
            Fault("429", seconds=2.0, header=True),
            id="a number as a kind",
        ),
        pytest.param(
            {"kind": "deploy-fails", "environments": ["test"], "times": 2},
            Fault("deploy-fails", environments=("test",), times=2),
            id="environments",
        ),
        pytest.param(
            {"kind": "huge", "size": 5, "method": "GET"},
            Fault("huge", size=5, method="GET"),
            id="size",
        ),
        pytest.param(
            {"kind": "deep", "depth": 5, "index": 3}, Fault("deep", depth=5, index=3), id="depth"
        ),
        pytest.param(
            {"kind": "foreign-change", "project": "P", "name": "a", "to": "b"},
            Fault("foreign-change", project="P", name="a", to="b"),
            id="a rename by somebody else",
        ),
        pytest.param(
            {"kind": "foreign-change", "project": "P", "name": "a", "description": None},
            Fault("foreign-change", project="P", name="a", description=None),
            id="a description cleared by somebody else",
        ),
    ],
)
def test_faults_are_read(value: dict[str, Any], fault: Fault) -> None:
    assert decode_faults([value]) == (fault,)


def test_what_a_fault_says_of_itself_can_be_read_again() -> None:
    fault = Fault("foreign-change", project="P", name="a", to="b", every=2, times=3)
    assert decode_faults([to_builtins(fault)]) == (fault,)


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        pytest.param(
            {"kind": "fire"}, "faults[0].kind", "allowed are latency", id="an unknown kind"
        ),
        pytest.param({}, "faults[0].kind", "is missing", id="no kind"),
        pytest.param(
            {"kind": "html", "sise": 1},
            "faults[0].sise",
            "did you mean 'size'",
            id="a typing mistake",
        ),
        pytest.param(
            {"kind": "html", "seconds": 1},
            "faults[0].seconds",
            "not a known member",
            id="an option of another kind",
        ),
        pytest.param(
            {"kind": "html", "at": 0},
            "faults[0].at",
            "must be a number >= 1",
            id="at counts from 1",
        ),
        pytest.param(
            {"kind": "html", "at": 1, "every": 2},
            "faults[0].every",
            "can't be combined with at",
            id="at and every",
        ),
        pytest.param(
            {"kind": "html", "method": "DELETE"},
            "faults[0].method",
            "allowed are GET",
            id="a method that isn't served",
        ),
        pytest.param(
            {"kind": "latency", "seconds": float("nan")},
            "faults[0].seconds",
            "must be a number >= 0",
            id="not a number",
        ),
        pytest.param(
            {"kind": "foreign-change", "name": "a"},
            "faults[0].project",
            "is missing",
            id="a change of a key nowhere",
        ),
        pytest.param(
            {"kind": "foreign-change", "project": "P"},
            "faults[0].name",
            "is missing",
            id="a change of no key",
        ),
        pytest.param(1, "faults[0]", "must be a mapping", id="no mapping"),
    ],
)
def test_wrong_faults_are_refused_with_their_path(value: object, path: str, words: str) -> None:
    with pytest.raises(SeedError) as caught:
        decode_faults([value])
    assert (caught.value.path, words in caught.value.problem) == (path, True)


def test_a_fault_made_in_python_is_checked_too() -> None:
    with pytest.raises(SeedError, match="allowed are"):
        Fault("fire")
