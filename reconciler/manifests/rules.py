"""What no schema can say: rules between the entries of a project, across all its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from reconciler.core.cycles import unpinned_hint_cycles
from reconciler.core.model import DeclaredJwk, DeclaredProject
from reconciler.core.names import looks_temporary
from reconciler.errors import Problem
from reconciler.manifests.problems import problem_at, quoted

_CYCLE_SHOWN = 5


def rule_violations(project: DeclaredProject) -> Iterator[Problem]:
    """What is wrong between a project's entries, each at the ``name`` of the later entry."""
    for rule in _RULES:
        yield from rule(project)


def _declared_twice(project: DeclaredProject) -> Iterator[Problem]:
    first: dict[str, DeclaredJwk] = {}
    for jwk in project.jwks:
        other = first.setdefault(jwk.name, jwk)
        if other is not jwk:
            message = (
                f"{quoted(jwk.name)} is declared twice in project {quoted(project.name)}, first at "
                f"{other.location}; remove one, as a project's names are unique"
            )
            yield problem_at(jwk.location, message)


def _claimed_twice(project: DeclaredProject) -> Iterator[Problem]:
    first: dict[str, DeclaredJwk] = {}
    for jwk in project.jwks:
        for old in dict.fromkeys(jwk.previous_names):
            other = first.setdefault(old, jwk)
            if other is not jwk:
                message = (
                    f"{quoted(jwk.name)} and {quoted(other.name)} at {other.location} both "
                    f"claim the previous name {quoted(old)}, but one key can't become "
                    "two; remove it from one"
                )
                yield problem_at(jwk.location, message)


def _listed_twice(project: DeclaredProject) -> Iterator[Problem]:
    for jwk in project.jwks:
        for old in _repeated(jwk.previous_names):
            message = f"previousNames of {quoted(jwk.name)} lists {quoted(old)} twice; remove one"
            yield problem_at(jwk.location, message)


def _repeated(names: tuple[str, ...]) -> list[str]:
    if len(names) == len(set(names)):
        return []
    return [name for name, count in Counter(names).items() if count > 1]


def _names_itself(project: DeclaredProject) -> Iterator[Problem]:
    for jwk in project.jwks:
        if jwk.name in jwk.previous_names:
            message = (
                f"previousNames of {quoted(jwk.name)} holds the name itself; remove it, as a key "
                "is found under its own name anyway"
            )
            yield problem_at(jwk.location, message)


def _still_declared(project: DeclaredProject) -> Iterator[Problem]:
    stays = {jwk.name: jwk for jwk in project.jwks if not jwk.previous_names and jwk.kid is None}
    for jwk in project.jwks:
        for old in dict.fromkeys(jwk.previous_names):
            if old in stays and old != jwk.name:
                message = (
                    f"{quoted(jwk.name)} may still be named {quoted(old)}, but that name is "
                    f"declared at {stays[old].location} and has not moved on, so it would be taken "
                    "from its key; remove it from previousNames, or give that entry the "
                    "previousNames or the kid of the key it means now"
                )
                yield problem_at(jwk.location, message)


def _reserved(project: DeclaredProject) -> Iterator[Problem]:
    for jwk in project.jwks:
        if looks_temporary(jwk.name):
            message = (
                f"the name {quoted(jwk.name)} is reserved: names that end like this mark keys that "
                "wait in the middle of a swap; choose another name"
            )
            yield problem_at(jwk.location, message)


def _cycles(project: DeclaredProject) -> Iterator[Problem]:
    for cycle in unpinned_hint_cycles(project.jwks):
        shown = ", ".join(quoted(jwk.name) for jwk in cycle[:_CYCLE_SHOWN])
        more = len(cycle) - _CYCLE_SHOWN
        unpinned = next(jwk for jwk in cycle if jwk.kid is None)
        message = (
            f"{shown}{f' and {more} more' if more > 0 else ''} hand their names round in a cycle "
            "of previousNames, and once it is done it looks like one not begun; pin the kid of "
            "each of them, or break the cycle"
        )
        yield problem_at(unpinned.location, message)


_RULES: tuple[Callable[[DeclaredProject], Iterator[Problem]], ...] = (
    _declared_twice,
    _claimed_twice,
    _listed_twice,
    _names_itself,
    _still_declared,
    _reserved,
    _cycles,
)
