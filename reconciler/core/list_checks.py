"""Whether a list may be planned on: each name once, and clear which keys are the project's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter

from msgspec import Struct

from reconciler.core import list_refusals
from reconciler.core.model import DeclaredJwk, LiveJwk, LiveProject
from reconciler.core.names import temporary_name
from reconciler.core.plan import Refusal


class CheckedList(Struct, frozen=True):
    """A list that may be planned on.

    Attributes:
        own: the JWKs that are, or may be, the project's own; none whose name stands in it twice.
        foreign: JWKs of another project that appear in this list; they are left alone, but hold
            their names.
        doubtful: the names of those in ``own`` that may be another project's; they are not updated.
        refusals: why the list may not be planned on after all; the rest then only tells what else
            has to be refused.
    """

    own: tuple[LiveJwk, ...] = ()
    foreign: tuple[LiveJwk, ...] = ()
    doubtful: frozenset[str] = frozenset()
    refusals: tuple[Refusal, ...] = ()


def owners_in_doubt(lists: Iterable[LiveProject]) -> bool:
    """Whether the lists hold keys of other projects, so that the projects' ids are needed.

    They do where one list names several owners, or two lists name the same one.
    """
    seen: set[str] = set()
    for live in lists:
        owners = _owners(live)
        if len(owners) > 1 or owners & seen:
            return True
        seen |= owners
    return False


def check_list(live: LiveProject, owner: str | None = None) -> CheckedList:
    """Check a list, and tell the project's own keys from others'.

    Args:
        live: the list.
        owner: the project's id; None where it is not known.
    """
    repeated = _repeated_names(live)
    refused = tuple(
        list_refusals.duplicate_live_name(
            live.name,
            sorted((jwk for jwk in live.jwks if jwk.name == name), key=attrgetter("label")),
        )
        for name in repeated
    )
    once = tuple(jwk for jwk in live.jwks if jwk.name not in repeated) if repeated else live.jwks
    owners = _owners(live)
    if owner is None:
        doubtful = frozenset(jwk.name for jwk in once) if len(owners) > 1 else frozenset()
        return CheckedList(own=once, doubtful=doubtful, refusals=refused)
    if owners <= {owner}:
        return CheckedList(own=once, refusals=refused)
    return CheckedList(
        own=tuple(jwk for jwk in once if jwk.project_id in {owner, None}),
        foreign=tuple(jwk for jwk in once if jwk.project_id not in {owner, None}),
        doubtful=frozenset(jwk.name for jwk in once if jwk.project_id is None),
        refusals=refused,
    )


def clear_entries(
    declared: Sequence[DeclaredJwk], live: LiveProject, checked: CheckedList
) -> Sequence[DeclaredJwk]:
    """The entries that can be matched: none that may be a key whose name stands in it twice."""
    if not checked.refusals:
        return declared
    names = set(_repeated_names(live))
    kids = {jwk.kid for jwk in live.jwks if jwk.name in names and jwk.kid is not None}
    return [
        entry
        for entry in declared
        if entry.kid not in kids
        and names.isdisjoint((entry.name, temporary_name(entry.name), *entry.previous_names))
    ]


def _owners(live: LiveProject) -> set[str]:
    return {jwk.project_id for jwk in live.jwks if jwk.project_id is not None}


def _repeated_names(live: LiveProject) -> list[str]:
    if len({jwk.name for jwk in live.jwks}) == len(live.jwks):
        return []
    counts = Counter(jwk.name for jwk in live.jwks)
    return sorted(name for name, count in counts.items() if count > 1)
