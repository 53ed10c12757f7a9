"""A project's part of a plan, with what its renames break refused or warned of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from reconciler.core.model import DeclaredProject, LiveProject
from reconciler.core.plan import Change, PlanWarning, Refusal
from reconciler.core.planner import ProjectPlan
from reconciler.core.references import refusals
from reconciler.core.references.effects import by_key, planned_references
from reconciler.core.references.model import (
    ProjectUses,
    Reference,
    ReferenceEffect,
    ReferenceMode,
)


def renames(part: ProjectPlan) -> bool:
    """Whether a project's part of a plan gives a key another name."""
    return any(change.previous_name is not None for change in part.changes)


def checked(
    part: ProjectPlan,
    declared: DeclaredProject,
    live: LiveProject,
    found: ProjectUses,
    mode: ReferenceMode,
) -> ProjectPlan:
    """The part of a plan of a project that renames, once its keys' users are known.

    Args:
        part: as planned without them.
        declared: the project's entries, of which some may consent to what breaks.
        live: the list it was planned on.
        found: the keys' users.
        mode: what becomes of what could not be looked at.
    """
    references = planned_references(declared.name, live.jwks, part.changes, found.uses)
    refused = list(_refusals(part.changes, declared, references))
    if found.not_checked and mode is ReferenceMode.REQUIRED:
        refused.append(refusals.unreadable(declared, found.not_checked))
    warnings = list(_warnings(declared, references, found, mode))
    if refused:
        refused.sort(key=lambda item: (item.name or "", item.code, item.message))
        return ProjectPlan(refusals=refused, warnings=warnings, references=references)
    return replace(part, warnings=[*part.warnings, *warnings], references=references)


def harmful(
    changes: Sequence[Change], declared: DeclaredProject, live: LiveProject, found: ProjectUses
) -> set[Reference]:
    """The references that may make a rename harmful, to compare two moments by.

    Those whose entry consents, or that find the key all the same, are left out.
    """
    consenting = _consenting(declared)
    names = {change.before.name for change in changes if change.name not in consenting}
    return {
        reference
        for reference in planned_references(declared.name, live.jwks, changes, found.uses)
        if reference.jwk in names and reference.effect in _HARMFUL
    }


_HARMFUL = {ReferenceEffect.BREAKS, ReferenceEffect.OTHER_KEY, ReferenceEffect.UNCLEAR}


def _refusals(
    changes: Sequence[Change], declared: DeclaredProject, references: Sequence[Reference]
) -> Iterator[Refusal]:
    consenting = _consenting(declared)
    grouped = by_key(item for item in references if item.refuses)
    for change in changes:
        dangling = grouped.get((declared.name, change.before.name))
        if dangling and change.name not in consenting:
            yield refusals.still_referenced(change, dangling)


def _warnings(
    declared: DeclaredProject,
    references: Sequence[Reference],
    found: ProjectUses,
    mode: ReferenceMode,
) -> Iterator[PlanWarning]:
    unclear = [item for item in references if item.effect is ReferenceEffect.UNCLEAR]
    if unclear:
        yield refusals.unclear_warning(declared, unclear)
    if found.not_checked and mode is not ReferenceMode.REQUIRED:
        yield refusals.unreadable_warning(declared, found.not_checked)


def _consenting(declared: DeclaredProject) -> set[str]:
    return {entry.name for entry in declared.jwks if entry.allow_dangling_references}
