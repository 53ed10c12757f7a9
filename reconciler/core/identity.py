"""Finding one key again in a later list, whatever its name is by then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from reconciler.core.model import LiveJwk

Identity = tuple[str | None, ...]
"""``("id", id)``, else ``("kid", kid, type)``; ``("name", name, kid, type)`` where neither tells
a key from its neighbours."""


def identities(jwks: Sequence[LiveJwk]) -> dict[str, Identity]:
    """The identity of every key of one list, by name; no two keys share one."""
    kids = Counter((jwk.kid, jwk.type) for jwk in jwks)
    ids = Counter(jwk.id for jwk in jwks)
    return {jwk.name: _identity(jwk, ids, kids) for jwk in jwks}


def _identity(
    jwk: LiveJwk, ids: Counter[str | None], kids: Counter[tuple[str | None, str | None]]
) -> Identity:
    if jwk.id is not None and ids[jwk.id] == 1:
        return ("id", jwk.id)
    if jwk.kid is not None and kids[jwk.kid, jwk.type] == 1:
        return ("kid", jwk.kid, jwk.type)
    return ("name", jwk.name, jwk.kid, jwk.type)


def find(jwks: Sequence[LiveJwk], identity: Identity, names: Sequence[str]) -> LiveJwk | None:
    """The key with this identity in a later list; None where it is gone or not told apart.

    Args:
        jwks: the later list.
        identity: from the earlier one.
        names: the names it may have by now, most likely first; used only where no ``id`` or ``kid``
            tells it apart.
    """
    sort, *marks = identity
    if sort == "id":
        bearers = [jwk for jwk in jwks if jwk.id == marks[0]]
    elif sort == "kid":
        bearers = [jwk for jwk in jwks if [jwk.kid, jwk.type] == marks]
    else:
        alike = {jwk.name: jwk for jwk in jwks if [jwk.kid, jwk.type] == marks[1:]}
        bearers = [alike[name] for name in names if name in alike][:1]
    return bearers[0] if len(bearers) == 1 else None
