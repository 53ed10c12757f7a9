"""Hashes of a plan and of what it was made from, over one canonical JSON form.

Where in the manifests a thing was declared is left out: it does not change what is sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from msgspec import Struct, to_builtins

from reconciler.core.model import DeclaredProject, LiveList, UnusableList
from reconciler.core.plan import Change, Inputs, Refusal, Step

Document = dict[str, object]
"""A JSON object, made of what ``json`` can write."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def document_of(item: Struct) -> Document:
    """A change, step, refusal or another part of a plan as the plan JSON has it.

    A change also gets ``previousName``, which is null where the name stays.
    """
    members: Document = to_builtins(item)
    if isinstance(item, Change):
        start = {"project": item.project, "name": item.name, "previousName": item.previous_name}
        return start | members
    return members


def plan_digest(
    gateway: str,
    changes: Sequence[Change],
    steps: Sequence[Step],
    refusals: Sequence[Refusal],
) -> str:
    """``sha256:`` and 64 hexadecimal digits, over all that is sent and all that is refused.

    The hash is taken of one JSON object with the members ``changes``, ``gateway``, ``refusals`` and
    ``steps`` as in the plan JSON, without any ``source``: keys sorted, no blanks, every character
    but printable ASCII escaped as in RFC 8259, 7. Order counts: steps are sent in theirs.
    """
    # Piece by piece: whole, the text of 200,000 changes and its parts would take a gigabyte.
    digest = hashlib.sha256(b'{"changes":[')
    _update(digest, changes)
    digest.update(f'],"gateway":{_encode(gateway)},"refusals":['.encode("ascii"))
    _update(digest, refusals)
    digest.update(b'],"steps":[')
    _update(digest, steps)
    digest.update(b"]}")
    return f"sha256:{digest.hexdigest()}"


def fingerprints(declared: Iterable[DeclaredProject], live: Mapping[str, LiveList]) -> Inputs:
    """SHA-256 of the manifests' meaning and of the lists, to tell later which side changed.

    The order of entries and where they are declared don't count.
    """
    projects = sorted(declared, key=attrgetter("name"))
    return Inputs(
        manifests=_lines_hash(line for project in projects for line in _declared(project)),
        live=_lines_hash(line for _, jwks in sorted(live.items()) for line in _live(jwks)),
    )


def _update(digest: hashlib._Hash, items: Iterable[Struct]) -> None:
    separator = ""
    for item in items:
        members = document_of(item)
        members.pop("source", None)
        digest.update((separator + _encode(members)).encode("ascii"))
        separator = ","


def _lines_hash(lines: Iterable[object]) -> str:
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
            entry.allow_dangling_references,
        ]


def _live(jwks: LiveList) -> Iterator[object]:
    yield jwks.name
    if isinstance(jwks, UnusableList):
        yield jwks.code
        return
    # By all members: a list that is refused may hold a name twice.
    yield from sorted((list(to_builtins(jwk).values()) for jwk in jwks.jwks), key=json.dumps)
