"""Mermaid's flowcharts, as far as this program writes them: anything else is no flowchart."""

from __future__ import annotations

import re

_LABEL = r'"((?:[^\W_]|[ .-]|#\d+;)*)"'
_LINES = {
    "start": re.compile(r"flowchart LR"),
    "group": re.compile(rf"  subgraph g\d+\[{_LABEL}\]"),
    "name": re.compile(rf"    (g\d+n\d+)\[{_LABEL}\]"),
    "temporary": re.compile(rf"    (g\d+n\d+)\(\[{_LABEL}\]\)"),
    "move": re.compile(r"    (g\d+n\d+) -->\|(\d+)\| (g\d+n\d+)"),
    "end": re.compile(r"  end"),
}


def read_flowchart(text: str) -> list[tuple[str, ...]]:
    """Each line as its kind and its parts, with labels decoded.

    Raises:
        ValueError: a line is none of those.
    """
    return [_read_line(line) for line in text.removesuffix("\n").split("\n")]


def _read_line(line: str) -> tuple[str, ...]:
    for kind, pattern in _LINES.items():
        if found := pattern.fullmatch(line):
            return kind, *(decoded(part) for part in found.groups())
    raise ValueError(line)


def decoded(label: str) -> str:
    """A label as it is drawn."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label)
