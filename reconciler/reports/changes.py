"""What a plan will change, as lines of text: each change under its project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from reconciler.core.model import SourceLocation
from reconciler.core.plan import Action, Change, Effect, Plan, Step
from reconciler.reports import escape
from reconciler.reports.descriptions import compared
from reconciler.reports.style import Style

T = TypeVar("T", Change, Step)

_IN = "      "
DETACHES = (
    "DETACHES from its source: the key stays, but will miss every rotation of the source from now "
    "on (the entry allows it)"
)
"""What becomes of a key that has a source."""


def change_lines(plan: Plan, style: Style, *, verbose: bool) -> Iterator[str]:
    """The plan's changes by project, each project after an empty line."""
    steps = _by_project(plan.steps)
    changes = _by_project(plan.changes)
    for project in sorted(steps.keys() | changes.keys()):
        own = changes.get(project, [])
        temporary = {step.change: step for step in steps.get(project, ()) if step.temporary}
        yield ""
        yield style.paint(escape.name(project), "heading")
        for change in own:
            yield from _change(change, temporary.get(change.name), style, verbose=verbose)
        names = {change.name for change in own}
        for step in steps.get(project, ()):
            if step.change not in names:
                yield f"  = {escape.name(step.jwk)}: as declared; sent again to be deployed again"
        if verbose:
            yield from _order(steps.get(project, []), style)


def detail_lines(change: Change, style: Style, indent: str = _IN) -> Iterator[str]:
    """How a change's description differs, and what it cuts off."""
    if Action.DESCRIBE in change.actions:
        yield from _description(change, style, indent)
    if Effect.DETACHES_SOURCE in change.effects:
        for line in style.wrap(DETACHES, indent, indent):
            yield style.paint(line, "pending")


def location_of(source: SourceLocation) -> str:
    """``file:line``, safe for a terminal."""
    return f"{escape.terminal(source.file)}:{source.line}"


def move(old: str, new: str, style: Style) -> str:
    """``old → new``, or just the name where it stays."""
    shown = escape.name(new)
    return shown if old == new else f"{escape.name(old)}{style.between(old, new)}{shown}"


def _by_project(items: Iterable[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for item in items:
        found.setdefault(item.project, []).append(item)
    return found


def _change(change: Change, waypoint: Step | None, style: Style, *, verbose: bool) -> Iterator[str]:
    mark = style.paint("~", "pending")
    yield f"  {mark} {move(change.before.name, change.after.name, style)}"
    yield from detail_lines(change, style)
    if waypoint is not None:
        yield f"{_IN}by way of the temporary name {escape.name(waypoint.body.name)}"
    if verbose:
        yield from _identity(change, style)
    notes = ["redeploys to every environment"] if Effect.REDEPLOYS in change.effects else []
    if change.source is not None:
        notes.append(f"declared at {location_of(change.source)}")
    if notes:
        yield _IN + style.paint("; ".join(notes), "faint")


def _description(change: Change, style: Style, indent: str) -> Iterator[str]:
    label = "description "
    between = style.between(change.before.description or "", change.after.description or "")
    room = style.columns - len(indent) - len(label) - len(between)
    old, new = compared(change.before.description, change.after.description, room, style.ellipsis)
    if len(old) + len(new) <= room:
        yield f"{indent}{label}{old}{between}{new}"
        return
    yield f"{indent}{label}{old}"
    yield f"{indent}{between.rjust(len(label))}{new}"


def _identity(change: Change, style: Style) -> Iterator[str]:
    marks = (("kid", change.kid), ("id", change.id))
    shown = [f"{label} {escape.name(value)}" for label, value in marks if value is not None]
    if shown:
        yield _IN + style.paint(", ".join(shown), "faint")


def _order(steps: list[Step], style: Style) -> Iterator[str]:
    if len(steps) > 1:
        yield "    sent in this order:"
        for number, step in enumerate(steps, 1):
            yield f"    {number:>3}. {move(step.jwk, step.body.name, style)}"
