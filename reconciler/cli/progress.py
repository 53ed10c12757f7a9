"""A line that counts the updates, on a terminal only."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.cli.console import Console
    from reconciler.core.plan import Step


@contextmanager
def step_counter(console: Console, total: int) -> Iterator[Callable[[Step], None]]:
    """Count steps while the context lasts; the line is gone when it ends."""
    if console.verbosity != 0 or not console.stderr.isatty():
        yield lambda _step: None
        return
    from rich.console import Console as Terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("Applying"), BarColumn(), MofNCompleteColumn())
    terminal = Terminal(file=console.stderr, no_color=not console.colour)
    with Progress(*columns, console=terminal, transient=True) as progress:
        task = progress.add_task("Applying", total=total)
        yield lambda _step: progress.advance(task)
