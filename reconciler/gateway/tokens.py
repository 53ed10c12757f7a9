"""The token of each request: given, or got by logging in, and renewed once it ran out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from reconciler.errors import AuthError, GatewayError
from reconciler.gateway.credentials import Credentials, LoginCredentials, TokenCredentials
from reconciler.http.auth import is_header_safe
from reconciler.http.client import Response
from reconciler.http.redaction import Secrets

Login = Callable[[LoginCredentials], str]
"""Asks the token endpoint once and gives the token; raises AuthError where it refuses."""


class TokenSource(Protocol):
    """The token of a run, shared by its threads."""

    def token(self) -> str:
        """The present token; the first call may ask the token endpoint."""
        ...

    def renew(self, rejected: str) -> bool:
        """Replace a token the gateway rejected; whether there is another one to try."""
        ...

    def accepted(self, token: str) -> None:
        """Note that the gateway took a token."""
        ...


def token_source(credentials: Credentials, login: Login, secrets: Secrets) -> TokenSource:
    """The tokens that credentials give.

    Args:
        credentials: a token, or a user name and password.
        login: asks the token endpoint; only called for a user name and password, by one thread
            at a time, and never again once it failed: accounts are locked after a few failures.
        secrets: takes every token and password.
    """
    if isinstance(credentials, TokenCredentials):
        secrets.add(credentials.token, "token")
        return _GivenToken(credentials.token)
    secrets.add(credentials.password, "password")
    return _LoginToken(credentials, login, secrets)


class _GivenToken:
    """A token there is no second one for."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        return self._token

    def renew(self, rejected: str) -> bool:  # noqa: ARG002 - as TokenSource has it
        return False

    def accepted(self, token: str) -> None:
        pass


class _LoginToken:
    """A token that the token endpoint gives.

    One renewal serves every thread that met the rejection, and none is made for a token that
    never worked after a renewal. A login that failed is the last one; all threads get its error.
    """

    def __init__(self, credentials: LoginCredentials, login: Login, secrets: Secrets) -> None:
        self._lock = threading.Lock()
        self._credentials = credentials
        self._login = login
        self._secrets = secrets
        self._token: str | None = None
        self._may_renew = True
        self._failure: AuthError | GatewayError | None = None

    def token(self) -> str:
        with self._lock:
            return self._log_in() if self._token is None else self._token

    def renew(self, rejected: str) -> bool:
        with self._lock:
            if self._token == rejected:
                if not self._may_renew:
                    return False
                self._may_renew = False
                self._token = None
            if self._token is None:
                self._log_in()
            return True

    def accepted(self, token: str) -> None:
        with self._lock:
            self._may_renew = self._may_renew or token == self._token

    def _log_in(self) -> str:
        if (failure := self._failure) is not None:
            raise type(failure)(failure.what, why=failure.why, fix=failure.fix)
        try:
            token = self._login(self._credentials)
        except (AuthError, GatewayError) as failure:
            self._failure = failure
            raise
        self._secrets.add(token, "token")
        self._token = token
        return token


def login_form(credentials: LoginCredentials) -> bytes:
    """The body of the request to the token endpoint (RFC 6749, 4.4.2)."""
    return urlencode(
        {
            "grant_type": "client_credentials",
            "client_id": credentials.username,
            "client_secret": credentials.password,
        }
    ).encode()


class _TokenReply(Struct):
    access_token: str
    token_type: str | None = None


def read_token(response: Response) -> str:
    """The token in a response of the token endpoint; none of its body is ever repeated.

    Raises:
        AuthError: the user name or password is rejected.
        GatewayError: anything else that holds no bearer token.
    """
    if response.status in {400, 401, 403, 423}:
        raise AuthError(
            f"The token endpoint rejected the user name or the password (HTTP {response.status})",
            why="It was asked once only, as accounts are locked after a few failed logins",
            fix="Check APINIZER_USERNAME and APINIZER_PASSWORD before running again",
        )
    token = _bearer_token(response) if 200 <= response.status < 300 else None
    if token is None:
        raise GatewayError(
            f"The token endpoint answered HTTP {response.status} without a bearer token",
            why="It was asked once only, as it may have counted as a failed login",
            fix="Check that the URL is the Manager's, or give a token instead",
        )
    return token


def _bearer_token(response: Response) -> str | None:
    try:
        reply = response.decode(_TokenReply)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return None
    is_bearer = (reply.token_type or "bearer").lower() == "bearer"
    return reply.access_token if is_bearer and is_header_safe(reply.access_token) else None
