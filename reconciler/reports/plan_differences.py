"""How a fresh plan differs from the one that was reviewed, and which side changed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deepdiff import DeepDiff

from reconciler.core.digest import Document, document_of
from reconciler.core.plan import Change, Plan, Refusal, Step
from reconciler.reports import escape

_STEPS = re.compile(r"\['([^']*)'\]|\[(\d+)\]")
_MOST = 20
"""How many differing keys are listed one by one."""


def what_changed(reviewed: Plan, fresh: Plan) -> str:
    """Whether the manifests or the gateway's keys changed since the review, in one message."""
    if reviewed.inputs is None or fresh.inputs is None:
        return "The reviewed plan does not say what it was made from"
    manifests = reviewed.inputs.manifests != fresh.inputs.manifests
    live = reviewed.inputs.live != fresh.inputs.live
    if manifests and live:
        return "Both the manifests and the keys at the gateway changed since the review"
    if manifests:
        return "The manifests changed since the review"
    if live:
        return "Keys at the gateway changed since the review, by an apply or by somebody else"
    return "Neither the manifests nor the gateway changed: it was planned in another way"


def differences(reviewed: Plan, fresh: Plan) -> tuple[str, ...]:
    """What differs, one message per key, escaped; empty where the two plans do the same."""
    lines = [
        f"{what}: {how}"
        for what, how in (
            *_compare(_changes(reviewed), _changes(fresh), "changed"),
            *_compare(_steps(reviewed), _steps(fresh), "sent"),
            *_compare(_refusals(reviewed), _refusals(fresh), "refused"),
        )
    ]
    if reviewed.gateway != fresh.gateway:
        lines.insert(0, f"the gateway was {_value(reviewed.gateway)}, is {_value(fresh.gateway)}")
    if len(lines) > _MOST:
        lines[_MOST:] = [f"and {len(lines) - _MOST:,} more"]
    return tuple(lines)


def _changes(plan: Plan) -> dict[str, Document]:
    return {f"{item.project}/{item.name}": _compared(item) for item in plan.changes}


def _steps(plan: Plan) -> dict[str, Document]:
    """Only those that no change shows: a temporary name, a key that is sent again."""
    changed = {(item.project, item.name) for item in plan.changes}
    return {
        f"{item.project}/{item.jwk} → {item.body.name}": _compared(item)
        for item in plan.steps
        if item.temporary or (item.project, item.change) not in changed
    }


def _refusals(plan: Plan) -> dict[str, Document]:
    return {
        f"{item.project}/{item.name or ''} ({item.code})": _compared(item) for item in plan.refusals
    }


def _compared(item: Change | Step | Refusal) -> Document:
    members = document_of(item)
    members.pop("source", None)
    return members


def _compare(
    old: dict[str, Document], new: dict[str, Document], verb: str
) -> Iterable[tuple[str, str]]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            continue
        if name not in new:
            how = f"is no longer {verb}"
        elif name not in old:
            how = f"is newly {verb}"
        else:
            how = _fields(old[name], new[name])
        yield escape.terminal(name), how


def _fields(old: Document, new: Document) -> str:
    """The members that differ, found by deepdiff."""
    found = DeepDiff(old, new, view="tree")
    members = [
        f"{_path(item.path())} was {_value(item.t1)}, is {_value(item.t2)}"
        for kind in sorted(found)
        for item in found[kind]
    ]
    return ", ".join(sorted(members))


def _path(path: str) -> str:
    """``root['after']['description']`` as ``after.description``."""
    return ".".join(name or number for name, number in _STEPS.findall(path))


def _value(value: object) -> str:
    if isinstance(value, str):
        return escape.quoted(value)
    return "not there" if type(value).__name__ == "NotPresent" else escape.terminal(str(value))
