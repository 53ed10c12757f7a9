"""Whatever ends a command too early, as an error that is printed and reported."""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.reports import write_error_reports
from reconciler.errors import InterruptedRunError, ReconcilerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.console import Console
    from reconciler.cli.reports import Report


def run_reported(work: Callable[[], int], reports: tuple[Report, ...], console: Console) -> int:
    """Do the work; where it ends in an error before any result, report that."""
    try:
        return work()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 a bug is reported like the rest
        failure = failure_of(error)
        write_error_reports(reports, failure, console)
        console.error(failure)
        return failure.exit_code


def failure_of(error: BaseException) -> ReconcilerError:
    """The error to print; what nobody foresaw is a bug of this program."""
    if isinstance(error, ReconcilerError):
        return error
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return InterruptedRunError("Interrupted", exit_code=ExitCode.INTERRUPTED)
    return _bug(error)


def _usage(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "reconciler"
    return UsageError(error.format_message().rstrip("."), fix=f"See `{path} --help`")


def _bug(error: BaseException) -> ReconcilerError:
    """An error nobody foresaw: where it happened, but never the values it happened with."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(
        f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}"  # noqa: PTH119 text only
        for frame in reversed(frames)
    )
    return ReconcilerError(
        f"A bug of this program: {type(error).__name__} at {places}",
        why="What was written until then is not known; the next plan shows it",
        fix="Please report this line and the command",
    )
