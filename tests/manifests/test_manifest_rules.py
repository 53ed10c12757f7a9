from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model import DeclaredJwk, DeclaredProject, SourceLocation
from reconciler.manifests.rules import rule_violations
from reconciler.reports.problems import validity_warnings

Entry = tuple[str, tuple[str, ...], str | None]


def project(*entries: Entry) -> DeclaredProject:
    jwks = tuple(
        DeclaredJwk(name, SourceLocation("f", number), previous_names=previous, kid=kid)
        for number, (name, previous, kid) in enumerate(entries, start=1)
    )
    return DeclaredProject("P", jwks, SourceLocation("f", 0))


CASES = [
    pytest.param([], [], id="nothing declared, nothing wrong"),
    pytest.param([("a", (), None), ("b", ("x",), None)], [], id="unrelated entries"),
    pytest.param([("a", (), None), ("a", (), "k")], [(2, "declared twice")], id="a name twice"),
    pytest.param(
        [("a", (), None)] * 3, [(2, "at f:1:1"), (3, "at f:1:1")], id="a name three times"
    ),
    pytest.param(
        [("a", ("x",), None), ("b", ("x",), None)], [(2, "both claim")], id="claimed by two"
    ),
    pytest.param([("a", ("x", "y", "x"), None)], [(1, '"x" twice')], id="listed twice"),
    pytest.param([("a", ("a",), None)], [(1, "the name itself")], id="its own old name"),
    pytest.param(
        [("a", (), None), ("b", ("a",), None)], [(2, "has not moved on")], id="old name stays"
    ),
    pytest.param(
        [("a", (), None), ("b", ("a",), "k")], [(2, "has not moved on")], id="pinning b won't do"
    ),
    pytest.param([("a", (), "k"), ("b", ("a",), None)], [], id="old name pinned to another key"),
    pytest.param([("a", ("z",), None), ("b", ("a",), None)], [], id="old name moved on"),
    pytest.param([("a.moving-0123456789", (), None)], [(1, "reserved")], id="temporary name"),
    pytest.param([("a", ("a.moving-0123456789",), None)], [], id="left under a temporary name"),
    pytest.param(
        [("a", ("b",), "k"), ("b", ("a",), None)], [(2, "in a cycle")], id="swap half pinned"
    ),
    pytest.param([("a", ("b",), "k"), ("b", ("a",), "l")], [], id="swap pinned"),
    pytest.param([("a", (), "k"), ("b", (), "k")], [], id="kids are not unique"),
]


@pytest.mark.parametrize(("entries", "expected"), CASES)
def test_rules(entries: list[Entry], expected: list[tuple[int, str]]) -> None:
    problems = list(rule_violations(project(*entries)))
    assert [problem.line for problem in problems] == [line for line, _ in expected]
    for problem, (_, part) in zip(problems, expected, strict=True):
        assert part in problem.message


def test_a_cycle_of_thousands_is_one_short_problem() -> None:
    count = 5_000
    entries: list[Entry] = [(f"n{i}", (f"n{(i + 1) % count}",), None) for i in range(count)]
    (problem,) = rule_violations(project(*entries))
    assert "and 4995 more" in problem.message


NAMES = st.sampled_from("abcde")
ENTRIES = st.lists(
    st.tuples(
        NAMES,
        st.lists(NAMES, max_size=3).map(tuple),
        st.one_of(st.none(), st.just("k")),
    ),
    max_size=5,
)


@given(ENTRIES, st.randoms(use_true_random=False))
def test_whether_rules_are_broken_does_not_depend_on_the_order(
    entries: list[Entry], random: object
) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert any(rule_violations(project(*entries))) == any(rule_violations(project(*shuffled)))


CONFUSABLE = [
    pytest.param([("caf\xe9", (), None), ("cafe\u0301", (), None)], "U+0301", id="composed or not"),
    pytest.param([("key", (), None), ("k\u0435y", (), None)], "U+0435", id="a Cyrillic letter"),
    pytest.param([("Key", (), None), ("key", (), None)], "`k`, that one `K`", id="a capital"),
    pytest.param([("a", ("key ",), None), ("b", ("key",), None)], "U+0020", id="former names"),
    pytest.param([("key", ("Key",), None)], "", id="a correction of the same entry"),
    pytest.param([("key-1", (), None), ("key-2", (), None)], "", id="names that differ"),
]


@pytest.mark.parametrize(("entries", "part"), CONFUSABLE)
def test_names_that_look_alike_are_a_warning(entries: list[Entry], part: str) -> None:
    declared = project(*entries)
    assert not list(rule_violations(declared))
    warnings = validity_warnings([declared])
    assert [warning.line for warning in warnings] == ([2] if part else [])
    assert all(part in warning.message and "f:1:1" in warning.message for warning in warnings)
