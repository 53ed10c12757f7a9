"""What each kind of fault does to a request and its connection."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.sandbox.auth import BAD_TOKEN, NO_PERMISSION
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.replies import json_reply, page, welcome_page
from reconciler.sandbox.state import ServerState

UNEXPECTED = "An unexpected error occurred"
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request whose body has arrived, and the connection its answer goes over."""

    state: ServerState
    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    body: bytes

    @property
    def transport(self) -> asyncio.Transport:
        """The connection; the server's protocol puts it into the scope's state."""
        transport: asyncio.Transport = self.scope["state"]["transport"]
        return transport

    async def answer(self, send: Send) -> None:
        """Let the request have its effect, and the answer go wherever ``send`` leads."""

        async def replay() -> Message:
            return {"type": "http.request", "body": self.body, "more_body": False}

        await self.app(self.scope, replay, send)

    async def do(self) -> list[MutableMapping[str, Any]]:
        """Let the request have its effect, and keep the answer."""
        messages: list[MutableMapping[str, Any]] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.answer(keep)
        return messages

    async def reply(self, response: Response) -> None:
        """Send another answer instead."""
        await response(self.scope, self.receive, self.send)

    async def fail(self, status: int, message: str) -> None:
        """Send a failure in the server's dialect instead."""
        await self.reply(json_reply(status, self.state.responder.failure(status, message)))

    async def until_gone(self) -> None:
        """Wait until the connection is closed: after a whole body that is the next event."""
        await self.receive()

    async def reset(self) -> None:
        """Reset the connection: TCP RST, not FIN."""
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
        await self.until_gone()


async def _latency(_: Exchange, fault: Fault) -> None:
    await asyncio.sleep(1.0 if fault.seconds is None else fault.seconds)


async def _foreign_change(exchange: Exchange, fault: Fault) -> None:
    # A key that is gone by then is nobody's mistake: the other user found nothing to change.
    name = fault.name or ""
    exchange.state.change(fault.project, name, to=fault.to, description=fault.description)


async def _policies_change(exchange: Exchange, fault: Fault) -> None:
    exchange.state.change_policies(fault.project, fault.name or "", fault.policies)


async def _deploy_fails(exchange: Exchange, fault: Fault) -> None:
    state = exchange.scope["state"]
    failing = frozenset(fault.environments or exchange.state.store.environments)
    state["failing"] = failing | state.get("failing", frozenset())


async def _reset_before(exchange: Exchange, _: Fault) -> None:
    await exchange.reset()


async def _reset_after(exchange: Exchange, _: Fault) -> None:
    await exchange.do()
    await exchange.reset()


async def _hang(exchange: Exchange, fault: Fault) -> None:
    try:
        await asyncio.wait_for(exchange.until_gone(), fault.seconds)
    except TimeoutError:
        exchange.transport.close()
        await exchange.until_gone()


async def _hang_after(exchange: Exchange, fault: Fault) -> None:
    await exchange.do()
    await _hang(exchange, fault)


async def _cut_body(exchange: Exchange, _: Fault) -> None:
    start, *parts = await exchange.do()
    body = b"".join(part["body"] for part in parts)
    await exchange.send(start)
    half = {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
    await exchange.send(half)
    exchange.transport.close()
    await exchange.until_gone()


async def _too_many(exchange: Exchange, fault: Fault) -> None:
    seconds = 1.0 if fault.seconds is None else fault.seconds
    whole = int(seconds) if seconds == int(seconds) else seconds
    failure = exchange.state.responder.failure(429, "Too many requests!")
    headers = {"Retry-After": str(whole)} if fault.header else None
    await exchange.reply(json_reply(429, {**failure, "retry_after": whole}, headers))


async def _error_before(exchange: Exchange, _: Fault) -> None:
    await exchange.fail(500, UNEXPECTED)


async def _error_after(exchange: Exchange, _: Fault) -> None:
    await exchange.do()
    await exchange.fail(500, UNEXPECTED)


async def _unavailable(exchange: Exchange, _: Fault) -> None:
    await exchange.reply(page(503, "503 Service Temporarily Unavailable", "nginx"))


async def _html(exchange: Exchange, _: Fault) -> None:
    await exchange.reply(welcome_page())


async def _html_after(exchange: Exchange, _: Fault) -> None:
    await exchange.do()
    await exchange.reply(welcome_page())


async def _unauthorized(exchange: Exchange, _: Fault) -> None:
    await exchange.fail(401, BAD_TOKEN)


async def _denied(exchange: Exchange, _: Fault) -> None:
    await exchange.fail(400, NO_PERMISSION)


async def _garbage(exchange: Exchange, _: Fault) -> None:
    await exchange.reply(Response(b'{"status": "SUCC\xff\x00', media_type="application/json"))


async def _deep(exchange: Exchange, fault: Fault) -> None:
    nested = b"[" * fault.depth + b"]" * fault.depth
    body = b'{"status":"SUCCESS","resultList":%b}' % nested
    await exchange.reply(Response(body, media_type="application/json"))


async def _huge(exchange: Exchange, fault: Fault) -> None:
    item = json.dumps({"name": "x" * 200, "description": None}).encode()
    items = b",".join([item] * (_CHUNK // len(item)))
    headers = [(b"content-type", b"application/json")]
    await exchange.send({"type": "http.response.start", "status": 200, "headers": headers})
    pieces = [b'{"status":"SUCCESS","resultList":[' + items]
    pieces += [b"," + items] * (fault.size // len(items))
    for piece in (*pieces, b"]}"):
        if exchange.transport.is_closing():
            return
        await exchange.send(
            {"type": "http.response.body", "body": piece, "more_body": piece != b"]}"}
        )
        await asyncio.sleep(0)  # others get their turn though nothing here has to wait


SIDE_EFFECTS: Mapping[str, Callable[[Exchange, Fault], Awaitable[None]]] = {
    "latency": _latency,
    "foreign-change": _foreign_change,
    "policies-change": _policies_change,
    "deploy-fails": _deploy_fails,
}
"""Kinds that happen besides; the request goes on afterwards."""

FAULT_HANDLERS: Mapping[str, Callable[[Exchange, Fault], Awaitable[None]]] = {
    "reset-before": _reset_before,
    "reset-after": _reset_after,
    "hang": _hang,
    "hang-after": _hang_after,
    "cut-body": _cut_body,
    "429": _too_many,
    "500-before": _error_before,
    "500-after": _error_after,
    "503-before": _unavailable,
    "html": _html,
    "html-after": _html_after,
    "unauthorized": _unauthorized,
    "denied": _denied,
    "garbage": _garbage,
    "huge": _huge,
    "deep": _deep,
}
"""Kinds that decide what becomes of the answer."""
