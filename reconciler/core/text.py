"""Text of others, made visible: on one line, in order, with nothing hidden in it."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Iterable

_PLAIN = re.compile(r"[ -~]*")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_AS_IT_IS = re.compile(r"(?!.*(?:::|##|  |`|#\w*\[)).*")
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

# Printable by Unicode's categories, yet drawn as nothing: combining grapheme joiner, Hangul and
# Khmer fillers, Mongolian, general and supplementary variation selectors, blank Braille, a null
# note head, the Khitan filler.
_DRAWN_AS_NOTHING = frozenset(
    {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0x16FE4, 0x1D159}
    | set(range(0x180B, 0x1810))
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0000, 0xE1000))
)


def visible(text: str) -> str:
    """Text in which every character is seen, on one line, in the order it is written."""
    if _PLAIN.fullmatch(text):
        return text
    first = text[0]
    if unicodedata.category(first).startswith("M"):
        # A combining mark would be drawn over the report's own character before it.
        return _escaped(ord(first)) + text[1:].translate(_VISIBLE)
    return text.translate(_VISIBLE)


def yaml_scalar(text: str) -> str:
    """A text as a manifest says it, bare where no YAML reader takes it for anything else.

    Else it is a JSON string, which is a YAML scalar too (YAML 1.2, 1.3), and stays one where
    ``visible`` escapes something in it.
    """
    if _BARE.fullmatch(text) and text.lower() not in _YAML_WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def yaml_escaped(text: str) -> str:
    """A text as a manifest says it in ASCII alone, which no editor or clipboard recomposes."""
    quoted = yaml_scalar(text)
    return "".join(char if char.isascii() else _escaped(ord(char)) for char in quoted)


def shell_word(text: str) -> str:
    """A text as one word for a shell, in characters that no report has to change.

    Quoted as sh asks for; where it holds something that can't be seen, a backtick, blanks beside
    each other or what a pipeline's log takes for a command, as ``$'…'`` with octets in octal
    (POSIX 2024; bash, zsh, ksh), so that what is copied is exactly what is meant.
    """
    if _AS_IT_IS.fullmatch(text) and all(map(is_drawn, text)):
        return shlex.quote(text)
    inner = re.sub("[^A-Za-z0-9/.,@+=_-]", _octal, text)
    return f"$'{inner}'"


def _octal(found: re.Match[str]) -> str:
    return "".join(f"\\{octet:03o}" for octet in found[0].encode("utf-8", "surrogatepass"))


def shell_command(words: Iterable[str]) -> str:
    """A command line, each of its words as ``shell_word`` writes it."""
    return " ".join(map(shell_word, words))


def is_drawn(char: str) -> bool:
    """Whether a character can be seen where it stands, or is a plain blank."""
    return char.isprintable() and ord(char) not in _DRAWN_AS_NOTHING


class _Visible(dict[int, str]):
    """What each code point is shown as, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        shown = self[code] = char if is_drawn(char) else _escaped(code)
        return shown


_VISIBLE = _Visible()


def _escaped(code: int) -> str:
    short = _SHORT.get(chr(code))
    if short:
        return short
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
