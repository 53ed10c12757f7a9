"""Nodes to plain values, with every problem JSON Schema can't see: tags, merge and double keys."""

from __future__ import annotations

import re

import yaml

from reconciler.manifests.problems import (
    FileError,
    FileProblems,
    location_of,
    problem_at,
    quoted,
    ticked,
)
from reconciler.manifests.yaml_nodes import MAX_DEPTH, MAX_NODES, TOO_DEEP, TOO_MANY, UNTAGGED

MAX_TEXT = 16 * 1024 * 1024
"""Characters of one file's values, aliases counted as often as they are used."""

Json = dict[str, "Json"] | list["Json"] | str | bool | int | None
"""A document's values; every number and date is 0, as nowhere in a manifest one is allowed."""

_TAG = "tag:yaml.org,2002:"
_KINDS = {
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "timestamp": "a date",
    "null": "nothing",
}
_TRUE = frozenset({"yes", "true", "on"})
_CORE_NUMBER = re.compile(r"0o[0-7]+$|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$")
"""Numbers of YAML 1.2 that 1.1 takes for text: other tools would hand them on as numbers."""

_PLAIN: dict[str, list[tuple[str, re.Pattern[str]]]] = {
    first: [
        (_KINDS[tag.removeprefix(_TAG)], pattern)
        for tag, pattern in resolvers
        if tag.removeprefix(_TAG) in _KINDS
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _first in "-+.0123456789":
    _PLAIN[_first].append((_KINDS["float"], _CORE_NUMBER))

_SURROGATE = re.compile(r"[\ud800-\udfff]")


def plain_kind(text: str) -> str | None:
    """What YAML reads an unquoted scalar as, such as ``a boolean``; None for text."""
    for kind, pattern in _PLAIN.get(text[:1], ()):
        if pattern.match(text):
            return kind
    return None


class Values:
    """Reads the values of one file's documents; the limits hold for all of them together.

    Attributes:
        problems: receives what is wrong in the document that is read.
    """

    def __init__(self, problems: FileProblems) -> None:
        self.problems = problems
        self._nodes = 0
        self._text = 0

    def read(self, node: yaml.Node, depth: int = 1) -> Json:
        """A node's value, aliases expanded.

        Raises:
            FileError: a limit is passed, as by an alias bomb or an anchor that holds itself.
        """
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._error(node, TOO_MANY)
        if node.tag != UNTAGGED:
            self._refuse_tag(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if depth >= MAX_DEPTH:
            raise self._error(node, f"{TOO_DEEP}, and let no anchor hold its own alias")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth + 1)
        return [self.read(item, depth + 1) for item in node.value]

    def _scalar(self, node: yaml.ScalarNode) -> Json:
        text: str = node.value
        self._text += len(text)
        if self._text > MAX_TEXT:
            message = f"aliases multiply the text past {MAX_TEXT:,} characters; use fewer aliases"
            raise self._error(node, message)
        if node.style or node.tag != UNTAGGED:
            return text if text.isascii() else self._without_surrogates(node, text)
        kind = plain_kind(text)
        if kind is None:
            return text
        if kind == "nothing":
            return None
        return text.lower() in _TRUE if kind == "a boolean" else 0

    def _without_surrogates(self, node: yaml.Node, text: str) -> str:
        """The text, without halves of surrogate pairs: PyYAML, unlike libyaml, lets them pass."""
        if not _SURROGATE.search(text):
            return text
        message = "an escape is half of a surrogate pair; write the character itself"
        self.problems.add(node, message)
        return _SURROGATE.sub("\ufffd", text)

    def _mapping(self, mapping: yaml.MappingNode, depth: int) -> Json:
        values: dict[str, Json] = {}
        for key_node, value_node in mapping.value:
            key = self._key(key_node)
            if key is None:
                self.problems.incomplete.add(id(mapping))
            elif key not in values:
                values[key] = self.read(value_node, depth)
        if len(values) < len(mapping.value):
            self._refuse_double_keys(mapping)
        return values

    def _key(self, node: yaml.Node) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            message = "a key is text; this one is a list or a mapping: write a plain word"
            self.problems.add(node, message)
        elif node.tag != UNTAGGED:
            self._refuse_tag(node)
        elif node.value == "<<" and not node.style:
            self.problems.add(node, "merge keys (`<<`) are not allowed; write the members out")
        elif kind := None if node.style else plain_kind(node.value):
            shown, advice = ticked(node.value), quoted(node.value)
            self.problems.add(node, f"YAML reads the key {shown} as {kind}; quote it: {advice}")
        else:
            return self._without_surrogates(node, node.value)
        return None

    def _refuse_tag(self, node: yaml.Node) -> None:
        shown = ticked(node.tag.replace(_TAG, "!!"))
        self.problems.add(node, f"tags such as {shown} are not allowed in manifests; remove it")

    def _refuse_double_keys(self, mapping: yaml.MappingNode) -> None:
        lines: dict[str, int] = {}
        for node, _value in mapping.value:
            line = node.start_mark.line + 1
            if not isinstance(node, yaml.ScalarNode):
                continue
            if node.value not in lines:
                lines[node.value] = line
                continue
            where = f"on line {lines[node.value]} and on line {line}"
            self.problems.add(node, f"{ticked(node.value)} is given twice, {where}; remove one")

    def _error(self, node: yaml.Node, message: str) -> FileError:
        return FileError(problem_at(location_of(node, self.problems.file), message))
