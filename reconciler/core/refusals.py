"""Every reason why an entry is refused, one function each: what is wrong, and the way out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from reconciler.core.model import DeclaredJwk, LiveJwk
from reconciler.core.plan import Change, PlanWarning, Refusal, RefusalCode
from reconciler.core.suggestions import for_missing, pin, previous_names

_MOST_NAMED = 3
"""How many keys one message names before it only counts the rest."""


def cycle_of_hints(
    project: str, entry: DeclaredJwk, cycle: Sequence[DeclaredJwk], *, pinnable: bool
) -> Refusal:
    """The previousNames of some entries form a cycle, and not all of them pin a ``kid``.

    Args:
        project: the Apinizer project.
        entry: the member of the cycle that is refused.
        cycle: all its members.
        pinnable: whether each live key that they may be has a ``kid`` of its own.
    """
    names = _listed([f"`{member.name}`" for member in cycle])
    return of_entry(
        RefusalCode.AMBIGUOUS,
        project,
        entry,
        f"the previousNames of {names} form a cycle, and a finished exchange of names looks like "
        "one that has not begun",
        "pin `kid` in every entry of the cycle (`reconciler export` writes it)"
        if pinnable
        else f"no `kid` tells these keys apart: take two applies; give `{entry.name}` a name that "
        "no key has in the first, and the name that it shall have in the second",
    )


def ambiguous(
    project: str, entry: DeclaredJwk, keys: Sequence[LiveJwk], kids: Collection[str]
) -> Refusal:
    """The entry could be several live keys, or one of them could be another entry's.

    Args:
        project: the Apinizer project.
        entry: the declared JWK.
        keys: the live keys that it could be.
        kids: those that exactly one live key has.
    """
    pinned = [(pin(key, kids), key.name) for key in keys]
    pins = ", ".join(f"{member} for `{name}`" for member, name in pinned[:_MOST_NAMED] if member)
    if entry.kid is not None:
        hint = "pin `kid` in every entry involved, or remove the hints that contradict each other"
    elif pins and all(member for member, _ in pinned):
        hint = f"pin the one that is meant: {pins}"
    else:
        hint = (
            "say each name in the previousNames of one entry only, and in this entry only the one "
            f"of the key that is meant{f'; or pin {pins}' if pins else ''}"
        )
    return of_entry(
        RefusalCode.AMBIGUOUS,
        project,
        entry,
        f"`{entry.name}` could be more than one live key, or another entry could be the same one: "
        f"{_labels(keys)}",
        hint,
    )


def pinned_twice(project: str, entry: DeclaredJwk, other: DeclaredJwk, key: LiveJwk) -> Refusal:
    """Two entries pin the ``kid`` of one live key."""
    return of_entry(
        RefusalCode.AMBIGUOUS,
        project,
        entry,
        f"`{entry.name}` ({entry.location}) and `{other.name}` ({other.location}) both pin the kid "
        f"{entry.kid}, which one live key has, {key.label}: it can't become two",
        "remove one of the two entries, or give one of them the kid of another key",
    )


def kid_mismatch(
    project: str,
    entry: DeclaredJwk,
    others: Sequence[LiveJwk],
    bearers: int,
    kids: Collection[str],
) -> Refusal:
    """The entry's names lead to keys with another ``kid`` than the pinned one.

    Args:
        project: the Apinizer project.
        entry: the declared JWK.
        others: the live keys that its names lead to.
        bearers: how many live keys have the pinned ``kid``.
        kids: those that exactly one live key has.
    """
    instead = "pin the new `kid`" if all(pin(key, kids) for key in others) else "remove `kid`"
    found = f"{bearers} live keys have that kid" if bearers else "no live key has that kid"
    return of_entry(
        RefusalCode.KID_MISMATCH,
        project,
        entry,
        f"the entry pins the kid {entry.kid}, but its names lead to {_labels(others)}; {found}",
        f"if the key was exchanged on purpose, {instead}; if not, find out who did it",
    )


def taken_by_other_entries(
    project: str, entry: DeclaredJwk, taken: Sequence[tuple[LiveJwk, DeclaredJwk]]
) -> Refusal:
    """Every key that the entry could be is another entry's."""
    pairs = ", ".join(f"{key.label} is `{taker.name}`" for key, taker in list(taken)[:_MOST_NAMED])
    return of_entry(
        RefusalCode.MISSING,
        project,
        entry,
        f"every live key that `{entry.name}` could be is taken by another entry: {pairs}",
        "declare each live key once: remove this entry, or say in it the name that its own key "
        "has now",
    )


def missing(
    project: str,
    entry: DeclaredJwk,
    likely: LiveJwk | None,
    kids: Collection[str],
    *,
    shared: bool = False,
) -> Refusal:
    """No live key is what the entry declares; for the arguments see ``for_missing``."""
    names = [entry.name, *entry.previous_names][: _MOST_NAMED + 1]
    kid = f" and none has the kid {entry.kid}" if entry.kid is not None else ""
    return of_entry(
        RefusalCode.MISSING,
        project,
        entry,
        f"no live key is named {', '.join(f'`{name}`' for name in names)}{kid}; nothing here "
        "creates keys",
        for_missing(project, entry, likely, kids, shared=shared),
    )


