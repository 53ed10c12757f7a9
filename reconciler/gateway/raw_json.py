"""JSON of which only what is asked for is decoded; the rest stays bytes, however secret it is."""

from __future__ import annotations

import re

import msgspec
from msgspec import Raw

Members = dict[str, Raw]

OBJECT = msgspec.json.Decoder(dict[str, Raw])
LIST = msgspec.json.Decoder(list[Raw])
_SCALAR = msgspec.json.Decoder(bool | int | float | str | None)

_SURROGATES = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""Escapes of surrogate pairs, and of halves without the other one."""


def members_of(body: bytes) -> Members:
    """The members of an answer; half a surrogate pair, which msgspec refuses, is replaced."""
    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return OBJECT.decode(body)
    except msgspec.DecodeError:
        return OBJECT.decode(_SURROGATES.sub(lambda found: found[1] or rb"\ufffd", body))


def is_container(raw: Raw) -> bool:
    """Whether a value is an object or a list."""
    return bytes(memoryview(raw)[:1]) in {b"{", b"["}


def scalar(members: Members, name: str) -> object:
    """A member that is neither an object nor a list; such a one is returned undecoded."""
    raw = members.get(name)
    return raw if raw is None or is_container(raw) else _SCALAR.decode(raw)
