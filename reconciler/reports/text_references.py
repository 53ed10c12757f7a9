"""Who uses the keys, as lines of text: by key, then by API proxy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from reconciler.core.references.model import Reference
from reconciler.reports import escape
from reconciler.reports.references import REFERENCES, ReferenceView, views
from reconciler.reports.terminal import Terminal

_INDENT = " " * 6


def reference_lines(references: Iterable[ReferenceView], terminal: Terminal) -> Iterator[str]:
    """The references under a title, which stands after an empty line."""
    for number, (key, of_key) in enumerate(groupby(references, _key)):
        if not number:
            yield ""
            yield terminal.coloured(REFERENCES, "heading")
        yield f"  {escape.subject(*key)}"
        yield from user_lines(of_key, terminal)


def user_lines(references: Iterable[ReferenceView], terminal: Terminal) -> Iterator[str]:
    """One key's references by API proxy, indented."""
    for proxy, of_proxy in groupby(references, lambda item: item.reference.proxy):
        yield f"    {escape.name(proxy)}"
        for item in of_proxy:
            is_bad = item.is_dangling and item.reference.active
            for line in terminal.wrap(item.message, _INDENT, f"{_INDENT}  "):
                yield terminal.coloured(line, "bad") if is_bad else line


def _key(item: ReferenceView) -> tuple[str, str | None]:
    return item.reference.project, item.reference.jwk


def overview(
    keys: Mapping[str, Sequence[str]], references: Iterable[Reference], terminal: Terminal
) -> str:
    """All keys that were asked for, with their users; those without any come last.

    Args:
        keys: the keys' names, by project.
        references: their users.
        terminal: where it is shown.
    """
    users: dict[tuple[str, str | None], list[ReferenceView]] = {}
    for item in views(references):
        users.setdefault(_key(item), []).append(item)
    lines = []
    for number, (project, names) in enumerate(keys.items()):
        lines += [""] if number else []
        lines.append(terminal.coloured(escape.name(project), "heading"))
        for name in sorted(names, key=lambda name: ((project, name) not in users, name)):
            found = users.get((project, name), [])
            lines.append(f"  {escape.name(name)}{'' if found else ': nothing found'}")
            lines += user_lines(found, terminal)
        if (project, None) in users:
            lines.append("  any of them, or none: what these look up is no literal")
            lines += user_lines(users[project, None], terminal)
        lines += [] if names else ["  no keys"]
    return terminal.encoded("\n".join(lines or ["No projects."]) + "\n")
