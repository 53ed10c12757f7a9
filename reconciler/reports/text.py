"""A result as text for people: the verdict first, then only what they have to know."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.outcome import RunResult
from reconciler.reports import escape
from reconciler.reports.changes import change_lines
from reconciler.reports.notes import refusal_lines, reminder_lines, unmanaged_lines, warning_lines
from reconciler.reports.outcomes import next_lines, outcome_lines
from reconciler.reports.style import Style
from reconciler.reports.verdict import verdict


def render(
    result: RunResult,
    *,
    colour: bool = False,
    width: int = 0,
    verbosity: int = 0,
    unicode: bool = True,
    command: str = "reconciler apply",
) -> str:
    """The result as lines of text, the last one ended too.

    The same arguments always give the same text; nothing is asked of the terminal.

    Args:
        result: what to tell.
        colour: whether to paint with SGR sequences; nothing is told by colour alone.
        width: columns to wrap prose to and cut descriptions to; 0 wraps nothing.
        verbosity: -1 tells the verdict, refusals and failures; 0 what changes; 1 also the keys'
            identities, the order of updates, unmanaged names and every environment.
        unicode: whether to use more than ASCII; if not, other characters are shown escaped.
        command: what was called, as for a shell, to be completed where it has to be called again.
    """
    style = Style(colour=colour, width=width, unicode=unicode)
    return style.encoded("\n".join(_lines(result, style, verbosity, command)) + "\n")


def _lines(result: RunResult, style: Style, verbosity: int, command: str) -> Iterator[str]:
    plan = result.plan
    planned = result.outcomes is None
    summary = verdict(result)
    yield style.paint(summary.sentence, summary.tone.value)
    if result.stopped is not None:
        yield from style.wrap(f"Stopped early: {escape.terminal(result.stopped)}", "", "  ")
    yield from refusal_lines(plan, style, planned=planned)
    if planned and verbosity >= 0:
        yield from change_lines(plan, style, verbose=verbosity > 0)
    yield from outcome_lines(result, style, verbosity=verbosity)
    yield from next_lines(result, style, command)
    if verbosity < 0:
        return
    if planned:
        yield from warning_lines(plan, style)
        if verbosity > 0:
            yield from unmanaged_lines(plan, style)
        yield from reminder_lines(plan, style)
    yield ""
    yield f"Gateway: {escape.terminal(plan.gateway)}"
    yield f"Digest:  {escape.terminal(plan.digest)}"
