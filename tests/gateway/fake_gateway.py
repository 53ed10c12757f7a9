"""A scripted server on loopback, down to the bytes on the socket."""

from __future__ import annotations

import itertools
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum

from planted_secrets import MARK

from reconciler.gateway.client import Gateway, open_gateway
from reconciler.gateway.credentials import Credentials, TokenCredentials
from reconciler.gateway.options import ClientOptions
from reconciler.http.client import Response

TOKEN = f"tok-4f9a.secret/{MARK}+="
EMPTY_LIST = b'{"status":"SUCCESS","resultList":[],"resultCount":0}'


class Act(Enum):
    """What a server can do besides answering."""

    RESET = "reset the connection"
    CLOSE = "close it without a word"
    HANG = "keep silent"
    TUNNEL = "as a proxy: accept CONNECT and speak TLS from then on"


@dataclass(frozen=True)
class Seen:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    nth: int = 1
    """Which one of its connection's requests it is."""


Script = Callable[[Seen], "bytes | Act"]


@dataclass
class FakeGateway:
    """Answers each request by a script and remembers all of them."""

    script: Script
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    connections: int = 0
    tunnel: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self.serve, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(0.05)
            if self.tls is not None:
                connection = self.upgrade(connection, self.tls)
            for nth in itertools.count(1):
                request = self.read(connection)
                if request is None or self.stopping.is_set():
                    return
                request = replace(request, nth=nth)
                self.seen.append(request)
                act = self.script(request)
                if act is Act.TUNNEL and self.tunnel is not None:
                    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    connection = self.upgrade(connection, self.tunnel)
                elif isinstance(act, Act):
                    self.perform(act, connection)
                    return
                else:
                    connection.settimeout(10)
                    connection.sendall(act)
                    connection.settimeout(0.05)
                    if b"\r\nConnection: close" in act:
                        return
        except OSError:
            pass
        finally:
            connection.close()

    def upgrade(self, connection: socket.socket, context: ssl.SSLContext) -> socket.socket:
        connection.settimeout(5)
        wrapped = context.wrap_socket(connection, server_side=True)
        wrapped.settimeout(0.05)
        return wrapped

    def perform(self, act: Act, connection: socket.socket) -> None:
        if act is Act.HANG:
            self.stopping.wait()
        if act is Act.RESET:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def read(self, connection: socket.socket) -> Seen | None:
        text = b""
        while b"\r\n\r\n" not in text:
            piece = self.receive(connection)
            if not piece:
                return None
            text += piece
        head, body = text.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += self.receive(connection)
        method, target, _ = first.split(" ")
        return Seen(method, target, headers, body)

    def receive(self, connection: socket.socket) -> bytes:
        while not self.stopping.is_set():
            with suppress(TimeoutError):
                return connection.recv(65536)
        return b""


@contextmanager
def fake_gateway(
    script: Script, *, tls: ssl.SSLContext | None = None, tunnel: ssl.SSLContext | None = None
) -> Iterator[FakeGateway]:
    server = FakeGateway(script, tls=tls, tunnel=tunnel)
    accepting = threading.Thread(target=server.accept)
    accepting.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        for thread in (accepting, *server.threads):
            thread.join(5)


def answer(
    body: bytes | str = b"",
    status: int = 200,
    content_type: str = "application/json",
    **headers: str,
) -> bytes:
    """A whole HTTP answer."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}"]
    lines += [f"Content-Type: {content_type}"] if content_type else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def response(
    status: int,
    content_type: str = "",
    body: bytes = b"",
    retry_after: float | None = None,
    location: str = "",
) -> Response:
    """A response as the client has it, before anything is made of it."""
    headers = {"content-type": content_type, "location": location}
    return Response(status, headers, body, retry_after)


def always(act: bytes | Act) -> Script:
    return lambda _: act


def in_turn(*acts: bytes | Act) -> Script:
    """Each act once, in this order; the last one for ever."""
    left = list(acts)
    lock = threading.Lock()

    def next_act(_: Seen) -> bytes | Act:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return next_act


@dataclass
class Waits:
    """A wait that takes no time and is remembered."""

    seconds: list[float] = field(default_factory=list)
    stop_after: int = 10_000

    def __call__(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        return len(self.seconds) > self.stop_after


@contextmanager
def gateway_at(
    url: str,
    *,
    credentials: Credentials | None = None,
    waits: Waits | None = None,
    trace: list[str] | None = None,
    **changes: object,
) -> Iterator[Gateway]:
    settings = ClientOptions(
        base_url=url,
        credentials=credentials or TokenCredentials(TOKEN),
        wait=waits or Waits(),
        jitter=lambda: 1.0,
        trace=(trace if trace is not None else []).append,
        **changes,  # type: ignore[arg-type]  # each test knows the fields it changes
    )
    with open_gateway(settings) as gateway:
        yield gateway
