"""What the reader of an apply does next about each kind of outcome; plain words for every sink."""

from __future__ import annotations

from reconciler.core.outcome import Outcome

ADVICE: dict[Outcome, str] = {
    Outcome.NOT_DEPLOYED: (
        "saved in the Manager, but some gateways may still serve what was before; no list shows "
        "this, and the only remedy is to send it again:"
    ),
    Outcome.FAILED: (
        "the gateway rejected it and the key is as it was; mend what it says above, then apply "
        "again"
    ),
    Outcome.UNKNOWN: (
        "nobody can say whether it was saved; once the gateway answers again, apply again, which "
        "finds out, and send what was saved again, as it may not be on every gateway:"
    ),
    Outcome.CONFLICT: (
        "somebody else wrote at the same time; find out who, then plan and review again"
    ),
    Outcome.NOT_TRIED: ("not sent because of what came before; apply again once that is settled"),
}
"""One sentence for each outcome that leaves something to do, without a full stop at its end."""

WAITING = (
    "a key left under its temporary name takes its declared name when apply is run again; until "
    "then gateways know it by the temporary name only"
)
"""The same for keys whose change stopped half-way."""
