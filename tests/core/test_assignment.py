"""The best assignment, against trying out every one."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rename_cases import declare, key

from reconciler.core.assignment import assign
from reconciler.core.candidates import Candidates, find_candidates
from reconciler.core.model import DeclaredJwk, LiveJwk

Score = tuple[int, int, int]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Candidates, int]:
    live = draw(st.integers(1, 5))
    of: list[list[int]] = []
    keeps: list[int | None] = []
    needed: set[int] = set()
    unnamed = draw(st.permutations(range(live)))
    for place in range(draw(st.integers(1, 5))):
        keys = draw(st.lists(st.integers(0, live - 1), max_size=live, unique=True))
        own = unnamed[place] if place < live and draw(st.booleans()) else None
        if own is not None:
            needed.add(own)
        of.append(keys)
        keeps.append(own if own in keys else None)
    return Candidates(of, keeps, {}, needed), live


def every_assignment(candidates: Candidates) -> list[list[int | None]]:
    found: list[list[int | None]] = [[]]
    for keys in candidates.of:
        found = [
            [*so_far, choice]
            for so_far in found
            for choice in (None, *keys)
            if choice is None or choice not in so_far
        ]
    return found


def score(candidates: Candidates, partner: list[int | None]) -> Score:
    taken = {key for key in partner if key is not None}
    kept = sum(
        mine is not None and mine == keep
        for mine, keep in zip(partner, candidates.keeps, strict=True)
    )
    return len(candidates.needed & taken), len(taken), kept


@given(graphs())
@settings(max_examples=1500, deadline=None)
def test_it_is_the_best_and_knows_whether_it_is_the_only_one(case: tuple[Candidates, int]) -> None:
    candidates, live = case

    found = assign(candidates, live)

    scores = [(score(candidates, partner), partner) for partner in every_assignment(candidates)]
    best = max(value for value, _ in scores)
    winners = [partner for value, partner in scores if value == best]
    assert score(candidates, found.partner) == best
    assert found.ambiguous == {
        place
        for place in range(len(candidates.of))
        if len({winner[place] for winner in winners}) > 1
    }
    taken = {key for key in found.partner if key is not None}
    assert set(found.uncovered) == candidates.needed - taken


def chain(count: int) -> tuple[list[DeclaredJwk], list[LiveJwk]]:
    entries = [declare(f"k{number + 1}", f"k{number}") for number in range(count)]
    return entries, [key(f"k{number}") for number in range(count)]


def staircase(count: int) -> tuple[list[DeclaredJwk], list[LiveJwk]]:
    """Chains of every length: each has its own shortest augmenting path."""
    entries: list[DeclaredJwk] = []
    live: list[LiveJwk] = []
    length = 1
    while len(live) < count:
        for number in range(length):
            entries.append(declare(f"c{length}-{number + 1}", f"c{length}-{number}"))
            live.append(key(f"c{length}-{number}"))
        length += 1
    return entries, live


def knot(count: int) -> tuple[list[DeclaredJwk], list[LiveJwk]]:
    """Every entry hints at twenty keys, half of the names are live: one big component."""
    entries = [
        declare(
            f"k{number}" if number % 2 else f"new{number}",
            *(f"k{(number * 7 + step * 13) % count}" for step in range(1, 21)),
        )
        for number in range(count)
    ]
    return entries, [key(f"k{number}") for number in range(count)]


@pytest.mark.proof
@pytest.mark.parametrize("shape", [chain, staircase, knot])
def test_no_shape_of_5000_keys_takes_more_than_seconds(
    shape: Callable[[int], tuple[list[DeclaredJwk], list[LiveJwk]]],
) -> None:
    entries, live = shape(5000)
    start = time.process_time()

    assign(find_candidates(entries, live), len(live))

    assert time.process_time() - start < 10


@pytest.mark.proof
def test_10000_keys_with_1000_renames_take_no_time() -> None:
    entries = [
        declare(f"new{number}", f"k{number}") if number % 10 == 0 else declare(f"k{number}")
        for number in range(10_000)
    ]
    live = [key(f"k{number}") for number in range(10_000)]
    start = time.process_time()

    found = assign(find_candidates(entries, live), len(live))

    assert time.process_time() - start < 0.3
    assert found.partner == list(range(10_000))
