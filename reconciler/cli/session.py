"""From options to an open gateway: a real Manager, or the embedded sandbox."""

from __future__ import annotations

import codecs
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.cancel import CancelToken
from reconciler.cli.named_files import NamedFile
from reconciler.errors import AuthError, UsageError
from reconciler.gateway import routes
from reconciler.gateway.client import Gateway, open_gateway
from reconciler.gateway.credentials import Credentials, LoginCredentials, TokenCredentials
from reconciler.gateway.options import ClientOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions

STATE = Path(".reconciler/sandbox.db")
"""Where the embedded sandbox keeps its state, below the current folder."""

SANDBOX = "sandbox"
"""What plans call the embedded sandbox: its port differs from run to run."""

_LONGEST_TOKEN = 64 * 1024
"""A larger file is no token; a token must fit into an HTTP header."""


class Session(Struct, frozen=True):
    """What a command works with, once its gateway is open.

    Attributes:
        gateway: reads, writes and waits.
        name: what plans call the gateway.
        console: prints.
        cancel: ends the run early.
        parallelism: how many projects at a time.
    """

    gateway: Gateway
    name: str
    console: Console
    cancel: CancelToken
    parallelism: int = 4


@contextmanager
def open_session(options: ConnectionOptions, console: Console) -> Iterator[Session]:
    """Open the gateway that the options name, and listen to signals and the deadline.

    Raises:
        UsageError: they name nothing, or both a server and a sandbox, or something unusable.
        AuthError: there is no token.
    """
    cancel = CancelToken(console.note)
    with cancel.listening(options.deadline):
        if options.sandbox is not None:
            if options.server:
                message = "--server and --sandbox exclude each other"
                raise UsageError(message, fix="Give one of the two")
            with (
                _embedded(options.sandbox, console) as (url, credentials),
                open_gateway(
                    _client_options(url, credentials, options, console, cancel)
                ) as gateway,
            ):
                yield Session(gateway, SANDBOX, console, cancel, options.parallelism)
            return
        if not options.server:
            raise UsageError(
                "There is no gateway to talk to",
                why="This command reads its live state",
                fix="Give --server https://manager.example.com (or set APINIZER_URL), or --sandbox "
                "SEED.yaml for a stand-in on this machine",
            )
        url = routes.base_url(options.server)
        warning = routes.plain_http_warning(url)
        if warning is not None:
            console.note(f"warning: {warning}")
        credentials = _find_credentials(options.token_file, os.environ, console)
        with open_gateway(_client_options(url, credentials, options, console, cancel)) as gateway:
            yield Session(gateway, gateway.base_url, console, cancel, options.parallelism)


def connection_files(connection: ConnectionOptions) -> list[NamedFile]:
    """What is read to reach the gateway."""
    found = [
        ("--token-file", connection.token_file),
        ("APINIZER_TOKEN_FILE", os.environ.get("APINIZER_TOKEN_FILE")),
        ("--ca-file", connection.ca_file),
        ("SSL_CERT_FILE", os.environ.get("SSL_CERT_FILE")),
        ("--sandbox", connection.sandbox),
    ]
    if connection.sandbox is not None:
        found.append(("the sandbox's state", STATE))
    return [NamedFile(option, Path(path)) for option, path in found if path]


def _client_options(
    url: str,
    credentials: Credentials,
    options: ConnectionOptions,
    console: Console,
    cancel: CancelToken,
) -> ClientOptions:
    defaults = ClientOptions(
        base_url=url,
        credentials=credentials,
        ca_file=options.ca_file,
        parallelism=options.parallelism,
        request_deadline=options.request_deadline,
        trace=console.trace,
        on_token=console.mask_token,
        warn=lambda text: console.note(f"warning: {text}"),
        wait=cancel.wait,
    )
    if options.timeout is None:
        return defaults
    return replace(defaults, read_timeout=options.timeout, write_timeout=options.timeout)


@contextmanager
def _embedded(seed_path: Path, console: Console) -> Iterator[tuple[str, Credentials]]:
    try:
        from reconciler.cli.embedded_sandbox import embedded
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The sandbox is not installed: the package {error.name} is missing",
            fix="Run: pip install 'apinizer-jwk-reconciler[sandbox]'",
        ) from error
    with embedded(seed_path, STATE, console) as (url, token):
        yield url, TokenCredentials(token)


def _find_credentials(
    token_file: Path | None, environment: Mapping[str, str], console: Console
) -> Credentials:
    """The first of ``--token-file``, APINIZER_TOKEN, APINIZER_TOKEN_FILE, and the user name's pair.

    Raises:
        AuthError: there is none, or it can't be sent.
        UsageError: its file can't be read.
    """
    named = environment.get("APINIZER_TOKEN_FILE")
    token = environment.get("APINIZER_TOKEN", "").removeprefix("\ufeff").strip()
    if token_file is not None or (not token and named):
        option = "--token-file" if token_file is not None else "APINIZER_TOKEN_FILE"
        token = _read_token(token_file or Path(named or ""), option)
    if token:
        console.mask_token(token)
        return TokenCredentials(token)
    username = environment.get("APINIZER_USERNAME", "")
    password = environment.get("APINIZER_PASSWORD", "")
    if username or password:
        console.mask(password)
        return LoginCredentials(username, password)
    raise AuthError(
        "There is no token",
        why="The gateway answers nobody without one",
        fix="Set APINIZER_TOKEN, or give --token-file FILE, or set APINIZER_USERNAME and "
        "APINIZER_PASSWORD",
    )


def _read_token(path: Path, option: str) -> str:
    """The token in a file, in whatever way an editor or a shell wrote it.

    Neither the path nor the content is ever shown: one or the other may be the token.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_LONGEST_TOKEN + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        raise UsageError(
            f"The file that {option} names can't be read: {reason}",
            why="There is no other token to use",
            fix="Check its path and permissions; give the path of a file, not the token itself",
        ) from None
    token = _decoded(content).strip()
    if not token or len(content) > _LONGEST_TOKEN:
        raise AuthError(
            f"The file that {option} names holds no token",
            why="The gateway answers nobody without one",
            fix="Put the token in it, alone",
        )
    return token


def _decoded(content: bytes) -> str:
    """A text file's content: UTF-8 or, as PowerShell's ``>`` writes it, UTF-16; "" for others."""
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        return ""
