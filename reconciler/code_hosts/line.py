"""Requests with the token: tried again where that is harmless, rate limits waited out."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping

import httpx
from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.code_hosts.edge import Answer, Broken, exchange
from reconciler.code_hosts.limits import is_limited, wait_asked_for
from reconciler.code_hosts.model import DeniedError, LostError
from reconciler.code_hosts.quotes import said, scrubbed
from reconciler.code_hosts.tokens import Proof
from reconciler.errors import AccessError, GatewayError

MAX_ATTEMPTS = 5
"""How often one request is sent at most, the first time included."""
LONGEST_WAIT = 120.0
"""Seconds: a host that asks for more is given up at once."""
_BASE_SECONDS = 0.5

_TRANSIENT = frozenset({408, *range(500, 600)})


def silent(_line: str) -> None:
    """Trace nothing."""


class Pace(Struct, frozen=True, kw_only=True):
    """How requests are timed and traced.

    Attributes:
        wait: waits so many seconds; True where it broke off because the run is to stop.
        jitter: a random number from 0 up to 1.
        now: seconds since the epoch.
        trace: takes one line per request: method, path, status, milliseconds.
    """

    wait: Callable[[float], bool] = field(default_factory=lambda: threading.Event().wait)
    jitter: Callable[[], float] = random.random
    now: Callable[[], float] = time.time
    trace: Callable[[str], None] = silent


class Line(Struct, frozen=True):
    """The way to one host's API.

    Attributes:
        name: what errors call the host.
        base: the API's base URL.
        client: sends.
        proof: proves who asks.
        pace: how requests are timed.
    """

    name: str
    base: str
    client: httpx.Client
    proof: Proof
    pace: Pace = field(default_factory=Pace)

    def read(self, path: str, query: Mapping[str, str | int] | None = None) -> Answer:
        """A successful answer to a GET.

        Raises:
            AccessError: the token is rejected, or there is nothing it may see.
            DeniedError: the token may not.
            GatewayError: no usable answer came.
        """
        answer = self._final("GET", path, query=query)
        return self._accepted(answer, f"GET {path}", writing=False)

    def ask(self, method: str, path: str, body: object, *, also: int | None = None) -> Answer:
        """A successful answer to a request that may be repeated; raises as ``read``.

        Args:
            method: PUT, PATCH, or a POST that changes nothing.
            path: below the base URL.
            body: JSON.
            also: a status that is taken for an answer too.
        """
        answer = self._final(method, path, body=body)
        if answer.status == also:
            return answer
        return self._accepted(answer, f"{method} {path}", writing=True)

    def create(self, path: str, body: object) -> Answer:
        """A successful answer to a POST, which is only repeated where it was not carried out.

        Raises:
            LostError: nobody knows whether it was carried out; besides as ``read``.
        """
        answer = self._final("POST", path, body=body, repeatable=False)
        return self._accepted(answer, f"POST {path}", writing=True)

    def beside(self, base: str) -> Line:
        """The way to another API of the same host."""
        return replace(self, base=base)

    def _final(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
        repeatable: bool = True,
    ) -> Answer:
        """The first answer that trying again would not change."""
        attempt = 0
        while True:
            attempt += 1
            result = self._send(method, path, query, body)
            if isinstance(result, Answer) and not _may_pass(result):
                return result
            if not repeatable and _may_be_done(result):
                raise self._failed(f"{method} {path}", result, attempt, LostError)
            asked = None
            if isinstance(result, Answer):
                asked = wait_asked_for(result, self.pace.now())
            if not self._pause(attempt, asked):
                raise self._failed(f"{method} {path}", result, attempt)

    def _send(
        self, method: str, path: str, query: Mapping[str, str | int] | None, body: object
    ) -> Answer | Broken:
        request = self.client.build_request(
            method,
            self.base + path,
            params=query,
            json=body,
            headers=dict(self.proof.headers),
        )
        start = time.monotonic()
        result = exchange(self.client, request)
        ended = result.status if isinstance(result, Answer) else "broken"
        spent = round((time.monotonic() - start) * 1000)
        self.pace.trace(f"{method} {request.url.raw_path.decode('ascii')} {ended} {spent} ms")
        return result

    def _pause(self, attempt: int, asked: float | None) -> bool:
        """Wait before another attempt; False where there is to be none."""
        if attempt >= MAX_ATTEMPTS or (asked or 0.0) > LONGEST_WAIT:
            return False
        drawn = self.pace.jitter() * _BASE_SECONDS * 2 ** (attempt - 1)
        return not self.pace.wait(max(drawn, asked or 0.0))

    def _accepted(self, answer: Answer, what: str, *, writing: bool) -> Answer:
        status = answer.status
        if 200 <= status < 300:
            return answer
        words = self.words(answer)
        if status == 401:
            raise AccessError(
                f"{self.name} rejected the token: {words}",
                why="It lets nobody comment without a valid one",
                fix="Check that the token is whole, has not expired, and is one of this host",
            )
        if status == 403 or (writing and status == 404):
            raise DeniedError(
                f"{self.name} does not let this token {what}: {words}",
                fix="Give it the permission to write comments on pull requests",
                message=words,
                gone=status == 404,
            )
        if status == 404:
            raise AccessError(
                f"{self.name} knows no such pull request, or hides it from this token: {words}",
                why="There is nothing to comment on",
                fix="Check the repository, the pull request's number and the token's permissions",
            )
        raise self._failed(what, answer, 1)

    def _failed(
        self,
        what: str,
        result: Answer | Broken,
        attempts: int,
        kind: type[GatewayError] = GatewayError,
    ) -> GatewayError:
        times = "once" if attempts == 1 else f"{attempts} times"
        return kind(
            f"{self.name} gave no usable answer to {what}, tried {times}: {self.words(result)}",
            why="The comment may be missing or out of date",
            fix="Check the host's URL, the proxy variables and --ca-file, then run it again",
        )

    def words(self, result: Answer | Broken) -> str:
        """What was answered, in a few words that hold no secret; hostile text, not escaped."""
        if isinstance(result, Broken):
            return scrubbed(result.message, self.proof.secrets)
        words = scrubbed(said(result.parsed()), self.proof.secrets)
        return f"{words} (HTTP {result.status})" if words else f"HTTP {result.status}"


def _may_pass(answer: Answer) -> bool:
    """Whether the same request may get a better answer later."""
    return is_limited(answer) or answer.status in _TRANSIENT


def _may_be_done(result: Answer | Broken) -> bool:
    """Whether a request that is no success may have been carried out all the same."""
    return result.sent if isinstance(result, Broken) else not is_limited(result)
