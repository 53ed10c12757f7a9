"""What became of an apply's steps, as lines of text, and what to do next about each kind."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import groupby

from msgspec import Struct

from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.plan import Action, Change
from reconciler.reports import escape
from reconciler.reports.advice import ADVICE, WAITING
from reconciler.reports.changes import detail_lines, move
from reconciler.reports.style import Paint, Style
from reconciler.reports.tally import changes_by_key, key_of, left_waiting
from reconciler.reports.wording import counted, shortened

LABELS = {outcome: outcome.value.replace("-", " ") for outcome in Outcome}
"""Each outcome in words."""

_PAINTS: dict[Outcome, Paint] = {Outcome.APPLIED: "good", Outcome.NOT_TRIED: "pending"}
_WIDTH = max(map(len, LABELS.values()))
_IN = " " * (_WIDTH + 4)
_FEW = 5


def outcome_lines(result: RunResult, style: Style, *, verbosity: int) -> Iterator[str]:
    """The steps' outcomes in the order they were sent, by project; when quiet, the bad ones."""
    changes = changes_by_key(result)
    told = [
        outcome
        for outcome in result.settled
        if verbosity >= 0 or outcome.outcome is not Outcome.APPLIED
    ]
    for project, group in groupby(told, lambda outcome: outcome.step.project):
        yield ""
        yield style.paint(escape.name(project), "heading")
        for outcome in group:
            change = changes.get(key_of(outcome))
            yield from _outcome(outcome, change, style, verbose=verbosity > 0)


class NextStep(Struct, frozen=True):
    """What to do about one kind of outcome.

    Attributes:
        label: the outcome in words.
        sentence: without a full stop; ends with a colon where a command follows.
        command: what to call, as for a shell; live text in it is not escaped; may be empty.
    """

    label: str
    sentence: str
    command: str = ""


def next_steps(result: RunResult, command: str) -> Iterator[NextStep]:
    """What to do about each kind of outcome that came up; nothing where all is applied.

    Args:
        result: what the apply came to.
        command: what was called, to be completed where it has to be called again.
    """
    kinds = {outcome.outcome for outcome in result.settled}
    for kind, sentence in ADVICE.items():
        if kind in kinds:
            again = kind in {Outcome.NOT_DEPLOYED, Outcome.UNKNOWN}
            yield NextStep(
                LABELS[kind], sentence, _send_again(result, kind, command) if again else ""
            )
    if left_waiting(result):
        yield NextStep("temporary", WAITING)


def next_lines(result: RunResult, style: Style, command: str) -> Iterator[str]:
    """What to do next, each sentence after its outcome."""
    steps = list(next_steps(result, command))
    if steps:
        yield ""
        yield style.paint("What to do next", "heading")
    for step in steps:
        yield from style.wrap(step.sentence, f"  {step.label:{_WIDTH}}  ", _IN)
        if step.command:
            yield _IN + escape.terminal(step.command)


def _outcome(
    outcome: StepOutcome, change: Change | None, style: Style, *, verbose: bool
) -> Iterator[str]:
    step = outcome.step
    word = LABELS[outcome.outcome]
    label = style.paint(word, _PAINTS.get(outcome.outcome, "bad")) + " " * (_WIDTH - len(word))
    yield f"  {label}  {move(step.jwk, step.body.name, style)}{_remarks(outcome, change)}"
    if outcome.message:
        yield from style.wrap(escape.terminal(outcome.message), _IN, _IN)
    if verbose or outcome.outcome is not Outcome.APPLIED:
        for environment in outcome.environments:
            yield from style.wrap(_environment(environment), _IN, f"{_IN}  ")
    if verbose and change is not None and not step.temporary:
        yield from detail_lines(change, style, _IN)


def _remarks(outcome: StepOutcome, change: Change | None) -> str:
    step = outcome.step
    remarks = []
    if step.temporary:
        remarks.append(f"a temporary name, on the way to {escape.name(step.change)}")
    elif change is None:
        remarks.append("sent again unchanged")
    elif Action.DESCRIBE in change.actions:
        remarks.append("description")
    if outcome.attempts > 1:
        remarks.append(counted(outcome.attempts, "attempt"))
    if outcome.outcome is Outcome.APPLIED and outcome.environments:
        # A pod, named "environment/pod", matters only where it failed.
        whole = [item for item in outcome.environments if "/" not in item.name]
        names = [escape.name(item.name) for item in whole or outcome.environments]
        remarks.append(f"deployed to {shortened(names, _FEW)}")
    return f" ({'; '.join(remarks)})" if remarks else ""


def _environment(environment: Environment) -> str:
    words = "deployed" if environment.deployed else "NOT deployed"
    message = f", {escape.terminal(environment.message)}" if environment.message else ""
    return f"{escape.name(environment.name)}: {words}{message}"


def _send_again(result: RunResult, kind: Outcome, command: str) -> str:
    """The command that sends the keys of one outcome again, each under its declared name."""
    names = dict.fromkeys(
        f"{outcome.step.project}/{outcome.step.change}"
        for outcome in result.settled
        if outcome.outcome is kind
    )
    return " ".join([command, *(f"--redeploy {shlex.quote(name)}" for name in names)])
