"""What every figure works with, and what it comes to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dataset import Dataset
from benchmarks.measure import Cost, Spread, apart

PYTHON = Path(sys.executable)
RECONCILER = PYTHON.with_name("reconciler")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        figure: what is measured.
        yardstick: what it is compared with.
        ratio: the one to the other; None where it could not be measured.
        mark: the most that the median may be.
        note: the medians behind it, or why there is none.
    """

    figure: str
    yardstick: str
    ratio: Spread | None
    mark: float
    note: str

    @property
    def reached(self) -> bool | None:
        """Whether the median is within the mark; None where nothing was measured."""
        return None if self.ratio is None else self.ratio.median <= self.mark


@dataclass(frozen=True, slots=True)
class Bench:
    """How to measure.

    Attributes:
        rounds: how often each pair is run.
        scratch: a folder of its own.
        install: whether missing peers may be installed into it.
    """

    rounds: int
    scratch: Path
    install: bool

    def folder(self, dataset: Dataset) -> Path:
        """``manifests/``, ``lists.json`` and ``wanted.json`` of a dataset, made when needed."""
        folder = self.scratch / f"{dataset.projects}x{dataset.keys}x{dataset.changes}"
        if not folder.exists():
            apart(dataset.write, folder)
        return folder


def time_row(figure: str, yardstick: str, pairs: Sequence[tuple[Cost, Cost]], mark: float) -> Row:
    """Wall time against wall time, pair by pair."""
    ours, theirs = (Spread.of([pair[side].seconds for pair in pairs]) for side in (0, 1))
    ratio = Spread.of([one.seconds / other.seconds for one, other in pairs])
    return Row(figure, yardstick, ratio, mark, f"{_shown(ours)} against {_shown(theirs)}")


def peak_row(figure: str, yardstick: str, pairs: Sequence[tuple[Cost, Cost]], mark: float) -> Row:
    """Peak memory against peak memory, pair by pair."""
    ours, theirs = (Spread.of([pair[side].peak for pair in pairs]) for side in (0, 1))
    ratio = Spread.of([one.peak / other.peak for one, other in pairs])
    note = f"{ours.median:.0f} MiB against {theirs.median:.0f} MiB"
    return Row(figure, yardstick, ratio, mark, note)


def _shown(seconds: Spread) -> str:
    if seconds.median < 1:
        return f"{seconds.median * 1000:.0f} ms"
    return f"{seconds.median:.2f} s"
