"""The running server: ``serve`` until a signal, or ``running`` in a thread.

::

    with running(Options(parse_seed(text))) as sandbox:
        httpx.get(f"{sandbox.url}/apiops/projects/", headers=…)
        sandbox.admin.add_faults({"kind": "reset-after", "method": "PUT"})
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn

from reconciler.sandbox.app import build_app
from reconciler.sandbox.request_log import RecordedRequest
from reconciler.sandbox.state import Options, ServerState

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as HttpProtocol
else:
    # httptools, which takes a fifth off a request and its answer, or where it is missing h11.
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as HttpProtocol

__all__ = ["Options", "Running", "running", "serve"]

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers.

    Attributes:
        url: such as ``http://127.0.0.1:49152``, without a slash at its end.
        admin: the admin side: add faults, read the real state, change keys.
    """

    url: str
    admin: ServerState

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token there is, the seed's first, then the issued ones."""
        return self.admin.tokens.tokens()

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """The requests under ``/apiops`` so far."""
        return self.admin.journal.requests()


@contextmanager
def running(options: Options) -> Iterator[Running]:
    """A server in a thread, for as long as the context lasts; it answers from the start.

    Raises:
        StoreError: the database file can't be used.
        OSError: the port can't be had.
    """
    with _prepared(options) as (sandbox, server, listener):
        thread = threading.Thread(target=server.run_on, args=(listener,), name="sandbox")
        thread.start()
        try:
            yield sandbox
        finally:
            server.stop()
            thread.join()


def serve(options: Options, announce: Callable[[Running], None]) -> signal.Signals:
    """A server in the main thread, until SIGINT or SIGTERM; gives the signal.

    Args:
        options: how the server shall be.
        announce: called once, when the server can be reached.

    Raises:
        StoreError: the database file can't be used.
        OSError: the port can't be had.
    """
    received: list[signal.Signals] = []
    with _prepared(options) as (sandbox, server, listener):

        def stop(number: int, _: object) -> None:
            received.append(signal.Signals(number))
            server.stop()

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            announce(sandbox)
            server.run_on(listener)
        finally:
            for number, previous in before.items():
                signal.signal(number, previous)
    return received[0]


@contextmanager
def _prepared(options: Options) -> Iterator[tuple[Running, _Server, socket.socket]]:
    """Everything but the loop: the state, the server, and a socket that already listens."""
    # asyncio sends small answers at once (TCP_NODELAY) only where the protocol is spelled out.
    with closing(socket.socket(proto=socket.IPPROTO_TCP)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, options.port))
        listener.listen(1024)
        state = ServerState(options)
        with closing(state.store):
            config = uvicorn.Config(
                build_app(state),
                http=_Protocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=75,
            )
            yield (
                Running(f"http://{HOST}:{listener.getsockname()[1]}", state),
                _Server(config),
                listener,
            )


class _Protocol(HttpProtocol):
    """Puts its connection into each request's state, for faults that cut or reset it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}


class _Server(uvicorn.Server):
    """Stops at once when told to, whatever its requests are waiting for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._wake: Callable[[], object] = lambda: None

    def run_on(self, listener: socket.socket) -> None:
        """Serve until ``stop``."""
        asyncio.run(self.serve(sockets=[listener]))

    def stop(self) -> None:
        """Stop; from any thread or from a signal, and however often."""
        self.should_exit = True
        with suppress(RuntimeError):  # the loop is closed: it has stopped already
            self._wake()

    async def main_loop(self) -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        self._wake = partial(loop.call_soon_threadsafe, stopped.set)
        if not self.should_exit:
            await stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for closable in (*self.servers, *(sockets or ())):
            closable.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # the connections learn that they are lost
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()
