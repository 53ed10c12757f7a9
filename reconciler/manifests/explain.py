"""What JSON Schema refuses, found at the node that is to blame.

Only reached when a document is wrong, as it is a hundred times slower than ``schema.is_valid``.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator, ValidationError

from reconciler.manifests.findings import Findings
from reconciler.manifests.nodes import member
from reconciler.manifests.schema import schema
from reconciler.manifests.sentences import SENTENCES, Fault
from reconciler.manifests.values import Json

_JWKS = ("spec", "jwks")


def is_foreign(document: Json) -> bool:
    """Whether a mapping does not even begin like a manifest."""
    if not isinstance(document, dict):
        return False
    properties = schema()["properties"]
    return all(document.get(key) != properties[key]["const"] for key in ("apiVersion", "kind"))


def explain(
    document: Json, root: yaml.Node, findings: Findings, incomplete: set[int]
) -> frozenset[int]:
    """Note everything the schema refuses about a document.

    Args:
        document: the values read from ``root``.
        root: the document's node.
        findings: receives one finding for each place to correct.
        incomplete: identities of mapping nodes whose lacking members were refused before.

    Returns:
        The indexes of the entries of ``spec.jwks`` that are not to be relied on.
    """
    faulty: set[int] = set()
    told: set[tuple[object, ...]] = set()
    for error in _thorough_validator().iter_errors(document):
        path = tuple(error.absolute_path)
        if path[:2] == _JWKS and len(path) > len(_JWKS):
            faulty.add(int(path[2]))
        topic, sentences = SENTENCES[str(error.validator)]
        fault = _fault(error, path, root)
        if (path, topic) in told or (topic == "lacks" and id(fault.node) in incomplete):
            continue
        told.add((path, topic))
        for node, message in sentences(fault):
            findings.add(node.start_mark.line + 1, node.start_mark.column + 1, message)
    return frozenset(faulty)


@cache
def _thorough_validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())


def _fault(error: ValidationError, path: tuple[str | int, ...], root: yaml.Node) -> Fault:
    rules = cast("dict[str, Any]", error.schema)
    allowed = tuple(rules.get("properties", ()))
    return Fault(path, _node_at(root, path), error.instance, error.validator_value, allowed)


def _node_at(root: yaml.Node, path: tuple[str | int, ...]) -> yaml.Node:
    node = root
    for step in path:
        pair = member(node, step) if isinstance(step, str) else None
        node = pair[1] if pair else node.value[step]
    return node
