"""Children that are timed and weighed, in turns, and what their numbers come to."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

Command = Sequence[str | Path]
"""A program and its arguments."""

P = ParamSpec("P")
T = TypeVar("T")

_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Modules are compiled by the round that is thrown away, as an installation would have done."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost.

    Attributes:
        seconds: wall time, from before the process is made until it has ended.
        work: processor time, of the program and the system; steadier on a busy machine.
        peak: the most memory that was resident, in MiB.
    """

    seconds: float
    work: float = 0.0
    peak: float = 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """A number that was measured more than once."""

    low: float
    median: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """The spread of all measurements."""
        return Spread(min(values), statistics.median(values), max(values))


def child(
    command: Command,
    environment: Mapping[str, str] | None = None,
    accepted: frozenset[int] = frozenset({0}),
) -> Cost:
    """Run a command and wait for it; its output goes nowhere.

    Raises:
        RuntimeError: it ended with another exit code, and what was measured is not what was meant.
    """
    words = [str(word) for word in command]
    start = time.perf_counter()
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | (environment or {}) | _COMPILED,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in accepted:
        raise RuntimeError(f"{words} ended with {process.returncode}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def apart(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Call a function in a process of its own.

    A child's peak memory begins at its parent's, so this process has to stay smaller than all that
    it measures.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments, **named).result()


def in_turns(
    ours: Callable[[], Cost], theirs: Callable[[], Cost], rounds: int
) -> list[tuple[Cost, Cost]]:
    """A B A B …, after one round that warms caches and is thrown away."""
    return [(ours(), theirs()) for _ in range(rounds + 1)][1:]
