"""A result as one self-contained page: no script, no network, readable in dark and light.

Some hosts of reports forbid its styles (Jenkins does unless told otherwise). Then it is plainer,
and nothing is lost: headings, tables and lists carry the meaning.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment
from msgspec import Struct

from reconciler.core.outcome import Outcome, RunResult
from reconciler.core.plan import Change
from reconciler.errors import ReconcilerError
from reconciler.reports import escape
from reconciler.reports.descriptions import compared, shared
from reconciler.reports.formatting import code_parts, counted
from reconciler.reports.problems import NOTHING_ASKED
from reconciler.reports.references import REFERENCES
from reconciler.reports.svg import MOST_NAMES, draw
from reconciler.reports.templates import environment
from reconciler.reports.view import View, resent_message

_DESCRIPTION_WIDTH = 2_000
_UNFOLDED = 100
"""So many rows of a table are shown at once; the others are folded."""


class _Difference(Struct, frozen=True):
    """A description: what both begin with, what only this one holds, and what both end with."""

    start: str
    middle: str
    end: str


def render(result: RunResult) -> str:
    """The result as an HTML document, ended by a line feed."""
    view = View(result)
    drawings = [
        (linked, draw(linked)) for linked in view.linked_renames if len(linked.names) <= MOST_NAMES
    ]
    projects = groupby(view.plan.steps, lambda step: step.project)
    updates = [update for _, steps in projects for update in enumerate(steps, 1)]
    page = _environment().get_template("html_result.j2")
    return page.render(view=view, drawings=drawings, updates=updates)


def render_error(error: ReconcilerError) -> str:
    """A failure that left no result, as an HTML document."""
    return _environment().get_template("html_error.j2").render(error=error)


@cache
def _environment() -> Environment:
    html = environment(escape.html)
    style = files("reconciler.reports").joinpath("templates/page.css").read_text(encoding="utf-8")
    html.filters.update(
        code_parts=lambda message: code_parts(escape.terminal(message)),
        differences=lambda change: list(_differences(change)),
        location=escape.location,
        name=escape.name,
        printable=escape.terminal,
        quoted=escape.quoted,
    )
    html.globals.update(
        counted=counted,
        nothing_asked=NOTHING_ASKED,
        outcome_classes={Outcome.APPLIED: "good", Outcome.NOT_TRIED: "pending"},
        references_title=REFERENCES,
        resent_message=resent_message,
        style=style,
        style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii"),
        unfolded=_UNFOLDED,
    )
    return html


def _differences(change: Change) -> Iterator[_Difference]:
    """The description before and the one after; nothing where they are the same."""
    before, after = change.before.description, change.after.description
    if before == after:
        return
    texts = compared(before, after, _DESCRIPTION_WIDTH, "…")
    old, new = texts
    start = shared(zip(old, new, strict=False))
    end = shared(zip(reversed(old[start:]), reversed(new[start:]), strict=False))
    for text in texts:
        last = len(text) - end
        yield _Difference(text[:start], text[start:last], text[last:])
