"""Who uses keys: reading it for many API proxies in parallel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.parallel import in_parallel
from reconciler.core.references.model import NotChecked, ProjectUses
from reconciler.gateway.policies import KeysToFind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.cli.session import Session
    from reconciler.core.model import LiveProject
    from reconciler.core.plan import Change


def keys_to_find(changes: Iterable[Change]) -> KeysToFind:
    """The keys whose users matter to renames."""
    renames = [change for change in changes if change.previous_name is not None]
    names = {name for change in renames for name in (change.before.name, change.name)}
    return KeysToFind(
        frozenset(names), frozenset(change.id for change in renames if change.id is not None)
    )


def all_keys(live: LiveProject) -> KeysToFind:
    """All keys of a project's list."""
    return KeysToFind(
        frozenset(jwk.name for jwk in live.jwks),
        frozenset(jwk.id for jwk in live.jwks if jwk.id is not None),
    )


def find_uses(
    session: Session, keys: Mapping[str, KeysToFind], parallelism: int | None = None
) -> dict[str, ProjectUses]:
    """Who uses keys in some projects: one list of API proxies each, and one answer per API proxy.

    Args:
        session: where they are read.
        keys: those to find, by project.
        parallelism: how many requests at a time; the session's where it is left out.

    Raises:
        AuthError: the token is lacking; a lacking permission is only a gap.
        InterruptedRunError: a signal or the deadline came in between.
    """
    reader, cancel = session.gateway.reader, session.cancel
    threads = parallelism or session.parallelism
    lists = in_parallel(reader.list_proxies, list(keys), threads, cancel)
    proxies = [(project, name) for project, found in lists.items() for name in found.names]
    uses = in_parallel(
        lambda proxy: reader.proxy_uses(*proxy, keys[proxy[0]]), proxies, threads, cancel
    )
    results = {}
    for project, found in lists.items():
        own = [(name, uses[project, name]) for name in found.names]
        gaps = {*found.gaps, *((name, gap) for name, one in own for gap in one.gaps)}
        results[project] = ProjectUses(
            project,
            len(found.names),
            tuple(use for _, one in own for use in one.uses),
            tuple(
                NotChecked(project, name, reason)
                for name, reason in sorted(gaps, key=lambda gap: (gap[0] or "", gap[1]))
            ),
        )
    return results
