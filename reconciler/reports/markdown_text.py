"""Live text in Markdown: names, places, sentences and cells that stay what they are.

Outside of code spans GitHub, GitLab and Bitbucket look for mentions, references, commit hashes,
links and emoji, some of them made by whoever runs the host; an escape character does not stop all
of them. So only words of plain letters and small numbers stand bare, and everything else is code.
"""

from __future__ import annotations

import re
from itertools import groupby

from reconciler.core.model import SourceLocation
from reconciler.reports import escape
from reconciler.reports.prose import parts
from reconciler.reports.style import Style

_LONGEST_NAME = 300
_LONGEST_SENTENCE = 1_000

# Seven or more hexadecimal letters could name a commit.
_BARE = re.compile(
    r"|\(|[,.;:!?)]+"
    r"|\(?(?!(?i:[a-f]{7}))[^\W\d_]+(?:'[a-z]+)?[,.;:!?)]*"
    r"|\(?\d{1,5}(?:,\d{3})?[,;:)]*"
)


def name(text: str) -> str:
    """A name as a code span."""
    return escape.code(escape.shortened(escape.name(text), _LONGEST_NAME))


def place(source: SourceLocation) -> str:
    """``file:line`` as a code span."""
    return escape.code(
        escape.shortened(escape.terminal(source.file), _LONGEST_NAME) + f":{source.line}"
    )


def move(old: str, new: str) -> str:
    """``old → new``, or just the name where it stays."""
    return name(new) if old == new else f"{name(old)}{Style().between(old, new)}{name(new)}"


def subject(project: str, jwk: str | None) -> str:
    """What something is about: a project, or a JWK in it."""
    return name(project) if jwk is None else f"{name(project)} / {name(jwk)}"


def prose(text: str, room: int = _LONGEST_SENTENCE) -> str:
    """A sentence on one line; what it holds between backticks, and any unusual word, is code."""
    shown = escape.shortened(escape.terminal(text), room)
    if "  " in shown or shown != shown.strip():
        return escape.code(shown)
    return "".join(escape.code(part) if is_code else _words(part) for is_code, part in parts(shown))


def row(*cells: str) -> str:
    """A table's row; a pipe in a cell, also in its code, is masked as GFM asks for."""
    masked = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(masked)} |"


def table_head(*titles: str) -> str:
    """The first two lines of a table."""
    return f"{row(*titles)}\n|{'---|' * len(titles)}"


def _words(text: str) -> str:
    runs = groupby(text.split(" "), key=lambda word: _BARE.fullmatch(word) is not None)
    return " ".join(
        " ".join(words) if is_bare else escape.code(" ".join(words)) for is_bare, words in runs
    )
