"""What a refusal suggests is put into the manifest as it stands, and the refusal is gone."""

from __future__ import annotations

import io
import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rename_cases import PLACE, declare, key, plan_of

from reconciler.core.model import LiveJwk
from reconciler.core.names import is_addressable
from reconciler.core.plan import Plan
from reconciler.core.text import visible, yaml_scalar
from reconciler.manifests.explain import explain
from reconciler.manifests.load import load

TEXTS = [
    *(
        "my-jwk",
        "123",
        "007",
        "0x1F",
        "1e5",
        ".5",
        "1_000",
        "12:30",
        "2011-04-29",
        "-",
        "~",
        "=",
        "<<",
    ),
    *("no", "Yes", "ON", "off", "y", "N", "true", "Null", ".inf", ".nan", "x: y", "a, b", "a #b"),
    *(
        "[a]",
        "{a}",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "%a",
        "@a",
        "'a'",
        '"a"',
        "a]",
        "it's",
        "a:",
        "- a",
    ),
    *("a b", "ü-key", "键", "🔑", "a\u200bb", "a\u0085b", "\u202ea"),
]


@pytest.mark.parametrize("text", [text for text in TEXTS if is_addressable(text)])
def test_an_old_name_that_is_suggested_is_taken(text: str) -> None:
    live = [key(text, "k1", "Signs.")]
    entry = "name: new, description: Signs."
    (refusal,) = planned(entry, live).refusals
    (hint,) = re.findall(r"`(previousNames: \[.*\])`,", refusal.hint)

    assert list(planned(f"{entry}, {shown(hint)}", live).changes)


@pytest.mark.parametrize("text", TEXTS)
def test_a_kid_that_is_suggested_is_taken(text: str) -> None:
    live = [key("a", text), key("b", "another")]
    (refusal,) = planned("name: new, previousNames: [a, b]", live).refusals
    (hint,) = re.findall(r"`(kid: .*)` for `a`", refusal.hint)

    assert list(planned(f"name: new, previousNames: [a, b], {shown(hint)}", live).changes)


def test_bearers_of_one_kid_are_named_and_a_name_decides() -> None:
    live = [key("x", "1"), key("y", "1")]
    (refusal,) = planned('name: new, kid: "1"', live).refusals
    assert (
        "2 live keys have the kid 1: `x` (kid 1, id id-x), `y` (kid 1, id id-y)" in refusal.message
    )
    (hint,) = re.findall(r"`(previousNames: \[.*\])`", refusal.hint)

    (change,) = planned(f'name: new, kid: "1", {shown(hint)}', live).changes
    assert change.before.name == "x"


CONFUSABLE = {
    "composed and decomposed": ("cafe\u0301", "caf\xe9", "`e` + U+0301 (combining acute accent)"),
    "decomposed and composed": (
        "caf\xe9",
        "cafe\u0301",
        "U+00E9 (latin small letter e with acute)",
    ),
    "a Cyrillic letter": ("k\u0435y", "key", "U+0435 (cyrillic small letter ie)"),
    "a live Cyrillic letter": ("key", "k\u0435y", "the live name U+0435"),
    "a live Greek letter": ("Alpha-1", "\u0391lpha-1", "U+0391 (greek capital letter alpha)"),
    "capital letters": ("Partner-Signing", "partner-signing", "has `P`, the live name `p`"),
    "a space at the end": ("key", "key ", "the manifest has nothing, the live name U+0020 (space)"),
    "a space at the start": ("key", " key", "the live name U+0020 (space)"),
    "two spaces": ("a b", "a  b", "the live name U+0020 (space)"),
    "a space that does not break": ("a b", "a\xa0b", "U+00A0 (no-break space)"),
    "a dash of a word processor": ("a-b", "a\u2013b", "U+2013 (en dash)"),
    "wide letters": ("key", "\uff4bey", "U+FF4B (fullwidth latin small letter k)"),
    "a mark that is not seen": ("key", "k\u200bey", "U+200B (zero width space)"),
    "a letter of another script alone": ("\u0435", "e", "at character 1 the manifest has U+0435"),
}


@pytest.mark.parametrize("case", CONFUSABLE)
def test_names_that_look_alike_are_told_apart_and_the_advice_is_good(case: str) -> None:
    declared, name, apart = CONFUSABLE[case]
    live = [key(name, "k1"), key("other")]
    (refusal,) = planned(f"name: {json.dumps(declared)}", live).refusals

    assert refusal.code == "missing"
    assert f"the live key `{name}` only looks like `{declared}`: at character " in refusal.hint
    assert apart in refusal.hint
    (entry,) = re.findall(r"`(name: .*|previousNames: \[.*\])`$", refusal.hint)
    assert entry.isascii()
    if entry.startswith("previousNames"):
        entry = f"name: {json.dumps(declared)}, {entry}"
    plan = planned(entry, live)
    assert not plan.refusals
    assert bool(plan.changes) == entry.startswith("name: " + json.dumps(declared))


def test_an_old_name_that_looks_like_a_live_one_is_told_apart() -> None:
    live = [key("caf\xe9"), key("other")]
    (refusal,) = planned("name: new, previousNames: [cafe\u0301]", live).refusals
    (hint,) = re.findall(r"`(previousNames: \[.*\])`$", refusal.hint)
    assert hint == 'previousNames: ["caf\\xe9"]'

    assert [item.before.name for item in planned(f"name: new, {hint}", live).changes] == ["caf\xe9"]


def test_a_rename_that_nobody_can_see_is_a_warning() -> None:
    live = [key("caf\xe9", "k1")]
    (warning,) = planned("name: cafe\u0301, kid: k1", live).warnings

    assert warning.code == "confusable-names"
    assert "the new name has `e` + U+0301" in warning.message
    assert not planned("name: CAF\xc9, kid: k1", live).warnings


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_read_as_it_is(text: str) -> None:
    assert yaml.safe_load(f"[{shown(yaml_scalar(text))}]") == [text]


def shown(suggestion: str) -> str:
    """As a report shows it, and a reader copies it."""
    return visible(suggestion)


def planned(entry: str, live: list[LiveJwk]) -> Plan:
    text = f"""
apiVersion: reconciler/v1
kind: Project
metadata: {{name: P}}
spec: {{jwks: [{{{entry}}}]}}
"""
    (project,) = load(["-"], stdin=io.BytesIO(text.encode()), explainer=lambda: explain)
    return plan_of(project.jwks, live)


@pytest.mark.parametrize("names", [("a", "b"), ("a", "x")])
def test_entries_that_pin_one_kid_are_not_advised_to_pin_it(names: tuple[str, str]) -> None:
    plan = plan_of([declare(name, kid="k1") for name in names], [key("x", "k1")])

    for refusal in plan.refusals:
        assert "both pin the kid k1" in refusal.message
        assert refusal.message.count(str(PLACE)) == 2
        assert "pin `kid`" not in refusal.hint
    assert plan.refusals
