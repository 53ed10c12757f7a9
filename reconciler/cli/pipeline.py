"""What the pipeline around a run is told at its end: commands in the log, summary and outputs."""

from __future__ import annotations

import os
import secrets
from importlib import import_module
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.reports.annotations.ci_system import GITHUB, CISystem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.console import Console
    from reconciler.core.outcome import RunResult
    from reconciler.reports.annotations.annotation import Annotation

JUDGING = frozenset({"validate", "plan", "apply"})
"""The commands whose results are told; the others only have failures to tell."""


def notify(
    console: Console, command: str | None, code: int, environment: Mapping[str, str] = os.environ
) -> None:
    """Tell the pipeline what the run told people; does nothing outside of those that listen.

    Args:
        console: knows the pipeline, and what was told.
        command: its name; None where the command line was not understood.
        code: the exit code.
        environment: says where files are.
    """
    pipeline = console.pipeline
    if pipeline is None or not pipeline.commands:
        return
    judging = command in JUDGING
    results = [told for told in console.told if not isinstance(told, ReconcilerError)]
    result = results[-1] if results and judging else None
    errors = [told for told in console.told if isinstance(told, ReconcilerError)]
    _log(pipeline, _remarks(result, errors, environment.get(pipeline.root_variable)), console)
    if pipeline is GITHUB and judging:
        _summarise(result, errors, environment.get("GITHUB_STEP_SUMMARY"), console)
        _put_out(result, code, environment.get("GITHUB_OUTPUT"), console)


def _remarks(
    result: RunResult | None, errors: list[ReconcilerError], root: str | None
) -> list[Annotation]:
    from reconciler.reports.annotations.annotation import (
        error_annotations,
        relative_to_root,
        result_annotations,
    )

    remarks = list(result_annotations(result)) if result is not None else []
    for error in errors:
        remarks += error_annotations(error)
    folder = Path.cwd()
    return [
        relative_to_root(remark, folder, PurePath(root) if root else None) for remark in remarks
    ]


def _log(pipeline: CISystem, remarks: list[Annotation], console: Console) -> None:
    for line in import_module(pipeline.commands).commands(remarks):
        console.command(line)


def _summarise(
    result: RunResult | None, errors: list[ReconcilerError], path: str | None, console: Console
) -> None:
    if not path:
        return
    from reconciler.reports import markdown
    from reconciler.reports.annotations.github import SUMMARY_BYTES

    texts = [markdown.render(result)] if result is not None else []
    texts += [markdown.render_error(error) for error in errors]
    text = console.masked("\n".join(texts))
    before = Path(path).stat().st_size if Path(path).exists() else 0
    if text and before + len(text.encode("utf-8", "replace")) <= SUMMARY_BYTES:
        _append(Path(path), text, console)


def _put_out(result: RunResult | None, code: int, path: str | None, console: Console) -> None:
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
