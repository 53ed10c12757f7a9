"""Where the token comes from: a file, or the environment; never the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import AccessError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.console import Console
    from reconciler.gateway.credentials import Credentials

_LONGEST = 64 * 1024
"""A larger file is no token; a token must fit into an HTTP header."""


def find_credentials(
    token_file: Path | None, environment: Mapping[str, str], console: Console
) -> Credentials:
    """The first of ``--token-file``, APINIZER_TOKEN, APINIZER_TOKEN_FILE, and the user name's pair.

    Raises:
        AccessError: there is none.
        UsageError: it can't be read or sent.
    """
    from reconciler.gateway.credentials import LoginCredentials, TokenCredentials

    named = environment.get("APINIZER_TOKEN_FILE")
    token = environment.get("APINIZER_TOKEN", "").strip()
    if token_file is not None or (not token and named):
        token = _read(token_file or Path(named or ""))
    if token:
        console.conceal(token)
        return TokenCredentials(token)
    username = environment.get("APINIZER_USERNAME", "")
    password = environment.get("APINIZER_PASSWORD", "")
    if username or password:
        console.conceal(password)
        return LoginCredentials(username, password)
    raise AccessError(
        "There is no token",
        why="The gateway answers nobody without one",
        fix="Set APINIZER_TOKEN, or give --token-file FILE, or set APINIZER_USERNAME and "
        "APINIZER_PASSWORD",
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LONGEST + 1)
        token = content.decode("ascii").strip()
    except OSError as error:
        raise UsageError(
            f"The token file {path} can't be read: {error.strerror}",
            why="There is no other token to use",
            fix="Check its path and permissions",
        ) from error
    except UnicodeDecodeError:
        token = ""
    if not token or len(content) > _LONGEST:
        # Nothing of the file is shown: it may be a secret of another kind.
        raise UsageError(
            f"The token file {path} holds no token",
            why="The gateway answers nobody without one",
            fix="Put the token in it, alone",
        ) from None
    return token
