"""The table of renames, each row a sentence; ``docs/renames.md`` shows the same table."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("live", "entry", "hint"),
    [
        pytest.param(
            [key("old", "k-1")],
            declare("new"),
            "`old` is live and undeclared: add `previousNames: [old]`, or pin `kid: k-1`",
            id="the only undeclared key",
        ),
        pytest.param(
            [key("old"), key("zz")],
            declare("olds"),
            "`old` is live and undeclared: add `previousNames: [old]`",
            id="the one with the closest name",
        ),
        pytest.param(
            [key("xx", description="Signs."), key("yy", description="Encrypts.")],
            declare("new", description="Signs."),
            "`xx` is live and undeclared: add `previousNames: [xx]`",
            id="the one with the same description",
        ),
    ],
)
def test_a_rename_without_a_hint_gets_a_suggestion(
    live: list[LiveJwk], entry: DeclaredJwk, hint: str
) -> None:
    (refusal,) = plan_of([entry], live).refusals

    assert refusal.code == "missing"
    assert refusal.hint == hint


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
