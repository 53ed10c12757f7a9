"""Manifests and lists → the plan: check the list, match, compare, order, refuse. Reads nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from types import MappingProxyType

from msgspec import Struct

from reconciler.core import list_refusals, refusals
from reconciler.core.diff import difference, effects_of_update
from reconciler.core.digest import plan_digest
from reconciler.core.list_checks import CheckedList, check_list, clear_entries
from reconciler.core.matching import Match, match
from reconciler.core.model import DeclaredJwk, DeclaredProject, LiveJwk, LiveList, UnusableList
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
from reconciler.core.references.model import Reference, ReferenceCheck

Key = tuple[str, str]
"""A project and the live name of one of its keys."""


class ProjectPlan(Struct, frozen=True):
    """One project's part of the plan; where there are refusals, there is nothing to send."""

    changes: Sequence[Change] = ()
    steps: Sequence[Step] = ()
    refusals: Sequence[Refusal] = ()
    unmanaged: Sequence[Unmanaged] = ()
    warnings: Sequence[PlanWarning] = ()
    unchanged: int = 0
    references: Sequence[Reference] = ()


def make_plan(
    gateway: str,
    declared: Iterable[DeclaredProject],
    live: Mapping[str, LiveList],
    redeploy: Collection[Key] = (),
    *,
    pending: Collection[Key] = (),
    owners: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Plan everything the manifests ask for.

    Args:
        gateway: the normalised base URL the lists were read from.
        declared: one item per project; names, hints and kids are valid by the manifests' rules.
        live: what reading each declared project's list came to, by project name.
        redeploy: keys to send again though nothing differs; those that nothing declares are left
            alone all the same.
        pending: the same for keys that an earlier run may have left undeployed; what would be
            refused is only warned about, as the manifests do not ask for it.
        owners: the projects' ids by name, as far as they are known; see ``owners_in_doubt``.

    Returns:
        The plan; a project with a refusal has no changes and no steps in it. Nobody asked who uses
        the keys that it renames.
    """
    parts = plan_projects(declared, live, redeploy, pending=pending, owners=owners)
    return assemble(gateway, parts.values())


def plan_projects(
    declared: Iterable[DeclaredProject],
    live: Mapping[str, LiveList],
    redeploy: Collection[Key] = (),
    *,
    pending: Collection[Key] = (),
    owners: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, ProjectPlan]:
    """Each project's part of the plan by its name, sorted; see ``make_plan``."""
    return {
        project.name: _plan_project(
            project, live[project.name], redeploy, pending, owners.get(project.name)
        )
        for project in sorted(declared, key=attrgetter("name"))
    }


def assemble(
    gateway: str,
    projects: Iterable[ProjectPlan],
    reference_check: ReferenceCheck | None = None,
) -> Plan:
    """The plan from its parts, which are sorted by their projects."""
    parts = list(projects)
    changes = tuple(chain.from_iterable(part.changes for part in parts))
    steps = tuple(chain.from_iterable(part.steps for part in parts))
    refused = tuple(chain.from_iterable(part.refusals for part in parts))
    unmanaged = tuple(chain.from_iterable(part.unmanaged for part in parts))
    return Plan(
        gateway=gateway,
        digest=plan_digest(gateway, changes, steps, refused),
        summary=_summary(changes, parts),
        changes=changes,
        steps=steps,
        refusals=refused,
        unmanaged=unmanaged,
        warnings=tuple(chain.from_iterable(part.warnings for part in parts)),
        references=tuple(chain.from_iterable(part.references for part in parts)),
        reference_check=reference_check,
    )


def _summary(changes: Iterable[Change], parts: Sequence[ProjectPlan]) -> Summary:
    actions = [change.actions for change in changes]
    return Summary(
        rename=actions.count((Action.RENAME,)),
        describe=actions.count((Action.DESCRIBE,)),
        rename_and_describe=actions.count((Action.RENAME, Action.DESCRIBE)),
        unchanged=sum(part.unchanged for part in parts),
        unmanaged=sum(len(part.unmanaged) for part in parts),
        refused=sum(len(part.refusals) for part in parts),
    )


def _plan_project(
    declared: DeclaredProject,
    live: LiveList,
    redeploy: Collection[Key],
    pending: Collection[Key],
    owner: str | None,
) -> ProjectPlan:
    if isinstance(live, UnusableList):
        return ProjectPlan(refusals=[list_refusals.unusable_list(declared, live)])
    checked = check_list(live, owner)
    jwks = sorted(clear_entries(declared.jwks, live, checked), key=attrgetter("name"))
    matching = match(declared.name, jwks, sorted(checked.own, key=attrgetter("name")))
    refused = [*checked.refusals, *_explained(matching.refusals, jwks, checked)]
    # Nobody knows what these are; all others are checked too, so that one round shows everything.
    unclear = {item.name for item in matching.refusals if item.code is RefusalCode.AMBIGUOUS}
    changes: list[Change] = []
    resends: list[Step] = []
    warnings = [*matching.warnings]
    for found in matching.matches:
        if found.declared.name in unclear:
            continue
        key = (declared.name, found.live.name)
        change = difference(declared.name, found)
        if change is None and key not in redeploy and key not in pending:
            continue
        against = [*_update_refusals(declared.name, found, checked)]
        if change is not None:
            changes.append(change)
        elif against and key not in redeploy:
            warnings.append(refusals.stays_pending(against[0]))
            continue
        else:
            resends.append(_resend(declared.name, found.live))
        refused.extend(against)
    names = {jwk.name for jwk in live.jwks} | {entry.name for entry in jwks}
    ordering = order(changes, names)
    refused.extend(refusals.no_temporary_name(change) for change in ordering.stuck)
    if refused:
        return ProjectPlan(refusals=_sorted(refused))
    return ProjectPlan(
        changes=changes,
        steps=[*ordering.steps, *resends],
        unmanaged=[Unmanaged(declared.name, jwk.name) for jwk in matching.unmanaged],
        warnings=sorted(warnings, key=attrgetter("name", "message")),
        unchanged=len(jwks) - len(changes),
    )


def _explained(
    refused: Iterable[Refusal], entries: Iterable[DeclaredJwk], checked: CheckedList
) -> Iterator[Refusal]:
    """The refusals, saying so where what is missing is another project's key."""
    foreign = {jwk.name: jwk for jwk in checked.foreign}
    meant = {
        entry.name: (entry, foreign[name])
        for entry in entries
        for name in reversed((entry.name, *entry.previous_names))
        if name in foreign
    }
    for refusal in refused:
        if refusal.code is RefusalCode.MISSING and refusal.name in meant:
            yield list_refusals.of_another_project(refusal.project, *meant[refusal.name])
        else:
            yield refusal


def _resend(project: str, live: LiveJwk) -> Step:
    """The step that sends an unchanged key again, so that it is deployed again."""
    body = JwkFields(live.name, live.description)
    return Step(project, live.name, body, effects=effects_of_update(live))


def _update_refusals(project: str, found: Match, checked: CheckedList) -> Iterator[Refusal]:
    """Why a key may not be updated although it is clear which one is meant."""
    entry, live = found.declared, found.live
    if not is_addressable(live.name):
        yield refusals.not_addressable(project, entry, live)
    if live.name in checked.doubtful:
        yield list_refusals.owner_unknown(project, entry, live)
    if live.sourced and not entry.allow_source_detach:
        yield refusals.detach_not_allowed(project, entry, live)
    if entry.name != live.name:
        for holder in checked.foreign:
            if holder.name == entry.name:
                yield refusals.name_taken_by_foreign(project, entry, holder)


def _sorted(refused: Iterable[Refusal]) -> list[Refusal]:
    return sorted(refused, key=lambda item: (item.name or "", item.code, item.message))
