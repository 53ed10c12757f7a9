"""The lines of a journal, and which deployments they leave pending."""

from __future__ import annotations

import json
from typing import Literal

import msgspec
from msgspec import Struct

from reconciler.core.identity import Identity

Key = tuple[str, Identity]
"""A project and the identity of one of its keys."""


class PendingDeployment(Struct, frozen=True):
    """A key that may not be on every gateway as the Manager has it.

    Attributes:
        project: the Apinizer project.
        identity: identifies the key in a later list.
        names: the names it may have by now, the newest first.
    """

    project: str
    identity: Identity
    names: tuple[str, ...]

    @property
    def key(self) -> Key:
        """What identifies it among all others."""
        return self.project, self.identity


class JournalEntry(PendingDeployment, frozen=True, omit_defaults=True, rename={"pending": "owed"}):
    """One line: what happened to a key, and whether its deployment is pending since.

    Attributes:
        event: the name of the ``Recorder`` method that wrote the line, or ``recognised`` where a
            later list identifies the key otherwise than the one ``before``.
        pending: whether the key's deployment is still pending; ``owed`` in the file.
        before: the key's former identity.
    """

    event: Literal["sending", "answered", "settled", "recognised"]
    pending: bool
    before: Identity | None = None


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
        if entry.before is not None:
            self._pending.pop((entry.project, entry.before), None)
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
    if entry.event == "recognised" and entry.before is None:
        raise ValueError("it does not say which key was recognised")
    return entry
