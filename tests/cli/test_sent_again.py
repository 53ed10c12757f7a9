"""Keys that are sent though nothing differs: shown, reviewed, and never without consent."""

from __future__ import annotations

import json

import pytest
from workspace import BuildWorkspace, Key, Workspace, seed

APPLY = ("apply", "jwks", "--auto-approve")
RESEND = ("--redeploy", "P/a")
SOURCED: Key = {"name": "a", "sourceType": "URL", "sourceUrl": "https://keys.example"}


def of(build: BuildWorkspace, key: Key, declared: Key) -> Workspace:
    return build(seed({"P": [key, {"name": "other"}]}), {"P": [declared]})


def put_paths(workspace: Workspace) -> list[str]:
    return [path for _, path in workspace.requests("PUT")]


@pytest.fixture
def consented(build: BuildWorkspace) -> Workspace:
    return of(build, SOURCED, {"name": "a", "allowSourceDetach": True})


def fail_to_deploy(workspace: Workspace) -> None:
    """Leave a deployment pending in the file ``journal``."""
    workspace.fault(kind="deploy-fails", times=5)
    assert workspace.run(*APPLY, "--journal", "journal").code == 4
    workspace.forget()


def test_a_sourced_key_is_only_sent_again_with_consent(build: BuildWorkspace) -> None:
    workspace = of(build, SOURCED, {"name": "a"})

    ran = workspace.run(*APPLY, *RESEND)

    assert ran.code == 5
    assert "detach-not-allowed" in ran.out
    assert put_paths(workspace) == []


def test_every_report_says_that_it_detaches(consented: Workspace) -> None:
    ran = consented.run(
        "plan",
        "jwks",
        *RESEND,
        *(f"--report={name}=r.{name}" for name in ("markdown", "html", "junit")),
    )
    document = consented.run("plan", "jwks", *RESEND, "--format", "json").document

    assert document["steps"][0]["effects"] == ["redeploys", "detachesSource"]
    for text in (
        ran.out,
        *((consented.folder / f"r.{name}").read_text() for name in ("markdown", "html", "junit")),
    ):
        assert "DETACHES" in text


def test_a_reviewed_plan_sends_again_what_it_says(consented: Workspace) -> None:
    consented.run("plan", "jwks", *RESEND, "--out", "plan.json")

    ran = consented.run(*APPLY, "--plan", "plan.json")

    assert ran.code == 0, ran
    assert put_paths(consented) == ["/projects/P/jwks/a/"]


@pytest.mark.parametrize("by", ["--plan", "--expect-digest"])
def test_nothing_is_sent_that_a_reviewed_plan_does_not_hold(build: BuildWorkspace, by: str) -> None:
    workspace = of(build, {"name": "a"}, {"name": "a", "description": "New."})
    fail_to_deploy(workspace)
    saved = workspace.run("plan", "jwks", "--out", "plan.json", "--format", "json").document
    expected = "plan.json" if by == "--plan" else saved["digest"]

    again = workspace.run(*APPLY, by, expected, *RESEND)
    ran = workspace.run(*APPLY, by, expected, "--journal", "journal")

    assert again.code == 3
    assert ran.code == 0, ran
    assert "stays pending" in ran.err
    assert put_paths(workspace) == []


@pytest.mark.parametrize("by", ["--plan", "--expect-digest"])
@pytest.mark.parametrize("planning", [("plan", "jwks"), ("apply", "jwks", "--dry-run")])
def test_what_a_journal_remembers_can_be_reviewed_and_applied(
    build: BuildWorkspace, planning: tuple[str, ...], by: str
) -> None:
    workspace = of(build, {"name": "a"}, {"name": "a", "description": "New."})
    fail_to_deploy(workspace)
    before = (workspace.folder / "journal").read_bytes()

    planned = workspace.run(
        *planning, "--journal", "journal", "--report", "json=plan.json", "--format", "json"
    )
    expected = "plan.json" if by == "--plan" else planned.document["digest"]
    assert [step["jwk"] for step in planned.document["steps"]] == ["a"]
    assert (workspace.folder / "journal").read_bytes() == before
    ran = workspace.run(*APPLY, by, expected, "--journal", "journal")

    assert ran.code == 0, ran
    assert put_paths(workspace) == ["/projects/P/jwks/a/"]
    assert workspace.run(*APPLY, "--journal", "journal").out.startswith("Nothing to do")


def test_what_is_pending_is_never_refused(build: BuildWorkspace) -> None:
    workspace = of(build, SOURCED, {"name": "a"})
    workspace.declare(P=[{"name": "a"}, {"name": "other", "description": "New."}])
    header = {"journal": 1, "gateway": f"{workspace.sandbox.url}/apiops"}
    key = workspace.sandbox.admin.keys("P")[0]
    line = {"project": "P", "identity": ["id", key.id], "names": ["a"], "event": "sending"}
    rows = [json.dumps(row, separators=(",", ":")) for row in (header, line | {"owed": True})]
    (workspace.folder / "journal").write_text("".join(f"{row}\n" for row in rows))

    ran = workspace.run(*APPLY, "--journal", "journal")

    assert ran.code == 0, ran
    assert "it is not sent again" in ran.out
    assert put_paths(workspace) == ["/projects/P/jwks/other/"]
    assert "stays pending" in ran.err


def test_a_reverted_update_that_never_happened_is_forgotten(build: BuildWorkspace) -> None:
    workspace = of(build, SOURCED, {"name": "b", "previousNames": ["a"], "allowSourceDetach": True})
    workspace.fault(kind="hang", method="PUT", seconds=0.3)
    workspace.fault(kind="503-before", method="GET", times=100)
    assert workspace.run(*APPLY, "--journal", "journal", "--timeout", "0.1").code != 0
    workspace.sandbox.admin.faults.clear()
    workspace.forget()
    workspace.declare(P=[{"name": "a"}, {"name": "other", "description": "New."}])

    ran = workspace.run(*APPLY, "--journal", "journal")

    assert ran.code == 0, ran
    assert put_paths(workspace) == ["/projects/P/jwks/other/"]
    assert (workspace.folder / "journal").read_bytes().count(b"\n") == 1
