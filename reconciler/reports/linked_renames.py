"""Renames that wait for each other, chains and cycles: what the pictures show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from reconciler.core.plan import Plan, Step


class LinkedRenames(Struct, frozen=True):
    """Two or more updates of one project in which a key takes the name that another one leaves.

    Attributes:
        project: the Apinizer project.
        names: each name is left for the one after it; in a cycle the last one for the first.
        order: for each of these moves, its place among them in the order of sending, from 1.
        temporary: those of the names that are temporary.
    """

    project: str
    names: tuple[str, ...]
    order: tuple[int, ...]
    temporary: frozenset[str]

    @property
    def cycle(self) -> bool:
        """Whether the last name is left for the first."""
        return len(self.order) == len(self.names)

    @property
    def moves(self) -> tuple[tuple[str, str, int], ...]:
        """Each move as the name left, the name taken, and its place in the order of sending."""
        taken = (*self.names[1:], self.names[0])
        return tuple(zip(self.names, taken, self.order, strict=False))


def linked_renames(plan: Plan) -> tuple[LinkedRenames, ...]:
    """All chains and cycles, by project, in the order their first update is sent."""
    projects: dict[str, list[Step]] = {}
    for step in plan.steps:
        if step.jwk != step.body.name:
            projects.setdefault(step.project, []).append(step)
    return tuple(linked for steps in projects.values() for linked in _linked(steps))


def _linked(steps: list[Step]) -> Iterator[LinkedRenames]:
    leaving = _by_name_left(steps)
    taken = {step.body.name for step in leaving.values()}
    walks: list[list[str]] = []
    seen: set[str] = set()
    # A chain starts with a name that nobody takes; what is left after these is in cycles.
    for start in sorted(leaving, key=lambda name: name in taken):
        if start not in seen:
            walks.append(_walk(leaving, start))
            seen.update(walks[-1])
    sent = {name: number for number, name in enumerate(leaving)}
    chains = [walk for walk in walks if len(walk) > _SINGLE]
    for walk in sorted(chains, key=lambda walk: min(sent[name] for name in walk[:-1])):
        yield _linked_renames(walk, leaving, sent)


_SINGLE = 2
"""Names in the walk of a rename that nothing waits for."""


def _by_name_left(steps: Iterable[Step]) -> dict[str, Step]:
    """The steps by the name they leave; a saved plan may hold contradicting ones: the first."""
    leaving: dict[str, Step] = {}
    taken: set[str] = set()
    for step in steps:
        if step.jwk not in leaving and step.body.name not in taken:
            leaving[step.jwk] = step
            taken.add(step.body.name)
    return leaving


def _walk(leaving: Mapping[str, Step], start: str) -> list[str]:
    """The names from ``start`` on; a cycle's first name is also its last."""
    names = [start]
    while names[-1] in leaving:
        names.append(leaving[names[-1]].body.name)
        if names[-1] == start:
            break
    return names


def _linked_renames(
    walk: list[str], leaving: Mapping[str, Step], sent: Mapping[str, int]
) -> LinkedRenames:
    left = walk[:-1]
    ranks = {name: rank for rank, name in enumerate(sorted(left, key=sent.__getitem__), 1)}
    return LinkedRenames(
        project=leaving[walk[0]].project,
        names=tuple(left if walk[0] == walk[-1] else walk),
        order=tuple(ranks[name] for name in left),
        temporary=frozenset(leaving[name].body.name for name in left if leaving[name].temporary),
    )
