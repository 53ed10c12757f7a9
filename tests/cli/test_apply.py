"""apply, as a user calls it: what it asks, writes, verifies and tells."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from world import DECLARED, STEPS, BuildWorld, World, seed

APPLY = ("apply", "jwks", "--auto-approve")
ASKED = "Only 'yes' is taken for yes"


def outcomes(world: World) -> dict[str, str]:
    report = json.loads((world.folder / "report.json").read_text())
    return {item["name"]: item["outcome"] for item in report["outcomes"]}


def test_everything_is_done_verified_and_deployed(world: World) -> None:
    ran = world.run(*APPLY, "--report", "json=report.json")

    assert (ran.code, ran.err) == (0, "")
    assert set(outcomes(world).values()) == {"applied"}
    assert ran.out.startswith("Plan: ")
    assert "\nApplied: 1 renamed, 1 described, 1 renamed and described; read back" in ran.out
    assert world.names("Payments") == ["partner-signing", "encryption", "kept", "spare"]
    for project in DECLARED:
        for key in world.sandbox.admin.keys(project):
            assert {(held.name, held.description) for held in key.deployed} == {
                (key.name, key.description)
            }


def test_what_nobody_declares_is_left_alone(world: World) -> None:
    before = {key.name: key for key in world.sandbox.admin.keys("Payments")}

    world.run(*APPLY)

    after = {key.name: key for key in world.sandbox.admin.keys("Payments")}
    assert after["spare"] == before["spare"]
    assert after["kept"] == before["kept"]
    assert after["partner-signing"].description == "Signs."


def test_then_a_plan_finds_nothing_to_do(world: World) -> None:
    world.run(*APPLY)

    ran = world.run("plan", "jwks", "--detailed-exitcode")

    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        "Nothing to do: 5 JWKs are as declared; 2 unmanaged.",
    )


def test_a_dry_run_sends_nothing_and_is_the_plan(world: World) -> None:
    truth = world.state()

    dry = world.run("apply", "jwks", "--dry-run", "--auto-approve")
    plan = world.run("plan", "jwks")

    assert (dry.code, dry.out) == (plan.code, plan.out)
    assert world.requests("PUT") == []
    assert world.state() == truth


@dataclass(frozen=True)
class Case:
    """A fault and what becomes of each step of the Payments project."""

    fault: dict[str, object]
    expected: dict[str, str]
    code: int = 4
    told: str = "Apply incomplete"


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
        {"kind": "reset-after", "method": "*", "project": "Payments", "at": 3, "times": 100},
        {"encryption": "unknown", "partner-signing": "not-tried"},
        69,
        "unknown",
    ),
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("case", OUTCOMES.values(), ids=OUTCOMES)
def test_each_outcome_is_told_and_the_other_projects_go_on(world: World, case: Case) -> None:
    world.fault(**case.fault)

    ran = world.run(*APPLY, "--report", "json=report.json", "--parallelism", "1")

    assert ran.code == case.code, ran
    assert outcomes(world) == {"acme-verification": "applied", **case.expected}
    assert case.told in ran.out.split("\nGateway:", 2)[1]


def test_what_did_not_go_through_is_finished_by_running_again(world: World) -> None:
    world.fault(kind="unauthorized", method="PUT", at=2, times=1)
    assert world.run(*APPLY, "--parallelism", "1").code == 77
    assert len(world.requests("PUT")) == 2

    ran = world.run(*APPLY)

    assert ran.code == 0
    assert world.names("Payments")[0] == "partner-signing"


REFUSALS = {"without": ((), ["acme", "globex"]), "with": (("--keep-going",), None)}


@pytest.mark.parametrize(("words", "left"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_keeps_everything_back_without_keep_going(
    world: World, words: tuple[str, ...], left: list[str] | None
) -> None:
    world.declare(Payments=[{"name": "nobody-has-this"}], Partners=DECLARED["Partners"])

    ran = world.run(*APPLY, *words)

    assert ran.code == 5
    assert world.names("Partners") == (left or ["acme-verification", "globex"])
    assert "refused Payments / nobody-has-this: missing" in ran.out


def test_a_sourced_key_is_detached_with_consent_alone(build: BuildWorld) -> None:
    live = {"name": "key", "sourceType": "URL", "sourceUrl": "https://keys.example/1"}
    entry = {"name": "new", "previousNames": ["key"]}
    world = build(seed({"P": [live]}), {"P": [entry]})

    refused = world.run(*APPLY)
    world.declare(P=[{**entry, "allowSourceDetach": True}])
    applied = world.run(*APPLY)

    assert (refused.code, applied.code) == (5, 0)
    assert "detach-not-allowed" in refused.out
    assert "DETACHES from its source" in applied.out
    assert world.sandbox.admin.keys("P")[0].source_url is None


def test_yes_applies_what_was_shown(world: World) -> None:
    ran = world.run.terminal("apply", "jwks", answers=((ASKED, "yes\n"),))

    assert ran.code == 0, ran
    shown, asked, done = (
        ran.out.index(words) for words in ("Plan: ", f"Send {STEPS} updates to http", "Applied: ")
    )
    assert shown < asked < done
    assert "2 projects?" in ran.out
    assert len(world.requests("PUT")) == STEPS


def test_one_update_of_one_project_is_asked_for_in_the_singular(world: World) -> None:
    world.declare(Partners=DECLARED["Partners"])

    ran = world.run.terminal("apply", "jwks", answers=((ASKED, "yes\n"),))

    assert "Send 1 update to http" in ran.out
    assert "1 project?" in ran.out


def test_with_json_too_the_plan_is_shown_before_the_question(world: World) -> None:
    words = ("apply", "jwks", "--format", "json")

    ran = world.run.terminal(*words, answers=((ASKED, "yes\n"),))

    assert ran.code == 0, ran
    assert ran.out.index("my-jwk → partner-signing") < ran.out.index(ASKED)
    assert '"outcomes"' in ran.out


def test_who_sends_stdout_to_a_file_sees_the_plan_too(world: World) -> None:
    with (world.folder / "out.txt").open("w") as stdout:
        ran = world.run.terminal("apply", "jwks", answers=((ASKED, "yes\n"),), stdout=stdout)

    assert ran.code == 0
    assert ran.out.index("my-jwk → partner-signing") < ran.out.index(ASKED)
    assert "Applied: " in (world.folder / "out.txt").read_text()


def test_nothing_is_asked_where_there_is_nothing_to_do(world: World) -> None:
    world.declare(Quiet=DECLARED["Quiet"])

    ran = world.run.terminal("apply", "jwks")

    assert (ran.code, ASKED in ran.out) == (0, False)


def test_redeploy_sends_an_unchanged_key_again(world: World) -> None:
    world.declare(Quiet=DECLARED["Quiet"])

    ran = world.run(*APPLY, "--redeploy", "Quiet/calm", "--report", "json=report.json")

    assert (ran.code, outcomes(world)) == (0, {"calm": "applied"})
    assert "1 deployed again" in ran.out


@pytest.mark.usefixtures("hasty")
def test_a_journal_settles_what_an_earlier_run_left_owed(world: World) -> None:
    world.declare(Partners=DECLARED["Partners"])
    world.fault(kind="deploy-fails", times=100)
    first = world.run(*APPLY, "--journal", "journal")
    world.sandbox.admin.faults.clear()

    second = world.run(*APPLY, "--journal", "journal")
    third = world.run(*APPLY, "--journal", "journal")

    assert (first.code, second.code, third.code) == (4, 0, 0)
    assert "stays owed" in first.err
    assert "1 deployed again" in second.out
    assert "Nothing to do" in third.out
    (key, _) = world.sandbox.admin.keys("Partners")
    assert {held.name for held in key.deployed} == {"acme-verification"}
