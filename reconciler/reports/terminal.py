"""What one terminal can show: colours, characters beyond ASCII, and its width."""

from __future__ import annotations

import textwrap
from typing import Literal

from msgspec import Struct

from reconciler.reports import escape

Colour = Literal["heading", "good", "pending", "bad", "faint"]

_SGR: dict[Colour, str] = {
    "heading": "1",
    "good": "1;32",
    "pending": "1;33",
    "bad": "1;31",
    "faint": "2",
}
"""ECMA-48 "select graphic rendition" parameters; colour never carries a meaning alone."""

_FALLBACK_WIDTH = 120


class Terminal(Struct, frozen=True):
    """What the place the text goes to can show.

    Attributes:
        colour: whether it understands SGR sequences.
        width: its columns; 0 where lines may be of any length, as in a file.
        unicode: whether it can show more than ASCII.
    """

    colour: bool = False
    width: int = 0
    unicode: bool = True

    @property
    def arrow(self) -> str:
        """Stands between what was and what will be."""
        return "→" if self.unicode else "->"

    @property
    def ellipsis(self) -> str:
        """Stands where something was left out."""
        return "…" if self.unicode else "..."

    @property
    def columns(self) -> int:
        """The width to cut long values to."""
        return self.width or _FALLBACK_WIDTH

    def between(self, old: str, new: str) -> str:
        """What to put between what was and what will be."""
        if escape.reads_backwards(old) and escape.reads_backwards(new):
            return " becomes "
        return f" {self.arrow} "

    def coloured(self, text: str, colour: Colour) -> str:
        """The text in a colour, where there are any."""
        return f"\x1b[{_SGR[colour]}m{text}\x1b[0m" if self.colour else text

    def wrap(self, text: str, first: str, rest: str) -> list[str]:
        """An escaped message after the indent ``first``, its further lines after ``rest``."""
        if not self.width or len(first) + len(text) <= self.width:
            return [first + text]
        return textwrap.wrap(
            text,
            width=max(self.width, len(rest) + 20),
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def encoded(self, text: str) -> str:
        """The text in characters that can be shown."""
        if self.unicode or text.isascii():
            return text
        return text.encode("ascii", "backslashreplace").decode("ascii")
