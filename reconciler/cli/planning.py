"""Manifests and live lists → a plan: what ``plan`` and ``apply`` share."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from reconciler.cli.parallel import in_parallel
from reconciler.core import planner
from reconciler.core.digest import fingerprints
from reconciler.core.list_checks import owners_in_doubt
from reconciler.core.model import DeclaredProject, LiveList, LiveProject, UnusableList
from reconciler.core.plan import Plan
from reconciler.core.references.check import checked, renames
from reconciler.core.references.model import ProjectUses, ReferenceCheck, ReferenceMode
from reconciler.errors import (
    AuthError,
    GatewayError,
    PermissionDeniedError,
    RefusedError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reconciler.cli.console import Console
    from reconciler.cli.session import Session
    from reconciler.core.plan import Change, PlanWarning, Refusal, Unmanaged
    from reconciler.core.planner import Key, ProjectPlan
    from reconciler.journal.journal import Journal


class Planned(Struct, frozen=True):
    """A plan, and the lists it was made from.

    Attributes:
        plan: what would be sent.
        lists: the readable ones, by project.
        declared: what it was made from besides.
        uses: who uses the keys that are renamed, by project; empty where nobody asked.
        mode: how they were asked for.
        denied: the token may not read the list of a project.
    """

    plan: Plan
    lists: Mapping[str, LiveProject]
    declared: Sequence[DeclaredProject]
    uses: Mapping[str, ProjectUses]
    mode: ReferenceMode
    denied: bool = False

    @property
    def codes(self) -> list[int]:
        """The exit codes that the plan's refusals call for."""
        refused: list[int] = [RefusedError.exit_code] if self.plan.refusals else []
        return refused + ([AuthError.exit_code] if self.denied else [])


class Resends(Struct, frozen=True):
    """Which keys are sent again though nothing differs.

    Attributes:
        asked: those that somebody named.
        journal: knows those that earlier runs may have left undeployed.
        reviewed: the digest of the plan that somebody agreed to: where only a plan without the
            journal's keys has it, they are not sent.
    """

    asked: frozenset[Key] = frozenset()
    journal: Journal | None = None
    reviewed: str | None = None


def make_plan(
    declared: Sequence[DeclaredProject],
    session: Session,
    resends: Resends = Resends(),  # noqa: B008 - immutable
    *,
    references: str = ReferenceMode.BEST_EFFORT.value,
    with_inputs: bool = False,
) -> Planned:
    """Read each declared project's list once, and plan; ask who uses the keys that are renamed.

    Args:
        declared: what the manifests declare.
        session: where the lists are read.
        resends: which keys to send again though nothing differs.
        references: how to ask who uses the keys, a value of ``ReferenceMode``.
        with_inputs: whether the plan is to say what it was made from.

    Raises:
        GatewayError: a list can't be had, so that nothing can be said about the whole.
        AuthError: the token is lacking.
        InterruptedRunError: a signal or the deadline came in between.
    """
    names = [project.name for project in declared]
    lists = read_lists(names, session)
    readable = {name: live for name, live in lists.items() if isinstance(live, LiveProject)}
    owners = owner_ids(readable.values(), session)
    parts = partial(planner.plan_projects, declared, lists, resends.asked, owners=owners)
    pending = _pending_keys(resends.journal, readable)
    drafted = parts(pending=pending)
    mode = ReferenceMode(references)
    uses = _uses(drafted, session) if mode is not ReferenceMode.OFF else {}
    planned = partial(_with_uses, session.name, declared, lists, uses, mode)
    plan = planned(drafted)
    if pending and resends.reviewed not in {None, plan.digest}:
        plan = planned(parts())
    if with_inputs:
        _require_no_token(plan, session.console)
        plan = replace(plan, inputs=fingerprints(declared, lists))
    denied = any(live.denied for live in lists.values() if isinstance(live, UnusableList))
    return Planned(plan, readable, declared, uses, mode, denied)


