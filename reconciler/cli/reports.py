"""``--report FORMAT=FILE``: which reports were asked for, and writing them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from reconciler.cli.files import replace_file, require_writable
from reconciler.cli.named_files import NamedFile
from reconciler.errors import UsageError
from reconciler.reports.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from types import ModuleType

    from reconciler.cli.console import Console
    from reconciler.core.model import DeclaredProject
    from reconciler.core.outcome import RunResult
    from reconciler.errors import ReconcilerError


class Report(Struct):
    """One report that was asked for.

    Attributes:
        format: a name in ``FORMATS``.
        path: the file.
        written: whether it holds a result already.
    """

    format: str
    path: Path
    written: bool = False


def parse_reports(values: Sequence[str], formats: Collection[str]) -> tuple[Report, ...]:
    """Read the option's values and make sure, before any work, that the files can be written.

    Args:
        values: as they were given.
        formats: those the command can write.

    Raises:
        click.BadParameter: the form is wrong or the format unknown, or not one of the command's.
        UsageError: a file could not be written.
    """
    reports: list[Report] = []
    for value in values:
        name, separator, path = value.partition("=")
        if not separator or not path or name not in FORMATS:
            raise click.BadParameter(
                f"{value!r} is not FORMAT=FILE with a format of: {', '.join(formats)}"
            )
        if name not in formats:
            raise click.BadParameter(
                f"{name} is about a plan, and here nothing is planned; "
                f"this command writes: {', '.join(formats)}"
            )
        require_writable(Path(path))
        reports.append(Report(name, Path(path)))
    return tuple(reports)


def report_files(reports: Sequence[Report]) -> list[NamedFile]:
    """The files that reports are written to."""
    return [NamedFile("--report", report.path) for report in reports]


def write_reports(reports: Sequence[Report], result: RunResult, console: Console) -> None:
    """Write all reports of a result; one that can't be written must not keep back the rest."""
    _write(reports, lambda module: module.render(result), console)


def write_error_reports(
    reports: Sequence[Report], error: ReconcilerError, console: Console
) -> None:
    """Write the reports of a run that came to no result; a result written before stays."""
    console.mask_error(error)
    unwritten = [report for report in reports if not report.written]
    _write(unwritten, lambda module: module.render_error(error), console)


def write_validity_reports(
    reports: Sequence[Report], projects: Sequence[DeclaredProject], console: Console
) -> None:
    """Write all reports of valid manifests."""
    _write(reports, lambda module: module.render_valid(projects), console)


def _write(
    reports: Sequence[Report], render: Callable[[ModuleType], str], console: Console
) -> None:
    for report in reports:
        text = render(import_module(FORMATS[report.format].module))
        if report.format != "json":  # data, which masking would change
            text = console.masked(text)
        try:
            replace_file(report.path, text)
        except UsageError as error:
            console.unwritten.append(error)
        report.written = True
