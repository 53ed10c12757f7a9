"""The sections of a result's Markdown report, in the order a reader needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import Outcome, RunResult, StepOutcome
from reconciler.core.plan import Change, Plan
from reconciler.reports import escape
from reconciler.reports.descriptions import compared
from reconciler.reports.fitting import Section
from reconciler.reports.linked import linked_renames
from reconciler.reports.markdown_text import move, name, place, prose, row, subject, table_head
from reconciler.reports.mermaid import drawn
from reconciler.reports.notes import also_waiting
from reconciler.reports.outcomes import LABELS, next_steps
from reconciler.reports.style import Style
from reconciler.reports.telling import (
    SENT_AGAIN,
    effects_in_short,
    environment_sentence,
    resent,
    side_effects,
    temporarily_renamed,
    told_outcomes,
)

_DESCRIPTION = 80
_MESSAGE = 200
_COMMAND = 2_000
_FEW = 5
_OPEN = 40
"""So many rows are shown at once; more are folded."""


def sections(result: RunResult, command: str, *, pictures: bool) -> list[Section]:
    """All sections that have something to tell.

    Args:
        result: what to tell.
        command: what was called, where it may have to be called again.
        pictures: whether the host draws Mermaid diagrams.
    """
    plan = result.plan
    planned = result.outcomes is None
    told = [
        _refusals(plan, planned=planned),
        *_outcomes(result),
        _next(result, command),
        _changes(plan, planned=planned),
        _resent(plan),
        *([_side_effects(plan)] if planned else []),
        _warnings(plan),
        *([_picture(plan)] if pictures else []),
        _unmanaged(plan),
    ]
    return [section for section in told if section.rows or section.omitted]


def _refusals(plan: Plan, *, planned: bool) -> Section:
    rows = [
        _paragraphs(
            f"**{item.code}** · {subject(item.project, item.name)}{_at(item.source)}",
            prose(item.message),
            f"→ {prose(item.hint)}" if item.hint else "",
        )
        for item in plan.refusals
    ]
    intro = prose(also_waiting(plan)) if planned and plan.steps else ""
    return Section("Refused", "refusal", 0, rows, intro=intro)


def _outcomes(result: RunResult) -> Iterator[Section]:
    told = [(outcome, _outcome(outcome, remarks)) for outcome, remarks in told_outcomes(result)]
    head = table_head("Project", "Update", "Outcome", "Environments", "Remarks")
    open_ends = [text for outcome, text in told if outcome.outcome is not Outcome.APPLIED]
    applied = [text for outcome, text in told if outcome.outcome is Outcome.APPLIED]
    yield Section("Not complete", "update", 1, open_ends, head=head)
    yield Section("Applied", "update", 4, applied, head=head, folded=len(applied) > _OPEN)


def _outcome(outcome: StepOutcome, remarks: str) -> str:
    step = outcome.step
    environments = [
        prose(environment_sentence(item), _MESSAGE) for item in outcome.environments[:_FEW]
    ]
    more = len(outcome.environments) - _FEW
    if more > 0:
        environments.append(f"and {more:,} more")
    return row(
        name(step.project),
        move(step.jwk, step.body.name),
        LABELS[outcome.outcome],
        "; ".join(environments),
        "; ".join(filter(None, (prose(remarks), prose(outcome.message)))),
    )


def _next(result: RunResult, command: str) -> Section:
    rows = [
        _paragraphs(
            f"**{step.label}**: {prose(step.sentence)}",
            escape.code(escape.shortened(escape.terminal(step.command), _COMMAND)),
        )
        for step in next_steps(result, command)
    ]
    return Section("What to do next", "hint", 2, rows)


def _changes(plan: Plan, *, planned: bool) -> Section:
    temporary = temporarily_renamed(plan)
    return Section(
        "Changes" if planned else "Planned changes",
        "change",
        5,
        [_change(change, effects_in_short(change, temporary)) for change in plan.changes],
        head=table_head("Project", "JWK", "Description", "Side effects", "Declared at"),
        folded=not planned or len(plan.changes) > _OPEN,
    )


def _change(change: Change, effects: Iterable[str]) -> str:
    description = ""
    if change.before.description != change.after.description:
        old, new = compared(change.before.description, change.after.description, _DESCRIPTION, "…")
        description = f"{escape.code(old)}{Style().between(old, new)}{escape.code(new)}"
    return row(
        name(change.project),
        move(change.before.name, change.after.name),
        description,
        "; ".join(effects),
        "" if change.source is None else place(change.source),
    )


def _resent(plan: Plan) -> Section:
    rows = [f"- {subject(step.project, step.jwk)}: {SENT_AGAIN}" for step in resent(plan)]
    return Section("Sent again", "key", 5, rows, folded=len(rows) > _OPEN)


def _side_effects(plan: Plan) -> Section:
    rows = [f"- {prose(sentence)}" for sentence in side_effects(plan)]
    return Section("Side effects", "side effect", 3, rows)


def _warnings(plan: Plan) -> Section:
    rows = [
        _paragraphs(
            f"{name(item.code)} · {subject(item.project, item.name)}{_at(item.source)}",
            prose(item.message),
        )
        for item in plan.warnings
    ]
    return Section("Warnings", "warning", 6, rows)


def _picture(plan: Plan) -> Section:
    linked = linked_renames(plan)
    rows = drawn(linked)
    return Section(
        "Renames that wait for each other",
        "picture",
        7,
        rows,
        intro="In each picture the numbers tell the order in which its updates are sent.",
        head="```mermaid\nflowchart LR",
        tail="```",
        omitted=len(linked) - len(rows),
    )


def _unmanaged(plan: Plan) -> Section:
    rows = [f"- {subject(item.project, item.name)}" for item in plan.unmanaged]
    return Section("Unmanaged, left alone", "key", 8, rows, folded=True)


def _at(source: SourceLocation | None) -> str:
    return "" if source is None else f" · {place(source)}"


def _paragraphs(*lines: str) -> str:
    """An item of a list, with a hard line break after each line but the last."""
    return "- " + "  \n  ".join(line for line in lines if line)
