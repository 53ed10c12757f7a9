"""Azure Pipelines: issues as logging commands.

The rules are the agent's: a command is ``##vso[area.event properties]text``, wherever in a line it
begins; ``%0D``, ``%0A``, ``%3B`` and ``%5D`` are unescaped in both, then ``%AZP25`` is a percent
sign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.reports.annotations.annotation import Annotation, limited

MOST = 10
"""How many issues of a kind Azure Pipelines keeps of one task."""

_ESCAPES = str.maketrans({"%": "%AZP25", "\r": "%0D", "\n": "%0A", ";": "%3B", "]": "%5D"})


def commands(annotations: Sequence[Annotation]) -> Iterator[str]:
    """One line per annotation that is kept, and one that counts the rest."""
    kept, rest = limited(annotations, MOST)
    for annotation in kept:
        message = f"{annotation.title}: {annotation.message}".translate(_ESCAPES)
        yield f"##vso[task.logissue {_properties(annotation)}]{message}"
    if rest:
        yield rest


def _properties(annotation: Annotation) -> str:
    members = {
        "type": annotation.severity,
        "sourcepath": annotation.file,
        "linenumber": annotation.line,
        "columnnumber": annotation.column,
    }
    return "".join(
        f"{name}={str(value).translate(_ESCAPES)};" for name, value in members.items() if value
    )
