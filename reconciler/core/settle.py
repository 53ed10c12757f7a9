"""What happened to a write: from the answer, or its lack, and what the list then shows.

One table. Its rows are what the last answer means, and whether an earlier try of the same write may
have had its effect unseen; its columns are what the list shows of the key, found by identity.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.core.guards import show_live
from reconciler.core.identity import find
from reconciler.core.outcome import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.core.identity import Identity
    from reconciler.core.model import LiveJwk
    from reconciler.core.plan import Fields


class Sight(StrEnum):
    """What a list shows of a key that was to be updated."""

    AFTER = "after"
    """It has the new fields."""
    SAME = "same"
    """It has the new fields, which are also the old ones: it was only to be deployed again."""
    BEFORE = "before"
    """It is as it was, and its new name is free."""
    OCCUPIED = "occupied"
    """It is as it was, and another key holds its new name."""
    CHANGED = "changed"
    """It has fields that are neither the old nor the new ones."""
    GONE = "gone"
    """It is not there."""
    UNREADABLE = "unreadable"
    """The list could not be read."""


class Ruling(StrEnum):
    """What became of the saving of a write; its deployment is another question."""

    SAVED = "saved"
    RETRY = "retry"
    REJECTED = "rejected"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    UNSENT = "unsent"


class Sighting(Struct, frozen=True):
    """A sight and the words for it.

    Attributes:
        sight: what the list shows.
        message: which key the list shows how, and who holds its name; live text is not escaped.
    """

    sight: Sight
    message: str = ""


_FOREIGN = (Sight.OCCUPIED, Sight.CHANGED, Sight.GONE)


def _row(after: Ruling, same: Ruling, before: Ruling, unreadable: Ruling) -> dict[Sight, Ruling]:
    seen = {Sight.AFTER: after, Sight.SAME: same, Sight.BEFORE: before}
    return seen | dict.fromkeys(_FOREIGN, Ruling.CONFLICT) | {Sight.UNREADABLE: unreadable}


_SAID_SO = _row(Ruling.SAVED, Ruling.SAVED, Ruling.CONFLICT, Ruling.UNKNOWN)
_MAYBE = _row(Ruling.SAVED, Ruling.SAVED, Ruling.RETRY, Ruling.UNKNOWN)

RULINGS: dict[tuple[Reply, bool], dict[Sight, Ruling]] = {
    (Reply.ACCEPTED, False): _SAID_SO,
    (Reply.ACCEPTED, True): _SAID_SO,
    (Reply.REJECTED, False): _row(
        Ruling.CONFLICT, Ruling.REJECTED, Ruling.REJECTED, Ruling.REJECTED
    ),
    (Reply.REJECTED, True): _row(Ruling.SAVED, Ruling.SAVED, Ruling.REJECTED, Ruling.UNKNOWN),
    (Reply.THROTTLED, False): _MAYBE,
    (Reply.THROTTLED, True): _MAYBE,
    (Reply.LOST, False): _MAYBE,
    (Reply.LOST, True): _MAYBE,
    (Reply.UNSENT, False): _row(Ruling.CONFLICT, Ruling.RETRY, Ruling.RETRY, Ruling.UNSENT),
    (Reply.UNSENT, True): _MAYBE,
}
"""Keys: the last answer, and whether an earlier try's answer was lost."""


def rule(reply: Reply, sight: Sight, *, earlier_lost: bool) -> Ruling:
    """Look the ruling up."""
    return RULINGS[reply, earlier_lost][sight]


def look(
    jwks: Sequence[LiveJwk], identity: Identity, before: Fields, after: Fields, *, reused: bool
) -> Sighting:
    """What a list shows of a key that was to be updated.

    Args:
        jwks: the list read after the write.
        identity: the key's, from the list read before it.
        before: its fields before the write.
        after: the fields it shall have.
        reused: a later write has given the old name to another key; matters only where neither
            ``id`` nor ``kid`` tells the two apart.
    """
    names = (after.name, before.name) if reused else (before.name, after.name)
    key = find(jwks, identity, names)
    holder = next((jwk for jwk in jwks if jwk.name == after.name and jwk != key), None)
    held = f"`{after.name}` is now held by {show_live(holder)}" if holder else ""
    if key is None:
        return Sighting(Sight.GONE, _told(f"the key that was `{before.name}` is gone", held))
    if _has(key, after):
        sight = Sight.SAME if _has(key, before) else Sight.AFTER
        return Sighting(sight, f"the list shows {show_live(key)} as it should be")
    if not _has(key, before):
        what = "is now" if key.name != before.name else "has another description now:"
        said = f"the key that was `{before.name}` {what} {show_live(key)}"
        return Sighting(Sight.CHANGED, _told(said, held))
    if held:
        return Sighting(Sight.OCCUPIED, held)
    return Sighting(Sight.BEFORE, f"the list shows {show_live(key)} as it was")


def same_description(one: str | None, other: str | None) -> bool:
    """Whether two descriptions say the same; null and "" both say nothing."""
    return (one or "") == (other or "")


def _has(key: LiveJwk, fields: Fields) -> bool:
    return key.name == fields.name and same_description(key.description, fields.description)


def _told(*sentences: str) -> str:
    return "; ".join(filter(None, sentences))
