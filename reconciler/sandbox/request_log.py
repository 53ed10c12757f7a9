"""What was asked of a server and what it saved, in the order it happened."""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field

KEPT = 100_000
"""Requests that are kept; older ones are only counted."""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request.

    Attributes:
        method: such as ``PUT``.
        raw_path: the path as it came over the wire, percent-encoded.
        path: the path decoded.
        body: the JSON value of the body; None without one, or where it is not JSON.
        token: a word for the token, such as ``token 1`` for the seed's first, ``issued 1``,
            ``unknown``; None without one. Never the token itself.
    """

    method: str
    raw_path: str
    path: str
    body: object
    token: str | None


@dataclass(frozen=True, slots=True)
class SavedUpdate:
    """One update that was saved.

    Attributes:
        address: the name the key had.
        name: the name it has since.
        deployed: whether every environment got it.
        asked: whether a request asked for it, or somebody behind the scenes did it.
        after: how many requests had arrived by then.
    """

    project: str
    address: str
    name: str
    deployed: bool
    asked: bool
    after: int


@dataclass(slots=True)
class RequestLog:
    """The requests of one server, and what came of them; safe to use from several threads."""

    _kept: deque[RecordedRequest] = field(default_factory=lambda: deque(maxlen=KEPT), init=False)
    _saved_updates: deque[SavedUpdate] = field(
        default_factory=lambda: deque(maxlen=KEPT), init=False
    )
    _counts: Counter[str] = field(default_factory=Counter, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def record(self, request: RecordedRequest) -> None:
        """Add one."""
        with self._lock:
            self._kept.append(request)
            self._counts[request.method] += 1

    def requests(self, method: str | None = None) -> tuple[RecordedRequest, ...]:
        """The kept ones, of one method or of all."""
        with self._lock:
            return tuple(one for one in self._kept if method in {None, one.method})

    def done(self, project: str, address: str, name: str, *, deployed: bool, asked: bool) -> None:
        """Note an update that was saved; see ``SavedUpdate``."""
        with self._lock:
            after = self._counts.total()
            self._saved_updates.append(SavedUpdate(project, address, name, deployed, asked, after))

    def saved_updates(self) -> tuple[SavedUpdate, ...]:
        """The kept updates, in the order they were saved."""
        with self._lock:
            return tuple(self._saved_updates)

    def counts(self) -> dict[str, int]:
        """How many there were of each method, kept or not."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()
            self._saved_updates.clear()
            self._counts.clear()


def json_or_none(body: bytes) -> object:
    """The JSON value of a body; None where it is not JSON, or too deep to be read."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value
