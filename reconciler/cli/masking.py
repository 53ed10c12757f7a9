"""Secrets are masked in finished texts, however the text's format has them written."""

from __future__ import annotations

import re

from msgspec import Struct

MASK = "[secret]"
_SHORTEST = 8
"""A shorter one is not masked: it would stand in ordinary words."""
_NAMED = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
"""The entities that escapers write by name."""


class Secret(Struct, frozen=True):
    """One text that must not be told.

    Attributes:
        core: its longest run of letters and digits, which no format escapes.
        written: all the ways to write it, as a regular expression.
    """

    core: str
    written: str

    def masked(self, text: str) -> str:
        """A text without it."""
        return re.sub(self.written, MASK, text) if self.core in text else text


def secret_of(text: str) -> Secret | None:
    """How to find a secret; None where it is too short to be told from ordinary words."""
    if len(text) < _SHORTEST:
        return None
    core = max(re.findall(r"[^\W_]*", text), key=len)
    return Secret(core, "".join(map(_spelled, text)))


def _spelled(char: str) -> str:
    r"""A character as it is, with backslashes, as an entity, as ``\uXXXX`` or percent-encoded."""
    if char.isalnum():
        return re.escape(char)
    code = ord(char)
    percent = "".join(f"%{byte:02x}" for byte in char.encode(errors="replace"))
    ways = (
        rf"\\*{re.escape(char)}",
        f"&{_NAMED.get(char, '')};",
        f"&#0*{code};",
        f"(?i:&#x0*{code:x};)",
        rf"(?i:\\+u{code:04x})",
        rf"(?i:\\+x{code:02x})",
        f"(?i:{percent})",
    )
    return f"(?:{'|'.join(ways)})"
