"""``reconciler sandbox``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console
from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.options import Seconds
from reconciler.core.text import shell_word
from reconciler.errors import UsageError
from reconciler.sandbox.deployment import SHAPES
from reconciler.sandbox.dialects import DIALECTS

if TYPE_CHECKING:
    from reconciler.sandbox.server import Options, Running


@click.command(
    epilog="""\b
Examples:
  reconciler sandbox examples/sandbox.yaml
  reconciler sandbox examples/sandbox.yaml --port 8080 --db state.db --dialect older
  reconciler sandbox examples/sandbox.yaml --faults outage.yaml
"""
)
@click.argument("seed", metavar="SEED.yaml", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option(
    "--db",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Keep the state in this file; without it, it ends with the command.",
)
@click.option("--dialect", type=click.Choice(list(DIALECTS)), default="newer", show_default=True)
@click.option(
    "--deployment",
    type=click.Choice(list(SHAPES)),
    default="recursive",
    show_default=True,
    help="The shape of the answers about deployments.",
)
@click.option(
    "--deploy-latency", metavar="S", type=Seconds(min_open=False), default=0.0, help="Per update."
)
@click.option("--html-unknown", is_flag=True, help="Unknown paths answer 200 and an HTML page.")
@click.option("--hide-ids", is_flag=True, help="Lists don't tell keys' id, as some versions'.")
@click.option(
    "--faults",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Outages to rehearse, as YAML.",
)
@click.option("--no-admin", is_flag=True, help="Do not serve /sandbox/state and /sandbox/faults.")
def sandbox(seed: Path, faults: Path | None, no_admin: bool, **options: object) -> int:
    """Run an Apinizer Manager stand-in on loopback until Ctrl-C.

    SEED.yaml says which projects, keys, environments and tokens there are.
    """
    try:
        from reconciler.sandbox.decoding import SeedError
        from reconciler.sandbox.seed import load_faults, load_seed
        from reconciler.sandbox.server import Options, serve
        from reconciler.sandbox.store import StoreError
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The sandbox is not installed: the package {error.name} is missing",
            fix="Run: pip install 'apinizer-jwk-reconciler[sandbox]'",
        ) from error
    try:
        read = load_seed(seed)
        armed = load_faults(faults) if faults is not None else ()
        settings = Options(seed=read, faults=armed, admin=not no_admin, **options)  # type: ignore[arg-type]
        serve(settings, lambda server: _announce(server, settings))
    except (SeedError, StoreError) as error:
        raise UsageError(f"The sandbox can't start: {error}") from error
    except OSError as error:
        raise UsageError(
            f"The sandbox can't start: {error.strerror}",
            fix="Give another --port or --db",
        ) from error
    return ExitCode.DONE


def _announce(server: Running, settings: Options) -> None:
    console = Console()
    token = server.tokens[0] if server.tokens else ""
    lines = [
        f"An Apinizer Manager stand-in listens on {server.url} until Ctrl-C.",
        f"  export APINIZER_URL={server.url} APINIZER_TOKEN={shell_word(token)}",
    ]
    if settings.admin:
        lines.append(f"  State: {server.url}/sandbox/state   Faults: {server.url}/sandbox/faults")
    if settings.db is not None and server.admin.store.seed_changed:
        lines.append(f"  {settings.db} was seeded from something else; remove it to start afresh.")
    console.result("\n".join(lines) + "\n")
