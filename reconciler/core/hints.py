"""Cycles among the hints of one project's manifests, which no list of names can settle."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.cycles import cyclic_components
from reconciler.core.model import DeclaredJwk


def unpinned_hint_cycles(jwks: Sequence[DeclaredJwk]) -> list[tuple[DeclaredJwk, ...]]:
    """The groups of entries whose hints run in a cycle and that do not all pin a ``kid``.

    A finished swap of two such keys looks like one that has not begun, so only a pinned ``kid``
    can tell which key is which.

    Args:
        jwks: the entries of one project, in any order.

    Returns:
        One tuple per group, its members and the groups sorted by name; an entry that names itself
        is no cycle.
    """
    entries = sorted(
        (entry for entry in jwks if entry.previous_names), key=lambda entry: entry.name
    )
    numbers = {entry.name: number for number, entry in enumerate(entries)}
    successors = [
        [numbers[name] for name in entry.previous_names if name in numbers and name != entry.name]
        for entry in entries
    ]
    groups = (tuple(entries[node] for node in cycle) for cycle in cyclic_components(successors))
    return [group for group in groups if any(entry.kid is None for entry in group)]
