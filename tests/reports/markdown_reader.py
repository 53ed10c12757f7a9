"""Markdown as its hosts read it: CommonMark with GFM's tables, and what they look for in text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")

# GitHub, GitLab and Bitbucket look for these outside of code, whatever stands around them.
_FOUND_BY_HOSTS = re.compile(
    r"[@#&~%$*^\[\]<>`|\\_{}=+]|!\w"  # mentions, references, math, markup
    r"|://|\bwww\.\w|:\w+:|mailto:\w"  # links, emoji
    r"|\w/\w|\w-\d"  # org/repo, GH-1, TICKET-1
    r"|\b[0-9a-fA-F]{7,}\b"  # commits
)
_ALLOWED_HTML = re.compile(
    r"<details><summary>[\d,]+ [a-z ]+</summary>|</details>"
    r"|<!-- reconciler:[!-;?-~]* -->|<!-- reconciler-run:[!-;?-~]* [\d.]+ -->"
)


@dataclass(slots=True)
class Reading:
    """What a host makes of a text.

    Attributes:
        lines: each paragraph, heading or cell as plain text, code included.
        bare: the same with each code span replaced by one neutral letter.
        codes: the code spans of each line.
        rows: the lines of each table's row.
        fences: the fenced blocks, info string and content.
        html: raw HTML.
        kinds: every kind of token that came up.
    """

    lines: list[str] = field(default_factory=list)
    bare: list[str] = field(default_factory=list)
    codes: list[list[str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    fences: list[tuple[str, str]] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    @property
    def dangers(self) -> list[str]:
        """What in here does more than to show text."""
        found = [line for line in self.bare if _FOUND_BY_HOSTS.search(line)]
        found += [text for text in self.html if not _ALLOWED_HTML.fullmatch(text.strip())]
        found += [info for info, _ in self.fences if info != "mermaid"]
        return found + sorted(self.kinds - _KINDS)


_BLOCKS = {
    *("heading", "paragraph", "bullet_list", "list_item"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_KINDS = (
    {f"{block}_{end}" for block in _BLOCKS for end in ("open", "close")}
    | {"inline", "text", "code_inline", "softbreak", "hardbreak", "strong_open", "strong_close"}
    | {"fence", "html_block"}
)


def read(markdown: str) -> Reading:
    """Read a whole text."""
    reading = Reading()
    before = ""
    for token in _PARSER.parse(markdown):
        reading.kinds.add(token.type)
        if token.type == "tr_open":
            reading.rows.append([])
        elif token.type == "fence":
            reading.fences.append((token.info, token.content))
        elif token.type == "html_block":
            reading.html.append(token.content)
        elif token.type == "inline":
            _read_inline(token, reading)
            if before in {"th_open", "td_open"}:
                reading.rows[-1].append(reading.lines[-1])
        before = token.type
    return reading


def _read_inline(token: Token, reading: Reading) -> None:
    children = token.children or []
    reading.kinds.update(child.type for child in children)
    reading.html += [child.content for child in children if child.type == "html_inline"]
    reading.lines.append(_text(children, codes=True))
    reading.bare.append(_text(children, codes=False))
    reading.codes.append([child.content for child in children if child.type == "code_inline"])


def _text(children: Iterable[Token], *, codes: bool) -> str:
    def shown(child: Token) -> str:
        if child.type in {"softbreak", "hardbreak"}:
            return "\n"
        if child.type == "code_inline":
            return child.content if codes else "x"
        return child.content

    return "".join(map(shown, children))
