"""The fingerprints of what a plan was made from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rename_cases import PLACE, declare, key, plan_of

from reconciler.core.digest import fingerprints
from reconciler.core.model import (
    DeclaredProject,
    LiveJwk,
    LiveProject,
    SourceLocation,
    UnusableList,
)

DECLARED = DeclaredProject("P", (declare("a", "x", "y"), declare("b", description="")), PLACE)
LIVE = LiveProject("P", (key("a", "1"), key("b")))


def test_order_and_places_do_not_count() -> None:
    moved = DeclaredProject(
        "P", (DECLARED.jwks[1], declare("a", "y", "x")), SourceLocation("other", 1)
    )
    turned = LiveProject("P", LIVE.jwks[::-1])

    assert fingerprints([moved], {"P": turned}) == fingerprints([DECLARED], {"P": LIVE})


TWINS = (
    key("a", "1"),
    key("a", "2"),
    key("a", id="other"),
    key("a", id=None, source_url="u"),
    key("a", id=None, description="d"),
    key("b"),
)


@given(st.permutations(TWINS), st.permutations(TWINS))
def test_the_order_of_names_that_stand_twice_does_not_count(
    one: list[LiveJwk], other: list[LiveJwk]
) -> None:
    lists = [LiveProject("P", tuple(jwks)) for jwks in (one, other)]
    first, second = (fingerprints([DECLARED], {"P": live}) for live in lists)
    assert first == second
    first_plan, second_plan = (plan_of(DECLARED.jwks, live.jwks) for live in lists)
    assert first_plan == second_plan
    assert [refusal.code for refusal in first_plan.refusals] == ["duplicate-live-name"]


def test_each_side_is_told_apart() -> None:
    before = fingerprints([DECLARED], {"P": LIVE})
    renamed = replace(DECLARED, jwks=(declare("a", "x"), DECLARED.jwks[1]))
    described = replace(LIVE, jwks=(key("a", "1", "new"), LIVE.jwks[1]))

    edited = fingerprints([renamed], {"P": LIVE})
    foreign = fingerprints([DECLARED], {"P": described})

    assert (edited.manifests == before.manifests, edited.live == before.live) == (False, True)
    assert (foreign.manifests == before.manifests, foreign.live == before.live) == (True, False)


def test_a_list_that_can_not_be_had_is_another_state() -> None:
    fault = UnusableList("P", "project-unreadable", "gone", "look")

    assert fingerprints([DECLARED], {"P": fault}) != fingerprints([DECLARED], {"P": LIVE})
