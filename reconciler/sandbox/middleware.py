"""What every request passes: it is recorded, and meets the faults that are due."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.sandbox.fault_injection import FAULT_HANDLERS, SIDE_EFFECTS, Exchange
from reconciler.sandbox.request_log import RecordedRequest, json_or_none
from reconciler.sandbox.state import ServerState

_PROJECT = re.compile(r"/apiops/projects/([^/]+)/")


class FaultMiddleware:
    """Wraps the routes; what is not under ``/apiops`` passes freely."""

    def __init__(self, state: ServerState, app: ASGIApp) -> None:
        self._state = state
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; an ASGI application."""
        if not scope["path"].startswith("/apiops"):
            await self._app(scope, receive, send)
            return
        self._state.under_way += 1
        try:
            await self._admit(scope, receive, send)
        except asyncio.CancelledError:
            # Only the closing server cancels, after it cut the connection: nobody is left to tell,
            # and uvicorn would log the request as a crash.
            return
        finally:
            self._state.under_way -= 1

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole_body(receive)
        if body is None:
            return
        self._record(scope, body)
        exchange = Exchange(self._state, self._app, scope, receive, send, body)
        project = _PROJECT.match(scope["raw_path"].decode("ascii"))
        named = unquote(project[1]) if project else None
        failure = None
        for fault in self._state.faults.due(scope["method"], named):
            if fault.kind in SIDE_EFFECTS:
                await SIDE_EFFECTS[fault.kind](exchange, fault)
            else:
                failure = failure or fault
        if failure is None:
            await exchange.answer(send)
        else:
            await FAULT_HANDLERS[failure.kind](exchange, failure)

    def _record(self, scope: Scope, body: bytes) -> None:
        headers = dict(scope["headers"])
        authorization = headers.get(b"authorization")
        self._state.journal.record(
            RecordedRequest(
                method=scope["method"],
                raw_path=scope["raw_path"].decode("ascii"),
                path=scope["path"],
                body=json_or_none(body) if body else None,
                token=self._state.tokens.label(authorization and authorization.decode("latin-1")),
            )
        )


async def _whole_body(receive: Receive) -> bytes | None:
    """The request's body; None where the client left before it was complete."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
