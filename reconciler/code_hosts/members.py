"""Members of a host's JSON, each of the type it is documented to have."""

from __future__ import annotations

from reconciler.code_hosts.edge import Answer
from reconciler.errors import GatewayError

Object = dict[str, object]
"""A JSON object."""


def body_of(answer: Answer) -> Object:
    """An answer's body as an object."""
    return as_object(answer.parsed())


def as_object(value: object) -> Object:
    """The value as an object."""
    if isinstance(value, dict):
        return value
    raise _unintelligible("an object")


def as_objects(value: object) -> list[Object]:
    """The value as a list of objects."""
    if isinstance(value, list):
        return [as_object(item) for item in value]
    raise _unintelligible("a list")


def text(item: Object, *names: str) -> str:
    """The text at the end of a path of members; "" where one of them is missing or null."""
    value: object = item
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def number(item: Object, name: str) -> int:
    """A whole number that has to be there."""
    value = item.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _unintelligible(f"a number named {name}")


def _unintelligible(missing: str) -> GatewayError:
    return GatewayError(
        f"What the host answered about comments can't be understood: {missing} is missing",
        why="Whether our comment is among them can't be told",
        fix="Check that the host's URL leads to its API, and to no login page or proxy",
    )
