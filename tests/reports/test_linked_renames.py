from __future__ import annotations

import pytest
from hypothesis import given
from report_builders import change, plan
from report_cases import CHAIN, CYCLE
from report_strategies import law, results

from reconciler.core.names import temporary_name
from reconciler.core.ordering import order
from reconciler.core.outcome import RunResult
from reconciler.core.plan import JwkFields, Step
from reconciler.reports.linked_renames import LinkedRenames, linked_renames


def step(old: str, new: str, project: str = "P") -> Step:
    return Step(project, old, JwkFields(new, ""), new)


def linked(names: str, *numbers: int) -> LinkedRenames:
    return LinkedRenames("P", tuple(names), numbers, frozenset())


CASES: dict[str, tuple[tuple[Step, ...], tuple[LinkedRenames, ...]]] = {
    "nothing": ((), ()),
    "a lone rename": ((step("a", "b"),), ()),
    "a description only": ((step("a", "a"),), ()),
    "a chain, sent from its end": ((step("b", "c"), step("a", "b")), (linked("abc", 2, 1),)),
    "two chains": (
        (step("b", "c"), step("y", "z"), step("x", "y"), step("a", "b")),
        (linked("abc", 2, 1), linked("xyz", 2, 1)),
    ),
    "a chain and a lone rename": (
        (step("q", "r"), step("b", "c"), step("a", "b")),
        (linked("abc", 2, 1),),
    ),
    "a cycle that no plan of ours has": (
        (step("a", "b"), step("b", "a")),
        (linked("ab", 1, 2),),
    ),
    "the same names in two projects": ((step("a", "b"), step("b", "c", "Q")), ()),
    "a name left twice counts once": (
        (step("a", "b"), step("a", "c"), step("b", "d")),
        (linked("abd", 1, 2),),
    ),
    "a name taken twice counts once": (
        (step("a", "b"), step("c", "b"), step("b", "d")),
        (linked("abd", 1, 2),),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_waits_for_each_other(case: str) -> None:
    steps, expected = CASES[case]
    assert linked_renames(plan(steps=steps)) == expected


def test_a_chain() -> None:
    (chain,) = linked_renames(CHAIN)
    assert not chain.cycle
    assert chain.moves == (("a", "b", 3), ("b", "c", 2), ("c", "d", 1))


def test_a_cycle_goes_through_its_temporary_name() -> None:
    (cycle,) = linked_renames(CYCLE)
    temporary = temporary_name("a")
    assert cycle.cycle
    assert cycle.temporary == {temporary}
    assert cycle.moves == (("b", temporary, 1), (temporary, "a", 3), ("a", "b", 2))


@pytest.mark.parametrize("size", [2, 3, 26, 2_000])
def test_cycles_of_any_size_are_found_whole(size: int) -> None:
    names = [f"k{number}" for number in range(size)]
    changes = [change("P", old, names[place - 1]) for place, old in enumerate(names)]
    (cycle,) = linked_renames(plan(changes=changes, steps=order(changes, names).steps))
    assert cycle.cycle
    assert len(cycle.names) == size + 1
    assert sorted(cycle.order) == list(range(1, size + 2))


@law
@given(results())
def test_every_move_is_a_step_whatever_the_plan(result: RunResult) -> None:
    steps = {(item.project, item.jwk, item.body.name) for item in result.plan.steps}
    for item in linked_renames(result.plan):
        assert len(item.order) >= 2
        assert {(item.project, old, new) for old, new, _ in item.moves} <= steps
