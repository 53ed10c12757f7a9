"""What proves who asks, as httpx takes it; ``httpx.BasicAuth`` is the third kind."""

from __future__ import annotations

import re
from collections.abc import Generator

import httpx

_HEADER_SAFE = re.compile(r"[!-~]+")


def is_header_safe(token: str) -> bool:
    """Whether a token can be sent in a header as it is."""
    return _HEADER_SAFE.fullmatch(token) is not None


class HeaderAuth(httpx.Auth):
    """A header that proves who asks."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Set the header."""
        request.headers[self._name] = self._value
        yield request


def bearer(token: str) -> HeaderAuth:
    """A bearer token (RFC 6750), without the word Bearer."""
    return HeaderAuth("Authorization", f"Bearer {token}")
