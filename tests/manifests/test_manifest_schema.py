from __future__ import annotations

import copy
import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.core.names import is_addressable, name_fault
from reconciler.manifests.findings import FileFault, Findings
from reconciler.manifests.nodes import documents
from reconciler.manifests.schema import is_valid, schema_text
from reconciler.manifests.sentences import SENTENCES
from reconciler.manifests.values import Values

SCHEMA: dict[str, Any] = json.loads(schema_text())
THOROUGH = Draft202012Validator(SCHEMA)
HERE = Path(__file__).parent
CORPUS = sorted(HERE.glob("*/*.yaml"))

GOOD: dict[str, Any] = {
    "apiVersion": "reconciler/v1",
    "kind": "Project",
    "metadata": {"name": "P", "labels": {"a": "b"}, "namespace": "n"},
    "spec": {
        "jwks": [
            {
                "name": "a",
                "description": "d",
                "previousNames": ["b", "c"],
                "kid": "k",
                "allowSourceDetach": True,
            },
            {"name": "z"},
        ]
    },
}

ODD = (
    "/\\;%?#. \n\r\t\0\x1f\x7f\x80\x9f\u00ad\u061c\u180e\u200b\u200f\u2010\u2028\u202e\u2060\u206f"
    "\ufeff\ufff9\ufffbéßא字\U0001f511"
)
NAMES = st.one_of(
    st.text(alphabet=string.ascii_letters + ODD, max_size=6),
    st.text(max_size=6),
    st.integers(250, 260).map("n".__mul__),
)


def both(part: str) -> tuple[jsonschema_rs.Draft202012Validator, Draft202012Validator]:
    rules = SCHEMA["$defs"][part]
    return jsonschema_rs.Draft202012Validator(rules), Draft202012Validator(rules)


QUICK_NAME, THOROUGH_NAME = both("name")
QUICK_PREVIOUS, THOROUGH_PREVIOUS = both("previousName")


def test_the_published_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert jsonschema_rs.meta.is_valid(SCHEMA)


def test_every_part_an_author_writes_is_described() -> None:
    parts = [
        *SCHEMA["properties"].values(),
        *SCHEMA["properties"]["metadata"]["properties"].values(),
        *SCHEMA["$defs"]["jwk"]["properties"].values(),
    ]
    assert all("title" in part for part in parts)


@given(NAMES)
@example("a\n")
@example("..")
@example("...")
@example("a ")
@example("")
def test_schema_and_name_rules_agree(name: str) -> None:
    good = name_fault(name) is None
    assert QUICK_NAME.is_valid(name) is good
    assert THOROUGH_NAME.is_valid(name) is good


def test_schema_and_name_rules_agree_on_each_character() -> None:
    for point in (*range(0x3100), *range(0xE000, 0x10100), 0x1F511, 0xE0041):
        name = f"a{chr(point)}b"
        good = name_fault(name) is None
        assert QUICK_NAME.is_valid(name) is good, hex(point)
        assert THOROUGH_NAME.is_valid(name) is good, hex(point)


@given(NAMES)
@example("a\n")
@example(" ugly\u200b ")
@example(".")
def test_previous_names_are_the_addressable_ones(name: str) -> None:
    good = is_addressable(name)
    assert QUICK_PREVIOUS.is_valid(name) is good
    assert THOROUGH_PREVIOUS.is_valid(name) is good


def test_both_validators_survive_huge_names() -> None:
    huge = "n" * 8_000_000
    assert not QUICK_NAME.is_valid(huge)
    assert QUICK_PREVIOUS.is_valid(huge)
    assert not QUICK_PREVIOUS.is_valid(huge + "/")


def values_of(raw: bytes) -> Iterator[Any]:
    values = Values(Findings("f"))
    try:
        for root in documents(raw, "f"):
            yield values.read(root)
    except FileFault:
        return


@pytest.mark.parametrize("manifest", CORPUS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_both_validators_agree_on_the_corpus(manifest: Path) -> None:
    for document in values_of(manifest.read_bytes()):
        assert is_valid(document) is THOROUGH.is_valid(document)


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a document with each of its keys."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from spots(value[key])


SCALARS = st.one_of(
    st.none(), st.booleans(), st.just(0), NAMES, st.sampled_from(["Project", "reconciler/v1"])
)
REPLACEMENTS = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(
        st.sampled_from(["name", "kid", "jwks", "x", "description"]), SCALARS, max_size=3
    ),
)


@given(st.data())
def test_both_validators_agree_on_mutated_documents(data: st.DataObject) -> None:
    document = copy.deepcopy(GOOD)
    for _ in range(data.draw(st.integers(0, 3))):
        places = list(spots(document))
        assume(places)
        container, key = data.draw(st.sampled_from(places))
        change = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if change == "replace":
            container[key] = data.draw(REPLACEMENTS)
        elif change == "remove":
            del container[key]
        elif isinstance(container, dict):
            container[data.draw(NAMES)] = data.draw(REPLACEMENTS)
        else:
            container.append(data.draw(REPLACEMENTS))
    assert is_valid(document) is THOROUGH.is_valid(document)


def keywords(rules: Any) -> Iterator[str]:
    if isinstance(rules, dict):
        for key, value in rules.items():
            yield key
            if key == "not":
                continue
            named = key in {"properties", "$defs"}
            yield from (
                (word for part in value.values() for word in keywords(part))
                if named
                else keywords(value)
            )


def test_every_keyword_of_the_schema_has_its_sentence() -> None:
    silent = {
        "$schema", "$ref", "$defs", "title", "description", "examples", "default", "properties",
        "items",
    }  # fmt: skip
    assert set(keywords(SCHEMA)) - silent == set(SENTENCES)
