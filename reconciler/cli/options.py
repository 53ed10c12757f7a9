"""The options that commands share, and what they come to."""

from __future__ import annotations

import functools
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.console import Console, wants_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class Seconds(click.FloatRange):
    """A length of time that every timer can take: a number, and no more than a week."""

    name = "seconds"

    def __init__(self, *, min_open: bool = True) -> None:
        super().__init__(min=0, max=7 * 24 * 3600, min_open=min_open)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; ``nan`` is refused, though no comparison does so."""
        seconds: float = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a length of time.", param, ctx)
        return seconds


class ConnectionOptions(Struct, frozen=True):
    """Which gateway, and how to reach it.

    Attributes:
        sandbox: seed of the embedded stand-in; given instead of ``server``.
        timeout: read timeout of a request in seconds; None for the defaults.
        parallelism: how many projects at a time.
        request_deadline: seconds for one request and its whole answer.
        deadline: seconds for the whole run.
    """

    server: str | None
    token_file: Path | None
    ca_file: Path | None
    timeout: float | None
    request_deadline: float
    parallelism: int
    deadline: float | None
    sandbox: Path | None


request_deadline_option = click.option(
    "--request-deadline",
    metavar="S",
    type=Seconds(),
    default=300,
    show_default=True,
    help="Seconds for one request and its whole answer, however slowly it drips.",
)

_GATEWAY = (
    click.option("--server", metavar="URL", envvar="APINIZER_URL", help="The Manager's URL."),
    click.option(
        "--token-file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="File with the token; else APINIZER_TOKEN, APINIZER_TOKEN_FILE, or "
        "APINIZER_USERNAME and APINIZER_PASSWORD.",
    ),
    click.option(
        "--ca-file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="PEM file of authorities to trust besides the system's; also SSL_CERT_FILE.",
    ),
    click.option(
        "--timeout",
        metavar="S",
        type=Seconds(),
        help="Read timeout of a request in seconds.  [default: 30; 120 for updates]",
    ),
    request_deadline_option,
    click.option(
        "--parallelism",
        metavar="N",
        type=click.IntRange(1, 64),
        default=4,
        show_default=True,
        help="Projects at a time; within a project there is one write at a time.",
    ),
    click.option(
        "--deadline",
        metavar="S",
        type=Seconds(),
        help="Seconds for the whole run; then it ends as on SIGTERM.",
    ),
    click.option(
        "--sandbox",
        metavar="SEED.yaml",
        type=click.Path(path_type=Path),
        help="Instead of --server: an embedded stand-in for a Manager, seeded from this file, its "
        "state kept in .reconciler/sandbox.db.",
    ),
)

_RESENDS = (
    click.option(
        "--redeploy",
        metavar="PROJECT/NAME",
        multiple=True,
        help="Send this key again though nothing differs, so that it is deployed again. "
        "Repeatable.",
    ),
    click.option(
        "--journal",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Remember writes in this file; the next run with it settles deployments still "
        "pending. A plan only reads it.",
    ),
)

_OUTPUT = (
    click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="What stdout is: text for people, or one JSON document.",
    ),
    click.option(
        "--no-color",
        is_flag=True,
        help="No colours; also NO_COLOR, TERM=dumb.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Verdict, refusals and failures only."),
    click.option("-v", "--verbose", count=True, help="More details; one line per request."),
    click.option(
        "--no-ci",
        is_flag=True,
        help="Give GitHub, Azure or GitLab nothing beside the text; also RECONCILER_CI=off.",
    ),
)


def gateway_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that talks to a gateway; it is called with ``target``.

    The server of the environment gives way to ``--sandbox``.
    """

    @functools.wraps(command)
    def called(**options: Any) -> Any:
        names = ConnectionOptions.__struct_fields__
        target = ConnectionOptions(**{name: options.pop(name) for name in names})
        source = click.get_current_context().get_parameter_source("server")
        if target.sandbox is not None and source is ParameterSource.ENVIRONMENT:
            target = replace(target, server=None)
        return command(target=target, **options)

    return _decorated(called, _GATEWAY)


def resend_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that send keys again though nothing differs."""
    return _decorated(command, _RESENDS)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on what is printed; the command is called with ``console``."""

    @functools.wraps(command)
    def called(**options: Any) -> Any:
        from reconciler.reports.annotations.ci_system import recognise

        quiet, verbose = options.pop("quiet"), options.pop("verbose")
        if quiet and verbose:
            raise click.UsageError("-q and -v exclude each other")
        colour = not options.pop("no_color") and wants_colour(sys.stdout, os.environ)
        console = Console(
            json=options.pop("output_format") == "json",
            colour=colour,
            verbosity=-1 if quiet else verbose,
            ci_system=None if options.pop("no_ci") else recognise(os.environ),
        )
        click.get_current_context().find_root().obj = console
        return command(console=console, **options)

    return _decorated(called, _OUTPUT)


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--report``; the command is called with ``reports``, checked to be writable."""
    from reconciler.reports.formats import FORMATS

    return _report_option(command, FORMATS)


def validity_report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a command that plans nothing."""
    from reconciler.reports.formats import FORMATS

    formats = [name for name, item in FORMATS.items() if item.valid_manifests]
    return _report_option(command, formats)


def _report_option(command: Callable[..., Any], formats: Collection[str]) -> Callable[..., Any]:
    from reconciler.cli.reports import parse_reports

    return click.option(
        "--report",
        "reports",
        metavar="FORMAT=FILE",
        multiple=True,
        callback=lambda _context, _option, values: parse_reports(values, formats),
        help=f"Also write a report: {', '.join(formats)}. Repeatable.",
    )(command)


references_option = click.option(
    "--references",
    type=click.Choice(["required", "best-effort", "off"]),
    default="best-effort",
    show_default=True,
    help="Look for what uses the keys that are renamed; what can't be read is refused, or warned "
    "of.",
)
"""How to ask who uses the keys that are renamed."""

manifest_paths = click.argument("paths", metavar="[PATH]...", nargs=-1)
"""Files, folders, or ``-`` for standard input."""


def _decorated(
    command: Callable[..., Any], options: tuple[Callable[[Any], Any], ...]
) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command
