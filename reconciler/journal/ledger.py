"""Which deployments are owed, and the lines that tell it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from msgspec import Struct

from reconciler.core.identity import Identity

Key = tuple[str, "Identity"]
"""A project and the identity of one of its keys."""


class Owed(Struct, frozen=True):
    """A key that may not be on every gateway as the Manager has it.

    Attributes:
        project: the Apinizer project.
        identity: tells the key in a later list.
        names: the names it may have by now, the newest first.
    """

    project: str
    identity: Identity
    names: tuple[str, ...]

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        return self.project, self.identity


class Ledger:
    """Which deployments are owed, as the lines of a journal tell it."""

    def __init__(self) -> None:
        self._owed: dict[Key, Owed] = {}

    @property
    def owed(self) -> tuple[Owed, ...]:
        """What is owed, in the order it came up."""
        return tuple(self._owed.values())

    def owes(self, key: Key) -> bool:
        """Whether a key's deployment is owed."""
        return key in self._owed

    def take(self, record: Mapping[str, object]) -> None:
        """Take one line.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        event, project = record["event"], _text(record["project"])
        owed = Owed(project, _identity(record["identity"]), _texts(record["names"]))
        if event == "recognised":
            self._owed.pop((project, _identity(record["before"])), None)
        elif event not in {"sending", "answered", "settled"}:
            raise ValueError(event)
        if record["owed"] is True:
            self._owed[owed.key] = owed
        else:
            self._owed.pop(owed.key, None)


def line_of(record: Mapping[str, object]) -> bytes:
    """An object as a line of ASCII, without the ``##`` that pipelines' commands begin with."""
    text = json.dumps(record, separators=(",", ":")).replace("##", "#\\u0023")
    return text.encode() + b"\n"


def parsed(line: bytes) -> Mapping[str, object]:
    """The object of a line.

    Raises:
        TypeError, ValueError, RecursionError: it is none.
    """
    if not line.endswith(b"\n"):
        raise ValueError("it breaks off")
    record = json.loads(line)
    if not isinstance(record, dict):
        raise TypeError(record)
    return record


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value


def _identity(value: object) -> Identity:
    return tuple(part if part is None else _text(part) for part in _list(value))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(part) for part in _list(value))
