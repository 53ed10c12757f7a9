"""Errors as text and as JSON (what is wrong, why it matters, what to do); or that none is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.confusables import confusable_names
from reconciler.core.model import DeclaredProject
from reconciler.errors import ManifestError, Problem, ReconcilerError
from reconciler.reports import escape
from reconciler.reports.formatting import counted
from reconciler.reports.terminal import Terminal

NOTHING_ASKED = "no gateway was asked"
"""What invalid manifests came to."""


def render_error(
    error: ReconcilerError, *, colour: bool = False, width: int = 0, unicode: bool = True
) -> str:
    """A failure as lines of text, the last one ended too.

    A manifest's problems stand on one line each, ``file:line:column: message``, never wrapped, so
    that editors and pipelines find the place; how many there are comes last.
    """
    terminal = Terminal(colour=colour, width=width, unicode=unicode)
    return terminal.encoded("\n".join(_lines(error, terminal)) + "\n")


def error_members(error: ReconcilerError) -> dict[str, object]:
    """A failure as the members of the JSON document that stands where the plan would.

    ``problems`` is empty but for invalid manifests; ``line`` and ``column`` of a problem are null
    where only the file is known.
    """
    problems = error.problems if isinstance(error, ManifestError) else ()
    return {
        "error": {
            "exitCode": error.exit_code,
            "what": error.what,
            "why": error.why,
            "fix": error.fix,
        },
        "problems": [_problem(problem) for problem in problems],
    }


def _lines(error: ReconcilerError, terminal: Terminal) -> Iterator[str]:
    if isinstance(error, ManifestError):
        for problem in error.problems:
            # The colon too is escaped: with one at the location's end it could make a command.
            location = escape.terminal(f"{problem.location}:").removesuffix(":")
            yield f"{terminal.coloured(location, 'heading')}: {escape.terminal(problem.message)}"
        yield (
            terminal.coloured("error", "bad") + f": {escape.terminal(error.what)}; {NOTHING_ASKED}"
        )
        return
    what = terminal.wrap(escape.terminal(error.what), "error: ", "  ")
    yield what[0].replace("error", terminal.coloured("error", "bad"), 1)
    yield from what[1:]
    if error.why:
        yield from terminal.wrap(escape.terminal(error.why), "  ", "  ")
    if error.fix:
        yield from terminal.wrap(escape.terminal(error.fix), f"  {terminal.arrow} ", "    ")


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line or None,
        "column": problem.column or None,
        "message": problem.message,
    }


def validity_warnings(projects: Sequence[DeclaredProject]) -> list[Problem]:
    """What is valid, but worth a look."""
    return [
        Problem(place.file, pair.message, place.line, place.column)
        for project in projects
        for pair in confusable_names(project.jwks)
        for place in [pair.entry.location]
    ]


def warning_line(warning: Problem) -> str:
    """A warning on one line of text, its place first as for a problem."""
    return f"{escape.terminal(f'{warning.location}: warning: {warning.message}')}"


def validity_message(projects: Sequence[DeclaredProject]) -> str:
    """How much is declared, in one message."""
    jwks = sum(len(project.jwks) for project in projects)
    declared = f"{counted(jwks, 'JWK')} in {counted(len(projects), 'project')}"
    return f"Valid: {declared}. No gateway was asked."


def validity_members(projects: Sequence[DeclaredProject]) -> dict[str, object]:
    """The same as the members of a JSON document; its ``problems`` are always empty."""
    return {
        "problems": [],
        "warnings": [_problem(warning) for warning in validity_warnings(projects)],
        "projects": [{"name": project.name, "jwks": len(project.jwks)} for project in projects],
    }
