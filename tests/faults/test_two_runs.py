"""Two runs at the same time: no key gets a wrong name, and each run tells what it met."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fault_harness import Harness, Ran, Snapshot, rigged
from fault_report_checks import STALE, calls_of, seeded_id, unsettled
from fault_scenarios import Entry, Scenario, large, small

from reconciler.core.model import LiveJwk
from reconciler.core.names import temporary_name
from reconciler.core.outcome import Outcome, ResponseKind, StepOutcome

pytestmark = pytest.mark.proof

SEEDS = range(24)
SAID = ("is now", "is gone", "has another description now", "not found", "already exist")
"""How a run that lost tells what it met."""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with rigged(small(), deploy_latency=0.001) as harness:
        yield harness


@pytest.fixture(scope="module")
def large_rig() -> Iterator[Harness]:
    with rigged(large()) as harness:
        yield harness


def other_targets(scenario: Scenario) -> Scenario:
    """The same keys, each with a name and a description of its own."""
    return Scenario(
        {
            project: tuple(
                replace(entry, to=f"{entry.to}-{entry.kid}", describe="of the other run")
                for entry in entries
                if entry.kid is not None
            )
            for project, entries in scenario.projects.items()
        },
        scenario.unmanaged,
    )


def plain(scenario: Scenario) -> Scenario:
    """The keys of a scenario that take nobody's name."""
    names = {entry.name for entries in scenario.projects.values() for entry in entries}
    return Scenario(
        {
            project: tuple(
                entry for entry in entries if entry.to == entry.name or entry.to not in names
            )
            for project, entries in scenario.projects.items()
        },
        scenario.unmanaged,
    )


def both(one: Harness, other: Harness, chance: random.Random) -> list[Ran]:
    """Two runs that meet at some moment, one of which may be held up now and then."""
    one.sandbox.admin.reset()
    for _ in range(chance.randint(0, 4)):
        pause = {"kind": "latency", "at": chance.randint(1, 50), "seconds": chance.random() / 50}
        one.sandbox.admin.add_faults(pause)
    ways = [chance.choice([1, 3]), chance.choice([1, 3])]
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(harness.apply, parallelism=parallelism)
            for harness, parallelism in zip((one, other), ways, strict=True)
        ]
        return [run.result() for run in runs]


def unreported(harness: Harness, ran: Ran) -> Iterator[str]:
    """What one run's report says that its own requests and last looks do not bear out."""
    for outcome in ran.outcomes:
        key = last_seen(harness, ran, outcome)
        replies = [call.answer.kind for call in calls_of(ran, outcome.step) if call.answer]
        place = f"{outcome.step.jwk} -> {outcome.step.body.name} is {outcome.outcome}"
        there = key is not None and key.name == outcome.step.body.name
        is_reported = outcome.message.startswith(STALE) or any(
            text in outcome.message for text in SAID
        )
        holds = {
            Outcome.APPLIED: ResponseKind.ACCEPTED in replies and (there or outcome.step.temporary),
            Outcome.CONFLICT: is_reported,
            Outcome.FAILED: ResponseKind.ACCEPTED not in replies and bool(outcome.message),
            Outcome.NOT_TRIED: not replies and bool(outcome.message),
        }
        if not holds.get(outcome.outcome, False):
            yield f"{place}: {outcome.message} ({replies}, {key})"


def last_seen(harness: Harness, ran: Ran, outcome: StepOutcome) -> LiveJwk | None:
    """The key of an outcome as the run's last list showed it."""
    step = outcome.step
    entry = next(one for one in harness.scenario.projects[step.project] if one.to == step.change)
    log = ran.log.of(step.project)
    lists = [one.live for one in log if isinstance(one, Snapshot) and one.live]
    identity = seeded_id(harness, step.project, entry.name)
    return next((jwk for jwk in lists[-1].jwks if jwk.id == identity), None) if lists else None


def wrong_names(*harnesses: Harness) -> Iterator[str]:
    """Keys that are called what neither run declared, and that were not called so before."""
    sandbox = harnesses[0].sandbox.admin
    for project, entries in harnesses[0].scenario.projects.items():
        keys = {key.id: key.name for key in sandbox.keys(project)}
        assert len(set(keys.values())) == len(keys)
        for entry in entries:
            targets = {
                one.to
                for harness in harnesses
                for one in harness.scenario.projects[project]
                if one.kid == entry.kid
            }
            known = {entry.name, *targets, *map(temporary_name, targets)}
            # Whom another run's temporary name befell, a further run knows by the pinned kid.
            known |= {temporary_name(one.to) for one in entries if entry.kid is not None}
            name = keys[seeded_id(harnesses[0], project, entry.name)]
            if name not in known and entry.kid is not None:
                yield f"{project}: {entry.name} is called {name}"


