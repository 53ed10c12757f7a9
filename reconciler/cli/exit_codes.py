"""The one table of exit codes, for all commands and output formats."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExitCode(IntEnum):
    """What a caller may conclude."""

    DONE = 0
    BUG = 1
    CHANGES_PENDING = 2
    STALE = 3
    INCOMPLETE = 4
    REFUSED = 5
    USAGE = 64
    INVALID_MANIFESTS = 65
    GATEWAY = 69
    ACCESS = 77
    INTERRUPTED = 130
    TERMINATED = 143


PRECEDENCE = (
    ExitCode.BUG,
    ExitCode.INTERRUPTED,
    ExitCode.TERMINATED,
    ExitCode.ACCESS,
    ExitCode.GATEWAY,
    ExitCode.INCOMPLETE,
    ExitCode.STALE,
    ExitCode.REFUSED,
    ExitCode.USAGE,
    ExitCode.INVALID_MANIFESTS,
    ExitCode.CHANGES_PENDING,
    ExitCode.DONE,
)
"""Where several fit, the first of these."""


def worst(codes: Iterable[int]) -> int:
    """The code that wins; ``DONE`` where there is none."""
    return min(map(ExitCode, codes), key=PRECEDENCE.index, default=ExitCode.DONE)
