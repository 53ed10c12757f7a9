"""The one table of exit codes: every code, by a real situation, as text and as JSON."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from workspace import DECLARED, BuildWorkspace, Ran, Workspace, wait_until

from reconciler.cli.exit_codes import PRECEDENCE, ExitCode, worst

APPLY = ("apply", "jwks", "--auto-approve")
PLAN = ("plan", "jwks")


def as_it_is(_workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    """Nothing is out of the ordinary."""


def bug(_workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    def failing(*_values: object, **_options: object) -> None:
        raise ZeroDivisionError("secret-value-of-a-bug")

    patch.setattr("reconciler.core.planner.plan_projects", failing)


def late_bug(_workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    def failing(*_values: object, **_options: object) -> None:
        raise ZeroDivisionError("secret-value-of-a-bug")

    patch.setattr("reconciler.cli.console.Console.plan", failing)


def nothing_pending(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    workspace.declare(Quiet=DECLARED["Quiet"])


def changed_meanwhile(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    """Somebody edits the description between the plan's list and the one before the writes."""
    workspace.declare(Payments=DECLARED["Payments"])
    fault = {"kind": "foreign-change", "method": "GET", "project": "Payments", "at": 2}
    workspace.fault(**fault, name="my-jwk", description="By somebody else.")


def taken_meanwhile(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    """Somebody takes the new name just before the update that wants it."""
    fault = {"kind": "foreign-change", "method": "PUT", "project": "Payments", "at": 2}
    workspace.fault(**fault, name="spare", to="partner-signing")


def not_deployed(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    workspace.fault(kind="deploy-fails", environments=["prod"], times=100)


def missing(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    workspace.declare(Payments=[{"name": "nobody-has-this"}])


def invalid(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    workspace.declare(Payments=[{"nmae": "calm"}])


def failing(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    workspace.fault(kind="html", times=100)


def lost_after_the_first_list(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    workspace.declare(Payments=DECLARED["Payments"])
    workspace.fault(kind="html", method="GET", at=2, times=100)


def no_token(_workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("APINIZER_TOKEN")


def wrong_token(_workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("APINIZER_TOKEN", "a-token-nobody-issued")


def expired_at_the_first_write(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    workspace.fault(kind="unauthorized", method="PUT", times=100)


def hanging_lists(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    workspace.fault(kind="hang", method="GET", times=100)


@dataclass(frozen=True)
class Case:
    code: int
    words: tuple[str, ...]
    prepare: Callable[[Workspace, pytest.MonkeyPatch], None] = as_it_is
    result: bool = field(default=True, kw_only=True)
    """Whether it comes to a plan; else the document tells a failure."""


CASES = {
    "plan: nothing to do": Case(0, PLAN, nothing_pending),
    "plan: changes do not count without being asked for": Case(0, PLAN),
    "plan --detailed-exitcode: nothing to do": Case(
        0, (*PLAN, "--detailed-exitcode"), nothing_pending
    ),
    "apply: all done": Case(0, APPLY),
    "apply: nothing to do needs no consent": Case(0, ("apply", "jwks"), nothing_pending),
    "apply --dry-run: changes pending": Case(0, (*APPLY, "--dry-run")),
    "plan: a bug": Case(1, PLAN, bug, result=False),
    "apply: a bug before anything was sent": Case(1, APPLY, bug, result=False),
    "plan --detailed-exitcode: changes pending": Case(2, (*PLAN, "--detailed-exitcode")),
    "apply: changed since it was planned": Case(3, APPLY, changed_meanwhile),
    "apply: not the reviewed digest": Case(
        3, (*APPLY, "--expect-digest", f"sha256:{'0' * 64}"), result=False
    ),
    "apply: a name was taken meanwhile": Case(4, APPLY, taken_meanwhile),
    "apply: not deployed in an environment": Case(4, APPLY, not_deployed),
    "plan: refused": Case(5, PLAN, missing),
    "plan --detailed-exitcode: refused": Case(5, (*PLAN, "--detailed-exitcode"), missing),
    "apply: refused": Case(5, APPLY, missing),
    "apply: nobody can be asked": Case(5, ("apply", "jwks")),
    "plan: no gateway is named": Case(64, (*PLAN, "--server", ""), result=False),
    "apply: --redeploy of what is not declared": Case(
        64, (*APPLY, "--redeploy", "Payments/nobody"), result=False
    ),
    "plan: invalid manifests": Case(65, PLAN, invalid, result=False),
    "apply: invalid manifests": Case(65, APPLY, invalid, result=False),
    "plan: the gateway answers with a web page": Case(69, PLAN, failing, result=False),
    "apply: the gateway is lost before the first write": Case(69, APPLY, lost_after_the_first_list),
    "plan: no token": Case(77, PLAN, no_token, result=False),
    "plan: a wrong token": Case(77, PLAN, wrong_token, result=False),
    "apply: the token is rejected at the first write": Case(77, APPLY, expired_at_the_first_write),
    "plan: the deadline": Case(143, (*PLAN, "--deadline", "0.2"), hanging_lists, result=False),
    "apply: the deadline": Case(143, (*APPLY, "--deadline", "0.2"), hanging_lists, result=False),
}


def check_report(text: str, case: Case) -> None:
    report = json.loads(text)
    assert report["formatVersion"] == "1.0"
    assert ("digest" in report, "error" in report) == (case.result, not case.result)
    if not case.result:
        assert report["error"]["exitCode"] == case.code


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_situation_ends_in_its_code(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, case: Case, output: str
) -> None:
    case.prepare(workspace, monkeypatch)

    ran = workspace.run(*case.words, "--format", output, "--report", "json=report.json")

    assert ran.code == case.code, ran
    assert "Traceback" not in ran.err
    assert "secret-value-of-a-bug" not in ran.out + ran.err
    check_report((workspace.folder / "report.json").read_text(), case)
    if output == "json":
        check_report(ran.out, case)
        assert ran.out == (workspace.folder / "report.json").read_text()


def test_no_code_of_the_table_is_left_out() -> None:
    signals = {ExitCode.INTERRUPTED}  # by processes, below
    assert {case.code for case in CASES.values()} | signals == set(ExitCode)


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_bug_after_the_writes_leaves_the_report_of_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    late_bug(workspace, monkeypatch)

    ran = workspace.run(*APPLY, "-q", "--format", output, "--report", "json=report.json")

    assert ran.code == 1
    if output == "json":
        report = json.loads((workspace.folder / "report.json").read_text())
        assert {item["outcome"] for item in report["outcomes"]} == {"applied"}


SIGNALS = {"Ctrl-C": (signal.SIGINT, 130), "SIGTERM": (signal.SIGTERM, 143)}


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize(("number", "code"), SIGNALS.values(), ids=SIGNALS)
def test_a_signal_lets_the_write_in_flight_finish(
    workspace: Workspace, number: signal.Signals, code: int, output: str
) -> None:
    workspace.declare(Payments=DECLARED["Payments"])
    workspace.fault(kind="latency", method="PUT", seconds=1.5, times=10)
    words = (*APPLY, "--format", output, "--report", "json=report.json")

    with workspace.run.process(*words) as process:
        wait_until(lambda: bool(workspace.requests("PUT")), "the first update")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

    assert process.returncode == code, err
    assert [method for method, _ in workspace.requests()] == [*["GET"] * 4, "PUT", "GET"]
    assert err.count("Stopping: the write in flight is finished") == 1
    report = json.loads((workspace.folder / "report.json").read_text())
    assert [item["outcome"] for item in report["outcomes"]] == ["applied", "not-tried"]
    assert report["stopped"]
    if output == "json":
        assert json.loads(out) == report
    else:
        assert "Stopped early" in out
        assert "not tried" in out


@pytest.mark.parametrize(("number", "code"), SIGNALS.values(), ids=SIGNALS)
def test_a_signal_before_the_first_write_ends_at_once(
    workspace: Workspace, number: signal.Signals, code: int
) -> None:
    workspace.fault(kind="hang", method="GET", times=10)

    with workspace.run.process(*APPLY, "--report", "json=report.json") as process:
        wait_until(lambda: bool(workspace.requests("GET")), "the first list")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (code, ""), err
    assert workspace.requests("PUT") == []
    error = json.loads((workspace.folder / "report.json").read_text())["error"]
    assert error["exitCode"] == code


def test_a_second_signal_lets_the_write_in_flight_finish_too(workspace: Workspace) -> None:
    workspace.declare(Payments=DECLARED["Payments"])
    workspace.fault(kind="latency", method="PUT", seconds=1.5, times=10)

    with workspace.run.process(*APPLY, "--report", "json=report.json") as process:
        wait_until(lambda: bool(workspace.requests("PUT")), "the first update")
        process.send_signal(signal.SIGINT)
        wait_until(lambda: signalled(process.pid), "the first signal")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    assert process.returncode == 130
    report = json.loads((workspace.folder / "report.json").read_text())
    assert [item["outcome"] for item in report["outcomes"]] == ["applied", "not-tried"]


def signalled(pid: int) -> bool:
    """Whether no signal of a process waits for being handled any more."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    pending = [line.split()[1] for line in lines if line.startswith(("SigPnd", "ShdPnd"))]
    return all(int(mask, 16) == 0 for mask in pending)


def test_the_deadline_lets_the_write_in_flight_finish(workspace: Workspace) -> None:
    workspace.declare(Payments=DECLARED["Payments"])
    workspace.fault(kind="latency", method="PUT", seconds=3, times=10)

    ran = workspace.run(*APPLY, "--deadline", "1.5", "--report", "json=report.json")

    assert ran.code == 143, ran
    assert len(workspace.requests("PUT")) == 1
    assert "Stopped early: The deadline of 1.5 s ended the run" in ran.out
    report = json.loads((workspace.folder / "report.json").read_text())
    assert report["stopped"] == "The deadline of 1.5 s ended the run"
    assert [item["outcome"] for item in report["outcomes"]] == ["applied", "not-tried"]


def test_an_interrupt_outside_of_a_run_is_told_too(
    build: BuildWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_values: object, **_options: object) -> None:
        raise KeyboardInterrupt

    workspace = build()
    monkeypatch.setattr("reconciler.cli.loading.load", interrupted)

    ran = workspace.run(*PLAN, "--report", "json=report.json")

    assert ran.code == 130
    assert "Interrupted" in ran.err
    assert json.loads((workspace.folder / "report.json").read_text())["error"]["exitCode"] == 130


@pytest.mark.parametrize("output", ["text", "json"])
def test_keep_going_tells_the_refusal_by_its_code(workspace: Workspace, output: str) -> None:
    workspace.declare(Payments=[{"name": "nobody-has-this"}], Partners=DECLARED["Partners"])

    ran = workspace.run(*APPLY, "--keep-going", "--format", output)

    assert ran.code == 5
    assert workspace.names("Partners") == ["acme-verification", "globex"]


WORST: dict[str, tuple[list[int], int]] = {
    "nothing at all": ([], 0),
    "only good": ([0, 0], 0),
    "pending beats done": ([0, 2], 2),
    "an error that ended the run beats pending": ([0, 2, 64], 64),
    "refused beats an error that ended the run": ([65, 64, 5], 5),
    "refused beats pending": ([2, 5], 5),
    "stale beats refused": ([5, 3], 3),
    "incomplete beats stale": ([3, 4, 5], 4),
    "the gateway beats incomplete": ([4, 69, 4], 69),
    "access beats the gateway": ([69, 77], 77),
    "terminated beats access": ([77, 143], 143),
    "interrupted beats terminated": ([143, 130], 130),
    "a bug beats everything": ([0, 2, 5, 3, 4, 69, 77, 143, 130, 1], 1),
}


@pytest.mark.parametrize(("codes", "expected"), WORST.values(), ids=WORST)
def test_where_several_fit_the_first_of_the_order_counts(codes: list[int], expected: int) -> None:
    assert worst(codes) == expected
    assert worst(reversed(codes)) == expected


def test_no_code_is_left_out_of_the_order() -> None:
    assert sorted(PRECEDENCE) == sorted(ExitCode)


def test_the_order_is_the_documented_one() -> None:
    assert [int(code) for code in PRECEDENCE] == [1, 130, 143, 77, 69, 4, 3, 5, 64, 65, 2, 0]


def failure_of_usage(run: Callable[..., Ran], *words: str) -> dict[str, Any]:
    ran = run(*words)
    assert ran.code == 64
    error: dict[str, Any] = ran.document["error"]
    return error


UNDERSTOOD_BY_NOBODY = {
    "an unknown option": ("plan", "--format", "json", "--colour"),
    "an unknown command": ("plam", "--format=json"),
    "a bad value, and the last format counts": (
        "plan",
        "--format",
        "text",
        "--format=json",
        "--parallelism",
        "0",
    ),
}


@pytest.mark.parametrize("words", UNDERSTOOD_BY_NOBODY.values(), ids=UNDERSTOOD_BY_NOBODY)
def test_json_was_asked_for_also_where_the_rest_is_not_understood(
    run: Callable[..., Ran], words: tuple[str, ...]
) -> None:
    assert failure_of_usage(run, *words)["exitCode"] == 64
