"""A result as Markdown, for the comment on a pull or merge request and for step summaries.

It reads the same on GitHub, GitLab and Bitbucket; no live text leaves its code span or label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from jinja2 import Environment
from markupsafe import Markup
from msgspec import Struct

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import RunResult
from reconciler.core.plan import Change
from reconciler.errors import ManifestError, ReconcilerError
from reconciler.reports import escape
from reconciler.reports.comment_lines import marker
from reconciler.reports.descriptions import compared
from reconciler.reports.formatting import counted
from reconciler.reports.linked_renames import LinkedRenames
from reconciler.reports.problems import NOTHING_ASKED
from reconciler.reports.references import REFERENCES
from reconciler.reports.templates import environment, safe
from reconciler.reports.terminal import Terminal
from reconciler.reports.verdict import Status
from reconciler.reports.view import View, resent_message

SMALLEST_LIMIT = 8_000
"""Characters that what is never left out can take."""

_SIGNS = {Status.GOOD: "✅", Status.PENDING: "📝", Status.BAD: "❌"}
_LONGEST_LINE = 300
_LONGEST_MESSAGE = 1_000
_DESCRIPTION_WIDTH = 80
_UNFOLDED = 40
_FOLD = 120
"""At least the characters of the lines that fold a section, and of its line ends."""
_LONGEST_LABEL = 40
_MOST_MOVES = 30
_MOST_PICTURES = 12
"""Together below the 500 arrows at which Mermaid refuses to draw."""


class Section(Struct):
    """A heading and rows, of which the last ones can be left out.

    Attributes:
        title: plain words.
        noun: what one row is, in the singular.
        rank: where room is short, sections of a lower one get it first.
        rows: each one or more whole lines.
        intro: a paragraph before the rows.
        head: the lines that open the block the rows stand in.
        tail: the line that closes it.
        unfolded: how many rows are shown at once; more than these are all folded. None: any.
        omitted: how many more rows were left out already.
        kept: how many rows are shown.
    """

    title: str
    noun: str
    rank: int
    rows: Sequence[str]
    intro: str = ""
    head: str = ""
    tail: str = ""
    unfolded: int | None = None
    omitted: int = 0
    kept: int = 0


def render(
    result: RunResult,
    *,
    limit: int = 60_000,
    key: str | None = None,
    html: bool = True,
    about: str = "",
) -> str:
    """The result as Markdown, ended by a line feed.

    Args:
        result: what to report.
        limit: characters it must not exceed; rows are left out, and counted, until it does not.
        key: tells the comments of several gateways or stages on one request apart; see
            ``comment_lines.marker``. The gateway's URL where it is not given.
        html: whether the host shows HTML and diagrams. Bitbucket does not: without, nothing is
            folded or drawn.
        about: Markdown that says what a comment is of.

    Raises:
        ValueError: the limit is below ``SMALLEST_LIMIT``.
    """
    view = View(result)
    verdict = view.verdict
    return _fitted(
        _sections(view, diagrams=html),
        limit,
        folds=html,
        sign=_SIGNS[verdict.status],
        title=verdict.headline,
        messages=[text for text in (verdict.rest, view.nobody_asked) if text],
        stopped=view.stopped,
        plan=view.plan,
        about=about,
        marker=marker(view.plan.gateway if key is None else key, html=html),
    )


def render_error(
    error: ReconcilerError,
    *,
    limit: int = 60_000,
    key: str | None = None,
    html: bool = True,
    about: str = "",
) -> str:
    """A failure that left no result, as Markdown; it has a marker only where a key is given.

    Raises:
        ValueError: the limit is below ``SMALLEST_LIMIT``.
    """
    title, messages, fix = "The run came to no result", [error.what, error.why], error.fix
    sections = []
    if isinstance(error, ManifestError):
        title, messages, fix = f"{error.what}; {NOTHING_ASKED}", [], ""
        sections = [Section("Problems", "problem", 0, _rows("problem", error.problems))]
    return _fitted(
        sections,
        limit,
        folds=html,
        sign=_SIGNS[Status.BAD],
        title=title,
        messages=[message for message in messages if message],
        fix=fix,
        about=about,
        marker="" if key is None else marker(key, html=html),
    )


def render_valid(projects: int, jwks: int, *, key: str, html: bool = True, about: str = "") -> str:
    """Valid manifests as the Markdown of a comment."""
    declared = f"{counted(jwks, 'JWK')} in {counted(projects, 'project')}"
    return _fitted(
        [],
        SMALLEST_LIMIT,
        folds=html,
        sign=_SIGNS[Status.GOOD],
        title=f"The manifests are valid: {declared}",
        messages=["No gateway was asked."],
        about=about,
        marker=marker(key, html=html),
    )


def _sections(view: View, *, diagrams: bool) -> list[Section]:
    """All sections, in the order a reader needs them; some may be empty."""
    plan = view.plan
    unfinished = _rows("outcome", [item for item in view.outcomes if not item.applied])
    applied = _rows("outcome", [item for item in view.outcomes if item.applied])
    changes, resent = _rows("change", view.changes), _rows("resent", view.resent)
    side_effects = _rows("side_effect", view.side_effects if view.planned else ())
    users = _rows("reference", view.references if view.planned else ())
    unmanaged = _rows("unmanaged", plan.unmanaged)
    title, unfolded = ("Changes", _UNFOLDED) if view.planned else ("Planned changes", 0)
    update, change = _row("outcome_head"), _row("change_head")
    return [
        Section("Refused", "refusal", 0, _rows("refusal", plan.refusals), intro=view.also_pending),
        Section(REFERENCES, "user", 1, users, head=_row("reference_head"), unfolded=_UNFOLDED),
        Section("Not complete", "update", 1, unfinished, head=update),
        Section("Applied", "update", 4, applied, head=update, unfolded=_UNFOLDED),
        Section("What to do next", "hint", 2, _rows("next_step", view.next_steps)),
        Section(title, "change", 5, changes, head=change, unfolded=unfolded),
        Section("Sent again", "key", 5, resent, unfolded=_UNFOLDED),
        Section("Side effects", "side effect", 3, side_effects),
        Section("Warnings", "warning", 6, _rows("warning", plan.warnings)),
        *([_pictures(view.linked_renames)] if diagrams else []),
        Section("Unmanaged, left alone", "key", 8, unmanaged, unfolded=0),
    ]


def _pictures(linked: Sequence[LinkedRenames]) -> Section:
    small = [item for item in linked if len(item.order) <= _MOST_MOVES][:_MOST_PICTURES]
    return Section(
        "Renames that wait for each other",
        "picture",
        7,
        [_row("picture", item, number) for number, item in enumerate(small, 1)],
        intro="In each picture the numbers give the order in which its updates are sent.",
        head="```mermaid\nflowchart LR",
        tail="```",
        omitted=len(linked) - len(small),
    )


def _fitted(sections: Sequence[Section], limit: int, **values: object) -> str:
    """The page, its sections with as many of their rows as there is room for."""
    if limit < SMALLEST_LIMIT:
        message = f"a Markdown report needs room for {SMALLEST_LIMIT:,} characters, not {limit:,}"
        raise ValueError(message)
    page = _environment().get_template("markdown.j2")
    sections = [section for section in sections if section.rows or section.omitted]
    values = {"stopped": "", "fix": "", "plan": None, "about": "", "sections": sections, **values}
    frames = sum(len(section.head) + len(section.tail) + _FOLD for section in sections)
    room = limit - len(page.render(values)) - frames
    for section in sorted(sections, key=lambda section: section.rank):
        for row in section.rows:
            if room <= len(row):
                break
            room -= len(row) + 1
            section.kept += 1
    return page.render(values)


def _rows(macro: str, items: Iterable[object]) -> list[str]:
    return [_row(macro, item) for item in items]


def _row(macro: str, *arguments: object) -> str:
    render_row: Callable[..., str] = getattr(
        _environment().get_template("markdown_rows.j2").module, macro
    )
    return render_row(*arguments).strip("\n")


@cache
def _environment() -> Environment:
    markdown = environment(_text)
    markdown.filters.update(
        code=_code,
        descriptions=_descriptions,
        label=_label,
        listed=_listed,
        location=_location,
        name=_name,
        text=lambda text, longest: safe(_text(text, longest)),
    )
    markdown.globals.update(
        between=lambda old, new: safe(Terminal().between(old, new)),
        counted=counted,
        exact=lambda text: safe(escape.code(escape.terminal(text))),
        line_break=safe("  \n  "),
        row=_table_row,
        resent_message=resent_message,
    )
    return markdown


def _text(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    return escape.markdown(escape.shortened(escape.terminal(text), longest))


def _code(text: str, longest: int = _LONGEST_LINE) -> Markup:
    return safe(escape.code(escape.shortened(escape.terminal(text), longest)))


def _name(text: str) -> Markup:
    return safe(escape.code(escape.shortened(escape.name(text), _LONGEST_LINE)))


def _location(source: SourceLocation) -> Markup:
    file = escape.shortened(escape.terminal(source.file), _LONGEST_LINE)
    return safe(escape.code(f"{file}:{source.line}"))


def _label(text: str) -> Markup:
    """A name in a Mermaid diagram."""
    shown = escape.name(text)
    cut = f"{shown[:_LONGEST_LABEL]}…" if len(shown) > _LONGEST_LABEL else shown
    return safe(escape.mermaid(cut))


def _listed(messages: Iterable[str], longest: int = _LONGEST_MESSAGE) -> Markup:
    return safe("; ".join(_text(message, longest) for message in messages if message))


def _descriptions(change: Change) -> Markup:
    before, after = change.before.description, change.after.description
    if before == after:
        return safe("")
    old, new = compared(before, after, _DESCRIPTION_WIDTH, "…")
    return safe(f"{escape.code(old)}{Terminal().between(old, new)}{escape.code(new)}")


def _table_row(*cells: str) -> Markup:
    """A pipe in a cell, also in its code, is masked as GFM asks for."""
    shown = (cell if isinstance(cell, Markup) else _text(cell) for cell in cells)
    masked = (cell.strip("\n").replace("|", "\\|") for cell in shown)
    return safe(f"| {' | '.join(masked)} |")
