"""Cycles among the hints of a project, and in any directed graph, in linear time."""

from __future__ import annotations

from collections.abc import Sequence

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


def cyclic_components(successors: Sequence[Sequence[int]]) -> list[list[int]]:
    """The strongly connected components that hold a cycle (Tarjan 1972).

    Args:
        successors: per node, numbered from 0, the nodes its arcs lead to.

    Returns:
        Components of two or more nodes, or of one with an arc to itself, each in ascending order,
        sorted by their first node.
    """
    return sorted(
        sorted(component)
        for component in _components(successors)
        if len(component) > 1 or component[0] in successors[component[0]]
    )


def _components(successors: Sequence[Sequence[int]]) -> list[list[int]]:
    order = [0] * len(successors)
    low = [0] * len(successors)
    closed = [False] * len(successors)
    open_nodes: list[int] = []
    found: list[list[int]] = []
    clock = 0
    for root in range(len(successors)):
        if order[root]:
            continue
        trail = [(root, iter(successors[root]))]
        clock += 1
        order[root] = low[root] = clock
        open_nodes.append(root)
        while trail:
            node, rest = trail[-1]
            for follower in rest:
                if not order[follower]:
                    clock += 1
                    order[follower] = low[follower] = clock
                    open_nodes.append(follower)
                    trail.append((follower, iter(successors[follower])))
                    break
                if not closed[follower]:
                    low[node] = min(low[node], order[follower])
            else:
                trail.pop()
                if trail:
                    parent = trail[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == order[node]:
                    found.append(_close(open_nodes, closed, node))
    return found


def _close(open_nodes: list[int], closed: list[bool], root: int) -> list[int]:
    component: list[int] = []
    while not component or component[-1] != root:
        component.append(open_nodes.pop())
        closed[component[-1]] = True
    return component
