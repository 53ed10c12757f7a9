"""Chains and cycles of renames as SVG: names in boxes, and an arrow for each update.

What has to be seen is drawn by attributes, as some hosts of reports forbid styles.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from reconciler.reports import escape
from reconciler.reports.linked import LinkedRenames
from reconciler.reports.tags import Markup, tag
from reconciler.reports.wording import counted

MOST_NAMES = 30
"""A picture of more names would not be looked at."""

_COLUMNS = 32
_COLUMN = 8.2
_PADDING = 14
_HEIGHT = 36
_GAP = 62
_MARGIN = 3
_TOP = 10
_RETURN = 34
"""Pixels: how far below the boxes the arrow that closes a cycle runs."""
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"


def drawing(linked: LinkedRenames, number: int) -> Markup:
    """One chain or cycle; it can be read aloud by its title and description.

    Args:
        linked: what to draw.
        number: tells the page's pictures apart.
    """
    labels = [_cut(escape.name(name)) for name in linked.names]
    widths = [_PADDING * 2 + _columns(label) * _COLUMN for label in labels]
    lefts = [_MARGIN + sum(widths[:place]) + _GAP * place for place in range(len(widths))]
    width = lefts[-1] + widths[-1] + _MARGIN
    height = _TOP * 2 + _HEIGHT + (_RETURN if linked.cycle else 0)
    boxes = [
        _box(left, box, label, name, temporary=name in linked.temporary)
        for left, box, label, name in zip(lefts, widths, labels, linked.names, strict=True)
    ]
    return tag(
        "svg",
        tag("title", _title(linked), id=f"picture-{number}"),
        tag("desc", "; ".join(_words(linked)), id=f"moves-{number}"),
        *boxes,
        *_arrows(linked, lefts, widths),
        viewBox=f"0 0 {width:.0f} {height}",
        width=f"{width:.0f}",
        height=height,
        role="img",
        aria_labelledby=f"picture-{number}",
        aria_describedby=f"moves-{number}",
        font_family=_FONT,
        font_size=13,
    )


def _title(linked: LinkedRenames) -> str:
    kind = "Cycle" if linked.cycle else "Chain"
    return f"{kind} of {counted(len(linked.order), 'update')} in {escape.name(linked.project)}"


def _words(linked: LinkedRenames) -> Iterator[str]:
    for old, new, order in sorted(linked.moves, key=lambda move: move[2]):
        yield f"{order}. {escape.name(old)} becomes {escape.name(new)}"


def _box(left: float, width: float, label: str, name: str, *, temporary: bool) -> Markup:
    shape = tag(
        "rect",
        x=f"{left:.1f}",
        y=_TOP,
        width=f"{width:.1f}",
        height=_HEIGHT,
        rx=18 if temporary else 6,
        fill="none",
        stroke="currentColor",
        stroke_dasharray="4 3" if temporary else None,
    )
    text = _text(left + width / 2, _TOP + _HEIGHT / 2 + 4.5, label)
    return tag("g", tag("title", escape.name(name)), shape, text, class_="name")


def _arrows(linked: LinkedRenames, lefts: list[float], widths: list[float]) -> Iterator[Markup]:
    middle = _TOP + _HEIGHT / 2
    orders = list(linked.order)
    for place in range(len(lefts) - 1):
        start, end = lefts[place] + widths[place] + 4, lefts[place + 1] - 4
        line = f"M{start:.1f} {middle}H{end - 7:.1f}"
        head = f"M{end:.1f} {middle}l-8 -4.5v9z"
        yield _arrow(line, head, (start + end) / 2 - 3, middle, orders[place])
    if linked.cycle:
        first, last = lefts[0] + widths[0] / 2, lefts[-1] + widths[-1] / 2
        bottom = _TOP + _HEIGHT
        low = bottom + _RETURN - 8
        line = (
            f"M{last:.1f} {bottom + 4}V{low - 8}q0 8 -8 8H{first + 8:.1f}q-8 0 -8 -8V{bottom + 11}"
        )
        head = f"M{first:.1f} {bottom + 4}l-4.5 8h9z"
        yield _arrow(line, head, (first + last) / 2, low, orders[-1])


def _arrow(line: str, head: str, x: float, y: float, order: int) -> Markup:
    return tag(
        "g",
        tag("path", d=line, fill="none", stroke="currentColor"),
        tag("path", d=head, fill="currentColor"),
        tag("circle", cx=f"{x:.1f}", cy=y, r=10, fill="Canvas", stroke="currentColor"),
        _text(x, y + 4, str(order)),
        class_="move",
    )


def _text(x: float, y: float, text: str) -> Markup:
    return tag("text", text, x=f"{x:.1f}", y=y, text_anchor="middle", fill="currentColor")


def _cut(shown: str) -> str:
    return shown if len(shown) <= _COLUMNS else f"{shown[: _COLUMNS - 1]}…"


def _columns(label: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in label)
