"""Requests to a code host's API: repeated where that is harmless, its rate limits waited out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from reconciler.code_hosts.answers import advice, error_message, is_rate_limited, retry_after
from reconciler.code_hosts.credentials import HostCredentials
from reconciler.code_hosts.model import DeniedError, LostError
from reconciler.errors import AuthError, GatewayError
from reconciler.http.client import HttpClient, Query, Response, Result
from reconciler.http.failures import FINAL, Cause, TransportFailure
from reconciler.http.redaction import Secrets
from reconciler.http.retries import RetryPolicy

T = TypeVar("T")

LONGEST_WAIT = 120.0
"""Seconds: a host that asks for more is given up at once."""
MAX_PAGES = 500
"""More means that the list never ends: it is 50,000 comments."""

_TRANSIENT = frozenset({408, *range(500, 600)})


class CodeHostClient:
    """A client of one host's API.

    Args:
        name: what errors call the host.
        client: sends; its base URL is the API's.
        credentials: prove who asks.
        retries: when to send again.
        now: seconds since the epoch.
    """

    def __init__(
        self,
        name: str,
        client: HttpClient,
        credentials: HostCredentials,
        retries: RetryPolicy,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.credentials = credentials
        self._client = client
        self._retries = retries
        self._now = now
        self._secrets = Secrets()
        for secret in credentials.secrets:
            self._secrets.add(secret, "token")

    @property
    def base_url(self) -> str:
        """The API's base URL."""
        return self._client.base_url

    def at(self, base_url: str) -> CodeHostClient:
        """A client of another API of the same host."""
        client = self._client.at(base_url)
        return CodeHostClient(self.name, client, self.credentials, self._retries, self._now)

    def read(self, path: str, query: Query | None = None) -> Response:
        """A successful response to a GET.

        Raises:
            AuthError: the token is rejected, or there is nothing it may see.
            DeniedError: the token may not.
            GatewayError: no usable response came.
        """
        result = self._final("GET", path, query=query)
        return self._accepted(result, f"GET {path}", writing=False)

    def write(
        self,
        method: str,
        path: str,
        body: object,
        *,
        query: Query | None = None,
        accept_conflict: bool = False,
    ) -> Response:
        """A successful response to a request that may be repeated; raises as ``read``.

        Args:
            method: PUT, PATCH, or a POST that changes nothing.
            path: below the base URL.
            body: JSON.
            query: of the URL.
            accept_conflict: whether 409 is a response to use too.
        """
        result = self._final(method, path, query=query, body=body)
        if accept_conflict and result.status == 409:
            return result
        return self._accepted(result, f"{method} {path}", writing=True)

    def create(self, path: str, body: object, query: Query | None = None) -> Response:
        """A successful response to a POST, which is only repeated where it was not carried out.

        Raises:
            LostError: nobody knows whether it was carried out; besides as ``read``.
        """
        result = self._final("POST", path, query=query, body=body, repeatable=False)
        return self._accepted(result, f"POST {path}", writing=True)

    def pages(
        self, path: str, query: Query, find_next: Callable[[Response], Query | None]
    ) -> Iterator[Response]:
        """Every page of a list, in the host's order.

        Args:
            path: the list's.
            query: of the first page; what ``find_next`` finds replaces its members.
            find_next: the query of the page after a response; None after the last one.

        Raises:
            GatewayError: the pages do not end; besides as ``read``.
        """
        for _ in range(MAX_PAGES):
            response = self.read(path, query)
            yield response
            following = find_next(response)
            if following is None:
                return
            query = {**query, **following}
        raise GatewayError(
            f"{self.name}'s list of comments does not end after {MAX_PAGES} pages",
            why="Whether our comment is among them can't be told",
            fix="Check what stands between here and the host, such as a caching proxy",
        )

    def _final(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: object = None,
        repeatable: bool = True,
    ) -> Response:
        """The first response that trying again would not change."""
        content = None if body is None else msgspec.json.encode(body)

        def may_retry(result: Result) -> bool:
            final = not _may_pass(result) if isinstance(result, Response) else result.cause in FINAL
            if final:
                return False
            return repeatable or not _may_be_done(result)

        result, attempts = self._retries.call(
            lambda: self._client.send(
                method, path, auth=self.credentials.auth, query=query, content=content
            ),
            may_retry,
            lambda result: retry_after(result, self._now()),
        )
        if isinstance(result, Response) and not _may_pass(result):
            return result
        lost = not repeatable and _may_be_done(result)
        raise self._failed(
            f"{method} {path}", result, attempts, LostError if lost else GatewayError
        )

    def _accepted(self, response: Response, request: str, *, writing: bool) -> Response:
        status = response.status
        if 200 <= status < 300 and status != 203:
            return response
        message = self._message(response)
        # Azure answers with a page to sign in where a token is not valid.
        if status in {203, 401}:
            raise AuthError(
                f"{self.name} rejected the token: {message}",
                why="It lets nobody comment without a valid one",
                fix="Check that the token is whole, has not expired, and is one of this host",
            )
        if status == 403 or (writing and status == 404):
            raise DeniedError(
                f"{self.name} does not let this token {request}: {message}",
                fix="Give it the permission to write comments on pull requests",
                message=message,
                gone=status == 404,
            )
        if status == 404:
            raise AuthError(
                f"{self.name} knows no such pull request, or hides it from this token: {message}",
                why="There is nothing to comment on",
                fix="Check the repository, the pull request's number and the token's permissions",
            )
        raise self._failed(request, response, 1)

    def _failed(
        self,
        request: str,
        result: Result,
        attempts: int,
        kind: type[GatewayError] = GatewayError,
    ) -> GatewayError:
        times = "once" if attempts == 1 else f"{attempts} times"
        special = advice(result, self._now()) if isinstance(result, Response) else None
        if special is not None:
            what, why, fix = special
            return kind(f"{self.name} {what}: {self._message(result)}", why=why, fix=fix)
        return kind(
            f"{self.name} gave no usable answer to {request}, tried {times}: "
            f"{self._message(result)}",
            why="The comment may be missing or out of date",
            fix=getattr(result, "fix", "")
            or "Check the host's URL, the proxy variables and --ca-file, then run it again",
        )

    def _message(self, result: Result) -> str:
        """What was answered, on one line without any secret; hostile text, not escaped."""
        if isinstance(result, TransportFailure):
            return self._redacted(result.message)
        message = self._redacted(error_message(result))
        return f"{message} (HTTP {result.status})" if message else f"HTTP {result.status}"

    def _redacted(self, text: str) -> str:
        return self._secrets.redact(" ".join(text.split()))


def decoded(response: Response, kind: type[T]) -> T:
    """A response's body as a struct.

    Raises:
        GatewayError: it is something else.
    """
    try:
        return response.decode(kind)
    except (ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, msgspec.ValidationError) else "it is no JSON"
    raise GatewayError(
        f"What the host answered about comments can't be understood: {what}",
        why="Whether our comment is among them can't be told",
        fix="Check that the host's URL leads to its API, and to no login page or proxy",
    )


def query_of(url: str) -> Query:
    """The query of a next page's URL.

    The rest of it is not used: so the token goes nowhere but where it was meant to go, and a host
    behind a proxy may call itself by another name.
    """
    return dict(parse_qsl(urlsplit(url).query))


def _may_pass(response: Response) -> bool:
    """Whether the same request may get a better response later."""
    return is_rate_limited(response) or response.status in _TRANSIENT


def _may_be_done(result: Result) -> bool:
    """Whether a request without a success may have been carried out all the same."""
    if isinstance(result, TransportFailure):
        return result.cause not in {Cause.UNSENT, *FINAL}
    return not is_rate_limited(result)
