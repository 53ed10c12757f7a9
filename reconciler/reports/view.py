"""What every report shows of a result, worked out once; the formats only render it.

Messages in it hold code between backticks (see ``formatting.code_parts``). Names in them are
escaped for a terminal, and may still hold backticks of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.plan import Action, Change, Effect, Step
from reconciler.core.text import shell_word
from reconciler.reports import escape, references
from reconciler.reports.formatting import counted, deployed_in_words
from reconciler.reports.linked_renames import LinkedRenames, linked_renames
from reconciler.reports.script_notes import script_notes
from reconciler.reports.verdict import (
    ADVICE,
    Verdict,
    change_key,
    changes_by_key,
    left_temporary,
    verdict,
)

DETACHES = (
    "DETACHES from its source: the key stays, but will miss every rotation of the source from now "
    "on (the entry allows it)"
)
"""What becomes of a key that has a source."""

_LEFT_TEMPORARY = (
    "a key left under its temporary name takes its declared name when apply is run again; until "
    "then gateways know it by the temporary name only"
)
_CYCLE = (
    "Keys of a cycle go through a temporary name, and gateways see it for the moment until the "
    "last of them is renamed."
)


class ChangeView(Struct, frozen=True):
    """A change, and the step that gives its key a temporary name; None where none does."""

    change: Change
    temporary: Step | None

    @property
    def effects(self) -> list[str]:
        """What else happens to the key, in a few words each."""
        effects = {
            "redeploys": Effect.REDEPLOYS in self.change.effects,
            "DETACHES from its source": Effect.DETACHES_SOURCE in self.change.effects,
            "goes through a temporary name": self.temporary is not None,
        }
        return [label for label, happens in effects.items() if happens]


class ProjectView(Struct, frozen=True):
    """What is planned for one project.

    Attributes:
        project: its name.
        changes: its changes.
        resent: the steps that send a key though nothing differs.
        steps: all its steps, in the order they are sent.
    """

    project: str
    changes: list[ChangeView]
    resent: list[Step]
    steps: list[Step]


class OutcomeView(Struct, frozen=True):
    """What became of a step, and the change it belongs to; None where the key is only resent."""

    outcome: StepOutcome
    change: Change | None

    @property
    def step(self) -> Step:
        """The step."""
        return self.outcome.step

    @property
    def applied(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.outcome.outcome is Outcome.APPLIED

    @property
    def label(self) -> str:
        """The outcome in words."""
        return label_of(self.outcome.outcome)

    def notes(self, code: str = "`") -> list[str]:
        """What the reader should know of the step besides its outcome.

        Args:
            code: stands around the code in them.
        """
        notes = []
        if self.step.temporary:
            name = f"{code}{escape.name(self.step.change)}{code}"
            notes.append(f"a temporary name, on the way to {name}")
        elif self.change is None:
            notes.append("sent again unchanged")
        elif Action.DESCRIBE in self.change.actions:
            notes.append("with its description")
        if self.outcome.attempts > 1:
            notes.append(counted(self.outcome.attempts, "attempt"))
        return notes

    @property
    def environments(self) -> list[str]:
        """Whether each environment got the key, in a message each."""
        return [_environment(item) for item in self.outcome.environments]


class NextStep(Struct, frozen=True):
    """What to do about one kind of outcome.

    Attributes:
        label: the outcome in words.
        message: without a full stop; ends with a colon where a command follows.
        command: what to call, as for a shell; live text in it is not escaped; may be empty.
    """

    label: str
    message: str
    command: str = ""


class View:
    """The view of one result; each part is worked out when it is first asked for, then kept.

    Args:
        result: the result.
    """

    def __init__(self, result: RunResult) -> None:
        self.plan = result.plan
        self.planned = result.outcomes is None
        """Whether nothing was applied."""
        self.stopped = result.stopped or ""
        """Why an apply ended early."""
        self._result = result

    @cached_property
    def verdict(self) -> Verdict:
        """What it all came to."""
        return verdict(self._result)

    @property
    def also_pending(self) -> str:
        """What a refused plan would still send; "" where that is nothing."""
        if not (self.planned and self.plan.refusals and self.plan.steps):
            return ""
        updates = counted(len(self.plan.steps), "update")
        return f"Also waiting: {updates} of other projects; apply --keep-going sends only those."

    @cached_property
    def projects(self) -> list[ProjectView]:
        """What is planned for each project, by their names."""
        names = {change.project for change in self.plan.changes}
        names |= {step.project for step in self.plan.steps}
        projects = {name: ProjectView(name, [], [], []) for name in sorted(names)}
        for item in self.changes:
            projects[item.change.project].changes.append(item)
        for step in self.plan.steps:
            projects[step.project].steps.append(step)
            if (step.project, step.change) not in self._changes_by_key:
                projects[step.project].resent.append(step)
        return list(projects.values())

    @cached_property
    def changes(self) -> list[ChangeView]:
        """The plan's changes in their order."""
        temporary = {
            (step.project, step.change): step for step in self.plan.steps if step.temporary
        }
        return [
            ChangeView(change, temporary.get((change.project, change.name)))
            for change in self.plan.changes
        ]

    @property
    def resent(self) -> list[Step]:
        """The steps that send a key though nothing differs."""
        return [step for project in self.projects for step in project.resent]

    @cached_property
    def outcomes(self) -> list[OutcomeView]:
        """What became of each step, in the order they are sent; empty where it was only planned."""
        return [
            OutcomeView(item, self._changes_by_key.get(change_key(item)))
            for item in self._result.settled
        ]

    @property
    def failed_first(self) -> list[OutcomeView]:
        """The outcomes, those to act upon first."""
        return sorted(self.outcomes, key=lambda item: item.applied)

    @cached_property
    def next_steps(self) -> list[NextStep]:
        """What to do about each kind of outcome that came up; empty where all is applied."""
        outcomes = {item.outcome.outcome for item in self.outcomes}
        steps = [
            NextStep(label_of(outcome), message, self._send_again(outcome))
            for outcome, message in ADVICE.items()
            if outcome in outcomes
        ]
        if left_temporary(self._result.settled):
            steps.append(NextStep("temporary", _LEFT_TEMPORARY))
        return steps

    @property
    def side_effects(self) -> Iterator[str]:
        """What else happens when the plan is applied, in one message each."""
        keys = len({(step.project, step.change) for step in self.plan.steps})
        if keys:
            verb = "is" if keys == 1 else "are"
            count = counted(keys, "key")
            yield f"{count} {verb} deployed to every environment, as part of the update."
        for step in self.plan.steps:
            if Effect.DETACHES_SOURCE in step.effects:
                yield f"`{escape.name(step.change)}` {DETACHES}."
        yield from self.reminders

    @property
    def reminders(self) -> Iterator[str]:
        """What nobody can see in the plan, but will feel after an apply."""
        yield from script_notes(self.plan)
        yield from references.reminders(self.plan)
        if any(step.temporary for step in self.plan.steps):
            yield _CYCLE

    @cached_property
    def references(self) -> list[references.ReferenceView]:
        """Who uses the keys that are renamed, by key and API proxy, the worst first."""
        return references.views(self.plan.references)

    @property
    def nobody_asked(self) -> str:
        """That nobody looked who uses the keys; "" where that does not matter."""
        return references.nobody_asked(self.plan)

    @cached_property
    def linked_renames(self) -> tuple[LinkedRenames, ...]:
        """The chains and cycles of renames."""
        return linked_renames(self.plan)

    @cached_property
    def _changes_by_key(self) -> dict[tuple[str, str], Change]:
        return changes_by_key(self.plan)

    def _send_again(self, outcome: Outcome) -> str:
        """The command that sends the keys of one outcome again, each under its declared name."""
        if outcome not in {Outcome.NOT_DEPLOYED, Outcome.UNKNOWN}:
            return ""
        names = dict.fromkeys(
            f"{item.step.project}/{item.step.change}"
            for item in self.outcomes
            if item.outcome.outcome is outcome
        )
        return " ".join(
            [self._result.command, *(f"--redeploy {shell_word(name)}" for name in names)]
        )


def resent_message(step: Step) -> str:
    """What happens to a key that is sent though nothing differs."""
    detaches = f"; {DETACHES}" if Effect.DETACHES_SOURCE in step.effects else ""
    return f"as declared; sent again to be deployed again{detaches}"


def label_of(outcome: Outcome) -> str:
    """An outcome in words."""
    return outcome.value.replace("-", " ")


def _environment(environment: Environment) -> str:
    message = f", {escape.terminal(environment.message)}" if environment.message else ""
    return f"`{escape.name(environment.name)}` {deployed_in_words(environment)}{message}"
