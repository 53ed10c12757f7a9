"""Keys of other projects that appear in a project's list: never touched, whoever declares them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from workspace import BuildWorkspace, Key, Workspace, seed

OWN: Key = {"name": "own", "kid": "o1"}
SHARED: Key = {"name": "shared", "kid": "s1", "projectId": "admin"}
LISTED = ("GET", "/projects/")

CASES: dict[str, tuple[Key, str]] = {
    "a shared key is declared to be described": (
        {"name": "shared", "description": "Mine."},
        "belongs to another project (projectId admin)",
    ),
    "a shared key is declared to be renamed": (
        {"name": "mine", "previousNames": ["shared"]},
        "belongs to another project (projectId admin)",
    ),
    "a shared key is pinned": (
        {"name": "mine", "kid": "s1"},
        "none has the kid s1",
    ),
    "a name is mistyped": (
        {"name": "owm"},
        "no live key is named `owm`",
    ),
}


@pytest.fixture
def shared(build: BuildWorkspace) -> Workspace:
    """Two projects whose lists hold the same key of a third one."""
    return build(seed({"P": [OWN, SHARED], "Q": [dict(SHARED)]}), {})


def refusals(workspace: Workspace) -> list[dict[str, Any]]:
    ran = workspace.run("apply", "jwks", "--auto-approve", "--format", "json")
    assert ran.code == 5, ran
    assert workspace.requests("PUT") == []
    found: list[dict[str, Any]] = ran.document["refusals"]
    return found


@pytest.mark.parametrize("case", CASES)
def test_is_missing_and_told_why(shared: Workspace, case: str) -> None:
    entry, message = CASES[case]
    shared.declare(P=[entry])

    (refusal,) = refusals(shared)

    assert refusal["code"] == "missing"
    assert message in refusal["message"]
    assert shared.requests("GET").count(LISTED) == 1


def test_the_own_keys_beside_them_are_updated(shared: Workspace) -> None:
    shared.declare(P=[{"name": "renamed", "previousNames": ["own"]}])

    ran = shared.run("apply", "jwks", "--auto-approve")

    assert ran.code == 0, ran
    assert shared.requests("PUT") == [("PUT", "/projects/P/jwks/own/")]
    assert shared.requests("GET").count(LISTED) == 1


def test_a_list_of_nothing_but_shared_keys_is_known_by_the_other_lists(shared: Workspace) -> None:
    shared.declare(P=[OWN], Q=[{"name": "shared", "description": "Mine."}])

    (refusal,) = refusals(shared)

    assert (refusal["project"], refusal["code"]) == ("Q", "missing")


@pytest.mark.parametrize(
    "entry", [{"name": "own", "description": "New."}, {"name": "shared", "description": "New."}]
)
def test_nothing_in_doubt_is_updated_where_the_ids_can_not_be_had(
    shared: Workspace, entry: Key
) -> None:
    shared.declare(P=[entry])
    shared.fault(kind="garbage", method="GET", index=2)

    (refusal,) = refusals(shared)

    assert refusal["code"] == "unsafe-list"
    assert "may be another project's" in refusal["message"]
    assert "GET /apiops/projects/" in refusal["hint"]


def test_a_mistyped_name_is_missing_with_a_suggestion_also_without_ids(shared: Workspace) -> None:
    shared.declare(P=[{"name": "shared"}, {"name": "owm"}])
    shared.fault(kind="garbage", method="GET", index=2)

    (refusal,) = refusals(shared)

    assert (refusal["code"], refusal["name"]) == ("missing", "owm")
    assert "previousNames: [own]" in refusal["hint"]


@pytest.mark.parametrize("named", [(), ("P",)])
def test_an_export_leaves_them_out(shared: Workspace, named: tuple[str, ...]) -> None:
    ran = shared.run("export", *named)

    exported = {one["metadata"]["name"]: one["spec"]["jwks"] for one in yaml.safe_load_all(ran.out)}
    assert ran.code == 0, ran
    assert [entry["name"] for entry in exported["P"]] == ["own"]
    assert shared.requests("GET").count(LISTED) == 1


def test_an_export_without_ids_says_how_to_get_them(shared: Workspace) -> None:
    shared.fault(kind="garbage", method="GET", index=2)

    ran = shared.run("export", "P")

    assert ran.code == 5
    assert "GET /apiops/projects/" in ran.err
