"""Reading the members of a parsed JSON object strictly, naming the one that is wrong.

A nullable member may be left out; every other one must be there, with its own type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E", bound="StrEnum")

Object = dict[str, object]
MAX_COUNT = 2**53
"""The largest whole number that every JSON reader keeps exactly (RFC 8259, 6)."""


class MemberError(ValueError):
    """A member is missing or of a wrong type.

    Attributes:
        path: where, such as ``changes[3].before.name``; empty for the document itself.
        wrong: the rest of the sentence.
    """

    def __init__(self, path: str, wrong: str) -> None:
        super().__init__(f"{path} {wrong}")
        self.path = path
        self.wrong = wrong

    def inside(self, outer: str) -> MemberError:
        """The same error as seen from one level further out."""
        return MemberError(f"{outer}.{self.path}" if self.path else outer, self.wrong)


def as_object(value: object) -> Object:
    """The value, which must be a JSON object."""
    if not isinstance(value, dict):
        raise MemberError("", "is not an object")
    return value


def text(members: Object, name: str) -> str:
    """A string."""
    value = _required(members, name)
    if not isinstance(value, str):
        raise MemberError(name, "is not a string")
    return value


def optional_text(members: Object, name: str) -> str | None:
    """A string, or null."""
    return None if members.get(name) is None else text(members, name)


def count(members: Object, name: str) -> int:
    """A whole number, not negative."""
    value = _required(members, name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COUNT:
        raise MemberError(name, "is not a count")
    return value


def flag(members: Object, name: str) -> bool:
    """True or false."""
    value = _required(members, name)
    if not isinstance(value, bool):
        raise MemberError(name, "is neither true nor false")
    return value


def word(members: Object, name: str, words: type[E]) -> E:
    """One of a fixed set of words."""
    return _word(text(members, name), name, words)


def words(members: Object, name: str, known: type[E]) -> tuple[E, ...]:
    """A list of words of a fixed set."""
    return tuple(_word(value, name, known) for value in _list(members, name))


def nested(members: Object, name: str, read: Callable[[Object], T]) -> T:
    """An object, as ``read`` understands it."""
    value = _required(members, name)
    try:
        return read(as_object(value))
    except MemberError as error:
        raise error.inside(name) from None


def optional(members: Object, name: str, read: Callable[[Object], T]) -> T | None:
    """An object, as ``read`` understands it, or null."""
    return None if members.get(name) is None else nested(members, name, read)


def items(members: Object, name: str, read: Callable[[Object], T]) -> tuple[T, ...]:
    """A list of objects, each as ``read`` understands it."""
    return tuple(_items(_list(members, name), name, read))


def _items(values: list[object], name: str, read: Callable[[Object], T]) -> Iterator[T]:
    for index, value in enumerate(values):
        try:
            yield read(as_object(value))
        except MemberError as error:
            raise error.inside(f"{name}[{index}]") from None


def _required(members: Object, name: str) -> object:
    try:
        return members[name]
    except KeyError:
        raise MemberError(name, "is missing") from None


def _list(members: Object, name: str) -> list[object]:
    value = _required(members, name)
    if not isinstance(value, list):
        raise MemberError(name, "is not a list")
    return value


def _word(value: object, name: str, known: type[E]) -> E:
    for item in known:
        if value == item:
            return item
    raise MemberError(name, f"is none of {', '.join(known)}")
