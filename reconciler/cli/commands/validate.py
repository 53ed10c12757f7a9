"""``reconciler validate``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.failures import run_reported
from reconciler.cli.options import manifest_paths, output_options, validity_report_options

if TYPE_CHECKING:
    from reconciler.cli.console import Console
    from reconciler.cli.reports import Report


@click.command(
    epilog="""\b
Examples:
  reconciler validate                 all manifests below the current folder
  reconciler validate jwks/ prod.yaml
  reconciler validate jwks/ --report junit=validate.xml
  kustomize build overlays/prod | reconciler validate -
"""
)
@manifest_paths
@validity_report_options
@output_options
def validate(paths: tuple[str, ...], reports: tuple[Report, ...], console: Console) -> int:
    """Check manifests against the schema and the rules across files; offline.

    PATH is a file, a folder (all *.yaml and *.yml below it) or - for standard input; without one,
    the current folder. Every problem of every file is reported, as file:line:column.
    """
    from reconciler.cli.named_files import check_named_files, manifests_named
    from reconciler.cli.reports import report_files

    check_named_files(manifests_named(paths), report_files(reports))
    return run_reported(lambda: _validate(paths, reports, console), reports, console)


def _validate(paths: tuple[str, ...], reports: tuple[Report, ...], console: Console) -> int:
    from reconciler.cli.loading import load_manifests
    from reconciler.cli.reports import write_validity_reports
    from reconciler.reports.problems import (
        validity_members,
        validity_message,
        validity_warnings,
        warning_line,
    )

    projects = load_manifests(paths, console)
    write_validity_reports(reports, projects, console)
    if console.json:
        from reconciler.reports import plan_json

        console.data(plan_json.encode(validity_members(projects)))
        return ExitCode.DONE
    for warning in validity_warnings(projects):
        console.note(warning_line(warning))
    if console.verbosity >= 0:
        console.result(validity_message(projects) + "\n")
    return ExitCode.DONE
