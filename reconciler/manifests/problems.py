"""What is wrong in the files: where, in which words, and how their texts stand in a message."""

from __future__ import annotations

import yaml

from reconciler.core.model import SourceLocation
from reconciler.core.text import visible
from reconciler.errors import Problem

MAX_PROBLEMS = 10_000
"""Problems listed of one file: one for each entry of the largest manifests foreseen."""

MAX_SHOWN = 60
"""The most characters of a value that a message shows."""


class FileError(Exception):
    """Nothing more can be said about a file; carries the problem that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class FileProblems:
    """Collects what is wrong in one file; ends the file when the list grows past any use.

    Attributes:
        file: what locations call it.
        found: the problems.
        incomplete: the identities of mapping nodes with a key that was refused: what they lack is
            not reported.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Problem] = []
        self.incomplete: set[int] = set()

    def add(self, node: yaml.Node, message: str) -> None:
        """Note what is wrong at a node.

        Raises:
            FileError: there are ``MAX_PROBLEMS`` already.
        """
        if len(self.found) >= MAX_PROBLEMS:
            message = (
                f"has more than {MAX_PROBLEMS:,} problems; the rest is not listed: fix these first"
            )
            raise FileError(Problem(self.file, message))
        self.found.append(problem_at(location_of(node, self.file), message))


def problem_at(location: SourceLocation, message: str) -> Problem:
    """A problem with its place."""
    return Problem(location.file, message, location.line, location.column)


def location_of(node: yaml.Node, file: str) -> SourceLocation:
    """Where a node begins."""
    mark = node.start_mark
    return SourceLocation(file, mark.line + 1, mark.column + 1)


def quoted(text: str) -> str:
    """The text, cut to ``MAX_SHOWN`` characters, as a double-quoted YAML scalar on one line."""
    inner = _cut(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{visible(inner)}"'


def ticked(text: str) -> str:
    """The text, cut to ``MAX_SHOWN`` characters, as it was written, between backticks."""
    return f"`{visible(_cut(text))}`"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
