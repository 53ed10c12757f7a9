"""Which live JWK each declared JWK of a project is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from reconciler.core import refusals
from reconciler.core.assignment import Assignment, assign
from reconciler.core.candidates import Candidates, find_candidates
from reconciler.core.confusables import confusable_names, indistinguishable, where_different
from reconciler.core.cycles import unpinned_hint_cycles
from reconciler.core.model import DeclaredJwk, LiveJwk
from reconciler.core.names import looks_temporary, temporary_name
from reconciler.core.plan import PlanWarning, Refusal
from reconciler.core.suggestions import by_appearance, likely_key, pin, unique_kids


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
        project: the Apinizer project, for the messages.
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
    checks = _Checks(project, declared, live, candidates, assignment, unmanaged, unique_kids(live))
    warnings = (*_warnings(project, matches, unmanaged), *_confusables(project, declared, matches))
    return Matching(matches, unmanaged, tuple(checks.refusals()), warnings)


class _Checks(Struct, frozen=True):
    """Why an assignment can't be used; numbers are positions in ``declared`` and ``live``."""

    project: str
    declared: Sequence[DeclaredJwk]
    live: Sequence[LiveJwk]
    candidates: Candidates
    assignment: Assignment
    unmanaged: Sequence[LiveJwk]
    kids: frozenset[str]

    def refusals(self) -> Iterator[Refusal]:
        """At most one refusal for each declared JWK, and for each name that is taken."""
        refused: set[str] = set()
        for cycle in unpinned_hint_cycles(self.declared):
            refused.update(entry.name for entry in cycle)
            for entry in cycle:
                if entry.kid is None:
                    yield refusals.cycle_of_hints(
                        self.project, entry, cycle, pinnable=self._is_pinnable(cycle)
                    )
        absent = []
        pinned = _by_kid(self.declared)
        for number, entry in enumerate(self.declared):
            if entry.name in refused or not self._is_unsettled(number):
                continue
            refused.add(entry.name)
            refusal = self._unmatched(number, pinned.get(entry.kid or "", ()))
            if refusal is None:
                absent.append(entry)
            else:
                yield refusal
        yield from self._missing(absent)
        for number in self.assignment.uncovered:
            if self.live[number].name not in refused:
                yield self._name_taken(number)

    def _is_pinnable(self, cycle: Sequence[DeclaredJwk]) -> bool:
        names = {name for entry in cycle for name in (entry.name, *entry.previous_names)}
        return all(pin(jwk, self.kids) for jwk in self.live if jwk.name in names)

    def _is_unsettled(self, number: int) -> bool:
        return self.assignment.partner[number] is None or number in self.assignment.ambiguous

    def _unmatched(self, number: int, pinned: Sequence[DeclaredJwk]) -> Refusal | None:
        """Why a declared JWK has no partner or several; None where it is simply not there.

        Args:
            number: which one.
            pinned: the entries that pin the same ``kid``, itself included.
        """
        entry = self.declared[number]
        keys = [self.live[key] for key in self.candidates.of[number]]
        twin = next((other for other in pinned if other is not entry), None)
        if twin is not None and len(keys) == 1 and keys[0].kid == entry.kid:
            return refusals.pinned_twice(self.project, entry, twin, keys[0])
        if number in self.assignment.ambiguous:
            return refusals.ambiguous(self.project, entry, keys, self.kids)
        excluded = self.candidates.excluded.get(number)
        if excluded is not None:
            others = [self.live[key] for key in excluded]
            bearers = sum(jwk.kid == entry.kid for jwk in self.live)
            return refusals.kid_mismatch(self.project, entry, others, bearers, self.kids)
        takers = {key: self.declared[index] for index, key in enumerate(self.assignment.partner)}
        taken = [
            (self.live[key], takers[key]) for key in self.candidates.of[number] if key in takers
        ]
        return refusals.taken_by_other_entries(self.project, entry, taken) if taken else None

    def _missing(self, absent: Sequence[DeclaredJwk]) -> Iterator[Refusal]:
        seen = by_appearance(self.unmanaged) if absent else {}
        likely = [likely_key(entry, self.unmanaged, seen) for entry in absent]
        suggested = Counter(key.name for key in likely if key is not None)
        bearers: dict[str | None, list[LiveJwk]] = {entry.kid: [] for entry in absent}
        for jwk in self.live:
            if jwk.kid in bearers:
                bearers[jwk.kid].append(jwk)
        for entry, key in zip(absent, likely, strict=True):
            if entry.kid is not None and len(bearers[entry.kid]) > 1:
                yield refusals.kid_not_unique(self.project, entry, bearers[entry.kid])
                continue
            shared = key is not None and suggested[key.name] > 1
            yield refusals.missing(self.project, entry, key, self.kids, shared=shared)

    def _name_taken(self, number: int) -> Refusal:
        holder = self.live[number]
        index, entry = next(
            (index, entry)
            for index, entry in enumerate(self.declared)
            if holder.name in {entry.name, temporary_name(entry.name)}
        )
        partner = self.assignment.partner[index]
        key = None if partner is None else self.live[partner]
        return refusals.name_taken(self.project, entry, holder, key, self.kids)


def _by_kid(declared: Sequence[DeclaredJwk]) -> dict[str, list[DeclaredJwk]]:
    """The entries that pin each ``kid``."""
    pinned: dict[str, list[DeclaredJwk]] = {}
    for entry in declared:
        if entry.kid is not None:
            pinned.setdefault(entry.kid, []).append(entry)
    return pinned


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


def _confusables(
    project: str, declared: Sequence[DeclaredJwk], matches: Sequence[Match]
) -> Iterator[PlanWarning]:
    for pair in confusable_names(declared):
        entry = pair.entry
        yield PlanWarning("confusable-names", project, entry.name, pair.message, entry.location)
    for found in matches:
        entry, live = found.declared, found.live
        if indistinguishable(entry.name, live.name):
            apart = where_different(entry.name, live.name, "the new name", "the live name")
            yield PlanWarning(
                "confusable-names",
                project,
                entry.name,
                f"the new name `{entry.name}` and the live name `{live.name}` look the same, but "
                f"{apart}; if only the spelling of the manifest is wrong, copy the live one",
                entry.location,
            )
