"""Network streams on which no operation outlasts the request that it is for."""

from __future__ import annotations

import math
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore

_PIECE = 4096
"""Bytes that are written at a time, so that a peer which takes them slowly is noticed."""


class TlsReached(Exception):  # noqa: N818  # nothing went wrong
    """TLS is spoken with the host that a certificate was wanted of."""


class Limit(threading.local):
    """When the request of this thread ends, on ``time.monotonic``, and what was opened for it.

    Attributes:
        end: when it ends.
        host: whom TLS was last spoken with.
        stop_at: end as soon as TLS is spoken with this host.
    """

    end = math.inf
    host = ""
    stop_at = ""

    def start(self, end: float) -> None:
        """Begin a request."""
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


class Stream(httpcore.NetworkStream):
    """A connection; what its methods do, httpcore says."""

    def __init__(self, stream: httpcore.NetworkStream, limit: Limit) -> None:
        self._stream = stream
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come, or wait for it."""
        return self._stream.read(max_bytes, self._limit.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        for start in range(0, len(buffer), _PIECE):
            left = self._limit.left(timeout, httpcore.WriteTimeout)
            self._stream.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Speak TLS from now on."""
        left = self._limit.left(timeout, httpcore.ConnectTimeout)
        # Certificates are made for names without the dot that ends a full one (RFC 6066, 3).
        name = server_hostname.rstrip(".") if server_hostname else None
        self._limit.host = name or ""
        stream = Stream(self._stream.start_tls(ssl_context, name, left), self._limit)
        self._limit.opened.append(stream)
        if name and name == self._limit.stop_at:
            raise TlsReached
        return stream

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about it."""
        return self._stream.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """Opens connections; what its methods do, httpcore says."""

    def __init__(self, limit: Limit) -> None:
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
        """Open one."""
        left = self._limit.left(timeout, httpcore.ConnectTimeout)
        tcp = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        stream = Stream(tcp, self._limit)
        self._limit.opened.append(stream)
        return stream
