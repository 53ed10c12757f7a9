"""Live text in HTML: names, places, sentences and descriptions, each isolated from its neighbours.

``dir="auto"`` keeps letters written from right to left from drawing what stands around them.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.model import SourceLocation
from reconciler.core.plan import JwkFields
from reconciler.reports import escape
from reconciler.reports.descriptions import compared, shared
from reconciler.reports.prose import parts
from reconciler.reports.tags import Markup, joined, tag

ARROW = Markup(' <span class="arrow">→</span> ')
_DESCRIPTION = 2_000
_SHORT = 28
_MARKED = {"before": "del", "after": "ins"}


def name(text: str) -> Markup:
    """A name."""
    return code(escape.name(text))


def code(text: str) -> Markup:
    """Printable text that is no prose; lines break inside it only where it is long."""
    return tag("code", text, dir="auto", class_="short" if len(text) <= _SHORT else None)


def place(source: SourceLocation) -> Markup:
    """``file:line``."""
    return code(f"{escape.terminal(source.file)}:{source.line}")


def move(old: str, new: str) -> Markup:
    """``old → new``, or just the name where it stays."""
    return name(new) if old == new else joined((name(old), ARROW, name(new)))


def subject(project: str, jwk: str | None) -> Markup:
    """What something is about: a project, or a JWK in it."""
    return name(project) if jwk is None else joined((name(project), " / ", name(jwk)))


def prose(text: str) -> Markup:
    """A sentence; what it holds between backticks is code."""
    pieces = (
        code(part) if is_code else tag("bdi", part)
        for is_code, part in parts(escape.terminal(text))
    )
    return joined(pieces)


def descriptions(before: JwkFields, after: JwkFields) -> Markup:
    """Both descriptions below each other, marked where they differ; empty where they do not."""
    if before.description == after.description:
        return Markup("")
    old, new = compared(before.description, after.description, _DESCRIPTION, "…")
    start = shared(zip(old, new, strict=False))
    end = shared(zip(reversed(old[start:]), reversed(new[start:]), strict=False))
    return joined(
        tag("p", *_marked(text, start, end, element), class_=side)
        for text, (side, element) in zip((old, new), _MARKED.items(), strict=True)
    )


def _marked(text: str, start: int, end: int, element: str) -> Iterable[str]:
    middle = text[start : len(text) - end]
    yield text[:start]
    if middle:
        yield tag(element, middle)
    yield text[len(text) - end :]
