"""One httpx client for a run: requests in, whole responses or transport failures out."""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from reconciler import __version__
from reconciler.http.body import MAX_BODY_BYTES, read_body
from reconciler.http.failures import FAILURES, TransportFailure, transport_failure
from reconciler.http.proxies import Proxy, find_proxy
from reconciler.http.retries import http_date, retry_after_seconds
from reconciler.http.tls import no_tls_context, tls_context
from reconciler.http.transport import GetOnly, Transport

REQUEST_DEADLINE = 300.0
"""Seconds for one request and its whole answer, unless the options say otherwise."""

_LONG_NUMBER = 4300
"""The most digits that Python reads an integer of."""

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"apinizer-jwk-reconciler/{__version__}",
}

Auth = httpx.Auth
T = TypeVar("T")

_first_use = threading.Lock()
Query = Mapping[str, str | int]


class Response(Struct, frozen=True):
    """One whole response.

    Attributes:
        status: the HTTP status.
        headers: by their names in lower case.
        body: decoded from its content coding, whole.
        retry_after: seconds from the ``Retry-After`` header (RFC 9110, 10.2.3), never negative.
    """

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""
    retry_after: float | None = None

    def header(self, name: str) -> str:
        """A header's value; empty where there is none."""
        return self.headers.get(name, "")

    def decode(self, kind: type[T]) -> T:
        """The JSON body as a struct; members that the struct does not have are skipped.

        Raises:
            msgspec.ValidationError: it is JSON, but not as the struct has it.
            ValueError, RecursionError: it is no JSON.
        """
        decoder: msgspec.json.Decoder[T] = _decoder(kind)  # type: ignore[arg-type]  # types are hashable
        if _may_hold_long_number(self.body):  # which msgspec skips, and Python's reader refuses
            return msgspec.convert(json.loads(self.body), kind)
        try:
            # As text, since what a decoder skips it does not check to be Unicode.
            return decoder.decode(self.body.decode())
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Python's reader also takes what JSON does not have, such as half a surrogate pair.
            return msgspec.convert(json.loads(self.body), kind)

    def __repr__(self) -> str:
        """Without what came: it may hold key material or repeat the token."""
        return f"Response({self.status}, {len(self.body)} bytes)"


@functools.cache
def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """What decodes a type; msgspec crashes where two threads meet a type for the first time."""
    with _first_use:
        return msgspec.json.Decoder(kind)


def _may_hold_long_number(body: bytes) -> bool:
    """Whether a number may be longer than anybody means; of such a one, a whole block is digits."""
    block = _LONG_NUMBER // 2
    return any(body[start : start + block].isdigit() for start in range(0, len(body), block))


Result = Response | TransportFailure
"""What one request came to."""


def trace_nothing(_line: str) -> None:
    """Trace nothing, and warn of nothing."""


class TransportOptions(Struct, frozen=True, kw_only=True):
    """How requests are sent.

    Attributes:
        ca_file: certificates to trust besides the system's and the environment's, PEM.
        connect_timeout: seconds for making a connection.
        read_timeout: seconds without a byte after which a request is given up.
        request_deadline: seconds after which it is given up, whatever came until then.
        max_connections: how many requests at a time.
        max_body: the longest body that is read, in bytes, decoded.
        trace: takes one line per request: method, path, status, milliseconds.
        warn: takes a sentence about a setting that is not followed.
        clock: seconds that only go forward, for durations.
        now: seconds since the epoch, for HTTP-dates.
    """

    ca_file: Path | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    request_deadline: float = REQUEST_DEADLINE
    max_connections: int = 5
    max_body: int = MAX_BODY_BYTES
    trace: Callable[[str], None] = trace_nothing
    warn: Callable[[str], None] = trace_nothing
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


class _NoCookies(CookieJar):
    """Keeps none, and spends no time on looking for them."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Leave the response's cookies alone."""


