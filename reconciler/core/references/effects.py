"""Users of keys and renames → references, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from reconciler.core.model import LiveJwk
from reconciler.core.plan import Change
from reconciler.core.references.model import (
    Reference,
    ReferenceBy,
    ReferenceEffect,
    ReferenceKind,
    Use,
)

_SEVERITY = {effect: rank for rank, effect in enumerate(ReferenceEffect)}


def planned_references(
    project: str, live: Sequence[LiveJwk], changes: Iterable[Change], uses: Iterable[Use]
) -> list[Reference]:
    """Who uses the keys that are renamed, and what the renames do to them.

    Args:
        project: the Apinizer project.
        live: its whole list.
        changes: all changes of the project; those that rename nothing matter to nobody.
        uses: who uses which key.

    Returns:
        Sorted by key, then the worst first.
    """
    new_names = {
        change.before.name: change.name for change in changes if change.previous_name is not None
    }
    holders = {new_names.get(jwk.name, jwk.name): jwk.name for jwk in live}
    ids = {jwk.id for jwk in live if jwk.id is not None}
    renamed = _Keys(jwk for jwk in live if jwk.name in new_names)
    found = []
    for use in uses:
        for jwk in renamed.all if use.unclear else renamed.in_question(use):
            by = _found_by(use, jwk, ids)
            effect = _effect(use, by, new_names[jwk.name], holders.get(jwk.name))
            if effect is not None:
                other = holders[jwk.name] if effect is ReferenceEffect.OTHER_KEY else None
                reference = _reference(project, jwk.name, use, by or ReferenceBy.NAME)
                found.append(replace(reference, effect=effect, other_key=other))
    return sorted(dict.fromkeys(found), key=_order)


def all_references(
    project: str, jwks: Iterable[LiveJwk], live: Sequence[LiveJwk], uses: Iterable[Use]
) -> list[Reference]:
    """Who uses keys, where nothing is planned.

    Args:
        project: the Apinizer project.
        jwks: the keys to find the users of.
        live: the project's whole list.
        uses: who uses which key.

    Returns:
        Sorted by key; first those of no certain key.
    """
    ids = {jwk.id for jwk in live if jwk.id is not None}
    asked = _Keys(jwks)
    found = []
    for use in uses:
        if use.unclear:
            found.append(_reference(project, None, use, ReferenceBy.NAME))
        for jwk in asked.in_question(use):
            by = _found_by(use, jwk, ids)
            if by is not None:
                found.append(_reference(project, jwk.name, use, by))
    return sorted(dict.fromkeys(found), key=_order)


def by_key(references: Iterable[Reference]) -> Mapping[tuple[str, str | None], list[Reference]]:
    """References by project and key, in their order."""
    found: dict[tuple[str, str | None], list[Reference]] = {}
    for reference in references:
        found.setdefault((reference.project, reference.jwk), []).append(reference)
    return found


class _Keys:
    """Keys, found by the names and ids that a user of them holds."""

    def __init__(self, jwks: Iterable[LiveJwk]) -> None:
        self.all = list(jwks)
        self._by_value: dict[str, list[LiveJwk]] = {}
        for jwk in self.all:
            for value in {jwk.name, jwk.id} - {None}:
                self._by_value.setdefault(str(value), []).append(jwk)

    def in_question(self, use: Use) -> list[LiveJwk]:
        """The keys whose name or id a user holds, each once."""
        held = [jwk for value in use.values for jwk in self._by_value.get(value, ())]
        return list(dict.fromkeys(held))


def _found_by(use: Use, jwk: LiveJwk, ids: set[str]) -> ReferenceBy | None:
    """By what this user finds a key; None where it does not, or nobody can say."""
    if use.kind is ReferenceKind.JOSE:
        if jwk.id in use.values:
            return ReferenceBy.ID
        return ReferenceBy.NAME if jwk.name in use.values and jwk.name not in ids else None
    return ReferenceBy.NAME if jwk.name in use.values else None


def _effect(
    use: Use, by: ReferenceBy | None, new_name: str, other: str | None
) -> ReferenceEffect | None:
    """What a rename does to a user.

    Args:
        use: the user.
        by: by what it finds the renamed key.
        new_name: the name that the key gets.
        other: the key that will have the old name; None where none will.
    """
    if by is None:
        return ReferenceEffect.UNCLEAR if use.unclear else None
    if by is ReferenceBy.ID:
        return ReferenceEffect.UNAFFECTED
    if other is not None:
        return ReferenceEffect.OTHER_KEY
    if use.kind is ReferenceKind.SCRIPT and new_name in use.values:
        return ReferenceEffect.HANDLED
    return ReferenceEffect.BREAKS


def _reference(project: str, jwk: str | None, use: Use, by: ReferenceBy) -> Reference:
    return Reference(
        project=project,
        jwk=jwk,
        proxy=use.proxy,
        pipeline=use.pipeline,
        endpoint=use.endpoint,
        policy=use.policy,
        kind=use.kind,
        by=by,
        active=use.active,
    )


def _order(reference: Reference) -> tuple[str | bool | int, ...]:
    effect = reference.effect
    return (
        reference.project,
        reference.jwk or "",
        not reference.refuses,
        -1 if effect is None else _SEVERITY[effect],
        reference.proxy,
        reference.endpoint or "",
        reference.pipeline or "",
        reference.policy or "",
    )
