"""How a project's list differs from the one a plan was made from."""

from __future__ import annotations

from reconciler.core.identity import identities
from reconciler.core.model import LiveJwk, LiveProject


def list_changes(planned: LiveProject, fresh: LiveProject) -> tuple[str, ...]:
    """Say which keys differ, and how; empty where a plan from one list holds for the other.

    The order of a list is irrelevant.

    Returns:
        One sentence per key, sorted; live text in them is not escaped.
    """
    if sorted(planned.jwks, key=_whole) == sorted(fresh.jwks, key=_whole):
        return ()
    old, new = _by_identity(planned), _by_identity(fresh)
    changes = [f"{old[key].label} is gone" for key in old.keys() - new.keys()]
    changes += [f"{new[key].label} is new" for key in new.keys() - old.keys()]
    changes += [
        f"{old[key].label}: {what}"
        for key in old.keys() & new.keys()
        if (what := _changed(old[key], new[key]))
    ]
    return tuple(sorted(changes)) or ("a name stands in the list more than once",)


def _by_identity(project: LiveProject) -> dict[tuple[str | None, ...], LiveJwk]:
    known = identities(project.jwks)
    return {known[jwk.name]: jwk for jwk in project.jwks}


def _whole(jwk: LiveJwk) -> tuple[str, ...]:
    return tuple(repr(getattr(jwk, member)) for member in jwk.__struct_fields__)


def _changed(old: LiveJwk, new: LiveJwk) -> str:
    return ", ".join(
        f"{member} was {getattr(old, member)!r}, is {getattr(new, member)!r}"
        for member in old.__struct_fields__
        if getattr(old, member) != getattr(new, member)
    )