class HttpClient:
    """Sends requests on one pool of connections; safe to use from many threads.

    Args:
        base_url: what paths are appended to, without a slash at its end.
        client: httpx's client, which holds the connections.
        options: how requests are sent.
        proxy: what they go through; named where one fails.
    """

    def __init__(
        self,
        base_url: str,
        client: httpx.Client,
        options: TransportOptions,
        proxy: Proxy | None = None,
    ) -> None:
        self.base_url = base_url
        self._client = client
        self._options = options
        self._proxy = proxy

    def read_only(self) -> HttpClient:
        """A client on the same connections that can't send anything but GET."""
        client = httpx.Client(
            headers=HEADERS, transport=GetOnly(self._client), cookies=_NoCookies()
        )
        return HttpClient(self.base_url, client, self._options, self._proxy)

    def at(self, base_url: str) -> HttpClient:
        """A client on the same connections for another base URL of the same server."""
        return HttpClient(base_url, self._client, self._options, self._proxy)

    def send(
        self,
        method: str,
        path: str,
        *,
        auth: Auth | None = None,
        query: Query | None = None,
        content: bytes | None = None,
        content_type: str = "application/json",
        read_timeout: float | None = None,
        fresh: bool = False,
    ) -> Result:
        """Send one request, once, and read the whole response; trace it in one line.

        Args:
            method: such as ``GET``.
            path: below the base URL, percent-encoded.
            auth: proves who asks.
            query: the URL's query.
            content: the body.
            content_type: what the body is.
            read_timeout: seconds without a byte after which it is given up; else the options'.
            fresh: on a connection that nothing was sent on before.
        """
        timeout = read_timeout or self._options.read_timeout
        request = self._client.build_request(
            method,
            self.base_url + path,
            params=query,
            headers={"Content-Type": content_type} if content is not None else None,
            content=content,
            timeout=httpx.Timeout(timeout, connect=min(self._options.connect_timeout, timeout)),
            extensions={"fresh": fresh, "end": time.monotonic() + self._options.request_deadline},
        )
        start = self._options.clock()
        result = self._send(request, auth)
        spent = round((self._options.clock() - start) * 1000)
        ended = result.status if isinstance(result, Response) else result.cause.value
        self._options.trace(f"{method} {request.url.raw_path.decode('ascii')} {ended} {spent} ms")
        return result

    def _send(self, request: httpx.Request, auth: Auth | None) -> Result:
        try:
            with closing(self._client.send(request, stream=True, auth=auth)) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                coding = headers.get("content-encoding", "")
                body = read_body(response.iter_raw(), coding, self._options.max_body)
        except tuple(FAILURES) as error:
            # Returned, so that what is raised later does not hold on to the request and its token.
            return self._failure(request, error)
        if isinstance(body, TransportFailure):
            return body
        # A date is by the server's clock, which may differ from this machine's.
        now = http_date(headers.get("date", "")) or self._options.now()
        retry_after = retry_after_seconds(headers.get("retry-after", ""), now)
        return Response(response.status_code, headers, body, retry_after)

    def _failure(self, request: httpx.Request, error: Exception) -> TransportFailure:
        """What an error means, and by which limit or through which proxy it came."""
        failure = transport_failure(error)
        message = failure.message
        is_over = request.extensions["end"] <= time.monotonic()
        if is_over and isinstance(error, httpx.TimeoutException):
            message = f"no whole answer within {self._options.request_deadline:g} s in all"
        if self._proxy is not None:
            message += f" (through the proxy {self._proxy.name} of {self._proxy.variable})"
        return replace(failure, message=message)


@contextmanager
def open_client(base_url: str, options: TransportOptions) -> Iterator[HttpClient]:
    """A client whose connections all threads share; nothing is sent yet.

    Redirects are not followed, cookies not kept, ``~/.netrc`` not read. A proxy comes from the
    usual variables, except that nothing is sent through one to this very machine.

    Raises:
        UsageError: the CA file or a proxy variable can't be used.
    """
    proxy = find_proxy(base_url, options.warn)
    # Reading all authorities takes time: where TLS is never spoken, none are.
    needs_tls = not base_url.startswith("http:") or options.ca_file is not None
    needs_tls = needs_tls or (proxy is not None and proxy.server.url.scheme == "https")
    context = tls_context(options.ca_file) if needs_tls else no_tls_context()
    transport = Transport(context, proxy, options.max_connections)
    with httpx.Client(headers=HEADERS, transport=transport, cookies=_NoCookies()) as client:
        yield HttpClient(base_url, client, options, proxy)
