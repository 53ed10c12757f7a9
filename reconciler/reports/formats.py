"""The formats a report can be written in, each loaded when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from reconciler.core.model import DeclaredProject
from reconciler.core.outcome import RunResult
from reconciler.errors import ReconcilerError


class Renderer(Protocol):
    """What a format's module offers."""

    def render(self, result: RunResult) -> str:
        """A result as text."""
        ...

    def render_error(self, error: ReconcilerError, /) -> str:
        """A failure that left no result as text."""
        ...


class ValidityRenderer(Renderer, Protocol):
    """What the module of a format offers that can tell of valid manifests too."""

    def render_valid(self, projects: Sequence[DeclaredProject]) -> str:
        """Manifests with nothing wrong as text."""
        ...


class Format(Struct, frozen=True):
    """One format; all texts end with a line feed.

    Attributes:
        load: gives its module.
    """

    load: Callable[[], Renderer]

    def render(self, result: RunResult) -> str:
        """A result as text."""
        return self.load().render(result)

    def render_error(self, error: ReconcilerError) -> str:
        """A failure that left no result as text."""
        return self.load().render_error(error)


class ValidityFormat(Format, frozen=True):
    """A format for which there is something to tell where no gateway was asked."""

    load: Callable[[], ValidityRenderer]

    def render_valid(self, projects: Sequence[DeclaredProject]) -> str:
        """Manifests with nothing wrong as text."""
        return self.load().render_valid(projects)


def _json() -> ValidityRenderer:
    from reconciler.reports import plan_json

    return plan_json


def _markdown() -> Renderer:
    from reconciler.reports import markdown

    return markdown


def _html() -> Renderer:
    from reconciler.reports import html

    return html


def _junit() -> ValidityRenderer:
    from reconciler.reports import junit

    return junit


def _gitlab() -> Renderer:
    from reconciler.reports import gitlab

    return gitlab


FORMATS: dict[str, Format] = {
    "json": ValidityFormat(_json),
    "markdown": Format(_markdown),
    "html": Format(_html),
    "junit": ValidityFormat(_junit),
    "gitlab": Format(_gitlab),
}
"""By the name ``--report`` knows them by."""

VALIDITY_FORMATS: dict[str, ValidityFormat] = {
    name: item for name, item in FORMATS.items() if isinstance(item, ValidityFormat)
}
"""Those that can also tell of valid manifests."""