@pytest.mark.parametrize("size", ["small", "large"])
def test_two_runs_with_the_same_targets(
    harness: Harness,
    large_rig: Harness,
    size: str,
    record_property: Callable[[str, object], None],
) -> None:
    used = harness if size == "small" else large_rig
    wrong = []
    for seed in SEEDS:
        chance = random.Random(seed)  # noqa: S311 - seeded on purpose
        runs = both(used, used, chance)
        said = [text for ran in runs for text in unreported(used, ran)]
        said += wrong_names(used)
        said += [f"exit code {ran.code}" for ran in runs if ran.code not in {0, 3, 4}]
        again = used.apply(redeploy=())
        said += [f"the next run ends with {again.code}"] if again.code else []
        said += unsettled(used)
        wrong += [f"{seed}: {'; '.join(said)}"] if said else []
    record_property("cases", len(SEEDS))
    assert "\n".join(wrong) == ""


def test_two_runs_with_different_targets(
    harness: Harness, record_property: Callable[[str, object], None]
) -> None:
    one = replace(harness, scenario=plain(harness.scenario))
    other = replace(harness, scenario=other_targets(plain(harness.scenario)))
    wrong, lost = [], 0
    for seed in SEEDS:
        chance = random.Random(seed)  # noqa: S311 - seeded on purpose
        runs = both(one, other, chance)
        said = [
            text
            for each, ran in zip((one, other), runs, strict=True)
            for text in unreported(each, ran)
        ]
        said += wrong_names(one, other)
        lost += sum(ran.code in {3, 4} for ran in runs)
        for each in (one, other):
            # Whoever runs last has its way: the keys' kids are pinned.
            again = each.apply()
            said += [f"the next run ends with {again.code}"] if again.code else []
        said += unsettled(other)
        wrong += [f"{seed}: {'; '.join(said)}"] if said else []
    record_property("cases", len(SEEDS))
    assert "\n".join(wrong) == ""
    assert lost, "the runs never met"


@pytest.mark.parametrize("cycle", ["ab", "abc", "abcde"])
def test_a_cycle_that_another_run_finished_just_before_is_not_gone_round_again(
    cycle: str,
) -> None:
    """Every name is taken before and after, so only a list tells that the keys have moved."""
    turned = dict(zip(cycle, cycle[1:] + cycle[0], strict=True))
    entries = tuple(Entry(name, to, f"k-{name}") for name, to in turned.items())
    with rigged(Scenario({"P": entries}, {})) as harness:
        turns = [("a", "elsewhere"), *reversed([*turned.items()][1:]), ("elsewhere", "b")]
        for name, to in turns:
            fault = {"kind": "foreign-change", "project": "P", "method": "PUT", "at": 1}
            harness.sandbox.admin.add_faults(fault | {"name": name, "to": to})
        ran = harness.apply()
        assert ran.code == 4
        first, *rest = ran.outcomes
        assert first.outcome is Outcome.CONFLICT
        assert f"`{first.step.body.name}` is now held by" in first.message
        assert {one.outcome for one in rest} == {Outcome.NOT_TRIED}
        assert [one.method for one in harness.sandbox.requests].count("PUT") == 1
        assert list(wrong_names(harness)) == []
        assert harness.apply().code == 0
        assert list(unsettled(harness)) == []


def test_an_update_that_reaches_a_key_whose_name_was_handed_on_is_told() -> None:
    """No client can prevent this; the report says who holds what, and pinned kids heal it."""
    scenario = Scenario({"P": (Entry("a", "a2", "k-a"), Entry("b", "c2", "k-b"))}, {})
    with rigged(scenario) as harness:
        second = {"kind": "foreign-change", "project": "P", "method": "PUT", "at": 2}
        for name, to in (("b", "x"), ("a2", "b")):
            harness.sandbox.admin.add_faults({**second, "name": name, "to": to})
        ran = harness.apply()
        assert ran.code == 4
        first, then = ran.outcomes
        assert first.outcome is then.outcome is Outcome.CONFLICT
        assert "the key that was `a` is now `c2` (kid k-a" in first.message
        assert "the key that was `b` is now `x` (kid k-b" in then.message
        assert "`c2` is now held by `c2` (kid k-a" in then.message
        assert harness.apply().code == 0
        assert list(unsettled(harness)) == []
