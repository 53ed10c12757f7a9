"""An authorised way to the gateway: requests with a token, tried again where that is harmless."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import httpx
from msgspec import Struct

from reconciler.errors import ReconcilerError
from reconciler.gateway import routes
from reconciler.gateway.access import Access, Login, login_form, read_token
from reconciler.gateway.credentials import LoginCredentials
from reconciler.gateway.denials import Denial, denial
from reconciler.gateway.envelope import (
    Received,
    failure_words,
    open_envelope,
    wait_asked_for,
)
from reconciler.gateway.options import ClientOptions
from reconciler.gateway.pool import timeouts
from reconciler.gateway.quotes import Quote
from reconciler.gateway.retry import Pause
from reconciler.gateway.wire import Breakdown, Cause, exchange

_P = ParamSpec("_P")
_T = TypeVar("_T")

_TRANSIENT = frozenset({408, 429, *range(500, 600)})
# A login that may have been judged is not repeated: accounts are locked after a few failures.
_LOGIN_NOT_JUDGED = frozenset({429, 503})
_LONGEST_REJECTION_BYTES = 4096


def forgetful(call: Callable[_P, _T]) -> Callable[_P, _T]:
    """Have errors raised here anew: the frames they come from hold bodies and tokens."""

    @functools.wraps(call)
    def forgetting(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return call(*args, **kwargs)
        except ReconcilerError as error:
            caught = error
        caught.__context__ = caught.__cause__ = None
        raise caught.with_traceback(None)

    return forgetting


class Line:
    """Sends requests with the run's token; safe to use from many threads."""

    def __init__(
        self, client: httpx.Client, base_url: str, access: Access, settings: ClientOptions
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._access = access
        self._settings = settings

    def ask(
        self, method: str, path: str, silence: float, body: bytes | None = None
    ) -> Received | Breakdown:
        """Send a request once; a second time only with a new token for one that was rejected.

        Args:
            method: GET or PUT.
            path: below the base URL, percent-encoded.
            silence: the read timeout, in seconds.
            body: JSON.

        Raises:
            AccessError: the token endpoint rejected the user name or password.
            GatewayError: the token endpoint is of no use.
        """
        token = self._access.token()
        result = self._send(method, path, silence, body, token)
        rejected = _rejects_token(result)
        if rejected:
            # A request without a valid token is not carried out, so even a PUT may go again.
            if not self._access.renew(token):
                return result
            token = self._access.token()
            result = self._send(method, path, silence, body, token)
            rejected = _rejects_token(result)
        if isinstance(result, Received) and not rejected:
            self._access.accepted(token)
        return result

    def _send(
        self, method: str, path: str, silence: float, body: bytes | None, token: str
    ) -> Received | Breakdown:
        headers = {"Authorization": f"Bearer {token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = self._client.build_request(
            method,
            self._base_url + path,
            headers=headers,
            content=body,
            timeout=timeouts(self._settings, silence),
        )
        return exchange(self._client, request, self._settings)


class _Trouble(Struct, frozen=True):
    """Why a read has no final answer yet, and whether asking again may help."""

    broken: Breakdown
    again: bool
    retry_after: float | None = None


def fetch(
    line: Line, path: str, silence: float, subject: str, pause: Pause, quote: Quote
) -> Received:
    """The final answer to a GET, asked for again while the failure may pass.

    Raises:
        AccessError: see ``Line.ask``.
        GatewayError: no final answer came, with how often it was tried and the last reason.
    """
    attempt = 0
    while True:
        attempt += 1
        result = line.ask("GET", path, silence)
        trouble = _trouble(result, quote)
        if isinstance(trouble, Received):
            return trouble
        if not trouble.again or not pause(attempt, trouble.retry_after):
            times = "once" if attempt == 1 else f"{attempt} times"
            raise trouble.broken.error(subject, quote, f", tried {times}")


def login(
    client: httpx.Client, base_url: str, settings: ClientOptions, pause: Pause, quote: Quote
) -> Login:
    """The way to ask the token endpoint; only tried again where no login was judged."""

    def log_in(credentials: LoginCredentials) -> str:
        attempt = 0
        while True:
            attempt += 1
            request = client.build_request(
                "POST",
                base_url + routes.TOKEN_PATH,
                content=login_form(credentials),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            result = exchange(client, request, settings)
            if isinstance(result, Received) and result.status not in _LOGIN_NOT_JUDGED:
                return read_token(result)
            broken = _as_breakdown(result, quote)
            again = isinstance(result, Received) or result.cause is Cause.UNSENT
            asked = result.retry_after if isinstance(result, Received) else None
            if not again or not pause(attempt, asked):
                raise broken.error("the request for a token", quote)

    return log_in


def _trouble(result: Received | Breakdown, quote: Quote) -> Received | _Trouble:
    if isinstance(result, Breakdown):
        return _Trouble(result, result.cause in {Cause.UNSENT, Cause.LOST})
    if result.status not in _TRANSIENT:
        return result
    asked = wait_asked_for(result, open_envelope(result))
    return _Trouble(_as_breakdown(result, quote), again=True, retry_after=asked)


def _as_breakdown(result: Received | Breakdown, quote: Quote) -> Breakdown:
    if isinstance(result, Breakdown):
        return result
    return Breakdown(Cause.LOST, failure_words(result, open_envelope(result), quote))


def _rejects_token(result: Received | Breakdown) -> bool:
    if isinstance(result, Breakdown):
        return False
    # Long lists are not parsed a second time.
    if result.status == 200 and len(result.body) > _LONGEST_REJECTION_BYTES:
        return False
    return denial(result, open_envelope(result)) is Denial.TOKEN
