"""Fingerprints of what a plan was made from, to tell later which side moved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

from reconciler.core.model import DeclaredProject, LiveList, UnusableList
from reconciler.core.plan import Inputs


def fingerprints(declared: Iterable[DeclaredProject], live: Mapping[str, LiveList]) -> Inputs:
    """SHA-256 of the manifests' meaning and of the lists; order and places don't count."""
    projects = sorted(declared, key=attrgetter("name"))
    return Inputs(
        manifests=_hash(line for project in projects for line in _declared(project)),
        live=_hash(line for _, answer in sorted(live.items()) for line in _live(answer)),
    )


def _hash(lines: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(json.dumps(line).encode() + b"\n")
    return f"sha256:{digest.hexdigest()}"


def _declared(project: DeclaredProject) -> Iterator[object]:
    yield project.name
    for entry in sorted(project.jwks, key=attrgetter("name")):
        yield [
            entry.name,
            entry.description,
            sorted(entry.previous_names),
            entry.kid,
            entry.allow_source_detach,
        ]


def _live(answer: LiveList) -> Iterator[object]:
    yield answer.name
    if isinstance(answer, UnusableList):
        yield answer.code
        return
    for jwk in sorted(answer.jwks, key=attrgetter("name")):
        yield [
            jwk.name,
            jwk.description,
            jwk.id,
            jwk.project_id,
            jwk.source_type,
            jwk.source_id,
            jwk.source_url,
            jwk.type,
            jwk.kid,
        ]
