"""Laws of planning on random states: big, ugly, in any order."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rename_cases import PLACE, key, listed, server_key, states_of

from reconciler.core.model import DeclaredJwk, DeclaredProject, LiveJwk, LiveProject
from reconciler.core.plan import Plan
from reconciler.core.planner import make_plan

SOURCES = ("GENERATE", "COPY_PASTE", "URL", "KEYSTORE")

State = tuple[list[DeclaredProject], dict[str, LiveProject]]


@st.composite
def projects(draw: st.DrawFn, name: str) -> tuple[DeclaredProject, LiveProject]:
    """A project whose manifest is the live state after some renames, hinted more or less well."""
    count = draw(st.integers(1, 60))
    chance = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311 not for secrets
    names = [f"n{number}" for number in range(count)]
    live = [
        key(
            item,
            chance.choice([None, "same", f"kid-{item}", f"kid-{item}"]),
            chance.choice([None, "", "text"]),
            source_type=chance.choice(SOURCES),
        )
        for item in names
    ]
    targets = _targets(names, chance)
    jwks = [_declare(jwk, targets[jwk.name], chance) for jwk in live if chance.random() < DECLARED]
    chance.shuffle(jwks)
    chance.shuffle(live)
    return DeclaredProject(name, tuple(jwks), PLACE), LiveProject(name, tuple(live))


DECLARED = 0.9


def _targets(names: list[str], chance: random.Random) -> dict[str, str]:
    """Who shall have which name: chains, swaps, cycles, and new names."""
    targets = {name: name for name in names}
    moved = [name for name in names if chance.random() < chance.choice([0.1, 0.5])]
    shuffled = moved[:]
    chance.shuffle(shuffled)
    targets.update(zip(moved, shuffled, strict=True))
    for name in moved:
        if chance.random() < 0.5:
            targets[name] = f"new-{name}"
    return targets


def _declare(jwk: LiveJwk, target: str, chance: random.Random) -> DeclaredJwk:
    pinned = jwk.kid is not None and chance.random() < 0.6
    hinted = target != jwk.name and chance.random() < 0.95
    return DeclaredJwk(
        target,
        PLACE,
        chance.choice([None, None, "", "text", "other"]),
        (jwk.name,) if hinted else (),
        jwk.kid if pinned else None,
        chance.random() < 0.9,
    )


states = st.lists(st.sampled_from(["P", "Q", "R"]), min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.tuples(*(projects(name) for name in names))
)


def plan_of(state: tuple[tuple[DeclaredProject, LiveProject], ...]) -> Plan:
    declared = [project for project, _ in state]
    return make_plan("https://host/apiops", declared, {live.name: live for _, live in state})


@given(states)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_plan_reaches_what_is_declared_from_every_cut(
    state: tuple[tuple[DeclaredProject, LiveProject], ...],
) -> None:
    plan = plan_of(state)
    for declared, live in state:
        if declared.name in plan.refused_projects:
            event("refused")
            assert not [step for step in plan.steps if step.project == declared.name]
            continue
        steps = [step for step in plan.steps if step.project == declared.name]
        event(f"{min(len(steps), 10)} steps or more")
        changes = [change for change in plan.changes if change.project == declared.name]
        assert len(steps) == len(changes) + sum(step.temporary for step in steps)
        before = tuple(server_key(jwk) for jwk in live.jwks)
        reached = states_of(before, steps)
        end = {item.id: (item.name, item.description) for item in reached[-1]}
        _check_end(declared, end, live, changes={change.id for change in changes})
        for cut in reached[1:]:
            again = plan_of(((declared, LiveProject(declared.name, listed(cut))),))
            assert not again.refusals
            finished = states_of(cut, again.steps)[-1]
            assert {item.id: (item.name, item.description) for item in finished} == end


def _check_end(
    declared: DeclaredProject,
    end: dict[str, tuple[str, str | None]],
    live: LiveProject,
    changes: set[str | None],
) -> None:
    by_name = dict(end.values())
    for entry in declared.jwks:
        assert entry.name in by_name
        if entry.description is not None:
            assert (by_name[entry.name] or "") == entry.description
    for jwk in live.jwks:
        if jwk.id not in changes:
            assert end[jwk.id or ""] == (jwk.name, jwk.description)


@given(states, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_order_of_manifests_and_lists_is_irrelevant(
    state: tuple[tuple[DeclaredProject, LiveProject], ...], chance: random.Random
) -> None:
    shuffled = []
    for declared, live in state:
        entries, jwks = list(declared.jwks), list(live.jwks)
        chance.shuffle(entries)
        chance.shuffle(jwks)
        shuffled.append((replace(declared, jwks=tuple(entries)), replace(live, jwks=tuple(jwks))))
    chance.shuffle(shuffled)

    assert plan_of(tuple(shuffled)) == plan_of(state)


@given(states)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_field_that_is_not_declared_is_sent_as_it_was_read(
    state: tuple[tuple[DeclaredProject, LiveProject], ...],
) -> None:
    plan = plan_of(state)
    managed = {
        (declared.name, entry.name): entry.description
        for declared, _ in state
        for entry in declared.jwks
    }
    for change in plan.changes:
        if managed[change.project, change.name] is None:
            assert change.after.description == change.before.description
    live = {(project.name, jwk.name): jwk for _, project in state for jwk in project.jwks}
    for step in plan.steps:
        if step.temporary:
            assert step.body.description == live[step.project, step.jwk].description
