"""Requests with the run's token, which is renewed once where the gateway rejects it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from reconciler.errors import ReconcilerError
from reconciler.gateway.envelope import open_envelope
from reconciler.gateway.permissions import Lacking, lacking
from reconciler.gateway.tokens import TokenSource
from reconciler.http.auth import bearer
from reconciler.http.client import HttpClient, Response, Result
from reconciler.http.failures import TransportFailure
from reconciler.http.redaction import Redact
from reconciler.http.throttle import Throttle

P = ParamSpec("P")
T = TypeVar("T")

TOO_MANY = 429
"""The status of a request that was turned away (RFC 6585, 4)."""

_LONGEST_REJECTION_BYTES = 4096


def raise_without_frames(call: Callable[P, T]) -> Callable[P, T]:
    """Raise a call's errors anew: the frames they come from hold bodies and tokens."""

    @functools.wraps(call)
    def raising(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except ReconcilerError as error:
            caught = error
        caught.__context__ = caught.__cause__ = None
        raise caught.with_traceback(None)

    return raising


class AuthorisedClient:
    """Sends requests with the run's token; safe to use from many threads."""

    def __init__(
        self, client: HttpClient, tokens: TokenSource, redact: Redact, throttle: Throttle
    ) -> None:
        self._client = client
        self._throttle = throttle
        self._tokens = tokens
        self.redact = redact

    def send(
        self,
        method: str,
        path: str,
        read_timeout: float,
        body: bytes | None = None,
        fresh: bool = False,
    ) -> Result:
        """Send a request once; a second time only with a new token for one that was rejected.

        Args:
            method: GET or PUT.
            path: below the base URL, percent-encoded.
            read_timeout: in seconds.
            body: JSON.
            fresh: on a connection that nothing was sent on before.

        Raises:
            AuthError: the token endpoint rejected the user name or password.
            GatewayError: the token endpoint is of no use.
        """
        token = self._tokens.token()
        result = self._send(method, path, read_timeout, body, token, fresh)
        rejected = _rejects_token(result)
        if rejected:
            # A request without a valid token is not carried out, so even a PUT may go again.
            if not self._tokens.renew(token):
                return result
            token = self._tokens.token()
            result = self._send(method, path, read_timeout, body, token, fresh)
            rejected = _rejects_token(result)
        if isinstance(result, Response) and not rejected:
            self._tokens.accepted(token)
        return result

    def _send(
        self,
        method: str,
        path: str,
        read_timeout: float,
        body: bytes | None,
        token: str,
        fresh: bool,
    ) -> Result:
        with self._throttle.request() as note:
            result = self._client.send(
                method,
                path,
                auth=bearer(token),
                content=body,
                read_timeout=read_timeout,
                fresh=fresh,
            )
            note(isinstance(result, Response) and result.status == TOO_MANY)
            return result


def _rejects_token(result: Result) -> bool:
    if isinstance(result, TransportFailure):
        return False
    # Long lists are not parsed a second time.
    if result.status == 200 and len(result.body) > _LONGEST_REJECTION_BYTES:
        return False
    return lacking(result, open_envelope(result)) is Lacking.TOKEN
