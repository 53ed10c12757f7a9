"""Two descriptions side by side, so that a reader sees what differs however long they are."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from reconciler.reports import escape

_CONTEXT = 16
"""How many of the characters before and after the difference are kept, as a landmark."""

_QUOTES = 2

NONE = "(none)"
"""A description the gateway gave as null."""


def compared(before: str | None, after: str | None, width: int, ellipsis: str) -> tuple[str, str]:
    """Both descriptions, quoted, on one line each.

    Where one does not fit, what both begin and end with is left out but for a few characters, and
    what is still too long is cut; an ellipsis outside the quotes marks each side that was cut.

    Args:
        before: the live description; None where the gateway gave null.
        after: the one it will be.
        width: columns for each; at least 20 characters are shown in any case.
        ellipsis: the mark.
    """
    old, new = before or "", after or ""
    width = max(width, 20)
    start = end = 0
    if not (_fits(old, width) and _fits(new, width)):
        start, end = _common(old, new, width)
    return _shown(before, start, end, width, ellipsis), _shown(after, start, end, width, ellipsis)


def _common(old: str, new: str, width: int) -> tuple[int, int]:
    """How many characters may be left out at the start and at the end of both."""
    start = shared(zip(old, new, strict=False))
    rest = min(len(old), len(new)) - start
    end = min(shared(zip(reversed(old), reversed(new), strict=False)), rest)
    landmark = old[max(start - _CONTEXT, 0) : start]
    while not _fits(landmark, width // 2):
        landmark = landmark[1:]
    return start - len(landmark), max(end - _CONTEXT, 0)


def shared(pairs: Iterable[tuple[str, str]]) -> int:
    """How many characters two texts have in common until the first that differs."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _shown(text: str | None, start: int, end: int, width: int, ellipsis: str) -> str:
    if text is None:
        return NONE
    part = text[start : len(text) - end]
    kept = part if _fits(part, width) else _fitting(part, width)
    cut_short = len(kept) < len(part)
    head = ellipsis if start else ""
    tail = ellipsis if end or cut_short else ""
    length = f" ({len(text):,} characters)" if cut_short else ""
    return f"{head}{escape.quoted(kept)}{tail}{length}"


def _fitting(text: str, width: int) -> str:
    kept = text[: width - _QUOTES]
    while not _fits(kept, width):
        kept = kept[:-1]
    return kept


def _fits(text: str, width: int) -> bool:
    return len(text) + _QUOTES <= width and len(escape.quoted(text)) <= width
