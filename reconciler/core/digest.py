"""The plan's digest: the same for the same deeds, wherever and whenever they are planned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from reconciler.core.canonical import Document, change_document, refusal_document, step_document
from reconciler.core.plan import Change, Refusal, Step

T = TypeVar("T")

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


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
    digest = hashlib.sha256()
    for chunk in _canonical(gateway, changes, steps, refusals):
        digest.update(chunk.encode("ascii"))
    return f"sha256:{digest.hexdigest()}"


def _canonical(
    gateway: str, changes: Iterable[Change], steps: Iterable[Step], refusals: Iterable[Refusal]
) -> Iterator[str]:
    # Piece by piece: whole, the text of 200,000 changes and its parts would take a gigabyte.
    yield '{"changes":['
    yield from _listed(changes, change_document)
    yield f'],"gateway":{_encode(gateway)},"refusals":['
    yield from _listed(refusals, refusal_document)
    yield '],"steps":['
    yield from _listed(steps, step_document)
    yield "]}"


def _listed(items: Iterable[T], document: Callable[[T], Document]) -> Iterator[str]:
    separator = ""
    for item in items:
        yield separator + _encode(document(item))
        separator = ","
