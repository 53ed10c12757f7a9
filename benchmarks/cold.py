"""Cold starts: what a pipeline step waits for before anything is done."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.bench import PYTHON, RECONCILER, Bench, Row, time_row
from benchmarks.dataset import Dataset
from benchmarks.measure import Command, child, in_turns

_PER_ROUND = 3
"""They are quick and noisy, so they are run more often than the rest."""


def starts(bench: Bench) -> Iterator[Row]:
    """``--version``, ``--help`` and ``validate``."""
    manifest = bench.folder(Dataset(1, 20, 4)) / "manifests"
    bare, imports = "pass", "import yaml, click"
    figures: tuple[tuple[Command, str, float], ...] = (
        (["--version"], bare, 2.5),
        (["--help"], bare, 2.5),
        (["validate", manifest], imports, 1.7),
    )
    for words, yardstick, mark in figures:
        ours = partial(child, [RECONCILER, *words])
        theirs = partial(child, [PYTHON, "-c", yardstick])
        pairs = in_turns(ours, theirs, _PER_ROUND * bench.rounds)
        named = f"`{words[0]}`" + (", one manifest of 20 keys" if len(words) > 1 else "")
        yield time_row(f"{named}, cold", f'`python -c "{yardstick}"`', pairs, mark)
