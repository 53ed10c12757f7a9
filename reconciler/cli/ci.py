"""What the CI system around a run is given at its end: annotations, a summary and outputs."""

from __future__ import annotations

import os
import secrets
from importlib import import_module
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.reports.annotations.ci_system import GITHUB

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.console import Console
    from reconciler.core.outcome import RunResult
    from reconciler.reports.annotations.annotation import Annotation

WITH_RESULTS = frozenset({"validate", "plan", "apply"})
"""The commands whose results are annotated; of the others only errors are."""


def notify(
    console: Console, command: str | None, code: int, environment: Mapping[str, str] = os.environ
) -> None:
    """Give the CI system what was printed for people; does nothing where none takes commands.

    Args:
        console: knows the CI system, and what was printed.
        command: its name; None where the command line was not understood.
        code: the exit code.
        environment: says where files are.
    """
    system = console.ci_system
    if system is None or not system.commands:
        return
    errors = [item for item in console.printed if isinstance(item, ReconcilerError)]
    results = [item for item in console.printed if not isinstance(item, ReconcilerError)]
    result = results[-1] if results and command in WITH_RESULTS else None
    annotations = _annotations(result, errors, environment.get(system.root_variable))
    for line in import_module(system.commands).commands(annotations):
        console.command(line)
    if system is GITHUB and command in WITH_RESULTS:
        _write_summary(result, errors, environment.get("GITHUB_STEP_SUMMARY"), console)
        _write_outputs(result, code, environment.get("GITHUB_OUTPUT"), console)


def _annotations(
    result: RunResult | None, errors: list[ReconcilerError], root: str | None
) -> list[Annotation]:
    from reconciler.reports.annotations.annotation import (
        error_annotations,
        relative_to_root,
        result_annotations,
    )

    found = list(result_annotations(result)) if result is not None else []
    for error in errors:
        found += error_annotations(error)
    try:
        folder = Path.cwd()
    except OSError:  # it was deleted: then places stay as they were named
        return found
    path = PurePath(root) if root else None
    return [relative_to_root(annotation, folder, path) for annotation in found]


def _write_summary(
    result: RunResult | None, errors: list[ReconcilerError], path: str | None, console: Console
) -> None:
    if not path or not (result or errors):
        return
    from reconciler.reports import markdown
    from reconciler.reports.annotations.github import SUMMARY_BYTES

    before = Path(path).stat().st_size if Path(path).exists() else 0
    room = SUMMARY_BYTES - before
    rest = [markdown.render_error(error) for error in errors]
    # The limit of a report is in characters, of which each may be up to four bytes.
    for limit in (room, room // 2, room // 4):
        if limit < markdown.SMALLEST_LIMIT:
            break
        texts = [markdown.render(result, limit=limit)] if result is not None else []
        text = console.masked("\n".join(texts + rest))
        if len(text.encode("utf-8", "replace")) <= room:
            _append(Path(path), text, console)
            return
    console.note("warning: the step's summary has no room left, so this report is not in it")


def _write_outputs(result: RunResult | None, code: int, path: str | None, console: Console) -> None:
    if not path:
        return
    from reconciler.reports.annotations import github

    values = {"exit-code": str(code)}
    if result is not None:
        values["changes"] = str(result.plan.summary.changes)
        values["digest"] = result.plan.digest
    _append(Path(path), github.outputs(values, f"end-{secrets.token_hex(16)}"), console)


def _append(path: Path, text: str, console: Console) -> None:
    """Append to one of the runner's files; without it the run is as good, so that is a warning."""
    try:
        with path.open("a", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        console.note(f"warning: the runner's file for this step can't be written: {error.strerror}")
