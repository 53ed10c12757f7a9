"""``reconciler apply``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from reconciler.cli.failures import run_reported
from reconciler.cli.options import (
    gateway_options,
    manifest_paths,
    output_options,
    references_option,
    report_options,
    resend_options,
)

if TYPE_CHECKING:
    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions
    from reconciler.cli.reports import Report


@click.command(
    epilog="""\b
Examples:
  reconciler apply jwks/ --server https://manager.example.com
  reconciler apply jwks/ --auto-approve --report json=apply.json
  reconciler apply jwks/ --auto-approve --plan plan.json
  reconciler apply jwks/ --auto-approve --journal jwks.journal
  reconciler apply jwks/ --redeploy MyProject/partner-signing
"""
)
@manifest_paths
@gateway_options
@click.option("--auto-approve", is_flag=True, help="Do not ask before the first write.")
@click.option("--no-input", is_flag=True, help="Never ask: refuse instead. Also where CI is set.")
@click.option("--dry-run", is_flag=True, help="Only plan: all checks, no question, no write.")
@click.option(
    "--keep-going",
    is_flag=True,
    help="Apply the projects without refusals though others are refused.",
)
@click.option(
    "--plan",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Apply only if a fresh plan does exactly what this saved one does.",
)
@click.option(
    "--expect-digest",
    metavar="DIGEST",
    help="The same from the reviewed plan's digest alone.",
)
@resend_options
@references_option
@report_options
@output_options
def apply(
    paths: tuple[str, ...],
    target: ConnectionOptions,
    reports: tuple[Report, ...],
    console: Console,
    **options: Any,
) -> int:
    """Plan, show the plan, ask, write, and verify by reading back.

    Just before the first write of a project its list is read again; if it changed since it was
    planned, nothing is written there. A project ends at its first step that is not saved; the
    others go on. Ctrl-C and SIGTERM finish and verify the write in flight, and start no other.
    """
    from reconciler.cli.named_files import check_named_files, manifests_named, optional_file
    from reconciler.cli.reports import report_files
    from reconciler.cli.session import connection_files

    reads = [*manifests_named(paths), *connection_files(target)]
    check_named_files(
        [*reads, *optional_file("--plan", options["plan"])],
        [*report_files(reports), *optional_file("--journal", options["journal"])],
    )

    def work() -> int:
        from reconciler.cli.apply_run import ApplyOptions, command_line, run_apply

        chosen = ApplyOptions(paths=paths, reports=reports, **options)
        return run_apply(replace(chosen, command=command_line(chosen, target)), target, console)

    return run_reported(work, reports, console)
