"""Every hint graph and live state over four names, executed and cut short after every step."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import combinations, islice, permutations, product

import pytest
from rename_cases import declare, key, listed, plan_of, server_key, states_of

from reconciler.core.model import DeclaredJwk, LiveJwk
from reconciler.sandbox.rules import Jwk

NAMES = "abcd"
SHARDS = 4
AGAIN = 3
"""Of how many kinds one is tried in a second spelling; each kind with steps is."""

Hints = dict[str, tuple[str, ...]]
"""Per declared name, the old names it claims."""
Pins = dict[str, str | None]
"""Per declared name, the live key whose kid it pins, by that key's name."""
Renaming = dict[str, str]
Case = tuple[tuple["DeclaredJwk", ...], tuple["LiveJwk", ...]]


def hint_graphs() -> Iterator[Hints]:
    """Every choice of declared names and, per old name, the one entry that claims it, or none."""
    for size in range(1, len(NAMES) + 1):
        for declared in combinations(NAMES, size):
            claimants = [[None, *(name for name in declared if name != old)] for old in NAMES]
            for claim in product(*claimants):
                yield {
                    name: tuple(old for old, by in zip(NAMES, claim, strict=True) if by == name)
                    for name in declared
                }


def kinds(live: str) -> Iterator[tuple[Hints, Pins, int]]:
    """Every graph with every way to pin live kids, one of all that differ in their names only.

    Args:
        live: the names that keys have now.

    Yields:
        With how many there are of its kind.
    """
    renamings = [
        dict(zip(NAMES, (*ours, *theirs), strict=True))
        for ours in permutations(live)
        for theirs in permutations(NAMES[len(live) :])
    ]
    for hints in hint_graphs():
        graph = _graph(hints)
        moved = [(_graph(renamed(hints, renaming)), renaming) for renaming in renamings]
        if graph != min(one for one, _ in moved):
            continue
        same = [renaming for one, renaming in moved if one == graph]
        for choice in product((None, *live), repeat=len(hints)):
            pins = dict(zip(hints, choice, strict=True))
            spelt = [_spelt(repinned(pins, renaming)) for renaming in same]
            if _spelt(pins) == min(spelt):
                yield hints, pins, len(renamings) // spelt.count(_spelt(pins))


def renamed(hints: Hints, renaming: Renaming) -> Hints:
    return {renaming[name]: tuple(renaming[one] for one in old) for name, old in hints.items()}


def repinned(pins: Pins, renaming: Renaming) -> Pins:
    return {renaming[name]: renaming.get(key or "") for name, key in pins.items()}


def _graph(hints: Hints) -> list[tuple[str, list[str]]]:
    return sorted((name, sorted(old)) for name, old in hints.items())


def _spelt(pins: Pins) -> list[tuple[str, str]]:
    return sorted((name, key or "") for name, key in pins.items())


def case(live: str, hints: Hints, pins: Pins) -> Case:
    return (
        tuple(
            declare(name, *old, kid=pins[name] and f"kid-{pins[name]}")
            for name, old in hints.items()
        ),
        tuple(key(name, f"kid-{name}") for name in live),
    )


def check(declared: tuple[DeclaredJwk, ...], live: tuple[LiveJwk, ...]) -> int:
    """Run one case to its end and from every cut; returns how many cuts there were."""
    plan = plan_of(declared, live)
    if plan.refusals:
        assert not plan.steps
        return 0
    states = states_of(tuple(server_key(jwk) for jwk in live), plan.steps)
    end = names_by_id(states[-1])
    temporary = sum(step.temporary for step in plan.steps)
    assert len(plan.steps) == len(plan.changes) + temporary
    assert {entry.name for entry in declared} <= set(end.values())
    for change in plan.changes:
        assert end[change.id or ""] == change.name
    kids = {jwk.id: jwk.kid for jwk in live}
    finished = set()
    for state in states[1:]:
        # "Done, answer lost" after step n and "not done" at step n + 1 are the same state.
        assert {item.id: item.kid for item in state} == kids
        again = plan_of(declared, listed(state))
        assert not again.refusals, (declared, live, names_by_id(state), again.refusals)
        finished.add(states_of(state, again.steps)[-1])
    for state in finished:  # mostly one and the same
        assert names_by_id(state) == end
        assert not plan_of(declared, listed(state)).steps
    return len(states) - 1


def names_by_id(keys: tuple[Jwk, ...]) -> dict[str, str]:
    return {item.id: item.name for item in keys}


STATES = [NAMES[:count] for count in range(1, len(NAMES) + 1)]
"""Which names are live, up to their names."""


@pytest.mark.proof
@pytest.mark.parametrize("live", STATES)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_case_converges_from_every_cut(
    live: str, shard: int, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(f"{live} {shard}")  # noqa: S311 - seeded on purpose
    count = stood_for = planned = 0
    for number, (hints, pins, alike) in enumerate(islice(kinds(live), shard, None, SHARDS)):
        cuts = check(*case(live, hints, pins))
        if cuts or number % AGAIN == 0:
            # Names are compared and sorted: a second spelling may go another way.
            renaming = dict(zip(NAMES, chance.sample(NAMES, len(NAMES)), strict=True))
            other = "".join(renaming[name] for name in live)
            assert cuts == check(*case(other, renamed(hints, renaming), repinned(pins, renaming)))
            count += 1
        count += 1
        stood_for += alike
        planned += cuts > 0
    print(f"\n{count} cases, for {stood_for} of all; {planned} kinds with steps")
    record_property("cases", count)
    assert planned > 0


def test_the_kinds_stand_for_all_cases() -> None:
    live = NAMES[:2]
    all_cases = sum((1 + len(live)) ** len(hints) for hints in hint_graphs())
    assert sum(alike for _, _, alike in kinds(live)) == all_cases
