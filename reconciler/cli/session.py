"""What every reporting command does when it fails: the reports are written all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.failures import failure_of
from reconciler.cli.reports import write_error_reports

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.console import Console
    from reconciler.cli.reports import Report


def run_reported(work: Callable[[], int], reports: tuple[Report, ...], console: Console) -> int:
    """Do the work; where it ends in a failure before any result, report that."""
    try:
        return work()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 a bug is reported like the rest
        failure = failure_of(error)
        write_error_reports(reports, failure, console)
        console.error(failure)
        return failure.exit_code
