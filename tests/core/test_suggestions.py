"""What a refusal suggests is put into the manifest as it stands, and the refusal is gone."""

from __future__ import annotations

import io
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from rename_cases import key, plan_of

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
    live = [key(text, "k1")]
    (refusal,) = planned("name: new", live).refusals
    (hint,) = re.findall(r"`(previousNames: \[.*\])`,", refusal.hint)

    assert list(planned(f"name: new, {shown(hint)}", live).changes)


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
