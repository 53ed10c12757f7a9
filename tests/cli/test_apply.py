"""apply, as a user calls it: what it asks, writes, verifies and tells."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from workspace import DECLARED, STEPS, BuildWorkspace, Workspace, seed

APPLY = ("apply", "jwks", "--auto-approve")
ASKED = "Only 'yes' is taken for yes"


def outcomes(workspace: Workspace) -> dict[str, str]:
    report = json.loads((workspace.folder / "report.json").read_text())
    return {item["name"]: item["outcome"] for item in report["outcomes"]}


def test_everything_is_done_verified_and_deployed(workspace: Workspace) -> None:
    ran = workspace.run(*APPLY, "--report", "json=report.json")

    assert (ran.code, ran.err) == (0, "")
    assert set(outcomes(workspace).values()) == {"applied"}
    assert ran.out.startswith("Plan: ")
    assert "\nApplied: 1 renamed, 1 described, 1 renamed and described; read back" in ran.out
    assert workspace.names("Payments") == ["partner-signing", "encryption", "kept", "spare"]
    for project in DECLARED:
        for key in workspace.sandbox.admin.keys(project):
            assert {(held.name, held.description) for held in key.deployed} == {
                (key.name, key.description)
            }


def test_what_nobody_declares_is_left_alone(workspace: Workspace) -> None:
    before = {key.name: key for key in workspace.sandbox.admin.keys("Payments")}

    workspace.run(*APPLY)

    after = {key.name: key for key in workspace.sandbox.admin.keys("Payments")}
    assert after["spare"] == before["spare"]
    assert after["kept"] == before["kept"]
    assert after["partner-signing"].description == "Signs."


def test_then_a_plan_finds_nothing_to_do(workspace: Workspace) -> None:
    workspace.run(*APPLY)

    ran = workspace.run("plan", "jwks", "--detailed-exitcode")

    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        "Nothing to do: 5 JWKs are as declared; 2 unmanaged.",
    )


def test_a_dry_run_sends_nothing_and_is_the_plan(workspace: Workspace) -> None:
    before = workspace.state()

    dry = workspace.run("apply", "jwks", "--dry-run", "--auto-approve")
    plan = workspace.run("plan", "jwks")

    assert (dry.code, dry.out) == (plan.code, plan.out)
    assert workspace.requests("PUT") == []
    assert workspace.state() == before


@dataclass(frozen=True)
class Case:
    """A fault and what becomes of each step of the Payments project."""

    fault: dict[str, object]
    expected: dict[str, str]
    code: int = 4
    headline: str = "Apply incomplete"


PAYMENTS = {"project": "Payments", "method": "PUT"}
OUTCOMES = {
    "an answer that is lost is decided by the list": Case(
        {"kind": "reset-after", **PAYMENTS},
        {"partner-signing": "applied", "encryption": "applied"},
        0,
        "Applied",
    ),
    "a request that never arrived is sent again": Case(
        {"kind": "reset-before", **PAYMENTS},
        {"partner-signing": "applied", "encryption": "applied"},
        0,
        "Applied",
    ),
    "too many requests are waited out": Case(
        {"kind": "429", **PAYMENTS, "seconds": 0},
        {"partner-signing": "applied", "encryption": "applied"},
        0,
        "Applied",
    ),
    "not deployed in one environment": Case(
        {"kind": "deploy-fails", "environments": ["prod"], "times": 100, "project": "Payments"},
        {"partner-signing": "not-deployed", "encryption": "not-deployed"},
        4,
        "saved but not deployed",
    ),
    "deployed at the second try": Case(
        {"kind": "deploy-fails", "environments": ["prod"], "project": "Payments"},
        {"partner-signing": "applied", "encryption": "applied"},
        0,
        "Applied",
    ),
    "never saved": Case(
        {"kind": "500-before", **PAYMENTS, "times": 100},
        {"encryption": "failed", "partner-signing": "not-tried"},
        4,
        "failed",
    ),
    "somebody else was quicker": Case(
        {
            "kind": "foreign-change",
            **PAYMENTS,
            "at": 2,
            "name": "spare",
            "to": "partner-signing",
        },
        {"encryption": "applied", "partner-signing": "conflict"},
        4,
        "in conflict",
    ),
    "nobody can say": Case(
        {"kind": "reset-after", "method": "*", "project": "Payments", "at": 5, "times": 100},
        {"encryption": "unknown", "partner-signing": "not-tried"},
        69,
        "unknown",
    ),
}


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("case", OUTCOMES.values(), ids=OUTCOMES)
def test_each_outcome_is_told_and_the_other_projects_go_on(
    workspace: Workspace, case: Case
) -> None:
    workspace.fault(**case.fault)

    ran = workspace.run(*APPLY, "--report", "json=report.json", "--parallelism", "1")

    assert ran.code == case.code, ran
    assert outcomes(workspace) == {"acme-verification": "applied", **case.expected}
    assert case.headline in ran.out.split("\nGateway:", 2)[1]


def test_what_did_not_go_through_is_finished_by_running_again(workspace: Workspace) -> None:
    workspace.fault(kind="unauthorized", method="PUT", at=2, times=1)
    assert workspace.run(*APPLY, "--parallelism", "1").code == 77
    assert len(workspace.requests("PUT")) == 2

    ran = workspace.run(*APPLY)

    assert ran.code == 0
    assert workspace.names("Payments")[0] == "partner-signing"


REFUSALS = {"without": ((), ["acme", "globex"]), "with": (("--keep-going",), None)}


@pytest.mark.parametrize(("words", "left"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_keeps_everything_back_without_keep_going(
    workspace: Workspace, words: tuple[str, ...], left: list[str] | None
) -> None:
    workspace.declare(Payments=[{"name": "nobody-has-this"}], Partners=DECLARED["Partners"])

    ran = workspace.run(*APPLY, *words)

    assert ran.code == 5
    assert workspace.names("Partners") == (left or ["acme-verification", "globex"])
    assert "refused Payments / nobody-has-this: missing" in ran.out


def test_a_sourced_key_is_detached_with_consent_alone(build: BuildWorkspace) -> None:
    live = {"name": "key", "sourceType": "URL", "sourceUrl": "https://keys.example/1"}
    entry = {"name": "new", "previousNames": ["key"]}
    workspace = build(seed({"P": [live]}), {"P": [entry]})

    refused = workspace.run(*APPLY)
    workspace.declare(P=[{**entry, "allowSourceDetach": True}])
    applied = workspace.run(*APPLY)

    assert (refused.code, applied.code) == (5, 0)
    assert "detach-not-allowed" in refused.out
    assert "DETACHES from its source" in applied.out
    assert workspace.sandbox.admin.keys("P")[0].source_url is None


def test_nobody_is_asked_about_what_was_not_shown(workspace: Workspace) -> None:
    ran = workspace.run.terminal("apply", "jwks", "-q", answers=((ASKED, "no\n"),))

    shown, _, _ = ran.out.partition(ASKED)
    assert "my-jwk → partner-signing" in shown
    assert "acme → acme-verification" in shown
    assert ran.code == 5


def test_yes_applies_what_was_shown(workspace: Workspace) -> None:
    ran = workspace.run.terminal("apply", "jwks", answers=((ASKED, "yes\n"),))

    assert ran.code == 0, ran
    shown, asked, done = (
        ran.out.index(words) for words in ("Plan: ", f"Send {STEPS} updates to http", "Applied: ")
    )
    assert shown < asked < done
    assert "2 projects?" in ran.out
    assert len(workspace.requests("PUT")) == STEPS


def test_one_update_of_one_project_is_asked_for_in_the_singular(workspace: Workspace) -> None:
    workspace.declare(Partners=DECLARED["Partners"])

    ran = workspace.run.terminal("apply", "jwks", answers=((ASKED, "yes\n"),))

    assert "Send 1 update to http" in ran.out
    assert "1 project?" in ran.out


def test_with_json_too_the_plan_is_shown_before_the_question(workspace: Workspace) -> None:
    words = ("apply", "jwks", "--format", "json")

    ran = workspace.run.terminal(*words, answers=((ASKED, "yes\n"),))

    assert ran.code == 0, ran
    assert ran.out.index("my-jwk → partner-signing") < ran.out.index(ASKED)
    assert '"outcomes"' in ran.out


def test_who_sends_stdout_to_a_file_sees_the_plan_too(workspace: Workspace) -> None:
    with (workspace.folder / "out.txt").open("w") as stdout:
        ran = workspace.run.terminal("apply", "jwks", answers=((ASKED, "yes\n"),), stdout=stdout)

    assert ran.code == 0
    assert ran.out.index("my-jwk → partner-signing") < ran.out.index(ASKED)
    assert "Applied: " in (workspace.folder / "out.txt").read_text()


def test_nothing_is_asked_where_there_is_nothing_to_do(workspace: Workspace) -> None:
    workspace.declare(Quiet=DECLARED["Quiet"])

    ran = workspace.run.terminal("apply", "jwks")

    assert (ran.code, ASKED in ran.out) == (0, False)


def test_redeploy_sends_an_unchanged_key_again(workspace: Workspace) -> None:
    workspace.declare(Quiet=DECLARED["Quiet"])

    ran = workspace.run(*APPLY, "--redeploy", "Quiet/calm", "--report", "json=report.json")

    assert (ran.code, outcomes(workspace)) == (0, {"calm": "applied"})
    assert "1 deployed again" in ran.out


@pytest.mark.usefixtures("no_waits")
def test_a_journal_settles_what_an_earlier_run_left_pending(workspace: Workspace) -> None:
    workspace.declare(Partners=DECLARED["Partners"])
    workspace.fault(kind="deploy-fails", times=100)
    first = workspace.run(*APPLY, "--journal", "journal")
    workspace.sandbox.admin.faults.clear()

    second = workspace.run(*APPLY, "--journal", "journal")
    third = workspace.run(*APPLY, "--journal", "journal")

    assert (first.code, second.code, third.code) == (4, 0, 0)
    assert "stays pending" in first.err
    assert "1 deployed again" in second.out
    assert "Nothing to do" in third.out
    (key, _) = workspace.sandbox.admin.keys("Partners")
    assert {held.name for held in key.deployed} == {"acme-verification"}
