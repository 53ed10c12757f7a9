"""HTML built from elements, so that no text can be forgotten to be escaped."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.reports import escape

_VOID = frozenset({"meta"})


class Markup(str):
    """Text that is HTML already; any other text that meets it is escaped."""

    __slots__ = ()


def tag(element: str, *children: str, **attributes: str | float | None) -> Markup:
    """An element.

    Args:
        element: its name.
        children: its content, in order; what is not ``Markup`` is escaped.
        attributes: by name, with ``_`` for ``-``; one at the end, as in ``class_``, is left out,
            and so is the attribute where it is None.
    """
    shown = "".join(
        f' {name.removesuffix("_").replace("_", "-")}="{escape.html(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if element in _VOID:
        return Markup(f"<{element}{shown}>")
    return Markup(f"<{element}{shown}>{joined(children)}</{element}>")


def joined(children: Iterable[str], between: str = "") -> Markup:
    """Content made of pieces, with the same text between each two."""
    return Markup(markup(between).join(map(markup, children)))


def markup(text: str) -> Markup:
    """The text as HTML: escaped, unless it is HTML already."""
    return text if isinstance(text, Markup) else Markup(escape.html(text))