def kid_not_unique(project: str, entry: DeclaredJwk, bearers: Sequence[LiveJwk]) -> Refusal:
    """Several live keys have the pinned ``kid``, and none of them has a name of the entry."""
    return of_entry(
        RefusalCode.MISSING,
        project,
        entry,
        f"{len(bearers)} live keys have the kid {entry.kid}: {_labels(bearers)}; nothing says "
        f"which of them `{entry.name}` is",
        f"add the name of the one that is meant, such as {previous_names(bearers[0])}",
    )


def name_taken(
    project: str,
    entry: DeclaredJwk,
    holder: LiveJwk,
    partner: LiveJwk | None,
    kids: Collection[str],
) -> Refusal:
    """A live key that no entry is holds the entry's name, or its temporary name.

    Args:
        project: the Apinizer project.
        entry: the declared JWK.
        holder: the live key in the way.
        partner: the live key that the entry is; None where there is none.
        kids: those that exactly one live key has.
    """
    instead = "" if partner is None else f", while this entry is {partner.label}"
    if holder.name != entry.name:
        return of_entry(
            RefusalCode.NAME_TAKEN,
            project,
            entry,
            f"{holder.label} waits under its temporary name to become `{entry.name}`{instead}",
            f"find out which of the two is `{entry.name}`"
            f"{', pin its `kid`,' if pin(holder, kids) else ''} and declare or rename the other "
            "one",
        )
    return of_entry(
        RefusalCode.NAME_TAKEN,
        project,
        entry,
        f"the name is taken by the live key {holder.label}, which no entry declares{instead}",
        f"give `{holder.name}` another name first: declare that key too, under that name and with "
        f"{pin(holder, kids) or previous_names(holder)}, or rename it in the Manager",
    )


def name_taken_by_foreign(project: str, entry: DeclaredJwk, holder: LiveJwk) -> Refusal:
    """A key of another project in this list holds the entry's name."""
    return of_entry(
        RefusalCode.NAME_TAKEN,
        project,
        entry,
        f"the name is taken by {holder.label}, a key of another project "
        f"(projectId {holder.project_id}) that appears in this project's list",
        "choose another name",
    )


def no_temporary_name(change: Change) -> Refusal:
    """A cycle of renames can't be broken up, as every temporary name is taken."""
    return Refusal(
        RefusalCode.NAME_TAKEN,
        change.project,
        change.name,
        f"`{change.name}` is part of a cycle of renames, and every temporary name it could go "
        "through is already taken",
        "rename or remove the keys left under a temporary name (`….moving-…`) in the Manager",
        change.source,
    )


def not_addressable(project: str, entry: DeclaredJwk, live: LiveJwk) -> Refusal:
    """The live name can't be put into an update's URL safely."""
    return of_entry(
        RefusalCode.UNSAFE_LIST,
        project,
        entry,
        f"the live name `{live.name}` can't be put into a URL that every server reads the "
        "same way, so the update could reach another key",
        "rename this key in the Manager, once, by hand",
    )


def detach_not_allowed(project: str, entry: DeclaredJwk, live: LiveJwk) -> Refusal:
    """The update may cut the key off from its source, and the entry does not consent."""
    return of_entry(
        RefusalCode.DETACH_NOT_ALLOWED,
        project,
        entry,
        f"the key {live.label} may come from a source ({_source(live)}); "
        "any update cuts it off, and it would miss the source's rotations from then on",
        "say `allowSourceDetach: true` in the entry if that is wanted, or leave the key as it is",
    )


def stays_pending(refusal: Refusal) -> PlanWarning:
    """An earlier update may not be on every gateway, and may not be sent again."""
    return PlanWarning(
        "deployment-pending",
        refusal.project,
        refusal.name or "",
        "an earlier update of this key may not be on every gateway, and it is not sent again: "
        f"{refusal.message}; {refusal.hint}",
        refusal.source,
    )


def _source(live: LiveJwk) -> str:
    """What the list says of a key's source; without the URL, which may hold a password."""
    ids = {"sourceId": live.source_id, "sourceUrl": live.source_url}
    kind = f"sourceType {live.source_type}" if live.source_type else "no sourceType"
    return ", ".join([kind, *(f"with a {member}" for member, value in ids.items() if value)])


def of_entry(
    code: RefusalCode, project: str, entry: DeclaredJwk, message: str, hint: str
) -> Refusal:
    """A refusal that one entry is to blame for."""
    return Refusal(code, project, entry.name, message, hint, entry.location)


def _labels(keys: Iterable[LiveJwk]) -> str:
    return _listed([key.label for key in keys])


def _listed(items: Sequence[str]) -> str:
    more = len(items) - _MOST_NAMED
    return ", ".join(items[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
