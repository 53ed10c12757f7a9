"""Which live JWKs each declared JWK may be, by evidence that needs no ``id``."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from reconciler.core.model import DeclaredJwk, LiveJwk
from reconciler.core.names import looks_temporary, temporary_name


class Candidates(Struct, frozen=True):
    """The graph that matching works on; declared and live JWKs are numbered by their position.

    Attributes:
        of: per declared JWK its candidates, without repetition, its own name's bearer first.
        keeps: per declared JWK the candidate that already has its name; None where there is none.
        excluded: per declared JWK with a pinned ``kid``, those its names lead to but its ``kid``
            rules out; only non-empty ones.
        needed: the live JWKs that somebody has to take: those whose name is declared, and those
            left under the temporary name of a declared JWK that they may be. (The latter had a
            declared name when they were temporary; without this, an interrupted cycle could become
            ambiguous.)
    """

    of: list[list[int]]
    keeps: list[int | None]
    excluded: dict[int, list[int]]
    needed: set[int]


def find_candidates(declared: Sequence[DeclaredJwk], live: Sequence[LiveJwk]) -> Candidates:
    """Collect the candidates of every declared JWK.

    Args:
        declared: entries of one project, no name twice.
        live: that project's list, no name twice.
    """
    by_name = {jwk.name: number for number, jwk in enumerate(live)}
    by_kid = _unique_kids(live) if any(entry.kid for entry in declared) else {}
    left_over = any(looks_temporary(jwk.name) for jwk in live)
    found = Candidates(of=[], keeps=[], excluded={}, needed=set())
    for number, entry in enumerate(declared):
        keep = by_name.get(entry.name)
        if keep is not None:
            found.needed.add(keep)
        if keep is not None and not left_over and _plainly(entry, live[keep]):
            found.of.append([keep])
            found.keeps.append(keep)
            continue
        named = _named(entry, by_name, left_over=left_over)
        if entry.kid is not None:
            other = [key for key in named if live[key].kid != entry.kid]
            if other:
                found.excluded[number] = other
            named = [key for key in named if live[key].kid == entry.kid]
            pinned = by_kid.get(entry.kid)
            if pinned is not None and pinned not in named:
                named.append(pinned)
        if left_over:
            temporary = by_name.get(temporary_name(entry.name))
            if temporary is not None and temporary in named:
                found.needed.add(temporary)
        found.of.append(named)
        found.keeps.append(keep if keep in named else None)
    return found


def _plainly(entry: DeclaredJwk, bearer: LiveJwk) -> bool:
    """Whether an entry can only be the bearer of its name, as most are."""
    return not entry.previous_names and (not entry.kid or entry.kid == bearer.kid)


def _named(entry: DeclaredJwk, by_name: dict[str, int], *, left_over: bool) -> list[int]:
    names = [entry.name, *entry.previous_names]
    if left_over:
        names.append(temporary_name(entry.name))
    return list(dict.fromkeys(by_name[name] for name in names if name in by_name))


def _unique_kids(live: Sequence[LiveJwk]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    repeated: set[str] = set()
    for number, jwk in enumerate(live):
        if jwk.kid is not None and numbers.setdefault(jwk.kid, number) != number:
            repeated.add(jwk.kid)
    return {kid: number for kid, number in numbers.items() if kid not in repeated}
