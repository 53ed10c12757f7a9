"""Requests, counted at the server: promise 6 of the README, exactly."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.applies import QUICK
from benchmarks.bench import RECONCILER, Bench, Row
from benchmarks.measure import Spread, child
from benchmarks.served import serving


def requests(bench: Bench) -> Iterator[Row]:
    """``plan``, ``apply``, and ``plan`` once nothing is left to do."""
    folder = bench.folder(QUICK)
    lists, writes = QUICK.projects, QUICK.projects * QUICK.changes
    with serving(folder / "lists.json") as server:
        for command, due in (
            (["plan", "--references", "off"], {"GET": lists}),
            (["apply", "--auto-approve", "--references", "off"], {"GET": 3 * lists, "PUT": writes}),
        ):
            server.reset()
            child([RECONCILER, *command, folder / "manifests"], server.environment)
            counted = server.reset()
            ratio = sum(counted.values()) / sum(due.values())
            exact = counted == due
            yield Row(
                f"requests of `{command[0]}`, 10 projects, {writes} changes",
                "promise 6 of the README",
                Spread.of([ratio]) if exact else Spread.of([max(ratio, 2.0)]),
                1.0,
                f"{_described(counted)}, due {_described(due)}",
            )


def _described(counts: dict[str, int]) -> str:
    return " + ".join(f"{count} {method}" for method, count in sorted(counts.items()))
