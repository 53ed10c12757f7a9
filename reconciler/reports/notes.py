"""What stands beside the changes: refusals, warnings, unmanaged keys and reminders, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from reconciler.core.model import SourceLocation
from reconciler.core.plan import Action, Plan
from reconciler.reports import escape
from reconciler.reports.changes import location_of
from reconciler.reports.style import Style
from reconciler.reports.wording import counted

_IN = "    "
_TEMPORARY = (
    "Keys of a cycle go through a temporary name, and gateways see it for the moment until the "
    "last of them is renamed."
)


def refusal_lines(plan: Plan, style: Style, *, planned: bool) -> Iterator[str]:
    """Every reason why nothing may be written, with its way out."""
    for refusal in plan.refusals:
        yield ""
        yield (
            f"{style.paint('refused', 'bad')} {_subject(refusal.project, refusal.name)}: "
            f"{refusal.code}{_at(refusal.source)}"
        )
        yield from style.wrap(escape.terminal(refusal.message), _IN, _IN)
        if refusal.hint:
            yield from style.wrap(escape.terminal(refusal.hint), f"{_IN}{style.arrow} ", f"{_IN}  ")
    if planned and plan.refusals and plan.steps:
        yield ""
        yield from style.wrap(also_waiting(plan), "", "")


def also_waiting(plan: Plan) -> str:
    """What a refused plan would still send, in one sentence."""
    updates = counted(len(plan.steps), "update")
    return f"Also waiting: {updates} of other projects; apply --keep-going sends only those."


def warning_lines(plan: Plan, style: Style) -> Iterator[str]:
    """What is worth a look though it stops nothing."""
    for warning in plan.warnings:
        yield ""
        yield (
            f"{style.paint('warning', 'pending')} {_subject(warning.project, warning.name)}: "
            f"{escape.terminal(warning.code)}{_at(warning.source)}"
        )
        yield from style.wrap(escape.terminal(warning.message), _IN, _IN)


def unmanaged_lines(plan: Plan, style: Style) -> Iterator[str]:
    """Which live keys are left alone."""
    if not plan.unmanaged:
        return
    yield ""
    yield style.paint("Unmanaged, left alone", "heading")
    for project, group in groupby(plan.unmanaged, attrgetter("project")):
        yield f"  {escape.name(project)}"
        for item in group:
            yield f"{_IN}{escape.name(item.name)}"


def reminders(plan: Plan) -> list[str]:
    """What nobody can see in the plan, but will feel after an apply; code between backticks."""
    sentences = []
    renamed = next((item for item in plan.changes if Action.RENAME in item.actions), None)
    if renamed is not None:
        old = escape.quoted(renamed.before.name)
        sentences.append(
            "Script policies find a key by its name: after a rename, code such as "
            f"`environment_jwkMap.get({old})` gets null. Change such code together with the name."
        )
    if any(step.temporary for step in plan.steps):
        sentences.append(_TEMPORARY)
    return sentences


def reminder_lines(plan: Plan, style: Style) -> Iterator[str]:
    """The reminders, each a paragraph."""
    sentences = reminders(plan)
    if sentences:
        yield ""
    for sentence in sentences:
        yield from style.wrap(sentence, "note: ", "      ")


def _subject(project: str, name: str | None) -> str:
    shown = escape.name(project)
    return shown if name is None else f"{shown} / {escape.name(name)}"


def _at(source: SourceLocation | None) -> str:
    return "" if source is None else f" ({location_of(source)})"
