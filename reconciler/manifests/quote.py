"""Text from manifests and paths, made safe to stand in a message on a terminal or in a CI log."""

from __future__ import annotations

CUT = 60
"""The most characters of a value that a message shows."""

_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\0": r"\0"}
_LOOKS_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(point) for point in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10))
}
"""Characters that Unicode calls printable though they show nothing."""


def escaped(text: str) -> str:
    r"""The text with control, bidi and invisible characters written as ``\n`` or ``\u202e``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def quoted(text: str) -> str:
    """The text, cut to ``CUT`` characters, as a double-quoted YAML scalar on one line."""
    inner = escaped(_cut(text).replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{inner}"'


def ticked(text: str) -> str:
    """The text, cut to ``CUT`` characters, as it was written, between backticks."""
    return f"`{escaped(_cut(text))}`"


def _cut(text: str) -> str:
    return text if len(text) <= CUT else text[:CUT] + "…"


def _shown(character: str) -> str:
    if character.isprintable() and character not in _LOOKS_BLANK:
        return character
    if character in _NAMED:
        return _NAMED[character]
    point = ord(character)
    if point > 0xFFFF:
        return f"\\U{point:08x}"
    return f"\\u{point:04x}" if point > 0xFF else f"\\x{point:02x}"
