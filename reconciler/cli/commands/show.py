"""``reconciler show``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.options import output_options, report_options

if TYPE_CHECKING:
    from reconciler.cli.console import Console
    from reconciler.cli.reports import Report


@click.command(
    epilog="""\b
Examples:
  reconciler show plan.json
  reconciler show plan.json -v
  reconciler show --format json - < plan.json
"""
)
@click.argument("planfile", metavar="PLANFILE")
@report_options
@output_options
def show(planfile: str, reports: tuple[Report, ...], console: Console) -> int:
    """Render a saved plan, also one that is refused or out of date.

    PLANFILE is what `plan --out` or `--report json=FILE` wrote, or - for standard input. The exit
    code tells whether it could be rendered, not what is in it.
    """
    from reconciler.cli.named_files import NamedFile, check_named_files
    from reconciler.cli.reports import report_files, write_reports
    from reconciler.cli.reviewed import EDITED, read_plan_file
    from reconciler.reports import plan_json

    check_named_files([NamedFile("PLANFILE", Path(planfile))], report_files(reports))
    text = read_plan_file(planfile)
    result = plan_json.loads(text)
    if not plan_json.is_as_written(text):
        result = replace(result, edited=True)
        console.note(EDITED)
    write_reports(reports, result, console)
    console.plan(result)
    return ExitCode.DONE
