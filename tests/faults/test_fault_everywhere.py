"""An outage of every kind at every request: the report stays true, and the next run converges."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fault_harness import SHORT, Harness, rigged
from fault_report_checks import Case, unsettled, wrong_claims
from fault_scenarios import Scenario, blind, large, small

from reconciler.core.outcome import Outcome
from reconciler.sandbox.deployment import SHAPES
from reconciler.sandbox.dialects import DIALECTS
from reconciler.sandbox.faults import KINDS

pytestmark = pytest.mark.proof

ESTATES: dict[str, Callable[[], Scenario]] = {"large": large, "small": small, "blind": blind}
REQUESTS = {"large": 49, "small": 20, "blind": 19}
"""How many requests an apply without a fault makes, one project at a time."""

CIRCLES = "Swap"
"""The project of each scenario in which names go round."""

Variant = dict[str, Any]
VARIANTS: dict[str, Variant] = {
    "latency": {"kind": "latency", "seconds": 0.01},
    "latency-beyond-the-timeout": {"kind": "latency", "method": "GET", "seconds": SHORT * 1.3},
    "late-effect": {"kind": "latency", "method": "PUT", "seconds": SHORT * 1.3},
    "foreign-rename": {"kind": "foreign-change"},
    "foreign-description": {"kind": "foreign-change"},
    "foreign-onto": {"kind": "foreign-change"},
    "deploy-fails": {"kind": "deploy-fails"},
    "deploy-fails-twice-in-prod": {"kind": "deploy-fails", "environments": ["prod"], "times": 2},
    "deploy-fails-for-long": {"kind": "deploy-fails", "times": 9},
    "reset-before": {"kind": "reset-before"},
    "reset-after": {"kind": "reset-after"},
    "reset-after-for-long": {"kind": "reset-after", "method": "PUT", "times": 6},
    "hang": {"kind": "hang"},
    "hang-after": {"kind": "hang-after"},
    "cut-body": {"kind": "cut-body"},
    "429": {"kind": "429", "header": True},
    "500-before": {"kind": "500-before"},
    "500-after": {"kind": "500-after"},
    "503-before": {"kind": "503-before"},
    "503-before-for-long": {"kind": "503-before", "times": 6},
    "html": {"kind": "html"},
    "html-after": {"kind": "html-after"},
    "unauthorized": {"kind": "unauthorized"},
    "denied": {"kind": "denied"},
    "garbage": {"kind": "garbage"},
    "huge": {"kind": "huge", "size": 250_000},
    "deep": {"kind": "deep", "depth": 3000},
}
JOURNALED = {"deploy-fails", "reset-after", "500-before", "html-after", "unauthorized"}
"""Variants that are settled by a journal too, instead of by what the report prints."""
BLIND = (
    "foreign-rename",
    "deploy-fails",
    "reset-before",
    "reset-after",
    "cut-body",
    "429",
    "500-after",
    "503-before-for-long",
    "html-after",
    "unauthorized",
)
"""Variants for lists without ``id``, in which some keys are only told by their names."""
SILENT = {"hang", "hang-after", "latency-beyond-the-timeout", "late-effect"}
"""Variants in which a timeout is really waited for."""


@pytest.fixture(scope="module")
def harnesses() -> Iterator[Callable[..., Harness]]:
    """One harness per scenario and way to answer, for all tests of this file."""
    opened: dict[tuple[Any, ...], Harness] = {}
    with ExitStack() as stack:

        def harness(scenario: str, **options: Any) -> Harness:
            key = (scenario, *sorted(options.items()))
            if key not in opened:
                opened[key] = stack.enter_context(rigged(ESTATES[scenario](), **options))
            opened[key].sandbox.admin.reset()
            return opened[key]

        yield harness


def test_every_kind_of_fault_is_among_the_variants() -> None:
    elsewhere = {"policies-change"}  # of API proxies, which these scenarios have none of
    assert {variant["kind"] for variant in VARIANTS.values()} == set(KINDS) - elsewhere


@pytest.mark.parametrize("scenario", ESTATES)
def test_without_a_fault_all_is_applied(
    harnesses: Callable[..., Harness], scenario: str, tmp_path: Path
) -> None:
    harness = harnesses(scenario)
    ran = harness.apply(journal=tmp_path / "journal")
    assert ran.code == 0
    assert len(harness.sandbox.requests) == REQUESTS[scenario]
    assert list(unsettled(harness)) == []
    again = harness.apply(journal=tmp_path / "journal").result
    assert again is not None
    assert again.plan.steps == ()


def test_the_large_estate_has_thirty_changes_in_five_projects() -> None:
    assert large().changes() == 30
    assert len(large().projects) == 5


def survives(
    harness: Harness, faults: Sequence[Variant], journal: Path | None = None, **how: Any
) -> str:
    """Run one case; what is wrong with it, or nothing."""
    admin = harness.sandbox.admin
    admin.add_faults(*faults)
    ran = harness.apply(journal=journal, **how)
    harness.settle()
    late = {
        fault["project"] for fault in faults if fault["kind"] == "latency" and "project" in fault
    }
    wrong = list(wrong_claims(Case(harness, ran, late & {CIRCLES})))
    admin.faults.clear()
    wrong += converges(harness, ran.pending() if journal is None else (), journal)
    return f"{faults}: {'; '.join(wrong)}" if wrong else ""


def converges(harness: Harness, pending: tuple[str, ...], journal: Path | None) -> list[str]:
    """Run again, undisturbed, until it is as declared; what is wrong then."""
    again = harness.apply(redeploy=pending, journal=journal)
    if again.code == 5:
        undo_foreign_changes(harness)
        again = harness.apply(redeploy=pending, journal=journal)
    code = [f"the next run exits with {again.code}"] if again.code else []
    return code + list(unsettled(harness))


def undo_foreign_changes(harness: Harness) -> None:
    """What a person does whom a refusal told which key is where."""
    admin = harness.sandbox.admin
    for effect in reversed(admin.journal.saved_updates()):
        if not effect.asked and effect.name != effect.address:
            admin.change(effect.project, effect.name, to=effect.address)


def meets(harness: Harness, name: str, index: int) -> bool:
    """Whether a variant can meet this request of an undisturbed run."""
    method, project = harness.course[index - 1]
    if name == "foreign-onto" and project not in onto(harness):
        return False
    variant = VARIANTS[name]
    return variant.get("method", KINDS[variant["kind"]].method) in {"*", method}


def onto(harness: Harness) -> list[str]:
    """Where a key that nobody declares can be told from those that are, and so take a name."""
    return [
        project
        for project in harness.scenario.projects
        if project in harness.scenario.unmanaged.keys() - {"Chain"}
    ]


def armed(harness: Harness, name: str, index: int, random_: random.Random) -> Variant:
    """A variant that meets the first request it can from an index on.

    What somebody else changes is seen by the next request of that very project and by no other, so
    it is changed just before that one.
    """
    variant = {**VARIANTS[name], "index": index}
    if name == "late-effect":
        return {**variant, "project": harness.course[index - 1][1]}
    if not name.startswith("foreign"):
        return variant
    projects = onto(harness) if name == "foreign-onto" else list(harness.scenario.projects)
    next_ones = [project for _, project in harness.course[index - 1 :] if project in projects]
    project = next_ones[0] if next_ones else random_.choice(projects)
    entry = random_.choice(harness.scenario.projects[project])
    now = random_.choice([entry.name, entry.to])
    changed = {
        "foreign-rename": {"name": now, "to": f"foreign-{now}"},
        "foreign-description": {"name": now, "description": "foreign"},
        "foreign-onto": {"name": harness.scenario.unmanaged.get(project, ("",))[0], "to": entry.to},
    }[name]
    return {**variant, "project": project, **changed}


SINGLES = [
    *(("large", name) for name in VARIANTS),
    *(("small", name) for name in sorted(JOURNALED)),
    *(("blind", name) for name in BLIND),
]


@pytest.mark.parametrize(("scenario", "name"), SINGLES)
def test_a_fault_at_every_request(
    harnesses: Callable[..., Harness],
    scenario: str,
    name: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(f"{scenario} {name}")  # noqa: S311 - seeded on purpose
    journaled = scenario == "small"
    wrong = []
    for index in range(1, REQUESTS[scenario] + 1):
        harness = harnesses(scenario, hide_ids=scenario == "blind", deployment="environmentResults")
        if not meets(harness, name, index):
            continue
        journal = tmp_path / f"{index}.journal" if journaled else None
        variant = armed(harness, name, index, chance)
        wrong.append(survives(harness, [variant], journal, no_waits=name in SILENT))
    record_property("cases", len(wrong))
    assert "\n".join(filter(None, wrong)) == ""


PAIRS, SHARDS = {"large": 60, "small": 100}, 8
"""How many pairs a shard tries, by scenario."""
SPEAKING = sorted(SHAPES.keys() - {"missing", "null", "result-message"})
"""The shapes that can say that a key was deployed."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_pairs_of_faults(
    harnesses: Callable[..., Harness],
    shard: int,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(shard)  # noqa: S311 - seeded on purpose
    dialect = chance.choice(sorted(DIALECTS))
    shape = SPEAKING[shard % len(SPEAKING)]
    scenario = "large" if shard % 2 else "small"
    wrong = []
    for number in range(PAIRS[scenario]):
        harness = harnesses(scenario, dialect=dialect, deployment=shape)
        names = chance.choices([name for name in VARIANTS if name not in SILENT], k=2)
        pair = [
            armed(harness, name, chance.randint(1, REQUESTS[scenario] + 5), chance)
            for name in names
        ]
        journal = tmp_path / f"{number}.journal" if chance.random() < 0.3 else None
        wrong.append(survives(harness, pair, journal, parallelism=chance.choice([1, 3])))
    record_property("cases", len(wrong))
    assert "\n".join(filter(None, wrong)) == ""


def test_of_two_errors_that_ended_a_run_the_graver_one_gives_the_exit_code(
    harnesses: Callable[..., Harness],
) -> None:
    harness = harnesses("small")
    harness.sandbox.admin.add_faults(
        {"kind": "reset-after", "method": "PUT"},
        {"kind": "html", "method": "GET", "at": 5},  # the list after the lost answer
        {"kind": "unauthorized", "method": "GET", "at": 6},  # the read-back
    )
    ran = harness.apply()
    assert ran.code == 77
    assert [outcome.outcome for outcome in ran.outcomes][:2] == [
        Outcome.UNKNOWN,
        Outcome.NOT_TRIED,
    ]
    assert converges(harness, ran.pending(), None) == []
