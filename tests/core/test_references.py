"""What a rename does to each user of a key, and what is refused or warned of because of it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.model import DeclaredJwk, DeclaredProject, LiveJwk, LiveProject, SourceLocation
from reconciler.core.plan import Plan, RefusalCode
from reconciler.core.planner import assemble, plan_projects
from reconciler.core.references.check import checked
from reconciler.core.references.model import (
    NotChecked,
    ProjectUses,
    ReferenceEffect,
    ReferenceKind,
    ReferenceMode,
    Use,
)

SCRIPT, JOSE = ReferenceKind.SCRIPT, ReferenceKind.JOSE
HERE = SourceLocation("a.yaml", 3)


def use(kind: ReferenceKind, *values: str, unclear: bool = False, **members: Any) -> Use:
    named = {"proxy": "API", "pipeline": "request", "endpoint": "GET /", "policy": "check"}
    return Use(kind=kind, values=frozenset(values), unclear=unclear, **{**named, **members})


def plan_of(
    moves: dict[str, str],
    uses: list[Use],
    *,
    consent: bool = False,
    mode: ReferenceMode = ReferenceMode.BEST_EFFORT,
    not_checked: tuple[NotChecked, ...] = (),
    others: tuple[str, ...] = (),
) -> Plan:
    """The plan of one project in which keys move to other names; the id of key ``a`` is ``id-a``.

    Args:
        moves: the old and the new names.
        uses: who uses what.
        consent: whether all entries consent.
        mode: as the option has it.
        not_checked: what could not be looked at.
        others: keys that nobody declares.
    """
    live = LiveProject(
        "P",
        tuple(
            LiveJwk(name, None, id=f"id-{name}", source_type="GENERATE", kid=name)
            for name in (*moves, *others)
        ),
    )
    entries = tuple(
        DeclaredJwk(new, HERE, kid=old, allow_dangling_references=consent)
        for old, new in moves.items()
    )
    declared = DeclaredProject("P", entries, HERE)
    (part,) = plan_projects([declared], {"P": live}).values()
    found = ProjectUses("P", 1, tuple(uses), not_checked)
    return assemble("gateway", [checked(part, declared, live, found, mode)])


Effects = dict[str, tuple[str, str | None]]

TABLE: dict[str, tuple[dict[str, str], Use, Effects]] = {
    "a script finds no key any more": ({"a": "b"}, use(SCRIPT, "a"), {"a": ("breaks", None)}),
    "a script finds the next key of a chain": (
        {"a": "b", "c": "a"},
        use(SCRIPT, "a"),
        {"a": ("other-key", "c")},
    ),
    "scripts find each other's keys of a swap": (
        {"a": "b", "b": "a"},
        use(SCRIPT, "a", "b"),
        {"a": ("other-key", "b"), "b": ("other-key", "a")},
    ),
    "a script takes either name": ({"a": "b"}, use(SCRIPT, "a", "b"), {"a": ("handled", None)}),
    "either name, but the old one goes to another key": (
        {"a": "b", "c": "a"},
        use(SCRIPT, "a", "b"),
        {"a": ("other-key", "c")},
    ),
    "a script that holds only the new name": ({"a": "b"}, use(SCRIPT, "b"), {}),
    "a script of unknown keys": ({"a": "b"}, use(SCRIPT, unclear=True), {"a": ("unclear", None)}),
    "a script of known and unknown keys": (
        {"a": "b", "c": "d"},
        use(SCRIPT, "a", unclear=True),
        {"a": ("breaks", None), "c": ("unclear", None)},
    ),
    "a policy by id": ({"a": "b"}, use(JOSE, "id-a"), {"a": ("unaffected", None)}),
    "a policy by name": ({"a": "b"}, use(JOSE, "a"), {"a": ("breaks", None)}),
    "a policy by a name that goes to another key": (
        {"a": "b", "c": "a"},
        use(JOSE, "a"),
        {"a": ("other-key", "c")},
    ),
    "a policy by an id that is another key's name": (
        {"id-c": "b", "c": "d"},
        use(JOSE, "id-c"),
        {"c": ("unaffected", None)},
    ),
    "a policy does not take either name": (
        {"a": "b"},
        use(JOSE, "a", "b"),
        {"a": ("breaks", None)},
    ),
    "keys that keep their names matter to nobody": ({"a": "b"}, use(SCRIPT, "kept"), {}),
}


@pytest.mark.parametrize(("moves", "used", "effects"), TABLE.values(), ids=TABLE)
def test_what_becomes_of_a_user(moves: dict[str, str], used: Use, effects: Effects) -> None:
    plan = plan_of(moves, [used], others=("kept",))

    found = {item.jwk: (item.effect, item.other_key) for item in plan.references}
    assert found == effects
    dangling = {"breaks", "other-key"}
    refused = {moves[str(old)] for old, (effect, _) in effects.items() if effect in dangling}
    assert {item.name for item in plan.refusals} == refused
    assert {item.code for item in plan.refusals} <= {RefusalCode.STILL_REFERENCED}
    assert bool(plan.steps) is not bool(refused)


def test_a_policy_that_uses_a_key_twice_is_one_reference() -> None:
    plan = plan_of({"a": "b"}, [use(SCRIPT, "a"), use(SCRIPT, "a")])

    assert len(plan.references) == 1


def test_an_inactive_policy_is_shown_and_refuses_nothing() -> None:
    plan = plan_of({"a": "b"}, [use(SCRIPT, "a", active=False)])

    assert [(item.effect, item.active) for item in plan.references] == [("breaks", False)]
    assert (plan.refusals, len(plan.steps)) == ((), 1)


def test_an_entry_may_consent() -> None:
    plan = plan_of({"a": "b"}, [use(SCRIPT, "a")], consent=True)

    assert [item.effect for item in plan.references] == [ReferenceEffect.BREAKS]
    assert (plan.refusals, len(plan.steps)) == ((), 1)


def test_a_refusal_names_the_policy_and_the_safe_order() -> None:
    uses = [use(SCRIPT, "a", policy=f"check-{number}") for number in range(5)]
    plan = plan_of({"a": "b"}, [*uses, use(JOSE, "a", endpoint=None, policy=None)])

    (refusal,) = plan.refusals
    assert refusal.message == (
        "the name `a` is in use, and after the rename it finds no key in a policy without a name "
        "of proxy `API` (request pipeline), `check-0` of proxy `API` (request pipeline, endpoint "
        "`GET /`), `check-1` of proxy `API` (request pipeline, endpoint `GET /`) and 3 more"
    )
    assert refusal.hint == (
        "let each script take either name, `b` or else `a`, and deploy it; then apply the rename; "
        "then drop the old name from the scripts; select the key in the JOSE policies again, so "
        "that they hold its id; or say `allowDanglingReferences: true` in the entry to break them "
        "knowingly"
    )
    assert refusal.source == HERE


def test_a_refusal_names_the_key_that_is_found_instead() -> None:
    plan = plan_of({"a": "b", "c": "a"}, [use(SCRIPT, "a")])

    (refusal,) = plan.refusals
    assert "silently finds another key, the present `c`, in `check` of proxy `API`" in (
        refusal.message
    )
    assert "rename in two runs" in refusal.hint


GAP = (NotChecked("P", "API", "no permission"),)


def test_what_is_not_checked_is_a_warning() -> None:
    plan = plan_of({"a": "b"}, [], not_checked=GAP)

    (warning,) = plan.warnings
    assert warning.code == "references-unreadable"
    assert "proxy `API`: no permission" in warning.message
    assert len(plan.steps) == 1


def test_what_is_not_checked_is_refused_where_it_is_required() -> None:
    plan = plan_of({"a": "b"}, [], not_checked=GAP, mode=ReferenceMode.REQUIRED)

    (refusal,) = plan.refusals
    assert refusal.code is RefusalCode.REFERENCES_UNREADABLE
    assert "proxy `API`: no permission" in refusal.message
    assert (plan.steps, plan.warnings) == ((), ())


def test_unclear_scripts_are_one_warning_of_the_project() -> None:
    plan = plan_of({"a": "b", "c": "d"}, [use(SCRIPT, unclear=True)])

    assert [item.effect for item in plan.references] == [ReferenceEffect.UNCLEAR] * 2
    (warning,) = plan.warnings
    assert (warning.code, warning.name) == ("unclear-references", None)


def test_references_come_the_worst_first() -> None:
    uses = [
        use(JOSE, "id-a", proxy="A"),
        use(SCRIPT, "a", "b", proxy="B"),
        use(SCRIPT, unclear=True, proxy="C"),
        use(SCRIPT, "a", proxy="E"),
        use(SCRIPT, "a", proxy="D", active=False),
    ]
    plan = plan_of({"a": "b"}, uses, consent=True)

    assert [item.proxy for item in plan.references] == list("EDCBA")


def test_references_are_no_part_of_the_digest_but_their_refusals_are() -> None:
    quiet = plan_of({"a": "b"}, [])

    assert plan_of({"a": "b"}, [use(JOSE, "id-a")]).digest == quiet.digest
    assert plan_of({"a": "b"}, [use(SCRIPT, "a")]).digest != quiet.digest
