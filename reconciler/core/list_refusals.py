"""Every reason to refuse a list, or a key for what its list says; as in ``refusals``."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.model import DeclaredJwk, DeclaredProject, LiveJwk, UnusableList
from reconciler.core.plan import Refusal, RefusalCode
from reconciler.core.refusals import of_entry

_TELL_OWNERS = (
    "use a token that may read the list of projects with their ids (`GET /apiops/projects/`), or "
    "ask the Manager's administrators why other projects' keys appear in this list"
)


def unusable_list(declared: DeclaredProject, live: UnusableList) -> Refusal:
    """The project's list can't be had, or can't be relied on."""
    code = RefusalCode(live.code)
    return Refusal(code, declared.name, None, live.message, live.hint, declared.location)


def several_owners(project: str) -> Refusal:
    """The list holds keys of several projects, and nobody can tell which are its own."""
    return Refusal(
        RefusalCode.UNSAFE_LIST,
        project,
        None,
        "the list holds keys of several projects, and the gateway's list of projects does not say "
        "which of them are this project's own",
        _TELL_OWNERS,
    )


def owner_unknown(project: str, entry: DeclaredJwk, live: LiveJwk) -> Refusal:
    """The key may be another project's, and an update would reach every project that shares it."""
    owner = f"projectId {live.project_id}" if live.project_id else "no projectId"
    return of_entry(
        RefusalCode.UNSAFE_LIST,
        project,
        entry,
        f"the list holds keys of several projects, and {live.label}, with {owner}, may be another "
        "project's: an update would change it for every project that shares it",
        _TELL_OWNERS,
    )


def of_another_project(project: str, entry: DeclaredJwk, foreign: LiveJwk) -> Refusal:
    """The only key the entry could be is another project's."""
    return of_entry(
        RefusalCode.MISSING,
        project,
        entry,
        f"{foreign.label} belongs to another project (projectId {foreign.project_id}) and only "
        "appears in this project's list",
        "declare it in the project that it belongs to, or remove the entry",
    )


def duplicate_live_name(project: str, bearers: Sequence[LiveJwk]) -> Refusal:
    """Several live keys have one name."""
    name = bearers[0].name
    return Refusal(
        RefusalCode.DUPLICATE_LIVE_NAME,
        project,
        name,
        f"{len(bearers)} live keys have the name `{name}`: "
        f"{', '.join(jwk.label for jwk in bearers)}; an update addresses a key by its name, so "
        "nobody can tell which of them it would reach",
        "rename or remove all but one of them in the Manager, then run again",
    )
