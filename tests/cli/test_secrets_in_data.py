"""Secrets in texts that are read back: data is never altered, and never holds a token."""

from __future__ import annotations

import pytest
from workspace import TOKEN, BuildWorkspace, Workspace, seed

WORD = "apinizer"
"""A password that is a word."""
LOGIN = {"APINIZER_USERNAME": "ci", "APINIZER_PASSWORD": WORD}
APPLY = ("apply", "jwks", "--auto-approve")
DATA: dict[str, tuple[str, ...]] = {
    "export": ("export",),
    "export to files": ("export", "--out", "live"),
    "export as JSON": ("export", "--format", "json"),
    "a saved plan": ("plan", "jwks", "--out", "plan.json"),
    "a plan as JSON": ("plan", "jwks", "--format", "json"),
    "a JSON report": (*APPLY, "--report", "json=plan.json"),
}


@pytest.fixture
def worded(build: BuildWorkspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    clients = [{"username": "ci", "password": WORD, "token": TOKEN}]
    keys = [{"name": "key-apinizer-1", "kid": "1", "description": "Of apinizer."}]
    declared = {WORD: [{"name": "key-apinizer-2", "kid": "1"}]}
    workspace = build(seed({WORD: keys}, clients=clients), declared)
    monkeypatch.delenv("APINIZER_TOKEN")
    return workspace


def test_what_is_exported_plans_to_nothing(worded: Workspace) -> None:
    assert worded.run("export", "--out", "live", **LOGIN).code == 0

    ran = worded.run("apply", "live", "--auto-approve", **LOGIN)

    assert ran.code == 0, ran
    assert worded.names(WORD) == ["key-apinizer-1"]
    assert worded.requests("PUT") == []


def test_a_saved_plan_is_applied_as_it_is(worded: Workspace) -> None:
    assert worded.run("plan", "jwks", "--out", "plan.json", **LOGIN).code == 0

    ran = worded.run(*APPLY, "--plan", "plan.json", **LOGIN)

    assert ran.code == 0, ran
    assert worded.names(WORD) == ["key-apinizer-2"]


@pytest.mark.parametrize("word", ["projects", "formatVersion", "reconciler"])
def test_no_member_of_a_document_is_altered(worded: Workspace, word: str) -> None:
    valid = worded.run("validate", "jwks", "--format", "json")
    wrong = worded.run("plan", "jwks", "--format", "json", **LOGIN | {"APINIZER_PASSWORD": word})

    assert [item["name"] for item in valid.document["projects"]] == [WORD]
    assert wrong.document["tool"]["name"] == "reconciler"
    assert wrong.document["error"]["exitCode"] == 77


@pytest.fixture
def leaking(build: BuildWorkspace) -> Workspace:
    return build(
        seed({"P": [{"name": "a", "description": f"Use {TOKEN}."}, {"name": "b"}]}),
        {"P": [{"name": "c", "previousNames": ["a"]}, {"name": "b", "description": "New."}]},
    )


@pytest.mark.parametrize("case", DATA)
def test_no_data_holds_the_token_itself(leaking: Workspace, case: str) -> None:
    ran = leaking.run(*DATA[case])

    assert ran.code == 5, ran
    assert "The run's own token stands in the key `a` of project `P`" in ran.err.replace(
        "\n  ", " "
    )
    assert TOKEN not in ran.out + ran.err
    assert (
        not (leaking.folder / "plan.json").exists()
        or TOKEN not in (leaking.folder / "plan.json").read_text()
    )
    assert leaking.requests("PUT") == []


def test_a_token_got_by_login_is_treated_alike(
    build: BuildWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [{"username": "ci", "password": WORD, "token": TOKEN}]
    workspace = build(seed({"P": [{"name": "a"}]}, clients=clients), {"P": [{"name": "a"}]})
    monkeypatch.delenv("APINIZER_TOKEN")
    monkeypatch.setattr("reconciler.gateway.client.read_token", lambda _response: TOKEN)
    workspace.sandbox.admin.change("P", "a", to="a", description=f"Use {TOKEN}.")
    workspace.declare(P=[{"name": "b", "previousNames": ["a"]}])

    ran = workspace.run("plan", "jwks", "--format", "json", **LOGIN)

    assert ran.code == 5
    assert TOKEN not in ran.out + ran.err


def test_text_masks_what_it_shows(leaking: Workspace) -> None:
    ran = leaking.run("plan", "jwks", "-v")

    assert ran.code == 0, ran
    assert TOKEN not in ran.out + ran.err
