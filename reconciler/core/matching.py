"""Who is who: which live JWK each declared JWK of a project is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from reconciler.core.assignment import Assignment, assign
from reconciler.core.candidates import find_candidates
from reconciler.core.hints import unpinned_hint_cycles
from reconciler.core.model import DeclaredJwk, LiveJwk
from reconciler.core.names import looks_temporary
from reconciler.core.plan import PlanWarning, Refusal
from reconciler.core.refusals import (
    MatchContext,
    refuse_cycle,
    refuse_name_taken,
    refuse_unmatched,
    without_rivals,
)


class Match(Struct, frozen=True):
    """A declared JWK and the live JWK it is."""

    declared: DeclaredJwk
    live: LiveJwk


class Matching(Struct, frozen=True):
    """What matching one project came to.

    Attributes:
        matches: in the order of the declared JWKs; complete where there is no refusal.
        unmanaged: live JWKs that nothing declared is, in the order of the list.
        refusals: why there is no single best matching.
        warnings: hints and left-over names worth a look.
    """

    matches: tuple[Match, ...]
    unmanaged: tuple[LiveJwk, ...]
    refusals: tuple[Refusal, ...]
    warnings: tuple[PlanWarning, ...]


def match(project: str, declared: Sequence[DeclaredJwk], live: Sequence[LiveJwk]) -> Matching:
    """Find the one best matching, or say why there is none.

    Args:
        project: the Apinizer project, for the texts.
        declared: its entries; no name twice.
        live: its own live JWKs; no name twice.
    """
    candidates = find_candidates(declared, live)
    assignment = assign(candidates, len(live))
    matches = tuple(
        Match(entry, live[partner])
        for entry, partner in zip(declared, assignment.partner, strict=True)
        if partner is not None
    )
    taken = {partner for partner in assignment.partner if partner is not None}
    unmanaged = tuple(jwk for number, jwk in enumerate(live) if number not in taken)
    parties = MatchContext(project, declared, live, candidates, assignment, unmanaged)
    refusals = tuple(without_rivals(list(_refusals(parties))))
    warnings = tuple(_warnings(project, matches, unmanaged))
    return Matching(matches, unmanaged, refusals, warnings)


def _refusals(parties: MatchContext) -> Iterator[Refusal]:
    cyclic = unpinned_hint_cycles(parties.declared)
    for cycle in cyclic:
        yield from refuse_cycle(parties, cycle)
    said = {entry.name for cycle in cyclic for entry in cycle}
    assignment: Assignment = parties.assignment
    for number, entry in enumerate(parties.declared):
        unsettled = assignment.partner[number] is None or number in assignment.ambiguous
        if unsettled and entry.name not in said:
            said.add(entry.name)
            yield refuse_unmatched(parties, number)
    for number in assignment.uncovered:
        if parties.live[number].name not in said:
            yield refuse_name_taken(parties, number)


def _warnings(
    project: str, matches: Sequence[Match], unmanaged: Sequence[LiveJwk]
) -> Iterator[PlanWarning]:
    undeclared = {jwk.name: jwk for jwk in unmanaged}
    for found in matches:
        for hint in found.declared.previous_names:
            if hint in undeclared:
                yield PlanWarning(
                    "hint-names-live-key",
                    project,
                    found.declared.name,
                    f"previousNames holds `{hint}`, which is now another, undeclared key: this "
                    f"entry is the live key `{found.live.name}`; remove the hint, or declare the "
                    "other key too",
                    found.declared.location,
                )
    for name in undeclared:
        if looks_temporary(name):
            yield PlanWarning(
                "temporary-name-left",
                project,
                name,
                f"`{name}` looks like the temporary name of an interrupted rename, but no entry "
                "declares the name it was on its way to; declare that key again, with its `kid`, "
                "to finish the rename",
            )
