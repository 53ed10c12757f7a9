"""A result as one self-contained page: no script, no network, readable in dark and light.

Some hosts of reports forbid its styles (Jenkins does unless told otherwise); then it is plainer,
and nothing is lost.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files

from reconciler.core.outcome import RunResult
from reconciler.errors import ManifestError, ReconcilerError
from reconciler.reports import escape
from reconciler.reports.html_parts import cards, section
from reconciler.reports.html_sections import sections
from reconciler.reports.html_text import code, prose
from reconciler.reports.problems import NOTHING
from reconciler.reports.tags import Markup, joined, tag
from reconciler.reports.verdict import Tone, verdict

_LINE = Markup("\n")


def render(result: RunResult, *, command: str = "reconciler apply") -> str:
    """The result as an HTML document, ended by a line feed.

    Args:
        result: what to tell.
        command: what was called, where it may have to be called again.
    """
    plan = result.plan
    summary = verdict(result)
    first, _, rest = summary.sentence.removesuffix(".").partition(". ")
    lines = [f"{rest}."] if rest else []
    if result.stopped is not None:
        lines.append(joined(("Stopped early: ", prose(result.stopped))))
    facts = tag(
        "dl",
        *(
            joined((tag("dt", term), tag("dd", code(escape.terminal(text)))))
            for term, text in (("Gateway", plan.gateway), ("Digest", plan.digest))
        ),
    )
    return _page(first, lines, summary.tone, [*sections(result, command), tag("footer", facts)])


def render_error(error: ReconcilerError) -> str:
    """A failure that left no result, as an HTML document."""
    if isinstance(error, ManifestError):
        items = [
            (code(escape.terminal(problem.location)), prose(problem.message))
            for problem in error.problems
        ]
        title = f"{escape.terminal(error.what)}; {NOTHING}"
        return _page(title, [], Tone.BAD, [section("Problems", cards(items, "bad"))])
    lines = [prose(text) for text in (error.what, error.why, error.fix) if text]
    return _page("The run came to no result", lines, Tone.BAD, [])


def _page(title: str, lines: Iterable[str], tone: Tone, blocks: Iterable[Markup]) -> str:
    header = tag(
        "header",
        tag("h1", title),
        *(tag("p", line) for line in lines),
        class_=tone.value,
    )
    body = tag("body", tag("main", _LINE, joined((header, *filter(None, blocks)), _LINE), _LINE))
    page = tag("html", _LINE, _head(title), _LINE, body, _LINE, lang="en")
    return f"<!doctype html>\n{page}\n"


def _head(title: str) -> Markup:
    style = files("reconciler.reports").joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    elements = (
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"JWKs: {title}"),
        tag("style", Markup(style)),
    )
    return tag("head", _LINE, joined(elements, _LINE), _LINE)
