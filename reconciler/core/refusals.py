"""The words of a matching that can't be used: what is wrong, who is involved, the way out."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.assignment import Assignment
from reconciler.core.candidates import Candidates
from reconciler.core.list_checks import show_live
from reconciler.core.model import DeclaredJwk, LiveJwk
from reconciler.core.names import temporary_name
from reconciler.core.plan import Refusal, RefusalCode

_SHOWN = 3
"""How many live keys one sentence names before it only counts the rest."""
_SUGGESTED = " is live and undeclared"
_COMPARED = 200
"""How many undeclared names a missing one is compared with, so that texts stay cheap to build."""


class MatchContext(Struct, frozen=True):
    """Everybody a verdict may have to name; numbers are positions in ``declared`` and ``live``."""

    project: str
    declared: Sequence[DeclaredJwk]
    live: Sequence[LiveJwk]
    candidates: Candidates
    assignment: Assignment
    unmanaged: Sequence[LiveJwk]

    def refuse(self, code: RefusalCode, entry: DeclaredJwk, message: str, hint: str) -> Refusal:
        """A refusal that blames one declared entry."""
        return Refusal(code, self.project, entry.name, message, hint, entry.location)


def refuse_cycle(parties: MatchContext, cycle: Sequence[DeclaredJwk]) -> Iterator[Refusal]:
    """Refuse hints that run in a cycle without every member's ``kid``."""
    names = ", ".join(f"`{entry.name}`" for entry in cycle[:_SHOWN])
    more = f" and {len(cycle) - _SHOWN} more" if len(cycle) > _SHOWN else ""
    for entry in cycle:
        if entry.kid is None:
            yield parties.refuse(
                RefusalCode.AMBIGUOUS,
                entry,
                f"the previousNames of {names}{more} form a cycle, and a finished exchange of "
                "names looks like one that has not begun",
                "pin `kid` in every entry of the cycle (`reconciler export` writes it)",
            )


def refuse_unmatched(parties: MatchContext, number: int) -> Refusal:
    """Refuse a declared JWK that is no live one, or could be several."""
    entry = parties.declared[number]
    if number in parties.assignment.ambiguous:
        return _ambiguous(parties, number)
    if number in parties.candidates.excluded:
        return _kid_mismatch(parties, number)
    rivals = _rivals(parties, number)
    if rivals:
        return parties.refuse(
            RefusalCode.MISSING,
            entry,
            f"every live key that `{entry.name}` could be is taken by another entry: {rivals}",
            "declare each live key once; pin `kid` to say which entry means which key",
        )
    sought = ", ".join(f"`{name}`" for name in (entry.name, *entry.previous_names)[: _SHOWN + 1])
    kid = f" and none has the kid {entry.kid}" if entry.kid is not None else ""
    return parties.refuse(
        RefusalCode.MISSING,
        entry,
        f"no live key is named {sought}{kid}; nothing here creates keys",
        _missing_hint(parties, entry),
    )


def refuse_name_taken(parties: MatchContext, number: int) -> Refusal:
    """Refuse a declared name that a live key holds which nothing declared is."""
    holder = parties.live[number]
    place, entry = next(
        (index, entry)
        for index, entry in enumerate(parties.declared)
        if holder.name in {entry.name, temporary_name(entry.name)}
    )
    partner = parties.assignment.partner[place]
    meant = "" if partner is None else f", while this entry is {show_live(parties.live[partner])}"
    if holder.name != entry.name:
        return parties.refuse(
            RefusalCode.NAME_TAKEN,
            entry,
            f"{show_live(holder)} waits under its temporary name to become `{entry.name}`{meant}",
            f"find out which of the two is `{entry.name}`, pin its `kid`, and declare or rename "
            "the other one",
        )
    return parties.refuse(
        RefusalCode.NAME_TAKEN,
        entry,
        f"the name is taken by the live key {show_live(holder)}, which no entry declares{meant}",
        f"give `{holder.name}` another name first: declare that key too, with its own `kid`, "
        "or rename it in the Manager",
    )


