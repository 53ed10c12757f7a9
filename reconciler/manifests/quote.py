"""Text from manifests and paths, made safe to stand in a message on a terminal or in a CI log."""

from __future__ import annotations

from reconciler.core.text import visible

CUT = 60
"""The most characters of a value that a message shows."""


def quoted(text: str) -> str:
    """The text, cut to ``CUT`` characters, as a double-quoted YAML scalar on one line."""
    inner = _cut(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{visible(inner)}"'


def ticked(text: str) -> str:
    """The text, cut to ``CUT`` characters, as it was written, between backticks."""
    return f"`{visible(_cut(text))}`"


def _cut(text: str) -> str:
    return text if len(text) <= CUT else text[:CUT] + "…"
