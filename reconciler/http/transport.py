"""Connections to one server, directly or through a proxy, that end at a request's limit."""

from __future__ import annotations

import math
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import httpcore
import httpx
import socksio

from reconciler.http.certificates import Certificate, certificate_error
from reconciler.http.failures import ProxyDeniedError
from reconciler.http.proxies import Proxy
from reconciler.http.streams import Backend, Limit, TlsReached

_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
_WRONG_PASSWORD = ("USERNAME/PASSWORD", "Invalid username/password")
"""How httpcore says that a SOCKS proxy wants another user name and password."""


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
        self._limit = Limit()
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
            "network_backend": Backend(self._limit),
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
        except Exception as error:  # whatever it is, it is raised again or explained
            self._close_opened()
            untrusted = self._untrusted(error, request)
            if untrusted is None:
                raise
            raise untrusted from None
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

    def _untrusted(self, error: Exception, request: httpx.Request) -> Exception | None:
        """The error about the certificate, where it is to blame."""
        host = self._limit.host
        # A proxy that is spoken to by TLS has a certificate of its own.
        own = self._proxy is None or host == self._proxy.server.url.host
        name = "" if own or self._proxy is None else self._proxy.name
        return certificate_error(error, host, name, lambda: self._read_certificate(request, host))

    def _read_certificate(self, request: httpx.Request, host: str) -> Certificate:
        """The certificate that a host shows, to name it in an error; nothing is sent to it.

        Python decodes only a certificate that it trusts: the first connection fetches it, and the
        second trusts it and nothing else.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            encoded = self._shown(request, host, context, encoded=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            context.load_verify_locations(cadata=encoded)
            certificate: Certificate = self._shown(request, host, context, encoded=False)
        except (httpx.HTTPError, OSError, ValueError):
            return {}
        return certificate

    def _shown(
        self, request: httpx.Request, host: str, context: ssl.SSLContext, *, encoded: bool
    ) -> Any:
        reading = Transport(context, self._proxy, 1)
        reading._limit.start(self._limit.end)
        reading._limit.stop_at = host
        with closing(reading):
            try:
                with _as_httpx():
                    reading._send(reading._fresh, request)
            except TlsReached:
                stream = reading._limit.opened[-1]
                return stream.get_extra_info("ssl_object").getpeercert(encoded)
            finally:
                reading._close_opened()
        raise ValueError(host)

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