def name_taken_by_foreign(project: str, entry: DeclaredJwk, holder: LiveJwk) -> Refusal:
    """Refuse a rename to a name that another project's key holds in this list."""
    return Refusal(
        RefusalCode.NAME_TAKEN,
        project,
        entry.name,
        f"the name is taken by {show_live(holder)}, a key of another project "
        f"(projectId {holder.project_id}) that appears in this project's list",
        "choose another name",
        entry.location,
    )


def _ambiguous(parties: MatchContext, number: int) -> Refusal:
    entry = parties.declared[number]
    keys = [parties.live[key] for key in parties.candidates.of[number]]
    kids = [key for key in keys if key.kid is not None]
    pins = ", ".join(f"`kid: {key.kid}` for `{key.name}`" for key in kids[:_SHOWN])
    return parties.refuse(
        RefusalCode.AMBIGUOUS,
        entry,
        f"`{entry.name}` could be more than one live key, or another entry could be the same one: "
        f"{_listed(keys)}",
        f"pin the one that is meant: {pins}"
        if pins and entry.kid is None
        else "pin `kid` in every entry involved, or remove the hints that contradict each other",
    )


def _kid_mismatch(parties: MatchContext, number: int) -> Refusal:
    entry = parties.declared[number]
    others = [parties.live[key] for key in parties.candidates.excluded[number]]
    bearers = sum(1 for jwk in parties.live if jwk.kid == entry.kid)
    found = f"{bearers} live keys have that kid" if bearers else "no live key has that kid"
    return parties.refuse(
        RefusalCode.KID_MISMATCH,
        entry,
        f"the entry pins the kid {entry.kid}, but its names lead to {_listed(others)}; {found}",
        "if the key was exchanged on purpose, pin the new `kid`; if not, find out who did it",
    )


def _rivals(parties: MatchContext, number: int) -> str:
    taken = {key: index for index, key in enumerate(parties.assignment.partner) if key is not None}
    pairs = [
        f"{show_live(parties.live[key])} is `{parties.declared[taken[key]].name}`"
        for key in parties.candidates.of[number]
        if key in taken
    ]
    return ", ".join(pairs[:_SHOWN])


def _missing_hint(parties: MatchContext, entry: DeclaredJwk) -> str:
    if entry.kid is not None:
        return "check `kid` against `reconciler export`, or remove the entry if the key is gone"
    undeclared = [jwk for jwk in parties.unmanaged if jwk.name not in entry.previous_names]
    old = _likely_old(entry, undeclared[:_COMPARED])
    if old is None:
        return "create the key in the Manager first, correct the name, or remove the entry"
    kid = f", or pin `kid: {old.kid}`" if old.kid is not None else ""
    return f"`{old.name}`{_SUGGESTED}: add `previousNames: [{old.name}]`{kid}"


def without_rivals(refusals: Sequence[Refusal]) -> list[Refusal]:
    """Say so where one live key is suggested to several missing entries: it is at most one."""
    hints = Counter(refusal.hint for refusal in refusals)
    return [
        replace(refusal, hint=f"{refusal.hint}, if it is this entry: others may be it too")
        if hints[refusal.hint] > 1 and _SUGGESTED in refusal.hint
        else refusal
        for refusal in refusals
    ]


def _likely_old(entry: DeclaredJwk, undeclared: Sequence[LiveJwk]) -> LiveJwk | None:
    """The undeclared key that was most likely renamed in the manifest, if one stands out."""
    if len(undeclared) == 1:
        return undeclared[0]
    described = [
        jwk for jwk in undeclared if entry.description and jwk.description == entry.description
    ]
    if len(described) == 1:
        return described[0]
    close = difflib.get_close_matches(entry.name, [jwk.name for jwk in undeclared], n=1)
    return next((jwk for jwk in undeclared if close and jwk.name == close[0]), None)


def _listed(keys: Iterable[LiveJwk]) -> str:
    shown = [show_live(key) for key in keys]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
