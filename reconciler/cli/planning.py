"""Manifests and live lists → a plan: the way that ``plan`` and ``apply`` share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.model import LiveProject

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from reconciler.cli.cancel import CancelToken
    from reconciler.cli.connection import Connection
    from reconciler.core.model import DeclaredProject
    from reconciler.core.plan import Plan
    from reconciler.manifests.load import Explain

    Redeploy = Callable[[Mapping[str, LiveProject]], Collection[tuple[str, str]]]
    """From the readable lists to the keys, by project and live name, that are sent again."""


class Planned(Struct, frozen=True):
    """A plan, and the lists it was made from.

    Attributes:
        plan: what would be sent.
        reviewable: the same without the keys that are only sent again, which no review saw.
        lists: the readable ones, by project.
    """

    plan: Plan
    reviewable: Plan
    lists: Mapping[str, LiveProject]


def load_manifests(paths: Sequence[str]) -> tuple[DeclaredProject, ...]:
    """Load what the command line names; without a path, the current folder."""
    from reconciler.manifests.load import load

    return load(paths or ["."], stdin=sys.stdin.buffer, explainer=_explainer)


def _explainer() -> Explain:
    from reconciler.manifests.explain import explain

    return explain


def make_plan(
    declared: Sequence[DeclaredProject],
    connection: Connection,
    parallelism: int,
    stop: CancelToken,
    redeploy: Redeploy = lambda _lists: (),
    *,
    fingerprinted: bool = False,
) -> Planned:
    """Read each declared project's list once, and plan.

    Args:
        declared: what the manifests declare.
        connection: where the lists are read.
        parallelism: how many at a time.
        stop: what may end the run in between.
        redeploy: which keys to send again though nothing differs.
        fingerprinted: whether the plan is to say what it was made from.

    Raises:
        GatewayError: a list can't be had, so that nothing can be said about the whole.
        AccessError: the token or a permission is lacking.
        InterruptedRunError: a signal or the deadline came in between.
    """
    from reconciler.cli.parallel import in_parallel
    from reconciler.core.digest import fingerprints
    from reconciler.core.planner import make_plan as plan_of

    names = [project.name for project in declared]
    lists = in_parallel(connection.gateway.reader.list_jwks, names, parallelism, stop)
    readable = {name: live for name, live in lists.items() if isinstance(live, LiveProject)}
    again = redeploy(readable)
    plan = plan_of(connection.name, declared, lists, again)
    reviewable = plan_of(connection.name, declared, lists) if again else plan
    if fingerprinted:
        inputs = fingerprints(declared, lists)
        plan, reviewable = replace(plan, inputs=inputs), replace(reviewable, inputs=inputs)
    return Planned(plan, reviewable, readable)
