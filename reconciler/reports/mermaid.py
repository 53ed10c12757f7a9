"""Chains and cycles of renames as the body of a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.reports import escape
from reconciler.reports.linked import LinkedRenames

_LONGEST_LABEL = 40
_MOST_MOVES = 30
_MOST_PICTURES = 12
"""Together below the 500 arrows at which Mermaid refuses to draw."""


def drawn(linked: Iterable[LinkedRenames]) -> list[str]:
    """A subgraph for each chain or cycle that is small enough to be looked at.

    Identifiers are made up; live text stands in quoted labels only.
    """
    small = [item for item in linked if len(item.order) <= _MOST_MOVES]
    return [_subgraph(number, item) for number, item in enumerate(small[:_MOST_PICTURES], 1)]


def _subgraph(number: int, linked: LinkedRenames) -> str:
    nodes = {name: f"g{number}n{place}" for place, name in enumerate(linked.names, 1)}
    lines = [f"  subgraph g{number}[{_label(linked.project)}]"]
    for name, node in nodes.items():
        shape = "([{}])" if name in linked.temporary else "[{}]"
        lines.append(f"    {node}{shape.format(_label(name))}")
    for old, new, order in linked.moves:
        lines.append(f"    {nodes[old]} -->|{order}| {nodes[new]}")
    return "\n".join([*lines, "  end"])


def _label(text: str) -> str:
    shown = escape.name(text)
    cut = f"{shown[:_LONGEST_LABEL]}…" if len(shown) > _LONGEST_LABEL else shown
    return f'"{escape.mermaid(cut)}"'
