"""The changes of a plan and the outcomes of an apply, as lines of text under their projects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from reconciler.core.outcome import Environment, Outcome
from reconciler.core.plan import Action, Change, Effect, Step
from reconciler.reports import escape
from reconciler.reports.descriptions import compared
from reconciler.reports.formatting import deployed_in_words
from reconciler.reports.terminal import Colour, Terminal
from reconciler.reports.view import (
    DETACHES,
    ChangeView,
    OutcomeView,
    View,
    label_of,
    resent_message,
)

LABEL_WIDTH = max(len(label_of(outcome)) for outcome in Outcome)
INDENT = " " * (LABEL_WIDTH + 4)
"""Stands before what belongs to an outcome."""

_COLOURS: dict[Outcome, Colour] = {Outcome.APPLIED: "good", Outcome.NOT_TRIED: "pending"}
_CHANGE_INDENT = " " * 6
_FEW = 5


def change_lines(view: View, terminal: Terminal, *, verbose: bool) -> Iterator[str]:
    """The plan's changes by project, each project after an empty line."""
    for project in view.projects:
        yield ""
        yield terminal.coloured(escape.name(project.project), "heading")
        for item in project.changes:
            yield from _change(item, terminal, verbose=verbose)
        for step in project.resent:
            message = f"= {escape.name(step.jwk)}: {resent_message(step)}"
            yield from terminal.wrap(message, "  ", _CHANGE_INDENT)
        if verbose:
            yield from _order(project.steps, terminal)


def outcome_lines(view: View, terminal: Terminal, *, verbosity: int) -> Iterator[str]:
    """The steps' outcomes in the order they were sent, by project; when quiet, the bad ones."""
    shown = [item for item in view.outcomes if verbosity >= 0 or not item.applied]
    for project, group in groupby(shown, lambda item: item.step.project):
        yield ""
        yield terminal.coloured(escape.name(project), "heading")
        for item in group:
            yield from _outcome(item, terminal, verbose=verbosity > 0)


def _change(item: ChangeView, terminal: Terminal, *, verbose: bool) -> Iterator[str]:
    change = item.change
    mark = terminal.coloured("~", "pending")
    yield f"  {mark} {_move(change.before.name, change.after.name, terminal)}"
    yield from _details(change, terminal, _CHANGE_INDENT)
    if item.temporary is not None:
        name = escape.name(item.temporary.body.name)
        yield f"{_CHANGE_INDENT}by way of the temporary name {name}"
    if verbose:
        yield from _identity(change, terminal)
    notes = ["redeploys to every environment"] if Effect.REDEPLOYS in change.effects else []
    if change.source is not None:
        notes.append(f"declared at {escape.location(change.source)}")
    if notes:
        yield _CHANGE_INDENT + terminal.coloured("; ".join(notes), "faint")


def _details(change: Change, terminal: Terminal, indent: str) -> Iterator[str]:
    """How a change's description differs, and what it cuts off."""
    if Action.DESCRIBE in change.actions:
        yield from _description(change, terminal, indent)
    if Effect.DETACHES_SOURCE in change.effects:
        for line in terminal.wrap(DETACHES, indent, indent):
            yield terminal.coloured(line, "pending")


def _description(change: Change, terminal: Terminal, indent: str) -> Iterator[str]:
    label = "description "
    between = terminal.between(change.before.description or "", change.after.description or "")
    width = terminal.columns - len(indent) - len(label) - len(between)
    before, after = change.before.description, change.after.description
    old, new = compared(before, after, width, terminal.ellipsis)
    if len(old) + len(new) <= width:
        yield f"{indent}{label}{old}{between}{new}"
        return
    yield f"{indent}{label}{old}"
    yield f"{indent}{between.rjust(len(label))}{new}"


def _identity(change: Change, terminal: Terminal) -> Iterator[str]:
    identifiers = (("kid", change.kid), ("id", change.id))
    shown = [f"{label} {escape.name(value)}" for label, value in identifiers if value is not None]
    if shown:
        yield _CHANGE_INDENT + terminal.coloured(", ".join(shown), "faint")


def _order(steps: Sequence[Step], terminal: Terminal) -> Iterator[str]:
    if len(steps) > 1:
        yield "    sent in this order:"
        for number, step in enumerate(steps, 1):
            yield f"    {number:>3}. {_move(step.jwk, step.body.name, terminal)}"


def _outcome(item: OutcomeView, terminal: Terminal, *, verbose: bool) -> Iterator[str]:
    colour = _COLOURS.get(item.outcome.outcome, "bad")
    label = terminal.coloured(item.label, colour) + " " * (LABEL_WIDTH - len(item.label))
    move = _move(item.step.jwk, item.step.body.name, terminal)
    yield f"  {label}  {move}{_notes(item)}"
    if item.outcome.message:
        yield from terminal.wrap(escape.terminal(item.outcome.message), INDENT, INDENT)
    if verbose or not item.applied:
        for environment in item.outcome.environments:
            yield from terminal.wrap(_environment(environment), INDENT, f"{INDENT}  ")
    if verbose and item.change is not None and not item.step.temporary:
        yield from _details(item.change, terminal, INDENT)


def _notes(item: OutcomeView) -> str:
    notes = item.notes(code="")
    if item.applied and item.outcome.environments:
        # A pod, named "environment/pod", matters only where it failed.
        environments = item.outcome.environments
        whole = [environment for environment in environments if "/" not in environment.name]
        names = [escape.name(environment.name) for environment in whole or environments]
        shown = ", ".join(names[:_FEW])
        more = len(names) - _FEW
        notes.append(f"deployed to {shown}{f' and {more:,} more' if more > 0 else ''}")
    return f" ({'; '.join(notes)})" if notes else ""


def _environment(environment: Environment) -> str:
    message = f", {escape.terminal(environment.message)}" if environment.message else ""
    return f"{escape.name(environment.name)}: {deployed_in_words(environment)}{message}"


def _move(old: str, new: str, terminal: Terminal) -> str:
    """``old → new``, or just the name where it stays."""
    shown = escape.name(new)
    return shown if old == new else f"{escape.name(old)}{terminal.between(old, new)}{shown}"
