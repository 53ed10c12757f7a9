"""Which requests a command sends, counted at the server."""

from __future__ import annotations

from collections import Counter

import pytest
from workspace import DECLARED, STEPS, BuildWorkspace, Key, Workspace, seed

ALL = ("Partners", "Payments", "Quiet")
CHANGED = ("Partners", "Payments")


def lists(*projects: str) -> Counter[tuple[str, str]]:
    return Counter(("GET", f"/projects/{project}/jwks/") for project in projects)


def proxies(*projects: str) -> Counter[tuple[str, str]]:
    """The lists of API proxies, none of which the usual projects have."""
    return Counter(("GET", f"/projects/{project}/apiProxies/") for project in projects)


def sent_bodies(workspace: Workspace) -> list[dict[str, object]]:
    return [
        {
            "project": request.path.split("/")[3],
            "jwk": request.path.split("/")[5],
            "body": request.body,
        }
        for request in workspace.sandbox.requests
        if request.method == "PUT"
    ]


def check_no_secret_was_read(workspace: Workspace) -> None:
    assert workspace.sandbox.admin.state()["secretReads"] == 0
    lists = ("/jwks/", "/apiProxies/")
    assert all(path.endswith(lists) for method, path in workspace.requests("GET"))


@pytest.mark.parametrize("parallelism", ["1", "4"])
@pytest.mark.parametrize(
    "words",
    [
        ("plan", "jwks"),
        ("plan", "jwks", "--out", "plan.json", "--detailed-exitcode", "-v"),
        ("apply", "jwks", "--dry-run"),
        ("apply", "jwks", "--no-input"),
    ],
    ids=" ".join,
)
def test_a_plan_asks_for_one_list_per_declared_project_and_for_proxies_where_it_renames(
    workspace: Workspace, words: tuple[str, ...], parallelism: str
) -> None:
    workspace.run(*words, "--parallelism", parallelism)

    assert Counter(workspace.requests()) == lists(*ALL) + proxies(*CHANGED)
    check_no_secret_was_read(workspace)


def test_projects_nobody_declares_are_not_asked_for(workspace: Workspace) -> None:
    workspace.declare(Quiet=DECLARED["Quiet"])

    assert workspace.run("plan", "jwks").code == 0
    assert Counter(workspace.requests()) == lists("Quiet")


@pytest.mark.parametrize("parallelism", ["1", "4"])
def test_an_apply_asks_once_more_before_and_after_per_changed_project(
    workspace: Workspace, parallelism: str
) -> None:
    ran = workspace.run("apply", "jwks", "--auto-approve", "--parallelism", parallelism)

    assert ran.code == 0, ran
    gets = Counter(workspace.requests("GET"))
    assert gets == lists(*ALL, *CHANGED, *CHANGED) + proxies(*CHANGED, *CHANGED)
    assert len(workspace.requests("PUT")) == STEPS
    assert len(workspace.requests()) == sum(gets.values()) + STEPS
    check_no_secret_was_read(workspace)


def test_the_list_after_comes_after_all_writes_of_its_project(workspace: Workspace) -> None:
    workspace.declare(Payments=DECLARED["Payments"])

    workspace.run("apply", "jwks", "--auto-approve")

    methods = [method for method, _ in workspace.requests()]
    assert methods == ["GET"] * 4 + ["PUT", "PUT", "GET"]


def test_what_the_plan_shows_is_what_is_sent(workspace: Workspace) -> None:
    steps = workspace.run("plan", "jwks", "--format", "json").document["steps"]

    applied = workspace.run(
        "apply", "jwks", "--auto-approve", "--format", "json", "--parallelism", "1"
    ).document

    assert applied["steps"] == steps
    shown = [{name: step[name] for name in ("project", "jwk", "body")} for step in steps]
    assert sent_bodies(workspace) == shown
    assert all(set(step["body"]) == {"name", "description"} for step in steps)
    assert [item["attempts"] for item in applied["outcomes"]] == [1] * STEPS


