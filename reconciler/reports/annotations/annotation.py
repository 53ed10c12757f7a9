"""What a run reports about places in the manifests: refusals, warnings, failures, problems."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import PurePath

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import RunResult
from reconciler.core.text import visible
from reconciler.errors import ManifestError, Problem, ReconcilerError
from reconciler.reports import escape
from reconciler.reports.verdict import ADVICE
from reconciler.reports.view import OutcomeView, View

_LONGEST = 1_000


class Severity(StrEnum):
    """How bad it is; the names in GitHub's and Azure's commands."""

    ERROR = "error"
    WARNING = "warning"


class Annotation(Struct, frozen=True):
    """One thing to look at; its texts are printable and command nobody.

    Attributes:
        severity: how bad it is.
        title: a short text.
        message: one or more messages, on a line each.
        file: the manifest, as it was named; empty where no file is to blame.
        line: counts from 1; None where the whole file is meant.
        column: counts from 1; None as for ``line``.
    """

    severity: Severity
    title: str
    message: str
    file: str = ""
    line: int | None = None
    column: int | None = None


def result_annotations(result: RunResult) -> Iterator[Annotation]:
    """A result's: why nothing may be written, what went wrong, and the warnings of a plan."""
    view = View(result)
    for refusal in view.plan.refusals:
        title = f"{refusal.code}: {escape.subject(refusal.project, refusal.name)}"
        yield _annotation(Severity.ERROR, title, (refusal.message, refusal.hint), refusal.source)
    for item in view.outcomes:
        if not item.applied:
            yield _of_outcome(item)
    if view.nobody_asked:
        yield _annotation(Severity.WARNING, "references", (view.nobody_asked,), None)
    for warning in view.plan.warnings if view.planned else ():
        title = f"{warning.code}: {escape.subject(warning.project, warning.name)}"
        yield _annotation(Severity.WARNING, title, (warning.message,), warning.source)


def error_annotations(error: ReconcilerError) -> Iterator[Annotation]:
    """A failure's: one for each problem of the manifests, or one for the whole."""
    if isinstance(error, ManifestError):
        for problem in error.problems:
            yield _of_problem(problem)
        return
    yield _annotation(Severity.ERROR, "reconciler", (error.what, error.why, error.fix), None)


def relative_to_root(annotation: Annotation, folder: PurePath, root: PurePath | None) -> Annotation:
    """The annotation with its file as seen from the repository's root, where it lies below that.

    Args:
        annotation: its file is as seen from ``folder``.
        folder: where the run took place.
        root: the root of the repository; None where it is not known.
    """
    if not annotation.file or root is None:
        return annotation
    path = PurePath(posixpath.normpath((folder / annotation.file).as_posix()))
    if not path.is_relative_to(root):
        return annotation
    return replace(annotation, file=path.relative_to(root).as_posix())


def limited(annotations: Sequence[Annotation], most: int) -> tuple[list[Annotation], str]:
    """The first annotations of each severity, and a message on the rest; "" where there is none."""
    kept: list[Annotation] = []
    left: list[str] = []
    for severity in Severity:
        found = [annotation for annotation in annotations if annotation.severity is severity]
        kept += found[:most]
        more = len(found) - most
        if more > 0:
            left.append(f"{more:,} more {severity}{'s' if more > 1 else ''}")
    return kept, f"{' and '.join(left)}: all of them stand in the log." if left else ""


def _of_outcome(item: OutcomeView) -> Annotation:
    outcome = item.outcome.outcome
    return _annotation(
        Severity.ERROR,
        f"{outcome}: {escape.subject(item.step.project, item.step.change)}",
        (item.outcome.message, ADVICE[outcome].removesuffix(":")),
        item.change.source if item.change is not None else None,
    )


def _of_problem(problem: Problem) -> Annotation:
    annotation = _annotation(Severity.ERROR, "invalid manifest", (problem.message,), None)
    line, column = problem.line or None, problem.column or None
    return replace(annotation, file=visible(problem.file), line=line, column=column)


def _annotation(
    severity: Severity, title: str, messages: Sequence[str], source: SourceLocation | None
) -> Annotation:
    message = "\n".join(
        escape.shortened(escape.terminal(message), _LONGEST) for message in messages if message
    )
    title = escape.shortened(escape.terminal(title), _LONGEST // 5)
    if source is None:
        return Annotation(severity, title, message)
    file = visible(source.file)
    return Annotation(severity, title, message, file, source.line, source.column)
