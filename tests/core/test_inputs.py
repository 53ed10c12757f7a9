"""The fingerprints of what a plan was made from."""

from __future__ import annotations

from msgspec.structs import replace
from rename_cases import PLACE, declare, key

from reconciler.core.digest import fingerprints
from reconciler.core.model import DeclaredProject, LiveProject, SourceLocation, UnusableList

DECLARED = DeclaredProject("P", (declare("a", "x", "y"), declare("b", description="")), PLACE)
LIVE = LiveProject("P", (key("a", "1"), key("b")))


def test_order_and_places_do_not_count() -> None:
    moved = DeclaredProject(
        "P", (DECLARED.jwks[1], declare("a", "y", "x")), SourceLocation("other", 1)
    )
    turned = LiveProject("P", LIVE.jwks[::-1])

    assert fingerprints([moved], {"P": turned}) == fingerprints([DECLARED], {"P": LIVE})


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
