"""What differs between a declared JWK and the live one it is."""

from __future__ import annotations

from reconciler.core.matching import Match
from reconciler.core.model import LiveJwk
from reconciler.core.plan import Action, Change, Effect, JwkFields


def effects_of_update(live: LiveJwk) -> tuple[Effect, ...]:
    """What else happens to a key that is sent, changed or not."""
    effects = (Effect.REDEPLOYS, Effect.DETACHES_SOURCE)
    return effects if live.sourced else effects[:1]


def difference(project: str, found: Match) -> Change | None:
    """The change that makes a live JWK as declared; None where nothing differs.

    A description that is left out keeps its live value, null included. A declared "" and a live
    null are the same: no description.
    """
    declared, live = found.declared, found.live
    description = live.description
    if declared.description is not None and declared.description != (live.description or ""):
        description = declared.description
    if (declared.name, description) == (live.name, live.description):
        return None
    before = JwkFields(live.name, live.description)
    after = JwkFields(declared.name, description)
    actions = []
    if before.name != after.name:
        actions.append(Action.RENAME)
    if before.description != after.description:
        actions.append(Action.DESCRIBE)
    return Change(
        project=project,
        name=after.name,
        before=before,
        after=after,
        actions=tuple(actions),
        effects=effects_of_update(live),
        id=live.id,
        kid=live.kid,
        source=declared.location,
    )
