"""The sections of a result's page, in the order a reader needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import Outcome, RunResult, StepOutcome
from reconciler.core.plan import Change, Plan
from reconciler.reports import escape
from reconciler.reports.drawing import MOST_NAMES, drawing
from reconciler.reports.html_parts import cards, listing, section, table
from reconciler.reports.html_text import code, descriptions, move, name, place, prose, subject
from reconciler.reports.linked import linked_renames
from reconciler.reports.notes import also_waiting
from reconciler.reports.outcomes import LABELS, next_steps
from reconciler.reports.tags import Markup, joined, tag
from reconciler.reports.telling import (
    SENT_AGAIN,
    effects_in_short,
    environment_sentence,
    resent,
    side_effects,
    temporarily_renamed,
    told_outcomes,
)
from reconciler.reports.wording import counted

_TONES = {Outcome.APPLIED: "good", Outcome.NOT_TRIED: "pending"}
_NOTHING = Markup("")


def sections(result: RunResult, command: str) -> Iterator[Markup]:
    """All sections that have something to tell.

    Args:
        result: what to tell.
        command: what was called, where it may have to be called again.
    """
    plan = result.plan
    planned = result.outcomes is None
    yield _refusals(plan, planned=planned)
    yield _outcomes(result)
    yield _next(result, command)
    yield _changes(plan, "Changes" if planned else "Planned changes")
    yield _resent(plan)
    if planned:
        yield section("Side effects", listing(map(prose, side_effects(plan))))
    yield _warnings(plan)
    yield _pictures(plan)
    yield _updates(plan)
    yield _unmanaged(plan)


def _refusals(plan: Plan, *, planned: bool) -> Markup:
    items = [
        (
            joined((tag("b", item.code), " ", subject(item.project, item.name), _at(item.source))),
            prose(item.message),
            joined((tag("span", "→ ", class_="arrow"), prose(item.hint))) if item.hint else "",
        )
        for item in plan.refusals
    ]
    waiting = planned and plan.refusals and plan.steps
    return section("Refused", cards(items, "bad"), prose(also_waiting(plan)) if waiting else "")


def _outcomes(result: RunResult) -> Markup:
    rows = (_outcome(outcome, remarks) for outcome, remarks in told_outcomes(result))
    titles = ("Project", "Update", "Outcome", "Environments", "Remarks")
    return section("Outcomes", table(titles, rows, "update"))


def _outcome(outcome: StepOutcome, remarks: str) -> tuple[str, ...]:
    step = outcome.step
    return (
        name(step.project),
        move(step.jwk, step.body.name),
        tag(
            "span",
            LABELS[outcome.outcome],
            class_=f"badge {_TONES.get(outcome.outcome, 'bad')}",
        ),
        _lines(prose(environment_sentence(item)) for item in outcome.environments),
        _lines(prose(text) for text in (remarks, outcome.message) if text),
    )


def _next(result: RunResult, command: str) -> Markup:
    items = [
        (
            joined((tag("b", step.label), ": ", prose(step.sentence))),
            code(escape.terminal(step.command)) if step.command else "",
        )
        for step in next_steps(result, command)
    ]
    return section("What to do next", cards(items, "pending"))


def _changes(plan: Plan, title: str) -> Markup:
    temporary = temporarily_renamed(plan)
    rows = (_change(change, effects_in_short(change, temporary)) for change in plan.changes)
    titles = ("Project", "JWK", "Description", "Side effects", "Declared at")
    return section(title, table(titles, rows, "change"))


def _change(change: Change, effects: Iterable[str]) -> tuple[str, ...]:
    marks = (("kid", change.kid), ("id", change.id))
    identity = joined(
        (joined((f"{label} ", name(value))) for label, value in marks if value is not None), ", "
    )
    return (
        name(change.project),
        _lines(
            (
                move(change.before.name, change.after.name),
                tag("small", identity) if identity else "",
            )
        ),
        descriptions(change.before, change.after),
        _lines(effects),
        "" if change.source is None else place(change.source),
    )


def _resent(plan: Plan) -> Markup:
    items = (joined((subject(step.project, step.jwk), f": {SENT_AGAIN}")) for step in resent(plan))
    return section("Sent again", listing(items))


def _warnings(plan: Plan) -> Markup:
    items = [
        (
            joined((name(item.code), " ", subject(item.project, item.name), _at(item.source))),
            prose(item.message),
        )
        for item in plan.warnings
    ]
    return section("Warnings", cards(items, "pending"))


def _pictures(plan: Plan) -> Markup:
    figures = [
        tag(
            "figure",
            tag("figcaption", name(linked.project)),
            tag("div", drawing(linked, number), class_="wide"),
        )
        for number, linked in enumerate(linked_renames(plan), 1)
        if len(linked.names) <= MOST_NAMES
    ]
    return section(
        "Renames that wait for each other",
        joined(figures),
        "In each picture the numbers tell the order of its updates; a dashed name is temporary.",
    )


def _updates(plan: Plan) -> Markup:
    rows = (
        (
            str(number),
            name(step.project),
            name(step.jwk),
            name(step.body.name),
            "null" if step.body.description is None else code(escape.quoted(step.body.description)),
        )
        for _, steps in groupby(plan.steps, attrgetter("project"))
        for number, step in enumerate(steps, 1)
    )
    titles = ("Order", "Project", "JWK", "New name", "Description")
    whole = table(titles, rows, "update")
    summary = tag("summary", f"{counted(len(plan.steps), 'update')}, complete and in order")
    return section("What is sent", tag("details", summary, whole) if whole else _NOTHING)


def _unmanaged(plan: Plan) -> Markup:
    if not plan.unmanaged:
        return _NOTHING
    keys = listing(subject(item.project, item.name) for item in plan.unmanaged)
    summary = tag("summary", counted(len(plan.unmanaged), "key"))
    return section("Unmanaged, left alone", tag("details", summary, keys))


def _at(source: SourceLocation | None) -> Markup:
    return _NOTHING if source is None else joined((" ", place(source)))


def _lines(lines: Iterable[str]) -> Markup:
    return joined(tag("p", line) for line in lines if line)
