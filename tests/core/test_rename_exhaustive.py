"""Every hint graph and live state over four names, executed and cut short after every step."""

from __future__ import annotations

from itertools import combinations, islice, product
from typing import TYPE_CHECKING

import pytest
from rename_cases import declare, key, listed, plan_of, server_key, states_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.core.model import DeclaredJwk, LiveJwk
    from reconciler.sandbox.rules import Jwk

NAMES = "abcd"
SHARDS = 8

Case = tuple[tuple["DeclaredJwk", ...], tuple["LiveJwk", ...]]


def hint_graphs() -> Iterator[dict[str, tuple[str, ...]]]:
    """Every choice of declared names and, per old name, the one entry that claims it, or none."""
    for size in range(1, len(NAMES) + 1):
        for declared in combinations(NAMES, size):
            claimants = [[None, *(name for name in declared if name != old)] for old in NAMES]
            for claim in product(*claimants):
                yield {
                    name: tuple(old for old, by in zip(NAMES, claim, strict=True) if by == name)
                    for name in declared
                }


def cases() -> Iterator[Case]:
    """With every way to pin live kids; live states up to a renaming of the four names."""
    for count in range(1, len(NAMES) + 1):
        live = tuple(key(name, f"kid-{name}") for name in NAMES[:count])
        kids = [None, *(jwk.kid for jwk in live)]
        for hints in hint_graphs():
            for pins in product(kids, repeat=len(hints)):
                yield (
                    tuple(
                        declare(name, *old, kid=kid)
                        for (name, old), kid in zip(hints.items(), pins, strict=True)
                    ),
                    live,
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
    for state in states[1:]:
        # "Done, answer lost" after step n and "not done" at step n + 1 are the same state.
        assert {item.id: item.kid for item in state} == kids
        again = plan_of(declared, listed(state))
        assert not again.refusals, (declared, live, names_by_id(state), again.refusals)
        finished = states_of(state, again.steps)[-1]
        assert names_by_id(finished) == end
        assert not plan_of(declared, listed(finished)).steps
    return len(states) - 1


def names_by_id(keys: tuple[Jwk, ...]) -> dict[str, str]:
    return {item.id: item.name for item in keys}


@pytest.mark.proof
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_case_converges_from_every_cut(shard: int) -> None:
    count = planned = cuts = 0
    for declared, live in islice(cases(), shard, None, SHARDS):
        found = check(declared, live)
        count += 1
        cuts += found
        planned += found > 0
    print(f"\n{count} cases, {planned} with steps, {cuts} cuts")
    assert count > 20_000
    assert planned > 1_000
    assert cuts > planned
