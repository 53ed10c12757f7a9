"""What ``export`` writes is what ``load`` reads, and plans to nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loading import loaded

from reconciler.core.model import LiveJwk, LiveProject
from reconciler.core.names import looks_temporary, name_fault
from reconciler.core.planner import make_plan
from reconciler.manifests.export import is_too_large, manifest_of
from reconciler.manifests.model import MAX_DESCRIPTION

texts = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.sampled_from(["no", "1", "~", "2024-01-01", "a\n", "a\n\n", "\n", " x", "x ", "# x", "- x"]),
    st.sampled_from(
        ["İmza anahtar\u0131", "\u202eabc", "a\u200bb", "\x00", "\x85", "\u2028", "\ufeff"]
    ),
    st.sampled_from(["a\ud800", "\udfff", "x" * (MAX_DESCRIPTION + 1)]),
)
names = st.one_of(texts, st.from_regex(r"[a-z]{1,8}", fullmatch=True))
jwks = st.builds(
    LiveJwk,
    name=names.filter(bool),
    description=st.none() | texts,
    kid=st.none() | st.sampled_from(["same", "k1", "k2"]) | texts.filter(bool),
    type=st.just("RSA"),
)
projects = st.builds(
    LiveProject,
    name=st.just("P"),
    jwks=st.lists(jwks, max_size=8, unique_by=lambda jwk: jwk.name).map(tuple),
)


@given(projects)
@settings(max_examples=400, deadline=None)
def test_an_exported_project_plans_to_nothing(project: LiveProject) -> None:
    exported = manifest_of(project)

    (declared,) = loaded("-", stdin=exported.text)
    plan = make_plan("https://host/apiops", [declared], {"P": project})

    assert not plan.refusals
    assert not plan.steps
    declarable = {
        jwk.name
        for jwk in project.jwks
        if name_fault(jwk.name) is None and not looks_temporary(jwk.name)
    }
    assert {entry.name for entry in declared.jwks} == declarable
    keys = [message for message in exported.left_out if message.startswith("`")]
    assert len(keys) == len(project.jwks) - len(declarable)


def test_a_kid_is_pinned_where_it_is_unique() -> None:
    live = [LiveJwk("a", kid="1"), LiveJwk("b", kid="2"), LiveJwk("c", kid="2"), LiveJwk("d")]

    text = manifest_of(LiveProject("P", tuple(live))).text

    (declared,) = loaded("-", stdin=text)
    assert [entry.kid for entry in declared.jwks] == ["1", None, None, None]


def test_a_description_may_be_as_long_as_the_schema_says() -> None:
    longest = LiveJwk("a", description="x" * MAX_DESCRIPTION)
    over = LiveJwk("b", description="x" * (MAX_DESCRIPTION + 1))

    exported = manifest_of(LiveProject("P", (longest, over)))

    (declared,) = loaded("-", stdin=exported.text)
    assert [entry.description for entry in declared.jwks] == [longest.description, None]
    (left_out,) = exported.left_out
    assert "the description of `b`" in left_out


@pytest.mark.parametrize("jwks", [1000, 80_000])
def test_what_is_larger_than_a_manifest_may_be_is_noticed(jwks: int) -> None:
    text = "x" * (9000 if jwks == 1000 else 1)
    live = tuple(LiveJwk(f"k{number}", description=text) for number in range(jwks))

    assert is_too_large(manifest_of(LiveProject("P", live)))
    assert not is_too_large(manifest_of(LiveProject("P", live[: jwks // 2])))


def test_no_pipeline_takes_an_export_for_commands() -> None:
    hostile = "a ##vso[task.x]y ::error::z\n::error::z\n##[group]" + " long" * 100
    live = LiveJwk("a::b", description=hostile, kid="##vso[task.setvariable]k")

    text = manifest_of(LiveProject("P##vso[x]", (live,))).text

    assert "##" not in text
    assert "::" not in text
    (declared,) = loaded("-", stdin=text.replace(r"P#\x23vso[x]", "P"))
    assert declared.jwks[0].description == hostile
    assert declared.jwks[0].kid == live.kid