def test_an_unmanaged_description_is_sent_as_it_was_read(build: BuildWorkspace) -> None:
    live: list[Key] = [
        {"name": "none", "description": None},
        {"name": "empty", "description": ""},
        {"name": "lines", "description": "one\ntwo\n"},
    ]
    declared = [{"name": f"{key['name']}-2", "previousNames": [key["name"]]} for key in live]
    workspace = build(seed({"P": live}), {"P": declared})

    assert workspace.run("apply", "jwks", "--auto-approve").code == 0

    sent = {item["jwk"]: item["body"] for item in sent_bodies(workspace)}
    expected = {
        key["name"]: {"name": f"{key['name']}-2", "description": key["description"]} for key in live
    }
    assert sent == expected


def test_a_circle_costs_one_update_and_a_look_at_its_temporary_name_more(
    build: BuildWorkspace,
) -> None:
    live: list[Key] = [{"name": name, "kid": name} for name in "abc"]
    declared: list[Key] = [{"name": new, "kid": old} for old, new in zip("abc", "bca", strict=True)]
    workspace = build(seed({"P": live}), {"P": declared})

    assert workspace.run("apply", "jwks", "--auto-approve").code == 0

    assert [method for method, _ in workspace.requests()] == [
        *["GET"] * 4,
        "PUT",
        "GET",
        *["PUT"] * 3,
        "GET",
    ]


def test_a_second_apply_writes_nothing(workspace: Workspace) -> None:
    workspace.run("apply", "jwks", "--auto-approve")
    workspace.forget()

    ran = workspace.run("apply", "jwks", "--auto-approve")

    assert (ran.code, "Nothing to do" in ran.out) == (0, True)
    assert Counter(workspace.requests()) == lists(*ALL)


def test_a_refused_project_gets_no_further_request(workspace: Workspace) -> None:
    workspace.declare(Payments=[{"name": "nobody-has-this"}], Partners=DECLARED["Partners"])

    ran = workspace.run("apply", "jwks", "--auto-approve", "--keep-going")

    assert ran.code == 5
    expected = lists(*["Partners"] * 3, "Payments") + proxies("Partners", "Partners")
    assert Counter(workspace.requests("GET")) == expected
    assert len(workspace.requests("PUT")) == 1


def test_redeploying_costs_one_update_per_key(workspace: Workspace) -> None:
    workspace.declare(Quiet=DECLARED["Quiet"])

    ran = workspace.run("apply", "jwks", "--auto-approve", "--redeploy", "Quiet/calm")

    assert ran.code == 0, ran
    assert [method for method, _ in workspace.requests()] == ["GET", "GET", "PUT", "GET"]
    assert sent_bodies(workspace)[0]["body"] == {"name": "calm", "description": None}


def test_an_export_of_named_projects_asks_for_their_lists_alone(workspace: Workspace) -> None:
    assert workspace.run("export", "Quiet", "Payments", "Quiet").code == 0

    assert Counter(workspace.requests()) == lists("Payments", "Quiet")
    check_no_secret_was_read(workspace)


def test_only_an_export_without_names_asks_for_the_projects(workspace: Workspace) -> None:
    assert workspace.run("export").code == 0

    assert Counter(workspace.requests()) == lists(*ALL) + Counter([("GET", "/projects/")])


@pytest.mark.parametrize("words", [("validate", "jwks"), ("schema",)], ids=" ".join)
def test_some_commands_ask_nobody(workspace: Workspace, words: tuple[str, ...]) -> None:
    assert workspace.run(*words).code == 0
    assert workspace.requests() == []


def test_showing_a_plan_asks_nobody(workspace: Workspace) -> None:
    workspace.run("plan", "jwks", "--out", "plan.json")
    workspace.forget()

    assert workspace.run("show", "plan.json").code == 0
    assert workspace.requests() == []
