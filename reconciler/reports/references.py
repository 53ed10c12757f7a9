"""Who uses the keys, in words: what reports show of references, worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from reconciler.core.digest import Document, document_of
from reconciler.core.plan import Action, Plan
from reconciler.core.references.model import (
    Reference,
    ReferenceCheck,
    ReferenceEffect,
    ReferenceKind,
    ReferenceMode,
)
from reconciler.reports import escape

REFERENCES = "Who uses the renamed keys"
"""The title above all references."""

NOT_VISIBLE = (
    "What no API shows was not looked at: global policies, policy groups, API proxy groups, "
    "credentials, promotion mappings, and other systems."
)
"""Said once, wherever a rename is planned."""

NOBODY_ASKED = (
    "Nobody looked at what uses the renamed keys (`--references off`): what finds one by its old "
    "name gets no key, or another one."
)
"""Said in every report of a rename without that look."""

_KINDS = {ReferenceKind.SCRIPT: "script", ReferenceKind.JOSE: "JOSE policy"}
_EFFECTS = {
    ReferenceEffect.BREAKS: "BREAKS: finds no key",
    ReferenceEffect.UNCLEAR: "unclear: the name it looks up is no literal",
    ReferenceEffect.HANDLED: "takes either name",
    ReferenceEffect.UNAFFECTED: "unaffected: finds the key by its id",
}


class ReferenceView(Struct, frozen=True):
    """One reference; ``reference`` is the value behind it."""

    reference: Reference

    @property
    def effect(self) -> str:
        """What becomes of it; where nothing is planned, by what it finds the key."""
        reference = self.reference
        if reference.effect is None:
            unclear = "may use any key: the name it looks up is no literal"
            known = f"finds the key by its {reference.by}"
            shown = unclear if reference.jwk is None else known
        elif reference.effect is ReferenceEffect.OTHER_KEY:
            shown = f"WRONG KEY: silently finds `{escape.name(reference.other_key or '')}`"
        else:
            shown = _EFFECTS[reference.effect]
        return shown if reference.active else f"{shown} (inactive)"

    @property
    def where(self) -> str:
        """The pipeline and the endpoint; empty for neither."""
        pipeline = self.reference.pipeline or ""
        endpoint = self.reference.endpoint
        shown = "" if endpoint is None else f"`{escape.name(endpoint)}`"
        return ", ".join(filter(None, (pipeline, shown)))

    @property
    def policy(self) -> str:
        """The policy's name, and what it is."""
        name = self.reference.policy
        shown = "without a name" if name is None else f"`{escape.name(name)}`"
        return f"{shown} ({_KINDS[self.reference.kind]})"

    @property
    def message(self) -> str:
        """Where and what, after the effect."""
        return f"{self.effect}: {', '.join(filter(None, (self.where, self.policy)))}"

    @property
    def is_dangling(self) -> bool:
        """Whether it does not find its key any more."""
        effect = self.reference.effect
        return effect is not None and effect.is_dangling


def views(references: Iterable[Reference]) -> list[ReferenceView]:
    """The references by key, and of each key by API proxy; those with the worst one first."""
    groups: dict[tuple[str, str | None, str], list[ReferenceView]] = {}
    for reference in references:
        key = reference.project, reference.jwk, reference.proxy
        groups.setdefault(key, []).append(ReferenceView(reference))
    keys: dict[tuple[str, str | None], list[ReferenceView]] = {}
    for (project, jwk, _), group in groups.items():
        keys.setdefault((project, jwk), []).extend(group)
    return [view for group in keys.values() for view in group]


def reminders(plan: Plan) -> Iterator[str]:
    """What has to be said of a rename besides what was found."""
    check = plan.reference_check
    if check is not None and check.mode is not ReferenceMode.OFF:
        renames = any(Action.RENAME in change.actions for change in plan.changes)
        yield from [NOT_VISIBLE] if renames or plan.references else []


def nobody_asked(plan: Plan) -> str:
    """That nobody looked, where something is renamed all the same; else empty."""
    check = plan.reference_check
    is_off = check is not None and check.mode is ReferenceMode.OFF
    renames = any(Action.RENAME in change.actions for change in plan.changes)
    return NOBODY_ASKED if is_off and renames else ""


def reference_members(references: Sequence[Reference], check: ReferenceCheck) -> Document:
    """Who uses the keys, and how thoroughly was looked for them."""
    return {
        "references": [document_of(reference) for reference in references],
        "referenceCheck": document_of(check),
    }