def read_lists(names: Sequence[str], session: Session) -> dict[str, LiveList]:
    """The projects' lists, by name; one that the token may not read is unusable.

    Raises:
        GatewayError: a list can't be had.
        AuthError: the token is lacking.
        InterruptedRunError: a signal or the deadline came in between.
    """

    def read(name: str) -> LiveList:
        try:
            return session.gateway.reader.list_jwks(name)
        except PermissionDeniedError as error:
            return UnusableList(name, "project-unreadable", error.what, error.fix, denied=True)

    return in_parallel(read, names, session.parallelism, session.cancel)


def _uses(parts: Mapping[str, ProjectPlan], session: Session) -> dict[str, ProjectUses]:
    """Who uses the keys that are renamed, by project."""
    renaming = {name: part for name, part in parts.items() if renames(part)}
    if not renaming:
        return {}
    from reconciler.cli.references import find_uses, keys_to_find

    return find_uses(session, {name: keys_to_find(part.changes) for name, part in renaming.items()})


def _with_uses(
    gateway: str,
    declared: Sequence[DeclaredProject],
    lists: Mapping[str, LiveList],
    uses: Mapping[str, ProjectUses],
    mode: ReferenceMode,
    parts: Mapping[str, ProjectPlan],
) -> Plan:
    """The plan from its parts, with what its renames break refused or warned of."""
    whole = dict(parts)
    for project in declared:
        live, found = lists[project.name], uses.get(project.name)
        if found is not None and isinstance(live, LiveProject):
            whole[project.name] = checked(whole[project.name], project, live, found, mode)
    proxies = sum(found.proxies for found in uses.values())
    gaps = tuple(gap for found in uses.values() for gap in found.not_checked)
    return planner.assemble(gateway, whole.values(), ReferenceCheck(mode, proxies, gaps))


def named_keys(names: Sequence[str], declared: Sequence[DeclaredProject]) -> frozenset[Key]:
    """The keys of ``--redeploy``, by project and declared name.

    Raises:
        UsageError: no manifest declares one of them.
    """
    known = {(project.name, entry.name) for project in declared for entry in project.jwks}
    named = set()
    for value in names:
        project, _, name = value.partition("/")
        if (project, name) not in known:
            raise UsageError(
                f"--redeploy {value}: no manifest declares this key",
                why="Only declared keys are ever written to",
                fix="Give PROJECT/NAME with the name that the manifest declares",
            )
        named.add((project, name))
    return frozenset(named)


def optional_journal(
    path: Path | None, gateway: str, *, read_only: bool
) -> AbstractContextManager[Journal | None]:
    """The journal that ``--journal`` names, open; None where it names none."""
    if path is None:
        return nullcontext()
    from reconciler.journal.journal import open_journal, read_journal

    return read_journal(path, gateway) if read_only else open_journal(path, gateway)


def _require_no_token(plan: Plan, console: Console) -> None:
    """Return only if a plan that is saved holds no token."""
    for step in plan.steps:
        console.require_no_token(step.project, step.jwk, _texts(to_builtins(step)))
    items: Iterator[Change | Refusal | Unmanaged | PlanWarning]
    items = chain(plan.changes, plan.refusals, plan.unmanaged, plan.warnings)
    for item in items:
        console.require_no_token(item.project, item.name or "", _texts(to_builtins(item)))
    for reference in plan.references:
        texts = _texts(to_builtins(reference))
        console.require_no_token(reference.project, reference.jwk or "", texts)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _pending_keys(
    journal: Journal | None, lists: Mapping[str, LiveProject]
) -> frozenset[tuple[str, str]]:
    """The keys an earlier run may have left on some gateways as they were, by their live name."""
    if journal is None:
        return frozenset()
    return frozenset(
        (project, name) for project, live in lists.items() for name in journal.pending_names(live)
    )


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
