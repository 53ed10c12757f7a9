"""GitHub Actions: annotations as workflow commands, and outputs as lines of a file.

The rules are the runner's: a command is a line that begins with ``::``, its properties end at the
next ``::``, and both are unescaped by replacing ``%0D``, ``%0A`` and, in properties, ``%3A`` and
``%2C``, then ``%25``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.reports.annotations.annotation import Annotation, limited

MOST = 10
"""How many errors, and how many warnings, GitHub keeps of one step."""

SUMMARY_BYTES = 1024 * 1024
"""How long a step's summary may be; a longer one is not shown at all."""

_TEXT = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _TEXT | str.maketrans({":": "%3A", ",": "%2C"})


def commands(annotations: Sequence[Annotation]) -> Iterator[str]:
    """One line per annotation that GitHub keeps, and one that counts the rest."""
    kept, rest = limited(annotations, MOST)
    for annotation in kept:
        message = annotation.message.translate(_TEXT)
        yield f"::{annotation.severity} {_properties(annotation)}::{message}"
    if rest:
        yield f"::notice title=reconciler::{rest.translate(_TEXT)}"


def outputs(values: Mapping[str, str], delimiter: str) -> str:
    """Lines for the file that ``GITHUB_OUTPUT`` names.

    Args:
        values: by the outputs' names.
        delimiter: a line that stands in no value: random, so that nobody can foresee it.

    Raises:
        ValueError: a value holds it all the same.
    """
    if any(delimiter in value for value in values.values()):
        message = "a value holds the delimiter"
        raise ValueError(message)
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())


def _properties(annotation: Annotation) -> str:
    members = {
        "file": annotation.file,
        "line": annotation.line,
        "col": annotation.column,
        "title": annotation.title,
    }
    return ",".join(
        f"{name}={str(value).translate(_PROPERTY)}" for name, value in members.items() if value
    )
