"""The console script: answers at once what needs no parser, and ends the process."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from reconciler.cli.overview import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Sequence

COLLECT_AFTER = 500_000
"""New values after which reference cycles are searched for: the values made here by the hundred
thousand form none. Loading 10,000 entries takes 0.21 s with it, 0.29 s with 50,000, and no more
memory."""


def main(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code and never raises."""
    with suppress(OSError):  # the long way tells what is wrong with stdout
        if _answered_at_once(arguments):
            return 0
    from reconciler.cli.program import carry_out

    return carry_out(arguments)


def run() -> NoReturn:
    """The console script."""
    _travel_light()
    _reopen_closed_streams()
    code = main(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # the reader has gone; what matters was flushed when it was written
            stream.flush()
    # Not sys.exit: it would wait for requests that hang in threads nobody needs any more.
    os._exit(code)


def _travel_light() -> None:
    """What holds for the whole process, and would be rude in one that is somebody else's."""
    gc.set_threshold(COLLECT_AFTER)
    # httpx brings a command line of its own, and rich and pygments with it: half of its import.
    # Without them it goes on, so it is told that they are not there.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]


def _answered_at_once(arguments: Sequence[str]) -> bool:
    text = AT_ONCE.get(tuple(arguments))
    if text is None:
        return False
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return True


def _reopen_closed_streams() -> None:
    """Put the null device where the caller closed a stream, as with ``<&-``; Python has None."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 stays open
