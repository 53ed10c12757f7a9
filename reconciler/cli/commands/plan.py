"""``reconciler plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import ExitCode, worst
from reconciler.cli.options import gateway_options, manifest_paths, output_options, report_options
from reconciler.cli.session import run_reported

if TYPE_CHECKING:
    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions
    from reconciler.cli.reports import Report
    from reconciler.core.plan import Plan


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
    help="Save the plan, as JSON, for `show`.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when changes are pending.")
@report_options
@output_options
def plan(
    paths: tuple[str, ...],
    target: ConnectionOptions,
    out: Path | None,
    detailed_exitcode: bool,
    reports: tuple[Report, ...],
    console: Console,
) -> int:
    """Show what an apply would change. Reads only: its client has no way to write.

    PATH is a file, a folder (all *.yaml and *.yml below it) or - for standard input; without one,
    the current folder.
    """
    return run_reported(
        lambda: plan_and_show(paths, target, console, reports, out=out, detailed=detailed_exitcode),
        reports,
        console,
    )


def plan_and_show(
    paths: tuple[str, ...],
    target: ConnectionOptions,
    console: Console,
    reports: tuple[Report, ...],
    *,
    out: Path | None = None,
    detailed: bool = False,
) -> int:
    """Plan, print, save and report; also what ``apply --dry-run`` does."""
    from reconciler.cli.cancel import CancelToken
    from reconciler.cli.connection import connect
    from reconciler.cli.files import replace_file, require_writable
    from reconciler.cli.planning import load_manifests, make_plan
    from reconciler.cli.reports import write_reports
    from reconciler.core.outcome import RunResult

    if out is not None:
        require_writable(out)
    declared = load_manifests(paths)
    stop = CancelToken(console.note)
    with stop.listening(target.deadline), connect(target, console, stop) as connection:
        planned = make_plan(
            declared,
            connection,
            target.parallelism,
            stop,
            fingerprinted=bool(out or reports or console.json),
        )
    result = RunResult(planned.plan)
    if out is not None:
        replace_file(out, console.masked(console.rendered_json(result)))
    write_reports(reports, result, console)
    console.plan(result)
    return worst(_codes(planned.plan, detailed=detailed))


def _codes(plan: Plan, *, detailed: bool) -> list[ExitCode]:
    codes = []
    if plan.refusals:
        codes.append(ExitCode.REFUSED)
    if plan.changes and detailed:
        codes.append(ExitCode.CHANGES_PENDING)
    return codes
