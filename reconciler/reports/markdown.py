"""A result as Markdown, for the comment on a pull or merge request and for step summaries.

It reads the same on GitHub, GitLab and Bitbucket; no live text leaves its code span or label.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import quote

from reconciler.core.outcome import RunResult
from reconciler.errors import ManifestError, ReconcilerError
from reconciler.reports import escape
from reconciler.reports.fitting import Section, fit
from reconciler.reports.markdown_sections import sections
from reconciler.reports.markdown_text import prose
from reconciler.reports.problems import NOTHING
from reconciler.reports.verdict import Tone, verdict

SMALLEST_LIMIT = 8_000
"""Characters that what is never left out can take."""

_SIGNS = {Tone.GOOD: "✅", Tone.PENDING: "📝", Tone.BAD: "❌"}
_LONGEST_KEY = 100
_LONGEST_LINE = 300


def render(
    result: RunResult,
    *,
    limit: int = 60_000,
    key: str | None = None,
    html: bool = True,
    command: str = "reconciler apply",
) -> str:
    """The result as Markdown, ended by a line feed.

    Args:
        result: what to tell.
        limit: characters it must not exceed; rows are left out, and counted, until it does not.
        key: tells the comments of several gateways or stages on one request apart; see ``marker``.
            The gateway's URL where it is not given.
        html: whether the host shows HTML and diagrams. Bitbucket does not: without, nothing is
            folded or drawn.
        command: what was called, where it may have to be called again.

    Raises:
        ValueError: the limit is below ``SMALLEST_LIMIT``.
    """
    plan = result.plan
    summary = verdict(result)
    first, _, rest = summary.sentence.removesuffix(".").partition(". ")
    head = [f"### {_SIGNS[summary.tone]} {first}"]
    if rest:
        head.append(f"{rest}.")
    if result.stopped is not None:
        head.append(f"Stopped early: {prose(result.stopped, _LONGEST_LINE)}")
    gateway, digest = (
        escape.code(escape.shortened(escape.terminal(text), _LONGEST_LINE))
        for text in (plan.gateway, plan.digest)
    )
    foot = [
        f"Gateway {gateway} · digest {digest}",
        marker(plan.gateway if key is None else key, html=html),
    ]
    return _assembled(head, sections(result, command, pictures=html), foot, limit, folds=html)


def render_error(
    error: ReconcilerError, *, limit: int = 60_000, key: str | None = None, html: bool = True
) -> str:
    """A failure that left no result, as Markdown; it has a marker only where a key is given.

    Raises:
        ValueError: the limit is below ``SMALLEST_LIMIT``.
    """
    foot = [] if key is None else [marker(key, html=html)]
    if isinstance(error, ManifestError):
        rows = [
            f"- {escape.code(escape.shortened(escape.terminal(problem.location), _LONGEST_LINE))}: "
            f"{prose(problem.message)}"
            for problem in error.problems
        ]
        head = [f"### {_SIGNS[Tone.BAD]} {prose(error.what)}; {NOTHING}"]
        problems = [Section("Problems", "problem", 0, rows)] if rows else []
        return _assembled(head, problems, foot, limit, folds=html)
    head = [f"### {_SIGNS[Tone.BAD]} The run came to no result", prose(error.what)]
    head += [prose(error.why)] if error.why else []
    head += [f"→ {prose(error.fix)}"] if error.fix else []
    return _assembled(head, [], foot, limit, folds=html)


def marker(key: str, *, html: bool = True) -> str:
    """The hidden line by which a comment is found again.

    Args:
        key: any text; other characters than a URL's usual ones are percent-encoded, and a long one
            is cut and hashed, so that two keys never share a marker.
        html: as for ``render``; without, it is a link definition that nothing refers to.
    """
    name = quote(key, safe="/:.", errors="surrogatepass")
    # "--" could end an HTML comment.
    name = re.sub("-(?=-)|-$", "%2D", name)
    if len(name) > _LONGEST_KEY:
        digest = hashlib.sha256(name.encode()).hexdigest()
        name = f"{name[: _LONGEST_KEY // 2]}~{digest}"
    return f"<!-- reconciler:{name} -->" if html else f"[//]: # (reconciler:{name})"


def _assembled(
    head: Sequence[str], told: Sequence[Section], foot: Sequence[str], limit: int, *, folds: bool
) -> str:
    if limit < SMALLEST_LIMIT:
        message = f"a Markdown report needs room for {SMALLEST_LIMIT:,} characters, not {limit:,}"
        raise ValueError(message)
    room = limit - sum(len(block) + 2 for block in (*head, *foot))
    return "\n\n".join([*head, *fit(told, room, folds=folds), *foot]) + "\n"
