"""What the gateway is asked with: a token, or a user name and password."""

from __future__ import annotations

from msgspec import Struct

from reconciler.errors import AuthError, UsageError
from reconciler.http.auth import is_header_safe


class TokenCredentials(Struct, frozen=True):
    """A bearer token (RFC 6750), without the word Bearer.

    Raises:
        AuthError: it can't stand in a header; the text is not repeated.
    """

    token: str

    def __post_init__(self) -> None:
        if not is_header_safe(self.token):
            raise AuthError(
                "The token is empty or holds a space, a line break or a character outside ASCII",
                why="It can't be sent in the Authorization header",
                fix="Give the token alone, without quotes and without the word Bearer",
            )

    def __repr__(self) -> str:
        """Without the token."""
        return "TokenCredentials()"


class LoginCredentials(Struct, frozen=True):
    """The user name and password that the token endpoint gives tokens for.

    Raises:
        UsageError: one of them is empty, or can't be sent; the texts are not repeated.
    """

    username: str
    password: str

    def __post_init__(self) -> None:
        if not all(_is_sendable(text) for text in (self.username, self.password)):
            raise UsageError(
                "The user name or the password is empty or is not valid Unicode",
                why="No token can be asked for",
                fix="Set both APINIZER_USERNAME and APINIZER_PASSWORD, or give a token",
            )

    def __repr__(self) -> str:
        """Without either."""
        return "LoginCredentials()"


Credentials = TokenCredentials | LoginCredentials


def _is_sendable(text: str) -> bool:
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False
