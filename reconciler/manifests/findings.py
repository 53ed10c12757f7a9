"""What was found wrong, with the place kept as numbers until everything is sorted."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from reconciler.core.model import SourceLocation
from reconciler.errors import Problem
from reconciler.manifests.limits import MAX_PROBLEMS


class Finding(Struct, frozen=True):
    """One thing wrong.

    Attributes:
        place: where; line 0 blames the file as a whole.
        message: what is wrong and what to do, one line of plain text, safe to print.
    """

    location: SourceLocation
    message: str

    def problem(self) -> Problem:
        """The finding as the error tells it."""
        place = self.location
        return Problem(place.file, self.message, place.line, place.column)


class FileFault(Exception):  # noqa: N818 - it is not an error of the program; load turns it into a problem
    """Nothing more can be said about a file; carries the finding that says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def whole_file(file: str, message: str) -> Finding:
    """A finding that blames no line."""
    return Finding(SourceLocation(file, 0, 0), message)


class Findings:
    """Collects what is wrong in one file; ends the file when the list grows past any use."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Finding] = []

    def add(self, line: int, column: int, message: str) -> None:
        """Note a problem.

        Args:
            line: counts from 1.
            column: counts from 1.
            message: see ``Finding``.

        Raises:
            FileFault: there are ``MAX_PROBLEMS`` already.
        """
        if len(self.found) >= MAX_PROBLEMS:
            message = (
                f"has more than {MAX_PROBLEMS:,} problems; the rest is not listed: fix these first"
            )
            raise FileFault(whole_file(self.file, message))
        self.found.append(Finding(SourceLocation(self.file, line, column), message))


def in_reading_order(findings: list[Finding], file_ranks: Mapping[str, int]) -> tuple[Problem, ...]:
    """The problems by order of the files given, then line, then column."""
    ranked = sorted(
        findings,
        key=lambda finding: (
            file_ranks[finding.location.file],
            finding.location.line,
            finding.location.column,
        ),
    )
    return tuple(dict.fromkeys(finding.problem() for finding in ranked))
