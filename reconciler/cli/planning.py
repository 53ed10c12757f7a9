"""Manifests and live lists → a plan: what ``plan`` and ``apply`` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.parallel import in_parallel
from reconciler.core import planner
from reconciler.core.digest import fingerprints
from reconciler.core.list_checks import owners_in_doubt
from reconciler.core.model import DeclaredProject, LiveProject
from reconciler.core.plan import Plan
from reconciler.errors import AuthError, GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from reconciler.cli.session import Session

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


def make_plan(
    declared: Sequence[DeclaredProject],
    session: Session,
    redeploy: Redeploy = lambda _lists: (),
    *,
    with_inputs: bool = False,
) -> Planned:
    """Read each declared project's list once, and plan.

    Args:
        declared: what the manifests declare.
        session: where the lists are read.
        redeploy: which keys to send again though nothing differs.
        with_inputs: whether the plan is to say what it was made from.

    Raises:
        GatewayError: a list can't be had, so that nothing can be said about the whole.
        AuthError: the token or a permission is lacking.
        InterruptedRunError: a signal or the deadline came in between.
    """
    names = [project.name for project in declared]
    reader = session.gateway.reader
    lists = in_parallel(reader.list_jwks, names, session.parallelism, session.cancel)
    readable = {name: live for name, live in lists.items() if isinstance(live, LiveProject)}
    owners = owner_ids(readable.values(), session)
    again = redeploy(readable)
    plan = planner.make_plan(session.name, declared, lists, again, owners=owners)
    reviewable = plan
    if again:
        reviewable = planner.make_plan(session.name, declared, lists, owners=owners)
    if with_inputs:
        inputs = fingerprints(declared, lists)
        plan, reviewable = replace(plan, inputs=inputs), replace(reviewable, inputs=inputs)
    return Planned(plan, reviewable, readable)


def owner_ids(lists: Iterable[LiveProject], session: Session) -> Mapping[str, str]:
    """The projects' ids by name, where the lists make it needful to ask for them.

    Empty where it does not, and where the gateway does not tell: then nothing in doubt is updated.

    Raises:
        InterruptedRunError: a signal or the deadline came in between.
    """
    if not owners_in_doubt(lists):
        return {}
    reader = session.gateway.reader
    try:
        (rows,) = in_parallel(lambda _all: reader.list_projects(), [""], 1, session.cancel).values()
    except (AuthError, GatewayError) as error:
        session.console.note(f"warning: the projects' ids can't be had: {error.what}")
        return {}
    return {row.name: row.id for row in rows if row.id is not None}
