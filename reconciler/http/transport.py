"""Connections to one server, directly or through a proxy, that end at a request's limit."""

from __future__ import annotations

import math
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpcore
import httpx
import socksio

from reconciler.http.failures import ProxyDeniedError
from reconciler.http.proxies import Proxy

_PIECE = 4096
"""Bytes that are written at a time, so that a peer which takes them slowly is noticed."""
_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
_WRONG_PASSWORD = ("USERNAME/PASSWORD", "Invalid username/password")
"""How httpcore says that a SOCKS proxy wants another user name and password."""


class _Limit(threading.local):
    """When the request of this thread ends, on ``time.monotonic``; what was opened for it."""

    end = math.inf

    def start(self, end: float) -> None:
        self.end = end
        self.opened: list[httpcore.NetworkStream] = []

    def left(self, timeout: float | None, error: type[Exception]) -> float | None:
        """The timeout of one operation; raises where the request's own time is over."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise error("the request's time is over")
        if math.isinf(left):
            return timeout
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, limit: _Limit) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._limit.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            left = self._limit.left(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._limit.left(timeout, httpcore.ConnectTimeout)
        # Certificates are made for names without the dot that ends a full one (RFC 6066, 3).
        name = server_hostname.rstrip(".") if server_hostname else None
        stream = _Stream(self._stream.start_tls(ssl_context, name, left), self._limit)
        self._limit.opened.append(stream)
        return stream

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, limit: _Limit) -> None:
        self._backend = httpcore.SyncBackend()
        self._limit = limit

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._limit.left(timeout, httpcore.ConnectTimeout)
        tcp = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        stream = _Stream(tcp, self._limit)
        self._limit.opened.append(stream)
        return stream


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise httpcore's errors as httpx has them, by the same names."""
    try:
        yield
    except _ERRORS as error:
        kind: type[Exception] = getattr(httpx, type(error).__name__)
        raise kind(str(error)) from error


class Transport(httpx.BaseTransport):
    """Sends requests; safe to use from many threads.

    A request's extension ``end`` says when it ends, on ``time.monotonic``, whatever comes until
    then; the extension ``fresh`` asks for a connection that nothing was sent on before. Once a
    proxy wants another password nothing is sent any more: many tries lock accounts.

    Args:
        context: whom to trust, also of proxies that are spoken to by TLS.
        proxy: what requests go through.
        max_connections: how many requests at a time.
    """

    def __init__(
        self, context: ssl.SSLContext, proxy: Proxy | None = None, max_connections: int = 5
    ) -> None:
        self._limit = _Limit()
        self._proxy = proxy
        self._kept = self._connections(context, max_connections, None)
        self._fresh = self._connections(context, max_connections, 0)
        self._first = threading.Lock()
        # Until it took a password once, a proxy is asked by one thread at a time.
        self._accepted = proxy is None or proxy.server.raw_auth is None
        self._denied = ""

    def _connections(
        self, context: ssl.SSLContext, max_connections: int, kept: int | None
    ) -> httpcore.ConnectionPool:
        common: dict[str, Any] = {
            "ssl_context": context,
            "max_connections": max_connections,
            "max_keepalive_connections": kept,
            "keepalive_expiry": 5.0,
            "network_backend": _Backend(self._limit),
        }
        if self._proxy is None:
            return httpcore.ConnectionPool(**common)
        server = self._proxy.server
        if server.url.scheme.startswith("socks"):
            return httpcore.SOCKSProxy(_core_url(server.url), server.raw_auth, **common)
        return httpcore.HTTPProxy(
            _core_url(server.url),
            server.raw_auth,
            proxy_ssl_context=context if server.url.scheme == "https" else None,
            **common,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the response's head."""
        self._limit.start(request.extensions.get("end", math.inf))
        if self._accepted:
            return self._handle(request)
        left = self._limit.left(None, httpx.PoolTimeout)
        if not self._first.acquire(timeout=-1 if left is None else left):
            raise httpx.PoolTimeout("the proxy answers nobody")
        try:
            response = self._handle(request)
            self._accepted = True
            return response
        finally:
            self._first.release()

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if self._denied:
            raise ProxyDeniedError(self._denied)
        connections = self._fresh if request.extensions.get("fresh") else self._kept
        try:
            with _as_httpx():
                response = self._send(connections, request)
        except httpx.ProxyError as error:
            self._close_opened()
            if str(error).startswith("407") or any(text in str(error) for text in _WRONG_PASSWORD):
                self._denied = str(error)
                raise ProxyDeniedError(self._denied) from None
            raise
        except Exception:
            self._close_opened()
            raise
        if response.status == 407 and self._proxy is not None:
            response.close()
            self._denied = "407"
            raise ProxyDeniedError(self._denied)
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def _send(
        self, connections: httpcore.ConnectionPool, request: httpx.Request
    ) -> httpcore.Response:
        core = httpcore.Request(
            request.method,
            _core_url(request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        if self._proxy is None or not self._proxy.server.url.scheme.startswith("socks"):
            return connections.handle_request(core)
        try:
            return connections.handle_request(core)
        except socksio.ProtocolError as error:
            raise httpx.ProxyError("it does not speak SOCKS 5") from error

    def _close_opened(self) -> None:
        """Close what a failed request opened: a proxy's connection is forgotten otherwise."""
        for stream in self._limit.opened:
            with suppress(Exception):
                stream.close()

    def close(self) -> None:
        """Close all connections."""
        self._kept.close()
        self._fresh.close()


class GetOnly(httpx.BaseTransport):
    """Passes GET requests on to a client and refuses every other method, before it is sent."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a GET; the connections, and closing them, stay the other client's business."""
        if request.method != "GET":
            raise RuntimeError(f"{request.method} was about to be sent where only GET may be")
        return self._client.send(request, stream=True)


def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )
