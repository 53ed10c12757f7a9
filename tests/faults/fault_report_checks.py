"""What must hold after an apply, whatever went wrong in it: the report against the server's truth.

Each check gives the sentences that are untrue; none means that all is well.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from fault_harness import Call, Harness, Ran, Snapshot
from fault_scenarios import Entry

from reconciler.core.model import LiveJwk, LiveProject
from reconciler.core.outcome import Outcome, ResponseKind, StepOutcome
from reconciler.core.plan import Step
from reconciler.core.planner import make_plan
from reconciler.sandbox.request_log import SavedUpdate
from reconciler.sandbox.rules import Jwk

UNREAD = "could not be read back"
STALE = "the project changed since it was planned"
_SAVED = {Outcome.APPLIED, Outcome.NOT_DEPLOYED}


@dataclass(frozen=True)
class Case:
    """One apply that faults were armed for.

    Attributes:
        overtaken: projects with a cycle of renames in which an update was done after the client
            gave it up: it can reach another key, which no client can see (docs/outcomes.md).
    """

    harness: Harness
    ran: Ran
    overtaken: Set[str] = frozenset()

    @cached_property
    def saved_updates(self) -> tuple[SavedUpdate, ...]:
        """What was saved, by the run and by others."""
        return self.harness.sandbox.admin.journal.saved_updates()

    @cached_property
    def keys(self) -> dict[str, tuple[Jwk, ...]]:
        """The truth about every project, once the run was over."""
        return {
            project: self.harness.sandbox.admin.keys(project)
            for project in self.harness.scenario.projects
        }


def wrong_claims(case: Case) -> Iterator[str]:
    """Where the report, the requests or the exit code are not as they must be."""
    for outcome in case.ran.outcomes:
        if outcome.step.project not in case.overtaken:
            yield from _outcome(case, outcome)
        yield from _sent_twice(case.ran, outcome.step)
    expected = expected_code(case.ran)
    if case.ran.code != expected:
        yield f"the exit code is {case.ran.code}, not {expected}"


def _outcome(case: Case, outcome: StepOutcome) -> Iterator[str]:
    step, word = outcome.step, outcome.outcome
    calls, followers = calls_of(case.ran, step), _followers(case.ran, step)
    label = f"{step.project}: {step.jwk} -> {step.body.name} is {word}"
    if outcome.attempts != len(calls):
        yield f"{label}: {outcome.attempts} attempts reported, {len(calls)} made"
    foreign = any(
        not effect.asked and effect.project == step.project for effect in case.saved_updates
    )
    # By what was asked, not by when: an update may be done after its sender gave it up.
    asked = {(step.project, call.jwk, call.body.name) for call in calls}
    saved = any(
        effect.asked and (effect.project, effect.address, effect.name) in asked
        for effect in case.saved_updates
    )
    deployed = any(call.deployed for call in [*calls, *followers])
    snapshots = [entry for entry in case.ran.log.of(step.project) if isinstance(entry, Snapshot)]
    read = bool(snapshots) and snapshots[-1].read
    explained = {
        Outcome.APPLIED: saved and read and deployed,
        Outcome.NOT_DEPLOYED: saved and read and not deployed,
        Outcome.FAILED: not saved,
        Outcome.NOT_TRIED: not saved,
        Outcome.UNKNOWN: not read and UNREAD in outcome.message,
        Outcome.CONFLICT: read and (foreign or _unexplainable(calls)),
    }
    if not explained[word]:
        yield f"{label}: saved {saved}, read {read}, deployed {deployed}, foreign {foreign}"
    if read and saved and not foreign and word not in _SAVED:
        yield f"{label}, though it was saved"
    if word in _SAVED and not followers:
        yield from _holds(case, step, label, deployed=word is Outcome.APPLIED)


def _unexplainable(calls: list[Call]) -> bool:
    """An answer said that it was saved, and it was not."""
    return any(
        call.answer is not None
        and call.answer.kind is ResponseKind.ACCEPTED
        and not call.saved_updates
        for call in calls
    )


def _holds(case: Case, step: Step, label: str, *, deployed: bool) -> Iterator[str]:
    harness = case.harness
    key = next((key for key in case.keys[step.project] if key.name == step.body.name), None)
    if key is None or (key.description or "") != (step.body.description or ""):
        yield f"{label}, but the server has {key}"
        return
    entries = harness.scenario.projects[step.project]
    meant = next(entry for entry in entries if entry.to == step.change)
    if key.id != seeded_id(harness, step.project, meant.name):
        yield f"{label}, but it is another key: {key.id}"
    if deployed and not on_every_gateway(key):
        yield f"{label}, but not everywhere: {key.deployed}"


def seeded_id(harness: Harness, project: str, name: str) -> str:
    return harness.seeded_ids[project, name]


def calls_of(ran: Ran, step: Step) -> list[Call]:
    """The PUTs of one step, in their order."""
    return [
        call
        for call in ran.log.calls
        if call.project == step.project and call.body.name == step.body.name
    ]


def _followers(ran: Ran, step: Step) -> list[Call]:
    """The PUTs that took a key on from the temporary name that this step gave it.

    Those that were sent again count too: after a lost answer they go to the key's new name.
    """
    if not step.temporary:
        return []
    calls = [call for call in ran.log.calls if call.project == step.project]
    names = {call.body.name for call in calls if call.jwk == step.body.name != call.body.name}
    return [call for call in calls if call.body.name in names]


def on_every_gateway(key: Jwk) -> bool:
    return all((one.name, one.description) == (key.name, key.description) for one in key.deployed)


def _sent_twice(ran: Ran, step: Step) -> Iterator[str]:
    """Nothing is sent again that had worked, and nothing blindly."""
    entries, calls = ran.log.of(step.project), calls_of(ran, step)
    for number, (earlier, later) in enumerate(pairwise(calls), start=1):
        label = f"{step.project}: {later.jwk} -> {later.body.name} was sent again"
        if any(call.deployed for call in calls[:number]):
            yield f"{label}, though it was said to be deployed"
        if any(call.saved_updates for call in calls[:number]) and later.jwk != later.body.name:
            yield f"{label} at its old name, though it was saved"
        between = entries[_label(entries, earlier) + 1 : _label(entries, later)]
        unsent = earlier.answer is not None and earlier.answer.kind is ResponseKind.UNSENT
        if not unsent and not any(isinstance(one, Snapshot) and one.read for one in between):
            yield f"{label} without reading the list"


def _label(entries: list[Call | Snapshot], call: Call) -> int:
    return next(label for label, entry in enumerate(entries) if entry is call)


def expected_code(ran: Ran) -> int:
    """The exit code by the README's table, from what happened on the wire."""
    short = [item for item in ran.outcomes if item.outcome is not Outcome.APPLIED]
    table = (
        (77, any(entry.denied for entry in ran.log.entries)),
        (69, any(isinstance(entry, Snapshot) and not entry.read for entry in ran.log.entries)),
        (4, any(not item.message.startswith(STALE) for item in short)),
        (3, bool(short)),
        (5, ran.result is not None and bool(ran.result.plan.refusals)),
    )
    return next((code for code, fits in table if fits), 0)


def unsettled(harness: Harness) -> Iterator[str]:
    """What is not as it was declared, on the Manager or on any gateway."""
    lists = {}
    for project, entries in harness.scenario.projects.items():
        keys = harness.sandbox.admin.keys(project)
        lists[project] = LiveProject(project, tuple(map(_listed, keys)))
        by_id = {key.id: key for key in keys}
        for entry in entries:
            yield from _as_declared(project, entry, by_id[seeded_id(harness, project, entry.name)])
        yield from (
            f"{project}: {key.name} is not on every gateway: {key.deployed}"
            for key in keys
            if not on_every_gateway(key)
        )
    plan = make_plan("", harness.scenario.declared(), lists)
    yield from (f"a further plan is not empty: {step}" for step in plan.steps)
    yield from (f"a further plan is refused: {refusal}" for refusal in plan.refusals)


def _as_declared(project: str, entry: Entry, key: Jwk) -> Iterator[str]:
    described = key.description or ""
    if key.name != entry.to or described != (entry.describe or described):
        yield f"{project}: {entry.name} ended as {key.name} ({key.description})"


def _listed(key: Jwk) -> LiveJwk:
    return LiveJwk(
        name=key.name,
        description=key.description,
        id=key.id,
        source_type=key.source_type,
        type=key.type,
        kid=key.kid,
    )
