"""What happened to a write: from the response, or its lack, and what the list then shows.

One table. Its rows are what the last answer means, and whether an earlier try of the same write may
have had its effect unseen; its columns are what the list shows of the key, found by identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from reconciler.core.identity import Identity, find
from reconciler.core.model import LiveJwk
from reconciler.core.outcome import ResponseKind
from reconciler.core.plan import JwkFields
from reconciler.core.text import yaml_scalar


class Observed(StrEnum):
    """What a list shows of a key that was to be updated."""

    AFTER = "after"
    """It has the new fields."""
    SAME = "same"
    """It has the new fields, which are also the old ones: it was only to be deployed again."""
    BEFORE = "before"
    """It is as it was, and its new name is free."""
    EQUIVALENT = "equivalent"
    """It is as it was, which is also what a gateway may make of the new fields."""
    OCCUPIED = "occupied"
    """It is as it was, and another key holds its new name."""
    CHANGED = "changed"
    """It has fields that are neither the old nor the new ones."""
    REWRITTEN = "rewritten"
    """It has the new name, and the new description as the gateway writes it: without blanks at its
    ends, with other line ends, or cut short."""
    GONE = "gone"
    """It is not there."""
    UNREADABLE = "unreadable"
    """The list could not be read."""


class Decision(StrEnum):
    """What became of the saving of a write; its deployment is another question."""

    SAVED = "saved"
    RETRY = "retry"
    REJECTED = "rejected"
    REWRITTEN = "rewritten"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    UNSENT = "unsent"


class Observation(Struct, frozen=True):
    """What a list shows of a key, and a message about it.

    Attributes:
        observed: what the list shows.
        message: which key the list shows how, and who holds its name; live text is not escaped.
    """

    observed: Observed
    message: str = ""


_CHANGED_BY_OTHERS = (Observed.OCCUPIED, Observed.CHANGED, Observed.GONE)


def _row(
    after: Decision, same: Decision, before: Decision, unreadable: Decision
) -> dict[Observed, Decision]:
    seen = {Observed.AFTER: after, Observed.SAME: same, Observed.BEFORE: before}
    rewritten = Decision.CONFLICT if after is Decision.CONFLICT else Decision.REWRITTEN
    equivalent = Decision.REWRITTEN if before is Decision.CONFLICT else before
    return (
        seen
        | {Observed.REWRITTEN: rewritten, Observed.EQUIVALENT: equivalent}
        | dict.fromkeys(_CHANGED_BY_OTHERS, Decision.CONFLICT)
        | {Observed.UNREADABLE: unreadable}
    )


_ACCEPTED = _row(Decision.SAVED, Decision.SAVED, Decision.CONFLICT, Decision.UNKNOWN)
_UNCLEAR = _row(Decision.SAVED, Decision.SAVED, Decision.RETRY, Decision.UNKNOWN)

DECISIONS: dict[tuple[ResponseKind, bool], dict[Observed, Decision]] = {
    (ResponseKind.ACCEPTED, False): _ACCEPTED,
    (ResponseKind.ACCEPTED, True): _ACCEPTED,
    (ResponseKind.REJECTED, False): _row(
        Decision.CONFLICT, Decision.REJECTED, Decision.REJECTED, Decision.REJECTED
    ),
    (ResponseKind.REJECTED, True): _row(
        Decision.SAVED, Decision.SAVED, Decision.REJECTED, Decision.UNKNOWN
    ),
    (ResponseKind.THROTTLED, False): _UNCLEAR,
    (ResponseKind.THROTTLED, True): _UNCLEAR,
    (ResponseKind.LOST, False): _UNCLEAR,
    (ResponseKind.LOST, True): _UNCLEAR,
    (ResponseKind.UNSENT, False): _row(
        Decision.CONFLICT, Decision.RETRY, Decision.RETRY, Decision.UNSENT
    ),
    (ResponseKind.UNSENT, True): _UNCLEAR,
}
"""Keys: the last answer, and whether an earlier try's answer was lost."""


def decide(kind: ResponseKind, observed: Observed, *, earlier_lost: bool) -> Decision:
    """Look the decision up."""
    return DECISIONS[kind, earlier_lost][observed]


def observe(
    jwks: Sequence[LiveJwk],
    identity: Identity,
    before: JwkFields,
    after: JwkFields,
    *,
    reused: bool,
) -> Observation:
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
    held = f"`{after.name}` is now held by {holder.label}" if holder else ""
    if key is None:
        return Observation(
            Observed.GONE, _joined(f"the key that was `{before.name}` is gone", held)
        )
    if _has(key, after):
        observed = Observed.SAME if _has(key, before) else Observed.AFTER
        return Observation(observed, f"the list shows {key.label} as it should be")
    if key.name == after.name and _is_rewritten(key.description or "", after.description or ""):
        declared = yaml_scalar(key.description or "")
        return Observation(
            Observed.EQUIVALENT if _has(key, before) else Observed.REWRITTEN,
            f"sent {after.description!r}, stored {key.description!r}; declare "
            f"`description: {declared}`, so that the next plan is empty",
        )
    if not _has(key, before):
        what = "is now" if key.name != before.name else "has another description now:"
        said = f"the key that was `{before.name}` {what} {key.label}"
        return Observation(Observed.CHANGED, _joined(said, held))
    if held:
        return Observation(Observed.OCCUPIED, held)
    return Observation(Observed.BEFORE, f"the list shows {key.label} as it was")


def same_description(one: str | None, other: str | None) -> bool:
    """Whether two descriptions say the same; null and "" both say nothing."""
    return (one or "") == (other or "")


def _is_rewritten(stored: str, sent: str) -> bool:
    """Whether a server may have made one text of the other, which is not the same."""
    if stored == sent or not sent:
        return False
    return "".join(stored.split()) == "".join(sent.split()) or (
        bool(stored) and len(stored) < len(sent) and sent.startswith(stored)
    )


def _has(key: LiveJwk, fields: JwkFields) -> bool:
    return key.name == fields.name and same_description(key.description, fields.description)


def _joined(*messages: str) -> str:
    return "; ".join(filter(None, messages))
