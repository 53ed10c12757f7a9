"""What differs between a declared JWK and the live one it is."""

from __future__ import annotations

from reconciler.core.matching import Match
from reconciler.core.plan import Action, Change, Effect, JwkFields


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
    effects = [Effect.REDEPLOYS]
    if live.sourced:
        effects.append(Effect.DETACHES_SOURCE)
    return Change(
        project=project,
        name=after.name,
        before=before,
        after=after,
        actions=tuple(actions),
        effects=tuple(effects),
        id=live.id,
        kid=live.kid,
        source=declared.location,
    )
