"""The lines of a journal, and which deployments they leave pending."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Literal

import msgspec
from msgspec import Struct

from reconciler.core.identity import Identity
from reconciler.core.model import LiveJwk
from reconciler.core.plan import JwkFields

Event = Literal["sending", "answered", "settled", "recognised"]
Key = tuple[str, Identity]
"""A project and the identity of one of its keys."""


class PendingDeployment(Struct, frozen=True):
    """A key that may not be on every gateway as the Manager has it.

    Attributes:
        project: the Apinizer project.
        identity: identifies the key in a later list.
        names: the names it may have by now, the newest first.
        before: a hash of the fields it had before the update; None where they are not known.
        after: a hash of the fields that the update gives it.
        earlier: a deployment was pending already before that update.
    """

    project: str
    identity: Identity
    names: tuple[str, ...]
    before: str | None = None
    after: str | None = None
    earlier: bool = False

    @property
    def key(self) -> Key:
        """What identifies it among all others."""
        return self.project, self.identity

    def never_happened(self, live: LiveJwk) -> bool:
        """Whether the key as a list shows it proves that nothing of it is pending."""
        if self.earlier or self.before in {None, self.after}:
            return False
        return self.before == fields_hash(JwkFields(live.name, live.description))


class JournalEntry(
    PendingDeployment, frozen=True, kw_only=True, omit_defaults=True, rename={"pending": "owed"}
):
    """One line: what happened to a key, and whether its deployment is pending since.

    Attributes:
        event: the name of the ``Recorder`` method that wrote the line, or ``recognised`` where a
            later list identifies the key otherwise than the one ``before``.
        pending: whether the key's deployment is still pending; ``owed`` in the file.
        former: the key's former identity.
    """

    event: Event
    pending: bool
    former: Identity | None = None


def fields_hash(fields: JwkFields) -> str:
    """SHA-256 of a key's fields: a journal tells them apart without holding any text of them."""
    return hashlib.sha256(json.dumps([fields.name, fields.description]).encode()).hexdigest()


class PendingDeployments:
    """The deployments that the lines of a journal leave pending."""

    def __init__(self) -> None:
        self._pending: dict[Key, PendingDeployment] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._pending

    def all(self) -> tuple[PendingDeployment, ...]:
        """All of them, in the order they came up."""
        return tuple(self._pending.values())

    def add(self, entry: JournalEntry) -> None:
        """Take one line into account."""
        if entry.former is not None:
            self._pending.pop((entry.project, entry.former), None)
        if entry.pending:
            self._pending[entry.key] = entry
        else:
            self._pending.pop(entry.key, None)


def encode(entry: JournalEntry) -> bytes:
    """An entry as a line of ASCII."""
    return encode_line(msgspec.to_builtins(entry))


def encode_line(members: object) -> bytes:
    """An object as a line of ASCII, without the ``##`` that pipelines' commands begin with."""
    text = json.dumps(members, separators=(",", ":")).replace("##", "#\\u0023")
    return text.encode() + b"\n"


def decode(line: bytes) -> JournalEntry:
    """The entry of a line.

    Raises:
        ValueError, RecursionError: it holds none; msgspec's errors are ValueErrors too.
    """
    if not line.endswith(b"\n"):
        raise ValueError("it breaks off")
    entry = msgspec.convert(json.loads(line), JournalEntry)
    if entry.event == "recognised" and entry.former is None:
        raise ValueError("it does not say which key was recognised")
    return entry


def open_private(path: str, flags: int) -> int:
    """Open a file, made for this user alone where it is not there; an ``opener`` of Python's."""
    return os.open(path, flags, 0o600)
