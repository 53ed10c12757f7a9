"""The best assignment of declared to live JWKs, and whether there is just one.

Best means, in this order: every needed live JWK is taken; most declared JWKs have one; most keep
the name they have. That is a maximum-cardinality bipartite matching of least cost, where a needed
live JWK brings a rebate larger than all other costs together. (By Mendelsohn and Dulmage, a largest
matching can also cover the needed JWKs if any matching can, so the order of the first two is free.)

The matching grows along shortest augmenting paths with potentials; all paths of one length that do
not touch are taken in one phase. Another matching is as good exactly if the arcs of reduced cost
zero that are left hold a cycle, so one search for strongly connected components tells which
declared JWKs could also be another one. Both are polynomial whatever the hints look like.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from msgspec import Struct

from reconciler.core.candidates import Candidates
from reconciler.core.cycles import cyclic_components

_UNREACHED = 1 << 60
_FREE = -1


class Assignment(Struct, frozen=True):
    """Who is who.

    Attributes:
        partner: per declared JWK the number of its live JWK; None where it has none.
        ambiguous: declared JWKs that another, equally good assignment gives another partner.
        uncovered: needed live JWKs that no declared JWK takes, in ascending order.
    """

    partner: list[int | None]
    ambiguous: frozenset[int]
    uncovered: tuple[int, ...]


def assign(candidates: Candidates, live_count: int) -> Assignment:
    """Find the best assignment.

    Most declared JWKs have one candidate that nobody else claims; only the others are searched.
    """
    claims = [0] * live_count
    for keys in candidates.of:
        for key in keys:
            claims[key] += 1
    partner: list[int | None] = [None] * len(candidates.of)
    contested: list[int] = []
    for number, keys in enumerate(candidates.of):
        if len(keys) == 1 and claims[keys[0]] == 1:
            partner[number] = keys[0]
        elif keys:
            contested.append(number)
    ambiguous: frozenset[int] = frozenset()
    if contested:
        search = _Search(candidates, contested)
        search.run()
        for entry, number in enumerate(contested):
            key = search.partner[entry]
            partner[number] = None if key == _FREE else search.live[key]
        ambiguous = frozenset(contested[entry] for entry in search.alternatives())
    taken = {key for key in partner if key is not None}
    return Assignment(partner, ambiguous, tuple(sorted(candidates.needed - taken)))


class _Search:
    """Primal-dual search over the contested part of the graph, renumbered from 0."""

    def __init__(self, candidates: Candidates, contested: list[int]) -> None:
        keys = sorted({key for number in contested for key in candidates.of[number]})
        renumbered = {key: entry for entry, key in enumerate(keys)}
        rebate = len(contested) + 1
        self.live = keys
        self.edges: list[list[tuple[int, int]]] = [
            [
                (renumbered[key], int(key != candidates.keeps[number]))
                for key in candidates.of[number]
            ]
            for number in contested
        ]
        self.sink_cost = [-rebate if key in candidates.needed else 0 for key in keys]
        self.partner = [_FREE] * len(contested)
        self.owner = [_FREE] * len(keys)
        self.declared_potential = [0] * len(contested)
        self.live_potential = [0] * len(keys)
        self.sink_potential = min(self.sink_cost)

    def run(self) -> None:
        """Grow the matching until no declared JWK can be added."""
        while self._shorten():
            self._augment_all()

    def _shorten(self) -> bool:
        """Bring the shortest augmenting paths to reduced cost zero; False if there is none."""
        to_declared = [0 if key == _FREE else _UNREACHED for key in self.partner]
        to_live = [_UNREACHED] * len(self.live)
        to_sink = _UNREACHED
        queue = [(0, entry) for entry, key in enumerate(self.partner) if key == _FREE]
        while queue:
            distance, entry = heappop(queue)
            if distance >= to_sink:
                break
            here = distance + self.declared_potential[entry]
            for key, cost in self.edges[entry]:
                reached = here + cost - self.live_potential[key]
                if key == self.partner[entry] or reached >= to_live[key]:
                    continue
                to_live[key] = reached
                owner = self.owner[key]
                if owner == _FREE:
                    to_sink = min(to_sink, reached + self._to_sink(key))
                else:
                    to_declared[owner] = reached
                    heappush(queue, (reached, owner))
        if to_sink == _UNREACHED:
            return False
        _raise(self.declared_potential, to_declared, to_sink)
        _raise(self.live_potential, to_live, to_sink)
        self.sink_potential += to_sink
        return True

    def _to_sink(self, key: int) -> int:
        return self.sink_cost[key] + self.live_potential[key] - self.sink_potential

    def _augment_all(self) -> None:
        seen = [False] * len(self.live)
        for entry, key in enumerate(self.partner):
            if key == _FREE:
                self._augment(entry, seen)

    def _augment(self, start: int, seen: list[bool]) -> None:
        """Follow tight arcs, depth first, from a free declared JWK to a free live one."""
        path: list[tuple[int, int]] = []
        trail = [(start, iter(self.edges[start]))]
        while trail:
            entry, rest = trail[-1]
            key = self._next_tight(entry, rest, seen)
            if key is None:
                trail.pop()
                if path:
                    path.pop()
                continue
            path.append((entry, key))
            owner = self.owner[key]
            if owner == _FREE:
                for taker, taken in path:
                    self.partner[taker] = taken
                    self.owner[taken] = taker
                return
            trail.append((owner, iter(self.edges[owner])))

    def _next_tight(
        self, entry: int, rest: Iterable[tuple[int, int]], seen: list[bool]
    ) -> int | None:
        potential = self.declared_potential[entry]
        for key, cost in rest:
            if seen[key] or key == self.partner[entry]:
                continue
            if cost + potential != self.live_potential[key]:
                continue
            if self.owner[key] == _FREE and self._to_sink(key) != 0:
                continue
            seen[key] = True
            return key
        return None

    def alternatives(self) -> list[int]:
        """The declared JWKs on a cycle of tight residual arcs, in ascending order."""
        members = (node for cycle in cyclic_components(self._tight_arcs()) for node in cycle)
        return sorted(node for node in members if node < len(self.edges))

    def _tight_arcs(self) -> list[list[int]]:
        """Nodes: the declared JWKs, then the live ones, then source and sink."""
        first_live = len(self.edges)
        source = first_live + len(self.live)
        sink = source + 1
        arcs: list[list[int]] = [[] for _ in range(sink + 1)]
        for entry, edges in enumerate(self.edges):
            potential = self.declared_potential[entry]
            mate = self.partner[entry]
            if mate == _FREE:
                arcs[source].append(entry)
            elif potential == 0:
                arcs[entry].append(source)
            for key, cost in edges:
                if key == mate:
                    arcs[first_live + key].append(entry)
                elif cost + potential == self.live_potential[key]:
                    arcs[entry].append(first_live + key)
        for key, owner in enumerate(self.owner):
            if self._to_sink(key) != 0:
                continue
            if owner == _FREE:
                arcs[first_live + key].append(sink)
            else:
                arcs[sink].append(first_live + key)
        return arcs


def _raise(potentials: list[int], distances: list[int], limit: int) -> None:
    for entry, distance in enumerate(distances):
        potentials[entry] += min(distance, limit)
