"""The table of renames, each row a sentence; ``docs/renames.md`` shows the same table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rename_cases import declare, key, plan_of

from reconciler.core.model import DeclaredJwk, LiveJwk
from reconciler.core.names import temporary_name

Moves = list[tuple[str, str]]

PLANNED: dict[str, tuple[list[LiveJwk], list[DeclaredJwk], Moves]] = {
    "an old name that is live is renamed": (
        [key("a")],
        [declare("b", "a")],
        [("a", "b")],
    ),
    "a spent hint is silent for ever": ([key("b")], [declare("b", "a")], []),
    "a name that is live wins over its hint": ([key("a"), key("b")], [declare("b", "a")], []),
    "a chain is renamed from its free end": (
        [key("a"), key("b")],
        [declare("b", "a"), declare("c", "b")],
        [("b", "c"), ("a", "b")],
    ),
    "the rest of an interrupted chain is finished": (
        [key("a"), key("c")],
        [declare("b", "a"), declare("c", "b")],
        [("a", "b")],
    ),
    "a swap with kids goes through one temporary name": (
        [key("a", "1"), key("b", "2")],
        [declare("b", kid="1"), declare("a", kid="2")],
        [("b", temporary_name("a")), ("a", "b"), (temporary_name("a"), "a")],
    ),
    "a swap with kids and hints does too": (
        [key("a", "1"), key("b", "2")],
        [declare("b", "a", kid="1"), declare("a", "b", kid="2")],
        [("b", temporary_name("a")), ("a", "b"), (temporary_name("a"), "a")],
    ),
    "a finished swap is left alone": (
        [key("b", "1"), key("a", "2")],
        [declare("b", "a", kid="1"), declare("a", "b", kid="2")],
        [],
    ),
    "a pinned kid alone finds its key under any name": (
        [key("x", "1")],
        [declare("b", kid="1")],
        [("x", "b")],
    ),
    "a key left under a temporary name is completed": (
        [key(temporary_name("b"), "1"), key("c", "2")],
        [declare("b"), declare("c")],
        [(temporary_name("b"), "b")],
    ),
    "a swap cut after its first step is completed": (
        [key("a", "1"), key(temporary_name("a"), "2")],
        [declare("b", "a", kid="1"), declare("a", "b", kid="2")],
        [("a", "b"), (temporary_name("a"), "a")],
    ),
    "the later of several old names may be the live one": (
        [key("a2")],
        [declare("b", "a1", "a2")],
        [("a2", "b")],
    ),
    "a kid that two keys have still decides between names": (
        [key("a", "1"), key("z", "1")],
        [declare("b", "a", kid="1")],
        [("a", "b")],
    ),
}

REFUSED: dict[str, tuple[list[LiveJwk], list[DeclaredJwk], list[str]]] = {
    "a swap by hints alone is ambiguous": (
        [key("a"), key("b")],
        [declare("a", "b"), declare("b", "a")],
        ["ambiguous", "ambiguous"],
    ),
    "a name that is nowhere is missing": ([key("x")], [declare("b", "a")], ["missing"]),
    "a list with a name twice is not trusted": (
        [key("a"), key("a", id="other")],
        [declare("b", "a")],
        ["duplicate-live-name"],
    ),
    "a name held by an unmanaged key is taken": (
        [key("a", "1"), key("b", "2")],
        [declare("b", "a", kid="1")],
        ["name-taken"],
    ),
    "a pinned kid that meets another key is a mismatch": (
        [key("b", "2")],
        [declare("b", kid="1")],
        ["kid-mismatch"],
    ),
    "a key without a kid is not the pinned one": (
        [key("b", None)],
        [declare("b", kid="1")],
        ["kid-mismatch"],
    ),
    "two live old names are ambiguous": (
        [key("a"), key("b")],
        [declare("c", "a", "b")],
        ["ambiguous"],
    ),
    "one live key for two entries is ambiguous": (
        [key("a")],
        [declare("b", "a"), declare("c", "a")],
        ["ambiguous", "ambiguous"],
    ),
    "one kid pinned twice is ambiguous": (
        [key("x", "1")],
        [declare("a", kid="1"), declare("b", kid="1")],
        ["ambiguous", "ambiguous"],
    ),
    "a kid that another entry pins with the live name is ambiguous": (
        [key("x", "1")],
        [declare("a", kid="1"), declare("x", kid="1")],
        ["ambiguous"],
    ),
    "a kid that two keys have finds neither": (
        [key("x", "1"), key("y", "1")],
        [declare("b", kid="1")],
        ["missing"],
    ),
    "a temporary key whose target is taken again is not forgotten": (
        [key("b", "1"), key(temporary_name("b"), "2")],
        [declare("b")],
        ["name-taken"],
    ),
    "a sourced key is not detached without consent": (
        [key("a", source_type="URL")],
        [declare("b", "a")],
        ["detach-not-allowed"],
    ),
    "a key whose source nobody knows is not detached without consent": (
        [key("a", source_type=None), key("b", source_type="copy_paste"), key("c", source_type="X")],
        [declare("a2", "a"), declare("b2", "b"), declare("c2", "c")],
        ["detach-not-allowed"] * 3,
    ),
    "a key with a source is not detached without consent, whatever its type says": (
        [
            key("a", source_url="https://x"),
            key("b", source_type="COPY_PASTE", source_url="https://x"),
        ],
        [declare("a2", "a"), declare("b2", "b")],
        ["detach-not-allowed"] * 2,
    ),
    "a live name no URL can carry is not sent": (
        [key("a/b", "1")],
        [declare("b", kid="1")],
        ["unsafe-list"],
    ),
}


@pytest.mark.parametrize("case", PLANNED)
def test_is_planned(case: str) -> None:
    live, declared, moves = PLANNED[case]

    plan = plan_of(declared, live)

    assert not plan.refusals
    assert [(step.jwk, step.body.name) for step in plan.steps] == moves


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case: str) -> None:
    live, declared, codes = REFUSED[case]

    plan = plan_of(declared, live)

    assert [refusal.code for refusal in plan.refusals] == codes
    assert not plan.steps
    assert not plan.changes
    assert all(refusal.message and refusal.hint for refusal in plan.refusals)


@pytest.mark.parametrize("case", [case for case in REFUSED if "twice" not in case])
def test_a_refusal_names_its_entry_and_the_live_keys(case: str) -> None:
    live, declared, _ = REFUSED[case]

    for refusal in plan_of(declared, live).refusals:
        assert refusal.source is not None
        if refusal.code != "missing":
            assert any(f"`{jwk.name}`" in refusal.message for jwk in live)


ROUND: dict[str, tuple[list[LiveJwk], list[DeclaredJwk], list[tuple[str, str]]]] = {
    "a missing key and a sourced one": (
        [key("b", source_type="URL")],
        [declare("a"), declare("b2", "b")],
        [("a", "missing"), ("b2", "detach-not-allowed")],
    ),
    "an ambiguous key, a mismatch, a live name no URL can carry": (
        [key("a"), key("b"), key("x", "2"), key("y/z", "3")],
        [declare("c", "a", "b"), declare("x", kid="1"), declare("y", kid="3")],
        [("c", "ambiguous"), ("x", "kid-mismatch"), ("y", "unsafe-list")],
    ),
    "a taken name of a sourced key": (
        [key("a", "1", source_type="URL"), key("b", "2")],
        [declare("b", "a", kid="1")],
        [("b", "detach-not-allowed"), ("b", "name-taken")],
    ),
    "a name that stands twice, and keys that have nothing to do with it": (
        [key("a"), key("a", "k", id="other"), key("s", source_type="URL")],
        [
            declare("a2", "a"),
            declare("k2", kid="k"),
            declare("gone"),
            declare("s", description="New."),
        ],
        [("a", "duplicate-live-name"), ("gone", "missing"), ("s", "detach-not-allowed")],
    ),
}


@pytest.mark.parametrize("case", ROUND)
def test_one_round_shows_all(case: str) -> None:
    live, declared, expected = ROUND[case]

    plan = plan_of(declared, live)

    assert [(item.name, item.code) for item in plan.refusals] == expected
    assert not plan.steps


def test_a_hint_that_names_a_live_unmanaged_key_is_a_warning() -> None:
    plan = plan_of([declare("b", "a")], [key("a"), key("b")])

    assert [(item.code, item.name) for item in plan.warnings] == [("hint-names-live-key", "b")]
    assert [item.name for item in plan.unmanaged] == ["a"]


def test_a_hint_that_names_a_managed_key_is_silent() -> None:
    plan = plan_of([declare("b", "a"), declare("a", "old")], [key("a"), key("b")])

    assert not plan.warnings


def test_a_temporary_name_nobody_declares_is_a_warning() -> None:
    left = temporary_name("gone")

    plan = plan_of([declare("b")], [key("b"), key(left)])

    assert [(item.code, item.name) for item in plan.warnings] == [("temporary-name-left", left)]


_NO_KEY = "create the key in the Manager first"

SUGGESTED: dict[str, tuple[list[LiveJwk], DeclaredJwk, str]] = {
    "the closest name": (
        [key("old", "k-1"), key("zz")],
        declare("olds"),
        (
            "`old` is live and undeclared: add `previousNames: [old]`, or pin `kid: k-1`, "
            "if it is this entry"
        ),
    ),
    "the closest name without a kid of its own": (
        [key("old", "k-1"), key("zz", "k-1")],
        declare("olds"),
        "`old` is live and undeclared: add `previousNames: [old]`, if it is this entry",
    ),
    "the same description": (
        [key("xx", description="Signs."), key("yy", description="Encrypts.")],
        declare("new", description="Signs."),
        "`xx` is live and undeclared: add `previousNames: [xx]`, if it is this entry",
    ),
    "one more word": (
        [key("signing"), key("encryption")],
        declare("partner-signing"),
        "`signing` is live and undeclared: add `previousNames: [signing]`, if it is this entry",
    ),
    "only the one that is left": ([key("initech")], declare("missing-one"), _NO_KEY),
    "only the words that all keys of the team share": (
        [key("partner-signing-key")],
        declare("webhook-signing-key"),
        _NO_KEY,
    ),
    "two that are as close": ([key("signing-a"), key("signing-b")], declare("signing-c"), _NO_KEY),
    "two with the same description": (
        [key("xx", description="Signs."), key("yy", description="Signs.")],
        declare("new", description="Signs."),
        _NO_KEY,
    ),
    "no description at all": (
        [key("xx", description=""), key("yy")],
        declare("new", description=""),
        _NO_KEY,
    ),
}


@pytest.mark.parametrize("case", SUGGESTED)
def test_a_missing_entry_gets_a_suggestion_by(case: str) -> None:
    live, entry, hint = SUGGESTED[case]
    (refusal,) = plan_of([entry], live).refusals

    assert refusal.code == "missing"
    if hint == _NO_KEY:
        assert refusal.hint.startswith(hint)
        assert not any(jwk.name in refusal.hint for jwk in live)
    else:
        assert refusal.hint == hint


def test_the_revert_of_an_applied_rename_is_told_which_line_to_add() -> None:
    (refusal,) = plan_of([declare("my-jwk")], [key("partner-signing")]).refusals

    assert "after the revert of a rename" in refusal.hint
    line = "previousNames: [THE-NAME-IT-HAS-NOW]"
    assert f"`{line}`" in refusal.hint
    page = PAGE.read_text(encoding="utf-8")
    assert line.replace("THE-NAME-IT-HAS-NOW", "partner-signing") in page
    assert not plan_of([declare("my-jwk", "partner-signing")], [key("partner-signing")]).refusals


SHARED = [key("a", "1"), key("b", "1"), key("x", None)]
NOT_PINNED: dict[str, tuple[list[LiveJwk], list[DeclaredJwk]]] = {
    "several old names": (SHARED, [declare("c", "a", "b")]),
    "a cycle of hints": (SHARED, [declare("a", "b"), declare("b", "a")]),
    "a name that is taken": (SHARED, [declare("b", "a", kid="1"), declare("x", "b")]),
    "a mismatch": (SHARED, [declare("a", kid="other")]),
    "a mismatch with a key that has no kid": (SHARED, [declare("x", kid="other")]),
    "a missing key": (SHARED, [declare("bb")]),
    "one key for two entries": (SHARED, [declare("n", "a"), declare("m", "a")]),
}


@pytest.mark.parametrize("case", NOT_PINNED)
def test_a_kid_that_is_not_unique_is_never_advised_as_a_pin_to(case: str) -> None:
    live, declared = NOT_PINNED[case]

    for refusal in plan_of(declared, live).refusals:
        assert not re.search("pin|`kid: ", refusal.hint), refusal.hint


def test_a_cycle_without_kids_is_done_in_two_applies() -> None:
    live = [key("a"), key("b")]
    refusals = plan_of([declare("a", "b"), declare("b", "a")], live).refusals
    assert all("take two applies" in item.hint for item in refusals)

    first = plan_of([declare("c", "a"), declare("a", "b")], live)
    assert [(step.jwk, step.body.name) for step in first.steps] == [("a", "c"), ("b", "a")]
    second = plan_of([declare("b", "c"), declare("a")], [key("c"), key("a")])
    assert [(step.jwk, step.body.name) for step in second.steps] == [("c", "b")]


def test_one_key_is_not_suggested_to_two_entries_as_if_it_were_both() -> None:
    refusals = plan_of([declare("my-jwkk"), declare("my-jwks")], [key("my-jwk")]).refusals

    assert [item.code for item in refusals] == ["missing", "missing"]
    assert all("if it is this entry" in item.hint for item in refusals)


PAGE = Path(__file__).parents[2] / "docs/renames.md"


def shown_live(jwk: LiveJwk) -> str:
    source = f"sourceType {jwk.source_type or 'null'}" if jwk.sourced else None
    url = "with a sourceUrl" if jwk.source_url else None
    notes = [note for note in (jwk.kid, source, url) if note]
    return f"`{jwk.name}`" + (f" ({', '.join(notes)})" if notes else "")


def shown_entry(entry: DeclaredJwk) -> str:
    hints = f" ← {', '.join(entry.previous_names)}" if entry.previous_names else ""
    return f"`{entry.name}{hints}`" + (f" kid {entry.kid}" if entry.kid else "")


def shown_result(case: str) -> str:
    if case in REFUSED:
        return "refused: " + ", ".join(f"`{code}`" for code in dict.fromkeys(REFUSED[case][2]))
    moves = [f"`{old} → {new}`" for old, new in PLANNED[case][2]]
    return ", ".join(moves) or "nothing to do"


def row(case: str) -> str:
    live, declared, _ = PLANNED[case] if case in PLANNED else REFUSED[case]
    cells = (
        case,
        ", ".join(shown_live(jwk) for jwk in live),
        ", ".join(shown_entry(entry) for entry in declared),
        shown_result(case),
    )
    return f"| {' | '.join(cells)} |"


def test_the_page_shows_this_table() -> None:
    shown = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if " | `" in line]

    assert shown == [row(case) for case in (*PLANNED, *REFUSED)]
