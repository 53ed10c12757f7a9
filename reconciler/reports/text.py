"""A result as text for people: the verdict first, then only what they have to know."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import RunResult
from reconciler.reports import escape
from reconciler.reports.terminal import Terminal
from reconciler.reports.text_references import reference_lines
from reconciler.reports.text_updates import INDENT, LABEL_WIDTH, change_lines, outcome_lines
from reconciler.reports.view import View

_INDENT = " " * 4


def render(
    result: RunResult,
    *,
    colour: bool = False,
    width: int = 0,
    verbosity: int = 0,
    unicode: bool = True,
) -> str:
    """The result as lines of text, the last one ended too.

    The same arguments always give the same text; nothing is asked of the terminal.

    Args:
        result: what to report.
        colour: whether to use SGR sequences; no meaning is in the colour alone.
        width: columns to wrap messages to and cut descriptions to; 0 wraps nothing.
        verbosity: -1 shows the verdict, refusals and failures; 0 also what changes; 1 also the
            keys' identities, the order of updates, unmanaged names and every environment.
        unicode: whether to use more than ASCII; if not, other characters are shown escaped.
    """
    terminal = Terminal(colour=colour, width=width, unicode=unicode)
    lines = _lines(View(result), terminal, verbosity)
    return terminal.encoded("\n".join(lines) + "\n")


def _lines(view: View, terminal: Terminal, verbosity: int) -> Iterator[str]:
    yield terminal.coloured(view.verdict.message, view.verdict.status.value)
    if view.stopped:
        yield from terminal.wrap(f"Stopped early: {escape.terminal(view.stopped)}", "", "  ")
    yield from _refusals(view, terminal)
    if view.nobody_asked:
        yield from terminal.wrap(view.nobody_asked, "", "")
    if view.planned and verbosity >= 0:
        yield from change_lines(view, terminal, verbose=verbosity > 0)
        yield from reference_lines(view.references, terminal)
    yield from outcome_lines(view, terminal, verbosity=verbosity)
    yield from _next_steps(view, terminal)
    if verbosity < 0:
        return
    if view.planned:
        yield from _warnings(view, terminal)
        if verbosity > 0:
            yield from _unmanaged(view, terminal)
        yield from _reminders(view, terminal)
    yield ""
    yield f"Gateway: {escape.terminal(view.plan.gateway)}"
    yield f"Digest:  {escape.terminal(view.plan.digest)}"


def _refusals(view: View, terminal: Terminal) -> Iterator[str]:
    for refusal in view.plan.refusals:
        yield ""
        label = terminal.coloured("refused", "bad")
        about = escape.subject(refusal.project, refusal.name)
        yield f"{label} {about}: {refusal.code}{_at(refusal.source)}"
        yield from terminal.wrap(escape.terminal(refusal.message), _INDENT, _INDENT)
        if refusal.hint:
            arrow, rest = f"{_INDENT}{terminal.arrow} ", f"{_INDENT}  "
            yield from terminal.wrap(escape.terminal(refusal.hint), arrow, rest)
    if view.also_pending:
        yield ""
        yield from terminal.wrap(view.also_pending, "", "")


def _next_steps(view: View, terminal: Terminal) -> Iterator[str]:
    if view.next_steps:
        yield ""
        yield terminal.coloured("What to do next", "heading")
    for step in view.next_steps:
        yield from terminal.wrap(step.message, f"  {step.label:{LABEL_WIDTH}}  ", INDENT)
        if step.command:
            yield INDENT + escape.terminal(step.command)


def _warnings(view: View, terminal: Terminal) -> Iterator[str]:
    for warning in view.plan.warnings:
        yield ""
        label = terminal.coloured("warning", "pending")
        about = escape.subject(warning.project, warning.name)
        yield f"{label} {about}: {escape.terminal(warning.code)}{_at(warning.source)}"
        yield from terminal.wrap(escape.terminal(warning.message), _INDENT, _INDENT)


def _unmanaged(view: View, terminal: Terminal) -> Iterator[str]:
    if view.plan.unmanaged:
        yield ""
        yield terminal.coloured("Unmanaged, left alone", "heading")
    for project, group in groupby(view.plan.unmanaged, lambda item: item.project):
        yield f"  {escape.name(project)}"
        for item in group:
            yield f"{_INDENT}{escape.name(item.name)}"


def _reminders(view: View, terminal: Terminal) -> Iterator[str]:
    reminders = list(view.reminders)
    if reminders:
        yield ""
    for reminder in reminders:
        yield from terminal.wrap(reminder, "note: ", "      ")


def _at(source: SourceLocation | None) -> str:
    return "" if source is None else f" ({escape.location(source)})"
