"""A document's values to what it declares."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

import yaml

from reconciler.core.model import DeclaredJwk, DeclaredProject
from reconciler.core.names import name_fault
from reconciler.manifests.nodes import location_of, member
from reconciler.manifests.values import Json

_BLOCK_STYLES = ("|", ">")


def declared(
    document: Json, root: yaml.Node, file: str, faulty: Set[int] = frozenset()
) -> DeclaredProject | None:
    """What a document declares, leaving out the faulty entries.

    Args:
        document: the values read from ``root``.
        root: the document's node.
        file: what places call the file.
        faulty: indexes of entries of ``spec.jwks`` that the schema refuses.

    Returns:
        None where the schema refuses so much that no project or list of JWKs can be made out.
    """
    name, name_node = _at(document, root, "metadata", "name")
    entries, list_node = _at(document, root, "spec", "jwks")
    if not isinstance(name, str) or name_fault(name) or not isinstance(entries, list):
        return None
    jwks = tuple(
        _jwk(entry, node, file)
        for index, (entry, node) in enumerate(zip(entries, list_node.value, strict=True))
        if index not in faulty and isinstance(entry, dict)
    )
    return DeclaredProject(name, jwks, location_of(name_node, file))


def merged(documents: Iterable[DeclaredProject]) -> tuple[DeclaredProject, ...]:
    """One project for all documents that name it, sorted by name; JWKs in the order met."""
    projects: dict[str, list[DeclaredProject]] = {}
    for document in documents:
        projects.setdefault(document.name, []).append(document)
    return tuple(
        DeclaredProject(name, tuple(jwk for part in parts for jwk in part.jwks), parts[0].location)
        for name, parts in sorted(projects.items())
    )


def _at(document: Json, root: yaml.Node, *path: str) -> tuple[Json, yaml.Node]:
    for key in path:
        pair = member(root, key)
        if not isinstance(document, dict) or key not in document or pair is None:
            return None, root
        document, root = document[key], pair[1]
    return document, root


def _jwk(entry: dict[str, Any], node: yaml.Node, file: str) -> DeclaredJwk:
    described = member(node, "description")
    description = entry.get("description")
    if described and getattr(described[1], "style", None) in _BLOCK_STYLES:
        description = entry["description"].removesuffix("\n")
    named = member(node, "name")
    return DeclaredJwk(
        name=entry["name"],
        location=location_of(named[1] if named else node, file),
        description=description,
        previous_names=tuple(entry.get("previousNames", ())),
        kid=entry.get("kid"),
        allow_source_detach=entry.get("allowSourceDetach", False),
    )
