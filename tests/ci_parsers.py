"""What each pipeline takes for a command in a log, as its own runner decides it."""

from __future__ import annotations

import re
from collections.abc import Callable

_AZURE = re.compile(r"##vso\[", re.IGNORECASE)
_GITLAB = re.compile(r"section_(start|end):\d+:[^\r\n]*\r?\x1b\[0K")


def github(line: str) -> bool:
    """actions/runner: ``::`` after trimming the start, or the older ``##[`` anywhere."""
    return line.lstrip().startswith("::") or "##[" in line


def azure(line: str) -> bool:
    """Azure Pipelines agent: ``##vso[`` anywhere, in any case; ``##[`` formats a line."""
    return _AZURE.search(line) is not None or "##[" in line


def teamcity(line: str) -> bool:
    """TeamCity service messages."""
    return line.lstrip().startswith("##teamcity[")


def gitlab(line: str) -> bool:
    """GitLab's collapsible sections."""
    return _GITLAB.search(line) is not None


PARSERS: tuple[Callable[[str], bool], ...] = (github, azure, teamcity, gitlab)


def commands(text: str) -> list[str]:
    """The lines that some pipeline would obey."""
    lines = re.split(r"\r\n|\r|\n", text)
    return [line for line in lines if any(parser(line) for parser in PARSERS)]
