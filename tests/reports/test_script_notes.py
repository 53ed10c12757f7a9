"""What a plan says that scripts will get for the names its keys leave."""

from __future__ import annotations

import pytest
from report_builders import change, plan
from report_cases import CHAIN, CYCLE, MIXED

from reconciler.core.plan import Plan
from reconciler.reports.script_notes import script_notes

NOTES: dict[str, tuple[Plan, tuple[str, ...]]] = {
    "no rename": (plan(changes=(change("P", "a", "a", "", "New."),)), ()),
    "a rename": (
        plan(changes=(change("P", "a", "b"),)),
        ("After this they get nothing (null) for `a`.",),
    ),
    "two projects": (
        MIXED,
        ("After this they get nothing (null) for `Payments / my-jwk`, `Wholesale / k1`.",),
    ),
    "the same names in two projects": (
        plan(changes=(change("P", "a", "b"), change("Q", "b", "c"))),
        ("After this they get nothing (null) for `P / a`, `Q / b`.",),
    ),
    "a chain": (
        CHAIN,
        (
            "After this they get nothing (null) for `a`.",
            (
                "After this they get ANOTHER key, silently: for `b` the key that is `a` now; "
                "for `c` the key that is `b` now."
            ),
        ),
    ),
    "a cycle": (
        CYCLE,
        (
            (
                "After this they get ANOTHER key, silently: for `b` the key that is `a` now; "
                "for `a` the key that is `b` now."
            ),
        ),
    ),
}


@pytest.mark.parametrize("case", NOTES)
def test_what_scripts_will_get(case: str) -> None:
    shown, expected = NOTES[case]

    first, *notes = (*script_notes(shown), None)
    assert (first is None) == (not expected)
    if expected:
        assert "`environment_jwkMap.get(" in str(first)
        assert (*notes, None) == (*expected, None, None)


def test_every_old_name_is_named() -> None:
    many = plan(changes=[change("P", f"a{number}", f"b{number}") for number in range(90)])
    notes = "".join(script_notes(many))
    assert all(f"`a{number}`" in notes for number in range(90))
