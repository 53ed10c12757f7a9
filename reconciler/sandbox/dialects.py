"""How answers are worded: the older and the newer dialect, or both in turn on one server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from reconciler.sandbox.rules import Jwk

Members = dict[str, Any]

PHRASES = {400: "bad_request", 401: "unauthorized", 429: "too_many_requests"}
"""The ``error`` word of the older dialect, by HTTP status; any other is ``server_error``."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The bodies of one dialect: a success with more members, a list, a failure."""

    success: Callable[[Members], Members]
    listing: Callable[[list[Members]], Members]
    failure: Callable[[int, str], Members]


def _older_success(members: Members) -> Members:
    return {"success": True, **members}


def _newer_success(members: Members) -> Members:
    return {"status": "SUCCESS", "resultMessage": None, **members}


OLDER = Dialect(
    success=_older_success,
    listing=lambda items: _older_success({"resultList": items}),
    failure=lambda status, message: {
        "error": PHRASES.get(status, "server_error"),
        "error_description": message,
    },
)
NEWER = Dialect(
    success=_newer_success,
    listing=lambda items: _newer_success({"resultList": items, "resultCount": len(items)}),
    failure=lambda _, message: {"status": "FAILURE", "resultMessage": message},
)
DIALECTS: Mapping[str, tuple[Dialect, ...]] = {
    "older": (OLDER,),
    "newer": (NEWER,),
    "mixed": (OLDER, NEWER),
}
"""Every dialect by its name on the command line, as the dialects spoken in turn."""


def item(key: Jwk) -> Members:
    """All that a list may show of a key."""
    return {
        "id": key.id,
        "projectId": key.project_id,
        "name": key.name,
        "description": key.description,
        "sourceType": key.source_type,
        "sourceId": key.source_id,
        "sourceUrl": key.source_url,
        "type": key.type,
        "kid": key.kid,
    }


def key_material(secret: str) -> Members:
    """Members a private key would have, all false: each holds the secret's text."""
    return {
        "k": secret,
        "d": secret,
        "p": secret,
        "privateKeyPem": f"-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n",
        "privateKey": {"d": secret, "q": secret},
    }


@dataclass(slots=True)
class Responder:
    """Builds every reply of one server.

    Args:
        dialect: a name in ``DIALECTS``.
        injected_secret: a text that all bodies and list items carry as if it were key material.
        inject_into_messages: whether messages carry it too.
        hide_ids: keys are listed without their ``id``.
    """

    dialect: str
    injected_secret: str | None = None
    inject_into_messages: bool = False
    hide_ids: bool = False
    _turn: Iterator[int] = field(default_factory=count, init=False)

    def success(self, members: Members) -> Members:
        """The body of an update that was done."""
        return {**self._dialect().success(members), **self._injected()}

    def item(self, key: Jwk) -> Members:
        """A key as the list shows it."""
        members = item(key)
        if self.hide_ids:
            del members["id"]
        return members

    def listing(self, items: Iterable[Members]) -> Members:
        """The body of a list."""
        injected = self._injected()
        return {**self._dialect().listing([{**one, **injected} for one in items]), **injected}

    def failure(self, status: int, message: str) -> Members:
        """The body of an update that was not done."""
        if self.injected_secret is not None and self.inject_into_messages:
            message = f"{message} -----BEGIN PRIVATE KEY----- {self.injected_secret}"
        return {**self._dialect().failure(status, message), **self._injected()}

    def _dialect(self) -> Dialect:
        spoken = DIALECTS[self.dialect]
        return spoken[next(self._turn) % len(spoken)]

    def _injected(self) -> Members:
        return {} if self.injected_secret is None else key_material(self.injected_secret)
