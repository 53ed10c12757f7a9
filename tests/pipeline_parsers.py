"""What each pipeline's own runner makes of a line or a file, rule by rule."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

REGISTERED = frozenset(
    {
        "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group",
        "notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands",
        "warning",
    }
)  # fmt: skip
"""The commands actions/runner knows."""

_DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
_PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
_AZURE = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%"))
_SECTION = re.compile(r"section_(start|end):(\d+):([a-zA-Z0-9_.-]+)(\[[\w.,=-]*\])?\r\x1b\[0K")


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str] = field(default_factory=dict)
    data: str = ""


def github(line: str) -> Command | None:
    """actions/runner: the form with ``::`` at the start, else the older ``##[`` anywhere."""
    message = line.lstrip()
    if message.startswith("::"):
        end = message.find("::", 2)
        if end >= 0:
            name, _, rest = message[2:end].partition(" ")
            if name in REGISTERED:
                properties = _split(rest.strip(), ",", _PROPERTY)
                return Command(name, properties, _unescaped(message[end + 2 :], _DATA))
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name = line[start + 3 : end].partition(" ")[0]
    return Command(name) if name in REGISTERED else None


def azure(line: str) -> Command | None:
    """Azure Pipelines agent: ``##vso[area.event properties]text`` anywhere."""
    start = line.lower().find("##vso[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, rest = line[start + 6 : end].partition(" ")
    if len([part for part in name.split(".") if part]) != 2:
        return None
    return Command(name, _split(rest, ";", _AZURE), _unescaped(line[end + 1 :], _AZURE))


def gitlab(log: str) -> tuple[list[tuple[str, str]], str]:
    """GitLab: the sections opened and closed, in their order, and the log without the markers."""
    found = [(match[1], match[3]) for match in _SECTION.finditer(log)]
    return found, _SECTION.sub("", log).replace("\x1b[0K", "")


def github_outputs(text: str) -> dict[str, str]:
    """actions/runner: ``name<<delimiter``, lines, and the delimiter alone."""
    outputs: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, heredoc, delimiter = line.partition("<<")
        assert heredoc
        assert delimiter
        assert re.fullmatch("[a-z-]+", name)
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        else:
            raise AssertionError("the delimiter is missing")
        outputs[name] = "\n".join(value)
    return outputs


def _split(text: str, separator: str, mappings: tuple[tuple[str, str], ...]) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in text.split(separator) if part)
    return {pair[0]: _unescaped(pair[1], mappings) for pair in pairs if len(pair) == 2 and pair[1]}


def _unescaped(text: str, mappings: tuple[tuple[str, str], ...]) -> str:
    for escaped, character in mappings:
        text = text.replace(escaped, character)
    return text
