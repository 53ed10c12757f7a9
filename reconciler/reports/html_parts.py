"""The blocks a page is built of; each is empty where it would hold nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.reports.tags import Markup, joined, tag
from reconciler.reports.wording import counted

_OPEN = 100
"""So many rows of a table are shown at once; the others are folded."""

_NOTHING = Markup("")
_LINE = Markup("\n")


def section(title: str, content: str, intro: str = "") -> Markup:
    """A heading, a paragraph where given, and what stands under them."""
    if not content:
        return _NOTHING
    paragraph = tag("p", intro) if intro else _NOTHING
    return tag("section", tag("h2", title), paragraph, content)


def cards(items: Iterable[Sequence[str]], tone: str) -> Markup:
    """A list of items of some paragraphs each; empty paragraphs are left out."""
    return _list(
        (joined(tag("p", text) for text in item if text) for item in items), f"cards {tone}"
    )


def listing(items: Iterable[str]) -> Markup:
    """A plain list."""
    return _list(items, "plain")


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], noun: str) -> Markup:
    """A table of cells; what goes beyond the first rows is a second one, folded.

    Args:
        titles: the columns'.
        rows: a cell for each column.
        noun: what a row tells of, in the singular.
    """
    shown = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    if not shown:
        return _NOTHING
    whole = _table(titles, shown[:_OPEN])
    more = len(shown) - _OPEN
    if more <= 0:
        return whole
    summary = tag("summary", counted(more, f"more {noun}"))
    return joined((whole, tag("details", summary, _table(titles, shown[_OPEN:]))))


def _list(items: Iterable[str], kind: str) -> Markup:
    shown = joined((tag("li", item) for item in items), _LINE)
    return tag("ul", shown, class_=kind) if shown else _NOTHING


def _table(titles: Sequence[str], rows: Iterable[Markup]) -> Markup:
    head = tag("tr", *(tag("th", title, scope="col") for title in titles))
    body = joined((_LINE, *rows), _LINE)
    return tag("div", tag("table", tag("thead", head), tag("tbody", body)), class_="wide")
