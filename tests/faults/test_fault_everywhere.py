"""An outage of every kind at every request: the report stays true, and the next run converges."""

from __future__ import annotations

import random
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from fault_estate import Estate, blind, large, small
from fault_rig import SHORT, Rig, rigged
from fault_truth import Case, unsettled, untruths

from reconciler.core.outcome import Outcome
from reconciler.sandbox.deployment import SHAPES
from reconciler.sandbox.dialects import DIALECTS
from reconciler.sandbox.faults import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

pytestmark = pytest.mark.proof

ESTATES: dict[str, Callable[[], Estate]] = {"large": large, "small": small, "blind": blind}
REQUESTS = {"large": 49, "small": 20, "blind": 19}
"""How many requests an apply without a fault makes, one project at a time."""

CIRCLES = "Swap"
"""The project of each estate in which names go round."""

Variant = dict[str, Any]
VARIANTS: dict[str, Variant] = {
    "latency": {"kind": "latency", "seconds": 0.01},
    "latency-beyond-the-timeout": {"kind": "latency", "method": "GET", "seconds": SHORT * 1.3},
    "late-deed": {"kind": "latency", "method": "PUT", "seconds": SHORT * 1.3},
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
SILENT = {"hang", "hang-after", "latency-beyond-the-timeout", "late-deed"}
"""Variants in which a timeout is really waited for."""


@pytest.fixture(scope="module")
def rigs() -> Iterator[Callable[..., Rig]]:
    """One rig per estate and way to answer, for all tests of this file."""
    opened: dict[tuple[Any, ...], Rig] = {}
    with ExitStack() as stack:

        def rig(estate: str, **options: Any) -> Rig:
            key = (estate, *sorted(options.items()))
            if key not in opened:
                opened[key] = stack.enter_context(rigged(ESTATES[estate](), **options))
            opened[key].sandbox.admin.reset()
            return opened[key]

        yield rig


def test_every_kind_of_fault_is_among_the_variants() -> None:
    assert {variant["kind"] for variant in VARIANTS.values()} == set(KINDS)


@pytest.mark.parametrize("estate", ESTATES)
def test_without_a_fault_all_is_applied(
    rigs: Callable[..., Rig], estate: str, tmp_path: Path
) -> None:
    rig = rigs(estate)
    ran = rig.apply(journal=tmp_path / "journal")
    assert ran.code == 0
    assert len(rig.sandbox.requests) == REQUESTS[estate]
    assert list(unsettled(rig)) == []
    again = rig.apply(journal=tmp_path / "journal").result
    assert again is not None
    assert again.plan.steps == ()


def test_the_large_estate_has_thirty_changes_in_five_projects() -> None:
    assert large().changes() == 30
    assert len(large().projects) == 5


def survives(rig: Rig, faults: Sequence[Variant], journal: Path | None = None, **how: Any) -> str:
    """Run one case; what is wrong with it, or nothing."""
    admin = rig.sandbox.admin
    admin.add_faults(*faults)
    ran = rig.apply(journal=journal, **how)
    rig.settle()
    late = {
        fault["project"] for fault in faults if fault["kind"] == "latency" and "project" in fault
    }
    wrong = list(untruths(Case(rig, ran, late & {CIRCLES})))
    admin.faults.clear()
    wrong += converges(rig, ran.owed() if journal is None else (), journal)
    return f"{faults}: {'; '.join(wrong)}" if wrong else ""


def converges(rig: Rig, owed: tuple[str, ...], journal: Path | None) -> list[str]:
    """Run again, undisturbed, until it is as declared; what is wrong then."""
    again = rig.apply(redeploy=owed, journal=journal)
    if again.code == 5:
        undo_foreign_changes(rig)
        again = rig.apply(redeploy=owed, journal=journal)
    code = [f"the next run exits with {again.code}"] if again.code else []
    return code + list(unsettled(rig))


def undo_foreign_changes(rig: Rig) -> None:
    """What a person does whom a refusal told which key is where."""
    admin = rig.sandbox.admin
    for deed in reversed(admin.journal.deeds()):
        if not deed.asked and deed.name != deed.address:
            admin.change(deed.project, deed.name, to=deed.address)


def meets(rig: Rig, name: str, index: int) -> bool:
    """Whether a variant can meet this request of an undisturbed run."""
    method, project = rig.course[index - 1]
    if name == "foreign-onto" and project not in onto(rig):
        return False
    variant = VARIANTS[name]
    return variant.get("method", KINDS[variant["kind"]].method) in {"*", method}


def onto(rig: Rig) -> list[str]:
    """Where a key that nobody declares can be told from those that are, and so take a name."""
    return [
        project
        for project in rig.estate.projects
        if project in rig.estate.unmanaged.keys() - {"Chain"}
    ]


def armed(rig: Rig, name: str, index: int, random_: random.Random) -> Variant:
    """A variant that meets the first request it can from an index on.

    What somebody else changes is seen by the next request of that very project and by no other, so
    it is changed just before that one.
    """
    variant = {**VARIANTS[name], "index": index}
    if name == "late-deed":
        return {**variant, "project": rig.course[index - 1][1]}
    if not name.startswith("foreign"):
        return variant
    projects = onto(rig) if name == "foreign-onto" else list(rig.estate.projects)
    next_ones = [project for _, project in rig.course[index - 1 :] if project in projects]
    project = next_ones[0] if next_ones else random_.choice(projects)
    entry = random_.choice(rig.estate.projects[project])
    now = random_.choice([entry.name, entry.to])
    changed = {
        "foreign-rename": {"name": now, "to": f"foreign-{now}"},
        "foreign-description": {"name": now, "description": "foreign"},
        "foreign-onto": {"name": rig.estate.unmanaged.get(project, ("",))[0], "to": entry.to},
    }[name]
    return {**variant, "project": project, **changed}


SINGLES = [
    *(("large", name) for name in VARIANTS),
    *(("small", name) for name in sorted(JOURNALED)),
    *(("blind", name) for name in BLIND),
]


@pytest.mark.parametrize(("estate", "name"), SINGLES)
def test_a_fault_at_every_request(
    rigs: Callable[..., Rig],
    estate: str,
    name: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(f"{estate} {name}")  # noqa: S311 - seeded on purpose
    journaled = estate == "small"
    wrong = []
    for index in range(1, REQUESTS[estate] + 1):
        rig = rigs(estate, hide_ids=estate == "blind", deployment="environmentResults")
        if not meets(rig, name, index):
            continue
        journal = tmp_path / f"{index}.journal" if journaled else None
        variant = armed(rig, name, index, chance)
        wrong.append(survives(rig, [variant], journal, hasty=name in SILENT))
    record_property("cases", len(wrong))
    assert "\n".join(filter(None, wrong)) == ""


PAIRS, SHARDS = {"large": 60, "small": 100}, 8
"""How many pairs a shard tries, by estate."""
SPEAKING = sorted(SHAPES.keys() - {"missing", "null", "result-message"})
"""The shapes that can say that a key was deployed."""


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_pairs_of_faults(
    rigs: Callable[..., Rig],
    shard: int,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(shard)  # noqa: S311 - seeded on purpose
    dialect = chance.choice(sorted(DIALECTS))
    shape = SPEAKING[shard % len(SPEAKING)]
    estate = "large" if shard % 2 else "small"
    wrong = []
    for number in range(PAIRS[estate]):
        rig = rigs(estate, dialect=dialect, deployment=shape)
        names = chance.choices([name for name in VARIANTS if name not in SILENT], k=2)
        pair = [armed(rig, name, chance.randint(1, REQUESTS[estate] + 5), chance) for name in names]
        journal = tmp_path / f"{number}.journal" if chance.random() < 0.3 else None
        wrong.append(survives(rig, pair, journal, parallelism=chance.choice([1, 3])))
    record_property("cases", len(wrong))
    assert "\n".join(filter(None, wrong)) == ""


def test_of_two_errors_that_ended_a_run_the_graver_one_gives_the_exit_code(
    rigs: Callable[..., Rig],
) -> None:
    rig = rigs("small")
    rig.sandbox.admin.add_faults(
        {"kind": "reset-after", "method": "PUT"},
        {"kind": "html", "method": "GET", "at": 5},  # the look after the lost answer
        {"kind": "unauthorized", "method": "GET", "at": 6},  # the read-back
    )
    ran = rig.apply()
    assert ran.code == 77
    assert [outcome.outcome for outcome in ran.outcomes][:2] == [
        Outcome.UNKNOWN,
        Outcome.NOT_TRIED,
    ]
    assert converges(rig, ran.owed(), None) == []
