"""Finds the command that is called, runs it, and turns whatever happens into an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.cli.console import Console, output_lost, wants_colour
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.failures import failure_of
from reconciler.cli.help import COMMANDS, HELP, VERSION
from reconciler.reports.annotations.ci_system import recognise

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Commands(click.Group):
    """Loads a command's module when the command is called, so that no run pays for the others."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.commands.{name}")
        command: click.Command = getattr(module, name)
        return command

    def get_help(self, _context: click.Context) -> str:
        return HELP

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            context.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(context, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message=VERSION)
def program() -> None:
    """See ``help.HELP``."""


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code and never raises, but to end completion."""
    if "_RECONCILER_COMPLETE" in os.environ:
        program.main(list(arguments), "reconciler", complete_var="_RECONCILER_COMPLETE")
    context: click.Context | None = None
    try:
        with program.make_context("reconciler", list(arguments)) as context:
            code = int(program.invoke(context) or ExitCode.DONE)
    except click.exceptions.Exit as request:
        return request.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.USAGE
    except BrokenPipeError:
        # Only click's own texts come here, such as a `--help` whose reader has gone.
        return ExitCode.DONE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 a bug ends in a report, not a traceback
        # Commands report what keeps them from reading or writing; this is click's own text.
        failure = (
            output_lost(error.strerror or type(error).__name__)
            if isinstance(error, OSError)
            else failure_of(error)
        )
        console = _console(context, arguments)
        console.error(failure)
        code = failure.exit_code
    else:
        console = _console(context, arguments)
        code = _complete(code, console)
    return _notify_ci(console, context, code)


def _complete(code: int, console: Console) -> int:
    """Report which output got lost; a run is not good where nobody learns what it found."""
    for loss in console.unwritten:
        console.print_error(loss)
    good = code in {ExitCode.DONE, ExitCode.CHANGES_PENDING}
    return ExitCode.USAGE if good and console.unwritten else code


def _notify_ci(console: Console, context: click.Context | None, code: int) -> int:
    if console.ci_system is None:
        return code
    from reconciler.cli import ci

    command = context.invoked_subcommand if context is not None else None
    try:
        ci.notify(console, command, code, os.environ)
    except Exception as error:  # noqa: BLE001 the last step: a bug in it ends as any other
        failure = failure_of(error)
        console.print_error(failure)
        return failure.exit_code
    return code


def _console(context: click.Context | None, arguments: Sequence[str]) -> Console:
    """The command's; where its options were not understood, one that comes close."""
    if context is not None and isinstance(context.obj, Console):
        return context.obj
    colour = "--no-color" not in arguments and wants_colour(sys.stderr, os.environ)
    pipeline = None if "--no-ci" in arguments else recognise(os.environ)
    console = Console(json=_wants_json(arguments), colour=colour, ci_system=pipeline)
    for name in ("APINIZER_TOKEN", "APINIZER_PASSWORD"):
        console.mask(os.environ.get(name, ""))
    return console


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether JSON was asked for, also where the command line was never understood."""
    joined = [
        argument.removeprefix("--format=")
        for argument, before in zip(arguments, ["", *arguments], strict=False)
        if before == "--format" or argument.startswith("--format=")
    ]
    return joined[-1:] == ["json"]
