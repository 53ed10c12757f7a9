"""``python -m benchmarks``: measure, and print the table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.applies import against_a_script, against_ansible, against_the_bound
from benchmarks.bench import Bench, Row
from benchmarks.cold import starts
from benchmarks.counted import requests
from benchmarks.planning import matching
from benchmarks.plans import against_the_floor, at_scale
from benchmarks.policies import references
from benchmarks.table import machine, state, table, write

FIGURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "cold": starts,
    "plan": against_the_floor,
    "scale": at_scale,
    "references": references,
    "bound": against_the_bound,
    "shell": against_a_script,
    "ansible": against_ansible,
    "matching": matching,
    "requests": requests,
}
"""By the name they are asked for with, in the order of the table."""


def main() -> None:
    """Measure what was asked for; everything, where nothing was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--rounds", type=int, default=5, help="how often each pair is run")
    parser.add_argument("--with-ansible", action="store_true", help="install it for this run")
    parser.add_argument("--write", action="store_true", help="keep the table in the README")
    parser.add_argument("--date", help="the day to write down; else the commit's")
    options = parser.parse_args()
    unknown = [name for name in options.figures if name not in FIGURES]
    if unknown:
        parser.error(f"no such figure: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    commit, committed = state()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options.rounds, Path(scratch), options.with_ansible)
        for name in options.figures or FIGURES:
            sys.stderr.write(f"measuring: {name}\n")
            rows += FIGURES[name](bench)
    heading = f"{options.date or committed}, commit {commit}, {options.rounds} rounds. {machine()}."
    text = f"{heading}\n\n{table(rows)}"
    sys.stdout.write(text)
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
