"""Counts and lists in English."""

from __future__ import annotations

from collections.abc import Sequence


def counted(count: int, noun: str) -> str:
    """``1 step``, ``1,200 steps``; the noun's plural ends in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def nonzero(*counts: tuple[int, str]) -> list[str]:
    """``3 renamed`` for each count that is not zero."""
    return [f"{count:,} {words}" for count, words in counts if count]


def shortened(items: Sequence[str], shown: int) -> str:
    """The first items separated by commas, and how many more there are."""
    more = len(items) - shown
    return ", ".join(items[:shown]) + (f" and {more:,} more" if more > 0 else "")
