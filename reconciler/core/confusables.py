"""Names that people take for the same though a gateway does not, and how to tell them apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from msgspec import Struct

from reconciler.core.model import DeclaredJwk
from reconciler.core.text import is_drawn

# Cyrillic and Greek letters, dashes and quotes that are drawn like an ASCII character (Unicode's
# confusables, UTS 39), after case folding.
_DRAWN_LIKE = {
    "a": "\u0430\u03b1",
    "b": "\u0432\u03b2",
    "c": "\u0441\u03f2",
    "d": "\u0501",
    "e": "\u0435\u03b5",
    "g": "\u0261",
    "h": "\u043d\u04bb\u03b7",
    "i": "\u0456\u03b9\u0131",
    "j": "\u0458\u03f3",
    "k": "\u043a\u03ba",
    "l": "\u04cf",
    "m": "\u043c\u03bc",
    "n": "\u03bd",
    "o": "\u043e\u03bf",
    "p": "\u0440\u03c1",
    "q": "\u051b",
    "s": "\u0455",
    "t": "\u0442\u03c4",
    "w": "\u051d",
    "x": "\u0445\u03c7",
    "y": "\u0443\u03c5",
    "z": "\u03b6",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2212",
    "'": "\u2018\u2019\u02bc",
}
_TO_ASCII = {ord(char): plain for plain, alike in _DRAWN_LIKE.items() for char in alike}
_MOST_TOLD = 2
"""How many places where two names differ are told one by one."""


class ConfusableNames(Struct, frozen=True):
    """Two entries of one project with names that look alike.

    Attributes:
        entry: the later entry.
        name: its name, or one that it may still carry.
        other: the earlier entry.
        other_name: likewise.
    """

    entry: DeclaredJwk
    name: str
    other: DeclaredJwk
    other_name: str

    @property
    def message(self) -> str:
        """What was noticed and what to do about it; text of the names is not escaped."""
        return (
            f"`{self.name}` is easily taken for `{self.other_name}` at {self.other.location}: "
            f"{where_different(self.name, self.other_name, 'this one', 'that one')}; the gateway "
            "keeps them apart: to mean one, write it alike; to mean both, let them differ visibly"
        )


def confusable_names(jwks: Sequence[DeclaredJwk]) -> Iterator[ConfusableNames]:
    """The pairs of names in one project that look alike, each at the later of its entries.

    A former name that looks like the present one of the same entry is a correction, and wanted.
    """
    first: dict[str, tuple[DeclaredJwk, str]] = {}
    for entry in jwks:
        for name in dict.fromkeys((entry.name, *entry.previous_names)):
            other, other_name = first.setdefault(appearance(name), (entry, name))
            if other is not entry and other_name != name:
                yield ConfusableNames(entry, name, other, other_name)


def appearance(name: str) -> str:
    """What a hasty reader sees of a name: equal for names that look alike.

    Case is left out, and blanks at an end or beside others, whatever can't be seen, and how a
    letter is composed (Unicode's form NFKC); a letter counts as the Latin one it is drawn like.
    """
    if name.isascii():
        return " ".join(name.casefold().split()) if " " in name else name.casefold()
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_TO_ASCII)
    seen = "".join(char for char in folded if char.isspace() or is_drawn(char))
    return unicodedata.normalize("NFKC", " ".join(seen.split()))


def indistinguishable(name: str, other: str) -> bool:
    """Whether two different names look alike and no capital letter tells them apart."""
    return (
        name != other
        and appearance(name) == appearance(other)
        and name.casefold() != other.casefold()
    )


def where_different(name: str, other: str, one: str, another: str) -> str:
    """Where two names differ: ``at character 4 this one has `e` + U+0301 (…), that one U+00E9``.

    Args:
        name: the first name.
        other: the second, which differs.
        one: what the first is called.
        another: what the second is called.
    """
    matcher = SequenceMatcher(None, name, other, autojunk=False)
    differing = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    places = [
        f"at character {start + 1} {one} has {_characters(name[start:end])}, {another} "
        f"{_characters(other[other_start:other_end])}"
        for _, start, end, other_start, other_end in differing[:_MOST_TOLD]
    ]
    more = len(differing) - _MOST_TOLD
    return "; ".join(places) + (f"; and {more} more" if more > 0 else "")


def _characters(text: str) -> str:
    """Each character: letters and signs of ASCII as they are, others by code point and name."""
    return " + ".join(map(_character, text)) if text else "nothing"


def _character(char: str) -> str:
    if re.match(r"[!-_a-~]", char):
        return f"`{char}`"
    name = unicodedata.name(char, "").lower()
    return f"U+{ord(char):04X}" + (f" ({name})" if name else "")
