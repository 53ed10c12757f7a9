"""GitLab CI: long parts of a log in a section that can be collapsed."""

from __future__ import annotations

_LONG = 30
"""A text of more lines is folded."""
_CLEAR = "\x1b[0K"


def folded(text: str, *, title: str, name: str, moment: int, collapsed: bool) -> str:
    """A text whose first paragraph stands open, and the rest in a section, where it is long.

    Args:
        text: lines, the last one ended too.
        title: of the section; one line, printable.
        name: of the section, unique in its job: letters, digits and ``_``.
        moment: seconds since the epoch.
        collapsed: whether the section is closed at first.
    """
    lines = text.splitlines(keepends=True)
    if len(lines) <= _LONG:
        return text
    end = next((place for place, line in enumerate(lines) if not line.strip()), 1)
    option = "[collapsed=true]" if collapsed else ""
    opened = f"{_CLEAR}section_start:{moment}:{name}{option}\r{_CLEAR}{title}\n"
    closed = f"{_CLEAR}section_end:{moment}:{name}\r{_CLEAR}\n"
    return "".join([*lines[:end], opened, *lines[end:], closed])
