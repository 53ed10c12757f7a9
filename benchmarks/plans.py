"""``plan`` against the least a script can do, and against itself at ten times the size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bench import PYTHON, RECONCILER, Bench, Row, peak_row, time_row
from benchmarks.dataset import Dataset
from benchmarks.measure import Command, Cost, child, in_turns
from benchmarks.served import serving

SMALL = Dataset(projects=100, keys=100, changes=2)
LARGE = Dataset(projects=100, keys=1000, changes=20)

_FLOOR = Path(__file__).with_name("floor.py")
_PARALLELISM = "4"


def against_the_floor(bench: Bench) -> Iterator[Row]:
    """10,000 keys, cold."""
    folder = bench.folder(SMALL)
    with serving(folder / "lists.json") as server:
        bare: Command = [PYTHON, _FLOOR, folder / "manifests", server.url, _PARALLELISM]
        plan = _plan(folder, server.environment)
        pairs = in_turns(plan, lambda: child(bare), bench.rounds)
    figure = "`plan`, 10,000 keys in 100 projects, 200 changes, cold"
    yield time_row(f"{figure}: wall time", "the floor, `floor.py`", pairs, 1.3)
    yield peak_row(f"{figure}: peak memory", "the floor, `floor.py`", pairs, 1.5)


def at_scale(bench: Bench) -> Iterator[Row]:
    """100,000 keys."""
    with ExitStack() as stack:
        plans = []
        for dataset in (LARGE, SMALL):
            folder = bench.folder(dataset)
            server = stack.enter_context(serving(folder / "lists.json"))
            plans.append(_plan(folder, server.environment))
        pairs = in_turns(plans[0], plans[1], bench.rounds)
    yield time_row("`plan`, 100,000 keys: wall time", "itself at 10,000", pairs, 10.5)
    yield peak_row("`plan`, 100,000 keys: peak memory", "itself at 10,000", pairs, 10.5)


def _plan(folder: Path, environment: dict[str, str]) -> Callable[[], Cost]:
    words: Command = [RECONCILER, "plan", folder / "manifests", "--parallelism", _PARALLELISM]
    return lambda: child([*words, "--references", "off"], environment)
