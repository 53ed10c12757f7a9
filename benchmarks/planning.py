"""Matching and ordering alone: does ten times as much take ten times?"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from itertools import pairwise

from benchmarks.bench import Bench, Row, time_row
from benchmarks.measure import Cost, apart
from reconciler.cli.app import COLLECT_AFTER
from reconciler.core.model import DeclaredJwk, DeclaredProject, LiveJwk, LiveProject, SourceLocation
from reconciler.core.planner import make_plan

_SIZES = (1_000, 10_000, 100_000)
_PLACE = SourceLocation("manifest.yaml", 1)
_CHAIN = 10
"""How many keys hand their names on; so many of each hundred are renamed that way."""


def matching(bench: Bench) -> Iterator[Row]:
    """All keys in one project, a tenth of them renamed, in chains: the most there is to order."""
    costs = apart(_measured, bench.rounds)
    for small, large in pairwise(_SIZES):
        pairs = [(cost[large], cost[small]) for cost in costs]
        figure = f"matching and ordering {large:,} keys, a tenth renamed"
        yield time_row(figure, f"itself at {small:,}", pairs, 12)


def _measured(rounds: int) -> list[dict[int, Cost]]:
    """Each size once a round, after one round that is thrown away."""
    workspaces = {size: _dataset(size) for size in _SIZES}
    gc.set_threshold(COLLECT_AFTER)
    return [
        {size: _time_one_plan(*workspaces[size]) for size in _SIZES} for _ in range(rounds + 1)
    ][1:]


def _time_one_plan(declared: DeclaredProject, live: LiveProject) -> Cost:
    start = time.perf_counter()
    plan = make_plan("benchmark", [declared], {live.name: live})
    seconds = time.perf_counter() - start
    if plan.refusals or len(plan.steps) * 10 != len(live.jwks):
        raise RuntimeError("the plan is not the one that was to be made")
    return Cost(seconds)


def _dataset(size: int) -> tuple[DeclaredProject, LiveProject]:
    names = [f"partner-{number:06}-signing" for number in range(size)]
    live = tuple(
        LiveJwk(
            name,
            "Signs tokens.",
            id=f"id-{name}",
            source_type="GENERATE",
            type="RSA",
            kid=f"kid-{name}",
        )
        for name in names
    )
    declared = tuple(_entry(names, number) for number in range(size))
    return DeclaredProject("Large", declared, _PLACE), LiveProject("Large", live)


def _entry(names: list[str], number: int) -> DeclaredJwk:
    old = names[number]
    place = number % 100
    if place >= _CHAIN:
        return DeclaredJwk(old, _PLACE, "Signs tokens.")
    new = names[number + 1] if place < _CHAIN - 1 else f"{old}-2026"
    return DeclaredJwk(new, _PLACE, "Signs tokens.", previous_names=(old,))
