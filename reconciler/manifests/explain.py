"""Every problem that the JSON Schema finds in a document, at the node that is to blame.

Only loaded when a document is wrong: it is a hundred times slower than decoding into the model.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator, ValidationError

from reconciler.core.names import name_fault
from reconciler.manifests.model import schema
from reconciler.manifests.problems import FileProblems, quoted, ticked
from reconciler.manifests.values import Json, plain_kind
from reconciler.manifests.yaml_nodes import node_at

_LONGEST_TYPO = 60
_MOST_TYPOS = 20
"""Beyond these, comparing keys would take longer than it is worth."""

_TYPES = {
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}

Messages = Iterator[tuple[yaml.Node, str]]
"""Nodes to blame, each with what is wrong and what to write instead."""


def explain(document: Json, root: yaml.Node, problems: FileProblems) -> None:
    """Add a problem for each place that the schema refuses.

    Args:
        document: the values read from ``root``.
        root: the document's node.
        problems: receives them.
    """
    reported: set[tuple[object, ...]] = set()
    for error in _validator().iter_errors(document):
        path = tuple(error.absolute_path)
        node = node_at(root, *path)
        topic, messages = MESSAGES[str(error.validator)]
        if (path, topic) in reported or (topic == "lacks" and id(node) in problems.incomplete):
            continue
        reported.add((path, topic))
        for place, message in messages(error, node):
            problems.add(place, message)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def _label(error: ValidationError) -> str:
    """What the author calls the value: its member's name."""
    if not error.absolute_path:
        return "a manifest"
    last = error.absolute_path[-1]
    if isinstance(last, int):
        return f"an item of {error.absolute_path[-2]}"
    return ticked(last)[1:-1]  # a key in labels may be anything


def _wrong_type(error: ValidationError, node: yaml.Node) -> Messages:
    label, kind, wanted = _label(error), _plain_kind(node), str(error.validator_value)
    if kind == "nothing" and label == "description" and error.absolute_path[0] == "spec":
        yield node, 'description is empty; leave it out to keep the live one, or write "" for none'
    elif wanted == "string" and kind not in {None, "nothing"}:
        advice = _assigned(error, quoted(node.value))
        yield node, f"YAML reads {ticked(node.value)} as {kind}; quote it: {advice}"
    else:
        example = _assigned(error, _as_yaml(_example(_rules(error))))
        yield node, f"{label} must be {_TYPES[wanted]}, not {_found(node)}; write {example}"


def _plain_kind(node: yaml.Node) -> str | None:
    plain = isinstance(node, yaml.ScalarNode) and not node.style
    return plain_kind(node.value) if plain else None


def _found(node: yaml.Node) -> str:
    kind = _plain_kind(node)
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if kind == "nothing":
        return kind
    return f"{kind} {ticked(node.value)}" if kind else f"the text {quoted(node.value)}"


def _assigned(error: ValidationError, value: str) -> str:
    """A value as the author writes it in that place: after its key, or alone in a list."""
    path = error.absolute_path
    return f"{_label(error)}: {value}" if path and isinstance(path[-1], str) else value


def _rules(error: ValidationError) -> dict[str, Any]:
    return cast("dict[str, Any]", error.schema)


def _example(rules: dict[str, Any]) -> Any:
    """A value that a part of the schema takes: with no more members than it must have."""
    if "$ref" in rules:
        rules = schema()["$defs"][rules["$ref"].rpartition("/")[2]]
    if "properties" in rules:
        return {key: _example(rules["properties"][key]) for key in rules["required"]}
    if "examples" in rules:
        return rules["examples"][0]
    if "enum" in rules:
        return rules["enum"][0]
    return [_example(rules["items"])] if "items" in rules else "some text"


def _as_yaml(value: Any) -> str:
    """An example on one line; its texts need no quotes unless they hold a space."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_as_yaml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_as_yaml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if " " in value else str(value)


def _unknown_members(error: ValidationError, node: yaml.Node) -> Messages:
    allowed, given = tuple(_rules(error)["properties"]), cast("dict[str, Json]", error.instance)
    for key, _value in node.value:
        text = key.value
        if isinstance(text, str) and text in given and text not in allowed:
            close = _close_match(text, allowed)
            advice = f"did you mean {close}?" if close else f"allowed here: {', '.join(allowed)}"
            yield key, f"unknown member {quoted(text)}; {advice}"


@lru_cache(maxsize=1024)
def _close_match(key: str, allowed: tuple[str, ...]) -> str | None:
    """The member that a misspelt key most likely is."""
    if len(key) >= _LONGEST_TYPO:
        return None
    by_case = {member.casefold(): member for member in allowed}
    close = difflib.get_close_matches(key.casefold(), by_case, n=1)
    return by_case[close[0]] if close else None


def _lacking_members(error: ValidationError, node: yaml.Node) -> Messages:
    members = _rules(error)["properties"]
    allowed, given = tuple(members), cast("dict[str, Json]", error.instance)
    unknown = (key for key in given if key not in members)
    misspelt = {_close_match(key, allowed) for key in islice(unknown, _MOST_TYPOS)}
    lacking = [key for key in _rules(error)["required"] if key not in given and key not in misspelt]
    if lacking:
        added = ", ".join(f"{key}: {_as_yaml(_example(members[key]))}" for key in lacking)
        yield node, f"{_label(error)} lacks {' and '.join(lacking)}; add {added}"


def _not_the_constant(error: ValidationError, node: yaml.Node) -> Messages:
    (constant,) = _rules(error)["enum"]
    yield node, f"{_label(error)} is {_found(node)}; write {_label(error)}: {constant}"


def _unusable_text(error: ValidationError, node: yaml.Node) -> Messages:
    text, label = str(error.instance), _label(error)
    if label == "description":
        limit = error.validator_value
        message = f"description is {len(text)} characters long; shorten it to {limit}"
    elif label == "kid":
        message = "kid is empty; leave it out, or pin the key's RFC 7517 key id"
    elif label == "name":
        message = (
            f"the name {quoted(text)} {name_fault(text)}, so no URL of the gateway could address "
            "it; choose another name"
        )
    else:
        message = (
            f"a key named {quoted(text)} can't be addressed in an update, so it can't be renamed "
            "from here; rename it in the Manager and leave this out"
        )
    yield node, message


MESSAGES: dict[str, tuple[str, Callable[[ValidationError, yaml.Node], Messages]]] = {
    "type": ("value", _wrong_type),
    "enum": ("value", _not_the_constant),
    "minLength": ("value", _unusable_text),
    "maxLength": ("value", _unusable_text),
    "pattern": ("value", _unusable_text),
    "additionalProperties": ("members", _unknown_members),
    "required": ("lacks", _lacking_members),
}
"""Of each keyword the schema uses: its topic, reported once for each value, and its messages."""
