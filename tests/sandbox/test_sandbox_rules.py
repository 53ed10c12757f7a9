from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.sandbox.rules import (
    ATTACHED,
    Deployed,
    Failure,
    Jwk,
    SourceType,
    apply_update,
    read_body,
)

HELD = (Deployed("test", "a", "old"), Deployed("prod", "a", "old"))
A = Jwk("1", "p", "a", "old", deployed=HELD)
B = Jwk("2", "p", "b")
FOREIGN = Jwk("3", "admin", "f", own=False)
KEYS = (A, B, FOREIGN)


def updated(address: str, body: object, keys: tuple[Jwk, ...] = KEYS) -> tuple[Jwk, ...]:
    outcome = apply_update(keys, address, body)
    assert isinstance(outcome, tuple), outcome
    return outcome


@pytest.mark.parametrize(
    ("address", "body", "message"),
    [
        pytest.param(
            "x",
            {"name": "y"},
            "JWK (name: x) is not found! Try create operation.",
            id="an absent key is not found",
        ),
        pytest.param(
            "f",
            {"name": "y"},
            "JWK (name: f) is not found! Try create operation.",
            id="another project's item is not found",
        ),
        pytest.param(
            "A",
            {"name": "y"},
            "JWK (name: A) is not found! Try create operation.",
            id="case matters",
        ),
        pytest.param(
            "a", {"name": "b"}, "JWK (name: b) is already exist!", id="a taken name is refused"
        ),
        pytest.param(
            "a", {"name": ""}, "name value can not be empty!", id="an empty name is refused"
        ),
        pytest.param(
            "a",
            {"name": "x" * 256},
            "name value can not be longer than 255 characters!",
            id="a name of 256 characters is refused",
        ),
        pytest.param("a", {"name": 1}, "name value must be text!", id="a name must be text"),
        pytest.param(
            "a",
            {"description": []},
            "description value must be text!",
            id="a description must be text",
        ),
        pytest.param(
            "a",
            {"name": "\ud800"},
            "name value must be text!",
            id="half a surrogate pair is no text",
        ),
        pytest.param("a", [], "Request body must be a JSON object!", id="a list is no body"),
        pytest.param("a", None, "Request body must be a JSON object!", id="null is no body"),
    ],
)
def test_what_is_refused(address: str, body: object, message: str) -> None:
    assert apply_update(KEYS, address, body) == Failure(message)


@pytest.mark.parametrize(
    ("body", "name", "description"),
    [
        pytest.param({"name": "c", "description": "new"}, "c", "new", id="both"),
        pytest.param({"name": "c"}, "c", "old", id="an omitted description is kept"),
        pytest.param({"name": "c", "description": None}, "c", None, id="a null description clears"),
        pytest.param({"name": "c", "description": ""}, "c", "", id="an empty description stays"),
        pytest.param({"description": "new"}, "a", "new", id="an omitted name is kept"),
        pytest.param({"name": None, "description": "new"}, "a", "new", id="a null name is kept"),
        pytest.param({"name": "a"}, "a", "old", id="its own name is not taken"),
        pytest.param({"name": "f"}, "f", "old", id="another project's name is free"),
        pytest.param({"name": "c", "kid": "x", "type": "EC"}, "c", "old", id="more is ignored"),
        pytest.param({"name": "x" * 255}, "x" * 255, "old", id="a name of 255 characters"),
    ],
)
def test_what_an_update_does(body: dict[str, Any], name: str, description: str | None) -> None:
    key, *others = updated("a", body)
    expected = tuple(Deployed(held.environment, name, description) for held in HELD)
    assert key == replace(A, name=name, description=description, deployed=expected)
    assert others == [B, FOREIGN]


@pytest.mark.parametrize("source_type", get_args(SourceType))
def test_any_update_detaches_a_key_from_its_source(source_type: str) -> None:
    key = replace(A, source_type=source_type, source_id="s", source_url="u")
    (after,) = updated("a", {"name": "a"}, (key,))
    source = (after.source_type, after.source_id, after.source_url)
    detached = source_type in ATTACHED
    assert source == (("COPY_PASTE", None, None) if detached else (source_type, "s", "u"))


def test_an_environment_that_fails_keeps_what_it_had() -> None:
    outcome = apply_update(KEYS, "a", {"name": "c"}, frozenset({"prod"}))
    assert isinstance(outcome, tuple)
    assert outcome[0].name == "c"
    assert outcome[0].deployed == (Deployed("test", "c", "old"), Deployed("prod", "a", "old"))


def test_the_first_of_two_keys_with_one_name_is_addressed() -> None:
    twins = (replace(A, id="1"), replace(A, id="2"))
    assert [key.name for key in updated("a", {"name": "c"}, twins)] == ["c", "a"]
    assert apply_update(twins, "a", {"name": "a"}) == Failure("JWK (name: a) is already exist!")


letters = st.sampled_from("abcde")
requests = st.fixed_dictionaries(
    {}, optional={"name": st.none() | letters, "description": st.none() | letters}
)


@given(start=st.sets(letters), steps=st.lists(st.tuples(letters, requests), max_size=12))
def test_names_stay_unique_and_keys_keep_their_identity(
    start: set[str], steps: list[tuple[str, dict[str, str | None]]]
) -> None:
    keys = tuple(Jwk(name, "p", name, kid=name) for name in sorted(start))
    for address, body in steps:
        outcome = apply_update(keys, address, body)
        keys = keys if isinstance(outcome, Failure) else outcome
    assert len({key.name for key in keys}) == len(keys)
    assert [key.kid for key in keys] == sorted(start)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda values: (
            st.lists(values)
            | st.dictionaries(st.sampled_from(["name", "description", "x"]), values)
        ),
    )
)
def test_any_json_value_is_read_or_refused(value: object) -> None:
    read_body(value)
