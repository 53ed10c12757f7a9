"""What a run has to say about places in the manifests: refusals, warnings, failures, problems."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import PurePath

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import Outcome, RunResult, StepOutcome
from reconciler.core.plan import Change
from reconciler.core.text import visible
from reconciler.errors import ManifestError, Problem, ReconcilerError
from reconciler.reports import escape
from reconciler.reports.advice import ADVICE
from reconciler.reports.tally import changes_by_key, key_of

_LONGEST = 1_000


class Severity(StrEnum):
    """How bad it is; the words of GitHub's and Azure's commands."""

    ERROR = "error"
    WARNING = "warning"


class Annotation(Struct, frozen=True):
    """One thing to look at; its texts are printable and command nobody.

    Attributes:
        severity: how bad it is.
        title: a few words.
        message: one or more sentences, on a line each.
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
    """A result's: why nothing may be written, what went wrong, and what is worth a look."""
    plan = result.plan
    for refusal in plan.refusals:
        yield _remark(
            Severity.ERROR,
            f"{refusal.code}: {_subject(refusal.project, refusal.name)}",
            (refusal.message, refusal.hint),
            refusal.source,
        )
    changes = changes_by_key(result)
    for outcome in result.settled:
        if outcome.outcome is not Outcome.APPLIED:
            yield _of_outcome(outcome, changes.get(key_of(outcome)))
    for warning in plan.warnings if result.outcomes is None else ():
        title = f"{warning.code}: {_subject(warning.project, warning.name)}"
        yield _remark(Severity.WARNING, title, (warning.message,), warning.source)


def error_annotations(error: ReconcilerError) -> Iterator[Annotation]:
    """A failure's: one for each problem of the manifests, or one for the whole."""
    if isinstance(error, ManifestError):
        for problem in error.problems:
            yield _of_problem(problem)
        return
    yield _remark(Severity.ERROR, "reconciler", (error.what, error.why, error.fix), None)


def below(remark: Annotation, folder: PurePath, root: PurePath | None) -> Annotation:
    """The remark with its file as seen from the repository's root, where it lies below that.

    Args:
        remark: its file is as seen from ``folder``.
        folder: where the run took place.
        root: the root of the repository; None where it is not known.
    """
    if not remark.file or root is None:
        return remark
    path = PurePath(posixpath.normpath((folder / remark.file).as_posix()))
    if not path.is_relative_to(root):
        return remark
    return replace(remark, file=path.relative_to(root).as_posix())


def worth(remarks: Sequence[Annotation], most: int) -> tuple[list[Annotation], str]:
    """The first remarks of each severity, and a sentence on the rest; "" where there is none."""
    kept: list[Annotation] = []
    left: list[str] = []
    for severity in Severity:
        found = [remark for remark in remarks if remark.severity is severity]
        kept += found[:most]
        more = len(found) - most
        if more > 0:
            left.append(f"{more:,} more {severity}{'s' if more > 1 else ''}")
    return kept, f"{' and '.join(left)}: all of them stand in the log." if left else ""


def _of_outcome(outcome: StepOutcome, change: Change | None) -> Annotation:
    step = outcome.step
    return _remark(
        Severity.ERROR,
        f"{outcome.outcome}: {_subject(step.project, step.change)}",
        (outcome.message, ADVICE[outcome.outcome].removesuffix(":")),
        change.source if change is not None else None,
    )


def _of_problem(problem: Problem) -> Annotation:
    remark = _remark(Severity.ERROR, "invalid manifest", (problem.message,), None)
    line, column = problem.line or None, problem.column or None
    return replace(remark, file=visible(problem.file), line=line, column=column)


def _remark(
    severity: Severity, title: str, sentences: Sequence[str], source: SourceLocation | None
) -> Annotation:
    message = "\n".join(
        escape.shortened(escape.terminal(sentence), _LONGEST) for sentence in sentences if sentence
    )
    title = escape.shortened(escape.terminal(title), _LONGEST // 5)
    if source is None:
        return Annotation(severity, title, message)
    file = visible(source.file)
    return Annotation(severity, title, message, file, source.line, source.column)


def _subject(project: str, name: str | None) -> str:
    shown = escape.name(project)
    return shown if name is None else f"{shown} / {escape.name(name)}"
