"""Where the names and arrows of a chain or cycle of renames stand in its picture, in pixels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from msgspec import Struct

from reconciler.reports import escape
from reconciler.reports.linked_renames import LinkedRenames

MOST_NAMES = 30
"""Nobody would look at a picture of more names."""

_LONGEST_LABEL = 32
_LETTER_WIDTH = 8.2
_PADDING = 14
_HEIGHT = 36
_GAP = 62
_MARGIN = 3
_TOP = 10
_MIDDLE = _TOP + _HEIGHT / 2
_RETURN = 34
"""How far below the boxes the arrow that closes a cycle runs."""


class Box(Struct, frozen=True):
    """A name in a box; ``label`` is the name, cut where it is long."""

    left: float
    width: float
    name: str
    label: str
    temporary: bool


class Arrow(Struct, frozen=True):
    """An update: the paths of its line and its head, and where its place in the order stands."""

    line: str
    head: str
    x: float
    y: float
    order: int


class Drawing(Struct, frozen=True):
    """The picture of one chain or cycle."""

    width: float
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def draw(linked: LinkedRenames) -> Drawing:
    """Lay out one chain or cycle."""
    boxes: list[Box] = []
    left: float = _MARGIN
    for name in linked.names:
        label = _cut(escape.name(name))
        width = _PADDING * 2 + _columns(label) * _LETTER_WIDTH
        boxes.append(Box(left, width, escape.name(name), label, name in linked.temporary))
        left += width + _GAP
    return Drawing(
        width=left - _GAP + _MARGIN,
        height=_TOP * 2 + _HEIGHT + (_RETURN if linked.cycle else 0),
        boxes=tuple(boxes),
        arrows=tuple(_arrows(linked, boxes)),
    )


def _arrows(linked: LinkedRenames, boxes: list[Box]) -> Iterator[Arrow]:
    for place, (box, following) in enumerate(pairwise(boxes)):
        start, end = box.left + box.width + 4, following.left - 4
        line = f"M{start:.1f} {_MIDDLE}H{end - 7:.1f}"
        head = f"M{end:.1f} {_MIDDLE}l-8 -4.5v9z"
        yield Arrow(line, head, (start + end) / 2 - 3, _MIDDLE, linked.order[place])
    if linked.cycle:
        first, last = (box.left + box.width / 2 for box in (boxes[0], boxes[-1]))
        bottom = _TOP + _HEIGHT
        low = bottom + _RETURN - 8
        line = (
            f"M{last:.1f} {bottom + 4}V{low - 8}q0 8 -8 8H{first + 8:.1f}q-8 0 -8 -8V{bottom + 11}"
        )
        head = f"M{first:.1f} {bottom + 4}l-4.5 8h9z"
        yield Arrow(line, head, (first + last) / 2, low, linked.order[-1])


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def _columns(label: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in label)
