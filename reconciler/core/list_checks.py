"""Whether a list may be planned on: each name once, and clear which keys are the project's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter

from msgspec import Struct

from reconciler.core import refusals
from reconciler.core.model import DeclaredJwk, DeclaredProject, LiveJwk, LiveProject
from reconciler.core.names import temporary_name
from reconciler.core.plan import Refusal


class CheckedList(Struct, frozen=True):
    """A list that may be planned on.

    Attributes:
        own: the project's own JWKs.
        foreign: JWKs of another project that appear in this list; they are left alone, but hold
            their names.
        refusals: why the list may not be planned on after all; then the rest is empty.
    """

    own: tuple[LiveJwk, ...] = ()
    foreign: tuple[LiveJwk, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def check_list(declared: DeclaredProject, live: LiveProject) -> CheckedList:
    """Check a list before anything is matched against it."""
    return _checked(live, lambda: _involved_owners(declared.jwks, live.jwks))


def check_own_list(live: LiveProject, owner: str | None) -> CheckedList:
    """Check a list that nothing is declared for yet.

    Args:
        live: the list.
        owner: the project's id, where it is known; tells its keys from other projects'.
    """
    return _checked(live, lambda: set() if owner is None else {owner})


def _checked(live: LiveProject, find_owners: Callable[[], set[str]]) -> CheckedList:
    """Ask for the owner only where the list holds keys of several projects."""
    repeated = _repeated_names(live)
    if repeated:
        return CheckedList(
            refusals=tuple(
                refusals.duplicate_live_name(
                    live.name,
                    sorted((jwk for jwk in live.jwks if jwk.name == name), key=attrgetter("label")),
                )
                for name in repeated
            )
        )
    owners = {jwk.project_id for jwk in live.jwks if jwk.project_id is not None}
    if len(owners) <= 1:
        return CheckedList(own=live.jwks)
    found = find_owners()
    if len(found) != 1:
        return CheckedList(refusals=(refusals.several_owners(live.name, len(owners)),))
    (owner,) = found
    return CheckedList(
        own=tuple(jwk for jwk in live.jwks if jwk.project_id in {owner, None}),
        foreign=tuple(jwk for jwk in live.jwks if jwk.project_id not in {owner, None}),
    )


def _repeated_names(live: LiveProject) -> list[str]:
    if len({jwk.name for jwk in live.jwks}) == len(live.jwks):
        return []
    counts = Counter(jwk.name for jwk in live.jwks)
    return sorted(name for name, count in counts.items() if count > 1)


def _involved_owners(declared: Sequence[DeclaredJwk], live: Sequence[LiveJwk]) -> set[str]:
    """The owners of all keys that the entries could be."""
    names: set[str] = set()
    for entry in declared:
        names.update((entry.name, temporary_name(entry.name), *entry.previous_names))
    kids = {entry.kid for entry in declared if entry.kid is not None}
    return {
        jwk.project_id
        for jwk in live
        if jwk.project_id is not None and (jwk.name in names or jwk.kid in kids)
    }
