"""``reconciler plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import ExitCode, worst
from reconciler.cli.failures import run_reported
from reconciler.cli.options import (
    gateway_options,
    manifest_paths,
    output_options,
    references_option,
    report_options,
    resend_options,
)
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions
    from reconciler.cli.planning import Planned
    from reconciler.cli.reports import Report


@click.command(
    epilog="""\b
Examples:
  reconciler plan jwks/ --server https://manager.example.com
  reconciler plan jwks/ --out plan.json --detailed-exitcode
  reconciler plan examples/manifests --sandbox examples/sandbox.yaml
"""
)
@manifest_paths
@gateway_options
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Save the plan, as JSON, for `show` and `apply --plan`; - is standard output.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
@resend_options
@references_option
@report_options
@output_options
def plan(
    paths: tuple[str, ...],
    target: ConnectionOptions,
    out: Path | None,
    references: str,
    detailed_exitcode: bool,
    redeploy: tuple[str, ...],
    journal: Path | None,
    reports: tuple[Report, ...],
    console: Console,
) -> int:
    """Show what an apply would change. Reads only: its client has no way to write.

    PATH is a file, a folder (all *.yaml and *.yml below it) or - for standard input; without one,
    the current folder.
    """
    from reconciler.cli.files import require_writable
    from reconciler.cli.named_files import (
        STDOUT,
        check_named_files,
        manifests_named,
        optional_file,
    )
    from reconciler.cli.reports import report_files
    from reconciler.cli.session import connection_files

    file = None if out == STDOUT else out
    check_named_files(
        [*manifests_named(paths), *connection_files(target), *optional_file("--journal", journal)],
        [*optional_file("--out", file), *report_files(reports)],
    )

    def work() -> int:
        with_inputs = bool(out or reports or console.json)
        if file is not None:
            require_writable(file)
        made = _planned(
            paths, target, redeploy, journal, console, references, with_inputs=with_inputs
        )
        return _report(made, console, reports, out, detailed=detailed_exitcode)

    return run_reported(work, reports, console)


def _planned(
    paths: tuple[str, ...],
    target: ConnectionOptions,
    redeploy: tuple[str, ...],
    journal: Path | None,
    console: Console,
    references: str,
    *,
    with_inputs: bool,
) -> Planned:
    from reconciler.cli.loading import load_manifests
    from reconciler.cli.planning import Resends, make_plan, named_keys, optional_journal
    from reconciler.cli.session import open_session

    declared = load_manifests(paths, console)
    asked = named_keys(redeploy, declared)
    with (
        open_session(target, console) as session,
        optional_journal(journal, session.name, read_only=True) as pending,
    ):
        resends = Resends(asked, pending)
        return make_plan(declared, session, resends, references=references, with_inputs=with_inputs)


def _report(
    planned: Planned,
    console: Console,
    reports: tuple[Report, ...],
    out: Path | None,
    *,
    detailed: bool,
) -> int:
    from reconciler.cli.files import replace_file
    from reconciler.cli.named_files import STDOUT
    from reconciler.cli.reports import write_reports
    from reconciler.core.outcome import RunResult

    file = None if out == STDOUT else out
    result = RunResult(planned.plan)
    if file is not None:
        try:
            replace_file(file, console.rendered_json(result), private=True)
        except UsageError as error:
            console.unwritten.append(error)
    write_reports(reports, result, console)
    if out == STDOUT:
        console.saved_plan(result)
    else:
        console.plan(result)
    codes = planned.codes
    codes += [ExitCode.CHANGES_PENDING] if planned.plan.steps and detailed else []
    return worst(codes)
