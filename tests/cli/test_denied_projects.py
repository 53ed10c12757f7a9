"""Projects that the token may not read, beside others that it may."""

from __future__ import annotations

import pytest
from workspace import TOKEN, BuildWorkspace, Workspace, seed

APPLY = ("apply", "jwks", "--auto-approve")


@pytest.fixture
def workspace(build: BuildWorkspace) -> Workspace:
    tokens = [{"token": TOKEN}]
    keys = {"Mine": [{"name": "a"}], "Yours": [{"name": "b"}]}
    declared = {"Mine": [{"name": "a", "description": "New."}], "Yours": [{"name": "b"}]}
    return build(seed(keys, tokens=tokens), declared)


def deny(workspace: Workspace) -> None:
    workspace.fault(kind="denied", method="GET", project="Yours", times=9)


def test_with_keep_going_the_other_projects_are_applied(workspace: Workspace) -> None:
    deny(workspace)

    ran = workspace.run(*APPLY, "--keep-going")

    assert ran.code == 77, ran
    assert "project-unreadable" in ran.out
    assert workspace.requests("PUT") == [("PUT", "/projects/Mine/jwks/a/")]


@pytest.mark.parametrize("words", [("plan", "jwks"), APPLY])
def test_without_it_everything_is_shown_and_nothing_written(
    workspace: Workspace, words: tuple[str, ...]
) -> None:
    deny(workspace)

    ran = workspace.run(*words, "--format", "json")

    assert ran.code == 77, ran
    assert [refusal["code"] for refusal in ran.document["refusals"]] == ["project-unreadable"]
    assert [change["project"] for change in ran.document["changes"]] == ["Mine"]
    assert workspace.requests("PUT") == []


def test_who_uses_the_keys_of_all_projects_is_told_but_of_those(workspace: Workspace) -> None:
    deny(workspace)

    ran = workspace.run("references", "--format", "json")

    assert ran.code == 0, ran
    (gap,) = ran.document["referenceCheck"]["notLookedAt"]
    assert (gap["project"], gap["proxy"]) == ("Yours", None)
    assert "permission" in gap["reason"]
    assert "not looked at: Yours" in ran.err


def test_a_project_that_was_named_has_to_be_readable(workspace: Workspace) -> None:
    deny(workspace)

    assert workspace.run("references", "Mine", "Yours").code == 77
