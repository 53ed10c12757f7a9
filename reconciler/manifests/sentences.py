"""The sentences for what JSON Schema refuses: what is wrong and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import yaml
from msgspec import Struct

from reconciler.core.names import name_fault
from reconciler.manifests.quote import quoted, ticked
from reconciler.manifests.schema import schema
from reconciler.manifests.values import plain_kind

_LONGEST_TYPO = 60
_MOST_TYPOS = 20
"""Beyond these, comparing keys would take longer than it is worth."""

_TYPES = {
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
_EXAMPLES = {
    "metadata.name": "name: MyProject",
    "name": "name: partner-signing",
    "description": 'description: "Signs the tokens of partners."',
    "previousNames": "previousNames: [my-jwk]",
    "kid": 'kid: "key-id-1"',
    "allowSourceDetach": "allowSourceDetach: true",
    "metadata": "metadata: {name: MyProject}",
    "spec": "spec: {jwks: [{name: partner-signing}]}",
    "jwks": "jwks: [{name: partner-signing}]",
    "an item of jwks": "- name: partner-signing",
    "an item of previousNames": "previousNames: [my-jwk]",
    "labels": "labels: {team: payments}",
    "annotations": "annotations: {owner: payments}",
    "a manifest": "apiVersion: reconciler/v1, kind: Project, metadata: …, spec: …",
}


class Fault(Struct, frozen=True):
    """One keyword of the schema that a value does not obey.

    Attributes:
        path: the keys and indexes that lead to the value.
        node: the value's node.
        value: the value.
        wanted: what the schema gives for the keyword.
        allowed: the members the schema knows in that place.
    """

    path: tuple[str | int, ...]
    node: yaml.Node
    value: Any
    wanted: Any
    allowed: tuple[str, ...]

    @property
    def label(self) -> str:
        """What the author calls the value: its member's name."""
        if not self.path:
            return "a manifest"
        last = self.path[-1]
        return f"an item of {self.path[-2]}" if isinstance(last, int) else _member_name(last)


def _wrong_type(fault: Fault) -> Iterator[tuple[yaml.Node, str]]:
    node, label, kind = fault.node, fault.label, _plain_kind(fault.node)
    if kind == "nothing" and label == "description" and fault.path[0] == "spec":
        yield node, 'description is empty; leave it out to keep the live one, or write "" for none'
    elif fault.wanted == "string" and kind not in {None, "nothing"}:
        text = quoted(node.value)
        shown = text if isinstance(fault.path[-1], int) else f"{label}: {text}"
        yield node, f"YAML reads {ticked(node.value)} as {kind}; quote it: {shown}"
    else:
        wanted = _TYPES[fault.wanted]
        example = _example(".".join(str(step) for step in fault.path), label)
        yield node, f"{label} must be {wanted}, not {_found(node)}; write {example}"


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


def _example(path: str, label: str) -> str:
    return _EXAMPLES.get(path) or _EXAMPLES.get(label) or f'{label}: "text"'


def _unknown_members(fault: Fault) -> Iterator[tuple[yaml.Node, str]]:
    for key, _value in fault.node.value:
        text = key.value
        if isinstance(text, str) and text in fault.value and text not in fault.allowed:
            meant = _meant(text, fault.allowed)
            allowed = f"allowed here: {', '.join(fault.allowed)}"
            advice = f"did you mean {meant}?" if meant else allowed
            yield key, f"unknown member {quoted(text)}; {advice}"


@lru_cache(maxsize=1024)
def _meant(key: str, allowed: tuple[str, ...]) -> str | None:
    """The member that a misspelt key most likely is."""
    close = difflib.get_close_matches(key, allowed, n=1) if len(key) < _LONGEST_TYPO else ()
    return close[0] if close else None


def _lacking_members(fault: Fault) -> Iterator[tuple[yaml.Node, str]]:
    unknown = (key for key in fault.value if key not in fault.allowed)
    misspelt = {_meant(key, fault.allowed) for key in islice(unknown, _MOST_TYPOS)}
    lacking = [key for key in fault.wanted if key not in fault.value and key not in misspelt]
    if lacking:
        added = ", ".join(_written(fault.label, key) for key in lacking)
        yield fault.node, f"{fault.label} lacks {' and '.join(lacking)}; add {added}"


def _written(label: str, key: str) -> str:
    constant = schema()["properties"].get(key, {}).get("const")
    return f"{key}: {constant}" if constant else _example(f"{label}.{key}", key)


def _not_the_constant(fault: Fault) -> Iterator[tuple[yaml.Node, str]]:
    message = f"{fault.label} is {_found(fault.node)}; write {fault.label}: {fault.wanted}"
    yield fault.node, message


def _unusable_text(fault: Fault) -> Iterator[tuple[yaml.Node, str]]:
    text: str = fault.value
    if fault.label == "description":
        message = f"description is {len(text)} characters long; shorten it to {fault.wanted}"
    elif fault.label == "kid":
        message = "kid is empty; leave it out, or pin the key's RFC 7517 key id"
    elif fault.label == "name":
        message = (
            f"the name {quoted(text)} {name_fault(text)}, so no URL of the gateway could address "
            "it; choose another name"
        )
    else:
        message = (
            f"a key named {quoted(text)} can't be addressed in an update, so it can't be renamed "
            "from here; rename it in the Manager and leave this out"
        )
    yield fault.node, message


def _member_name(key: str) -> str:
    """A key that may be anything, as in labels, short and safe to print."""
    return ticked(key)[1:-1]


SENTENCES: dict[str, tuple[str, Callable[[Fault], Iterator[tuple[yaml.Node, str]]]]] = {
    "type": ("value", _wrong_type),
    "const": ("value", _not_the_constant),
    "minLength": ("value", _unusable_text),
    "maxLength": ("value", _unusable_text),
    "pattern": ("value", _unusable_text),
    "not": ("value", _unusable_text),
    "additionalProperties": ("members", _unknown_members),
    "required": ("lacks", _lacking_members),
}
"""Of each keyword the schema uses: its topic, told once for each value, and its sentence."""
