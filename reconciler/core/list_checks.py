"""Which items of a list may be planned on: names once, the project's own, addressable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from msgspec import Struct

from reconciler.core.model import DeclaredJwk, DeclaredProject, LiveJwk, LiveProject
from reconciler.core.names import temporary_name
from reconciler.core.plan import Refusal, RefusalCode


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


def show_live(jwk: LiveJwk) -> str:
    """A live JWK as refusals name it: its name, and what else identifies it."""
    marks = [f"{label} {value}" for label, value in (("kid", jwk.kid), ("id", jwk.id)) if value]
    return f"`{jwk.name}`" + (f" ({', '.join(marks)})" if marks else "")


def _checked(live: LiveProject, find_owners: Callable[[], set[str]]) -> CheckedList:
    """Ask for the owner only where the list holds keys of several projects."""
    repeated = _repeated_names(live)
    if repeated:
        return CheckedList(refusals=tuple(_repeated(live, name) for name in repeated))
    owners = {jwk.project_id for jwk in live.jwks if jwk.project_id is not None}
    if len(owners) <= 1:
        return CheckedList(own=live.jwks)
    found = find_owners()
    if len(found) != 1:
        return CheckedList(refusals=(_several_owners(live, len(owners)),))
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


def _repeated(live: LiveProject, name: str) -> Refusal:
    bearers = [jwk for jwk in live.jwks if jwk.name == name]
    shown = ", ".join(show_live(jwk) for jwk in bearers)
    return Refusal(
        RefusalCode.DUPLICATE_LIVE_NAME,
        live.name,
        name,
        f"{len(bearers)} live keys have the name `{name}`: {shown}; an update addresses a key by "
        "its name, so nobody can tell which of them it would reach",
        "rename or remove all but one of them in the Manager, then run again",
    )


def _involved_owners(declared: Sequence[DeclaredJwk], live: Sequence[LiveJwk]) -> set[str]:
    names: set[str] = set()
    for entry in declared:
        names.update((entry.name, temporary_name(entry.name), *entry.previous_names))
    kids = {entry.kid for entry in declared if entry.kid is not None}
    return {
        jwk.project_id
        for jwk in live
        if jwk.project_id is not None and (jwk.name in names or jwk.kid in kids)
    }


def _several_owners(live: LiveProject, count: int) -> Refusal:
    return Refusal(
        RefusalCode.UNSAFE_LIST,
        live.name,
        None,
        f"the list holds keys of {count} projects, and what the manifests declare does not tell "
        "which of them are this project's own",
        "declare only keys that belong to this project; ask the Manager's administrators why "
        "others appear in its list",
    )
