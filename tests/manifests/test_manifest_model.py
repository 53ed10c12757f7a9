"""The model and its JSON Schema say the same of every document and every name."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import regress
from hypothesis import assume, example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from loading import values_of

from reconciler.core.names import is_addressable, name_fault
from reconciler.manifests.explain import MESSAGES
from reconciler.manifests.model import Manifest, Name, PreviousName, schema
from reconciler.manifests.problems import FileError

SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)
JWK = SCHEMA["$defs"]["Jwk"]["properties"]
HERE = Path(__file__).parent
CORPUS = sorted(HERE.glob("*/*.yaml"))

ODD = (
    "/\\;%?#. \n\r\t\0\x1f\x7f\x80\x9f\u00ad\u061c\u180e\u200b\u200f\u2010\u2028\u202e\u2060\u206f"
    "\ufeff\ufff9\ufffbéßא字\U0001f511"
)
NAMES = st.one_of(
    st.text(alphabet=string.ascii_letters + ODD, max_size=6),
    st.text(max_size=6),
    st.integers(250, 260).map("n".__mul__),
)


def decodes(value: object, kind: Any = Manifest) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


class Twice:
    """A type of text as it is decoded, as jsonschema reads it and as an editor does."""

    def __init__(self, kind: Any, rules: dict[str, Any]) -> None:
        self.kind = kind
        self.validator = Draft202012Validator(rules)
        self.pattern = regress.Regex(rules["pattern"], "u")
        self.longest = rules.get("maxLength", 10**9)

    def takes(self, text: str) -> bool:
        decoded = decodes(text, self.kind)
        assert self.validator.is_valid(text) is decoded
        if len(text) <= self.longest:
            assert (self.pattern.find(text) is not None) is decoded
        return decoded


NAME = Twice(Name, JWK["name"])
PREVIOUS = Twice(PreviousName, JWK["previousNames"]["items"])


def parts(rules: Any) -> Iterator[dict[str, Any]]:
    """Every part of a schema that says something about a value."""
    yield rules
    below = [*rules.get("properties", {}).values(), *rules.get("$defs", {}).values()]
    below += [rules[key] for key in ("items", "additionalProperties") if rules.get(key)]
    for part in below:
        yield from parts(part)


def test_the_published_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_member_an_author_writes_is_described_and_shown() -> None:
    shown = 0
    for rules in parts(SCHEMA):
        for member in rules.get("properties", {}).values():
            assert "title" in member
            assert "description" in member or "$ref" in member
            for value in member.get("examples", ()):
                shown += 1
                assert Draft202012Validator(member).is_valid(value)
    assert shown >= 9
    assert all(part["description"] for part in SCHEMA["$defs"].values())


def test_an_object_takes_no_other_members() -> None:
    objects = [rules for rules in parts(SCHEMA) if "properties" in rules]
    assert len(objects) == 4
    assert all(rules["additionalProperties"] is False for rules in objects)


def test_every_keyword_of_the_schema_has_its_messages() -> None:
    silent = {
        "$schema", "$ref", "$defs", "title", "description", "examples", "default", "properties",
        "items",
    }  # fmt: skip
    assert {key for rules in parts(SCHEMA) for key in rules} - silent == set(MESSAGES)


@given(NAMES)
@example("a\n")
@example("..")
@example("...")
@example("a ")
@example("")
def test_schema_and_name_rules_agree(name: str) -> None:
    assert NAME.takes(name) is (name_fault(name) is None)


def test_schema_and_name_rules_agree_on_each_character() -> None:
    for point in (*range(0x3100), *range(0xE000, 0x10100), 0x1F511, 0xE0041):
        name = f"a{chr(point)}b"
        assert NAME.takes(name) is (name_fault(name) is None), hex(point)


@given(NAMES)
@example("a\n")
@example(" ugly\u200b ")
@example(".")
@example("..\n")
@example("...")
def test_previous_names_are_the_addressable_ones(name: str) -> None:
    assert PREVIOUS.takes(name) is is_addressable(name)


def test_huge_names_are_read() -> None:
    huge = "n" * 8_000_000
    assert not decodes(huge, Name)
    assert decodes(huge, PreviousName)
    assert not decodes(huge + "/", PreviousName)


@pytest.mark.parametrize("manifest", CORPUS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_model_and_schema_agree_on_the_corpus(manifest: Path) -> None:
    documents = values_of(manifest.read_bytes())
    try:
        for document in documents:
            assert decodes(document) is VALIDATOR.is_valid(document)
    except FileError:
        return


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a document with each of its keys."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from spots(value[key])


MEMBERS = st.sampled_from(["metadata", "spec", "jwks", "kind", *JWK, "labels", "x"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.just(0), NAMES, st.sampled_from(["Project", "reconciler/v1"])
)
GOOD_NAMES = NAMES.filter(lambda name: name_fault(name) is None)
TAGS = st.dictionaries(NAMES, NAMES, max_size=2)
JWKS = st.fixed_dictionaries(
    {"name": GOOD_NAMES},
    optional={
        "description": NAMES,
        "previousNames": st.lists(NAMES.filter(is_addressable), max_size=2),
        "kid": NAMES.filter(bool),
        "allowSourceDetach": st.booleans(),
    },
)
VALID = st.fixed_dictionaries(
    {
        "apiVersion": st.just("reconciler/v1"),
        "kind": st.just("Project"),
        "metadata": st.fixed_dictionaries(
            {"name": GOOD_NAMES},
            optional={"namespace": NAMES, "labels": TAGS, "annotations": TAGS},
        ),
        "spec": st.fixed_dictionaries({"jwks": st.lists(JWKS, max_size=3)}),
    }
)
WILD = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS | NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(VALID)
def test_model_and_schema_take_valid_documents(document: object) -> None:
    assert decodes(document)
    assert VALIDATOR.is_valid(document)


@given(WILD)
def test_model_and_schema_agree_on_wild_documents(document: object) -> None:
    assert decodes(document) is VALIDATOR.is_valid(document)


@given(st.data())
def test_model_and_schema_agree_on_nearly_valid_documents(data: st.DataObject) -> None:
    document = data.draw(VALID)
    for _ in range(data.draw(st.integers(0, 3))):
        places = list(spots(document))
        assume(places)
        container, key = data.draw(st.sampled_from(places))
        change = data.draw(st.sampled_from(["replace", "remove", "add"]))
        if change == "replace":
            container[key] = data.draw(WILD)
        elif change == "remove":
            del container[key]
        elif isinstance(container, dict):
            container[data.draw(MEMBERS | NAMES)] = data.draw(WILD)
        else:
            container.append(data.draw(WILD))
    assert decodes(document) is VALIDATOR.is_valid(document)
