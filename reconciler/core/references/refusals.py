"""What a plan refuses and warns of because of who uses a key, one function each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.core.model import DeclaredProject
from reconciler.core.plan import Change, PlanWarning, Refusal, RefusalCode
from reconciler.core.references.model import (
    NotChecked,
    Reference,
    ReferenceEffect,
    ReferenceKind,
)

_MOST_NAMED = 3
"""How many users one message names before it only counts the rest."""

_CONSENT = "say `allowDanglingReferences: true` in the entry to break them knowingly"


def still_referenced(change: Change, references: Sequence[Reference]) -> Refusal:
    """Active policies would not find a renamed key any more.

    Args:
        change: the rename.
        references: those that keep it from being applied; not empty.
    """
    old = change.before.name
    lost = [item for item in references if item.effect is ReferenceEffect.BREAKS]
    swapped = [item for item in references if item.effect is ReferenceEffect.OTHER_KEY]
    effects = []
    if lost:
        effects.append(f"it finds no key in {_listed(map(described, lost))}")
    if swapped:
        other = swapped[0].other_key
        effects.append(
            f"it silently finds another key, the present `{other}`, in "
            f"{_listed(map(described, swapped))}"
        )
    return Refusal(
        RefusalCode.STILL_REFERENCED,
        change.project,
        change.name,
        f"the name `{old}` is in use, and after the rename {'; '.join(effects)}",
        _safe_order(change, references),
        change.source,
    )


def unreadable(declared: DeclaredProject, not_checked: Sequence[NotChecked]) -> Refusal:
    """Something could not be looked at, although it is required."""
    return Refusal(
        RefusalCode.REFERENCES_UNREADABLE,
        declared.name,
        None,
        f"not everything that may use the renamed keys can be read: {gaps_in_words(not_checked)}",
        "have the token's owner granted a permission for these proxies, or run with "
        "`--references best-effort`, which warns of them instead",
        declared.location,
    )


def unreadable_warning(declared: DeclaredProject, not_checked: Sequence[NotChecked]) -> PlanWarning:
    """Something could not be looked at."""
    return PlanWarning(
        RefusalCode.REFERENCES_UNREADABLE.value,
        declared.name,
        None,
        f"not looked at, though it may use the renamed keys: {gaps_in_words(not_checked)}",
        declared.location,
    )


def unclear_warning(declared: DeclaredProject, references: Sequence[Reference]) -> PlanWarning:
    """Scripts look keys up in a way that does not show their names."""
    users = list(dict.fromkeys(map(described, references)))
    return PlanWarning(
        "unclear-references",
        declared.name,
        None,
        "nobody can tell whether these scripts use a renamed key, as the name they look up is not "
        f"a literal: {_listed(users)}; read them before you apply",
        declared.location,
    )


def described(reference: Reference) -> str:
    """Which policy it is, for a message; live text is not escaped."""
    policy = "a policy without a name" if reference.policy is None else f"`{reference.policy}`"
    steps = [f"{reference.pipeline} pipeline"] if reference.pipeline else []
    steps += [f"endpoint `{reference.endpoint}`"] if reference.endpoint is not None else []
    where = f" ({', '.join(steps)})" if steps else ""
    return f"{policy} of proxy `{reference.proxy}`{where}"


def _safe_order(change: Change, references: Sequence[Reference]) -> str:
    """The order of steps that breaks nothing."""
    advice = []
    if any(item.effect is ReferenceEffect.OTHER_KEY for item in references):
        advice.append(
            "rename in two runs: first to a name that no key ever had, with the scripts changed to "
            "it, and only then give the old name to the other key"
        )
    elif any(item.kind is ReferenceKind.SCRIPT for item in references):
        advice.append(
            f"let each script take either name, `{change.name}` or else `{change.before.name}`, "
            "and deploy it; then apply the rename; then drop the old name from the scripts"
        )
    if any(item.kind is ReferenceKind.JOSE for item in references):
        advice.append("select the key in the JOSE policies again, so that they hold its id")
    return f"{'; '.join(advice)}; or {_CONSENT}"


def gaps_in_words(not_checked: Iterable[NotChecked]) -> str:
    """What could not be looked at, and why; live text is not escaped."""
    return _listed(
        item.reason if item.proxy is None else f"proxy `{item.proxy}`: {item.reason}"
        for item in not_checked
    )


def _listed(messages: Iterable[str]) -> str:
    items = list(messages)
    more = len(items) - _MOST_NAMED
    return ", ".join(items[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
