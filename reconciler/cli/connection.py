"""From options to an open gateway: a real Manager, or the embedded stand-in."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.cli.cancel import CancelToken
    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions
    from reconciler.gateway.client import Gateway
    from reconciler.gateway.credentials import Credentials

STATE = Path(".reconciler/sandbox.db")
"""Where the embedded stand-in keeps its state, below the current folder."""

SANDBOX = "sandbox"
"""What plans call the embedded stand-in: its port differs from run to run."""


class Connection(Struct, frozen=True):
    """An open gateway.

    Attributes:
        name: what plans call it.
        gateway: reads, writes and waits.
    """

    name: str
    gateway: Gateway


@contextmanager
def connect(target: ConnectionOptions, console: Console, stop: CancelToken) -> Iterator[Connection]:
    """Open what the options name.

    Raises:
        UsageError: they name nothing, or both a server and a sandbox, or something unusable.
        AccessError: there is no token.
    """
    if target.sandbox is not None:
        if target.server:
            raise UsageError("--server and --sandbox exclude each other", fix="Give one of the two")
        with (
            _embedded(target.sandbox, console) as (url, credentials),
            _opened(url, credentials, target, console, stop) as gateway,
        ):
            yield Connection(SANDBOX, gateway)
        return
    if not target.server:
        raise UsageError(
            "There is no gateway to talk to",
            why="This command reads its live state",
            fix="Give --server https://manager.example.com (or set APINIZER_URL), or --sandbox "
            "SEED.yaml for a stand-in on this machine",
        )
    from reconciler.cli.credentials import find_credentials
    from reconciler.gateway import routes

    url = routes.base_url(target.server)
    warning = routes.plain_http_warning(url)
    if warning is not None:
        console.note(f"warning: {warning}")
    credentials = find_credentials(target.token_file, os.environ, console)
    with _opened(url, credentials, target, console, stop) as gateway:
        yield Connection(gateway.base_url, gateway)


@contextmanager
def _opened(
    url: str,
    credentials: Credentials,
    target: ConnectionOptions,
    console: Console,
    stop: CancelToken,
) -> Iterator[Gateway]:
    from reconciler.gateway.client import open_gateway
    from reconciler.gateway.options import ClientOptions

    defaults = ClientOptions(base_url=url, credentials=credentials)
    settings = ClientOptions(
        base_url=url,
        credentials=credentials,
        ca_file=target.ca_file,
        read_timeout=target.timeout or defaults.read_timeout,
        write_timeout=target.timeout or defaults.write_timeout,
        parallelism=target.parallelism,
        trace=console.trace,
        wait=stop.wait,
    )
    with open_gateway(settings) as gateway:
        yield gateway


@contextmanager
def _embedded(seed_path: Path, console: Console) -> Iterator[tuple[str, Credentials]]:
    try:
        from reconciler.cli.embedded_sandbox import embedded
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The sandbox is not installed: the package {error.name} is missing",
            fix="Run: pip install 'apinizer-jwk-reconciler[sandbox]'",
        ) from error
    from reconciler.gateway.credentials import TokenCredentials

    with embedded(seed_path, STATE, console) as (url, token):
        yield url, TokenCredentials(token)
