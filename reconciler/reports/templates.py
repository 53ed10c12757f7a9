"""Jinja2 templates in which everything that is printed passes the escaper of their output."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def environment(escaper: Callable[[str], str]) -> Environment:
    """The environment of one output.

    Args:
        escaper: applied to every value a template prints, unless it is ``Markup`` already, as what
            macros return is.
    """

    def finalize(value: object) -> Markup:
        return value if isinstance(value, Markup) else safe(escaper(str(value)))

    return Environment(
        loader=PackageLoader("reconciler.reports"),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def safe(text: str) -> Markup:
    """Text that passed the escaper of its output already, and is printed as it is."""
    return Markup(text)  # noqa: S704
