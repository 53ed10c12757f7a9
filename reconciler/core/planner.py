"""Manifests and lists → the plan. The product's judgement; it reads and writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from msgspec import Struct, field

from reconciler.core.diff import difference
from reconciler.core.digest import plan_digest
from reconciler.core.list_checks import CheckedList, check_list, show_live
from reconciler.core.matching import Match, match
from reconciler.core.model import DeclaredProject, LiveList, LiveProject, UnusableList
from reconciler.core.names import is_addressable
from reconciler.core.ordering import order
from reconciler.core.plan import (
    Action,
    Change,
    JwkFields,
    Plan,
    PlanWarning,
    Refusal,
    RefusalCode,
    Step,
    Summary,
    Unmanaged,
)
from reconciler.core.refusals import name_taken_by_foreign


class _ProjectPlan(Struct, frozen=True):
    """One project's part of the plan; where there are refusals, there is nothing else."""

    changes: Sequence[Change] = ()
    steps: Sequence[Step] = ()
    refusals: Sequence[Refusal] = ()
    unmanaged: Sequence[Unmanaged] = ()
    warnings: Sequence[PlanWarning] = ()
    unchanged: int = 0


class _Parts(Struct):
    changes: list[Change] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unmanaged: list[Unmanaged] = field(default_factory=list)
    warnings: list[PlanWarning] = field(default_factory=list)
    unchanged: int = 0


def make_plan(
    gateway: str,
    declared: Iterable[DeclaredProject],
    live: Mapping[str, LiveList],
    redeploy: Collection[tuple[str, str]] = (),
) -> Plan:
    """Plan everything the manifests ask for.

    Args:
        gateway: the normalised base URL the lists were read from.
        declared: one item per project; names, hints and kids are valid by the manifests' rules.
        live: what reading each declared project's list came to, by project name.
        redeploy: project and live name of keys to send again though nothing differs; those that
            nothing declares are left alone all the same.

    Returns:
        The plan; a project with a refusal has no changes and no steps in it.
    """
    parts = _Parts()
    again = _by_project(redeploy)
    for project in sorted(declared, key=attrgetter("name")):
        part = _plan_project(project, live[project.name], again.get(project.name, frozenset()))
        parts.changes.extend(part.changes)
        parts.steps.extend(part.steps)
        parts.refusals.extend(part.refusals)
        parts.unmanaged.extend(part.unmanaged)
        parts.warnings.extend(part.warnings)
        parts.unchanged += part.unchanged
    return Plan(
        gateway=gateway,
        digest=plan_digest(gateway, parts.changes, parts.steps, parts.refusals),
        summary=_summary(parts),
        changes=tuple(parts.changes),
        steps=tuple(parts.steps),
        refusals=tuple(parts.refusals),
        unmanaged=tuple(parts.unmanaged),
        warnings=tuple(parts.warnings),
    )


def _by_project(redeploy: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = {}
    for project, name in redeploy:
        names.setdefault(project, set()).add(name)
    return names


def _plan_project(
    declared: DeclaredProject, live: LiveList, redeploy: Collection[str]
) -> _ProjectPlan:
    if isinstance(live, UnusableList):
        return _ProjectPlan(refusals=[_unreadable(declared, live)])
    trusted = check_list(declared, live)
    if trusted.refusals:
        return _ProjectPlan(refusals=trusted.refusals)
    jwks = sorted(declared.jwks, key=attrgetter("name"))
    matching = match(declared.name, jwks, sorted(trusted.own, key=attrgetter("name")))
    if matching.refusals:
        return _ProjectPlan(refusals=_sorted_refusals(matching.refusals))
    differences = [(found, difference(declared.name, found)) for found in matching.matches]
    changes = [change for _, change in differences if change is not None]
    again = [
        found for found, change in differences if change is None and found.live.name in redeploy
    ]
    refusals = [
        refusal
        for found, change in differences
        if change is not None or found.live.name in redeploy
        for refusal in _guard(declared.name, found, trusted)
    ]
    ordering = order(changes, _occupied(declared, live))
    refusals.extend(_stuck(change) for change in ordering.stuck)
    if refusals:
        return _ProjectPlan(refusals=_sorted_refusals(refusals))
    return _ProjectPlan(
        changes=changes,
        steps=[*ordering.steps, *(_same_again(declared.name, found) for found in again)],
        unmanaged=[Unmanaged(declared.name, jwk.name) for jwk in matching.unmanaged],
        warnings=sorted(matching.warnings, key=attrgetter("name", "message")),
        unchanged=len(jwks) - len(changes),
    )


def _same_again(project: str, found: Match) -> Step:
    """The step that sends an unchanged key again, so that it is deployed again."""
    name = found.live.name
    return Step(project, name, JwkFields(name, found.live.description), name)


def _guard(project: str, found: Match, trusted: CheckedList) -> Iterator[Refusal]:
    """Why a key may not be updated although it is clear which one is meant."""
    entry, live = found.declared, found.live
    if not is_addressable(live.name):
        yield _not_addressable(project, found)
    if live.sourced and not entry.allow_source_detach:
        yield _detach_not_allowed(project, found)
    if entry.name != live.name:
        for holder in trusted.foreign:
            if holder.name == entry.name:
                yield name_taken_by_foreign(project, entry, holder)


def _occupied(declared: DeclaredProject, live: LiveProject) -> set[str]:
    return {jwk.name for jwk in live.jwks} | {entry.name for entry in declared.jwks}


def _sorted_refusals(refusals: Iterable[Refusal]) -> list[Refusal]:
    return sorted(refusals, key=lambda item: (item.name or "", item.code, item.message))


def _unreadable(declared: DeclaredProject, fault: UnusableList) -> Refusal:
    return Refusal(
        RefusalCode(fault.code), declared.name, None, fault.message, fault.hint, declared.location
    )


def _not_addressable(project: str, found: Match) -> Refusal:
    return Refusal(
        RefusalCode.UNSAFE_LIST,
        project,
        found.declared.name,
        f"the live name `{found.live.name}` can't be put into a URL that every server reads the "
        "same way, so the update could reach another key",
        "rename this key in the Manager, once, by hand",
        found.declared.location,
    )


def _detach_not_allowed(project: str, found: Match) -> Refusal:
    return Refusal(
        RefusalCode.DETACH_NOT_ALLOWED,
        project,
        found.declared.name,
        f"the key {show_live(found.live)} comes from a source ({found.live.source_type}); any "
        "update cuts it off, and it would miss the source's rotations from then on",
        "say `allowSourceDetach: true` in the entry if that is wanted, or leave the key as it is",
        found.declared.location,
    )


def _stuck(change: Change) -> Refusal:
    return Refusal(
        RefusalCode.NAME_TAKEN,
        change.project,
        change.name,
        f"`{change.name}` is part of a cycle of renames, and every temporary name it could go "
        "through is already taken",
        "rename or remove the keys left under a temporary name (`….moving-…`) in the Manager",
        change.source,
    )


def _summary(parts: _Parts) -> Summary:
    both = (Action.RENAME, Action.DESCRIBE)
    actions = [change.actions for change in parts.changes]
    return Summary(
        rename=actions.count((Action.RENAME,)),
        describe=actions.count((Action.DESCRIBE,)),
        rename_and_describe=actions.count(both),
        unchanged=parts.unchanged,
        unmanaged=len(parts.unmanaged),
        refused=len(parts.refusals),
    )
