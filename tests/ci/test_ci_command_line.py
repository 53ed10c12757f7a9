from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pipeline_parsers import Command, azure, github, github_outputs, gitlab
from workspace import DECLARED, PROGRAM, STEPS, CommandLine, Ran, Workspace, write_manifests

from reconciler.cli.ci import notify
from reconciler.cli.console import Console
from reconciler.core.outcome import RunResult
from reconciler.core.plan import Action, Change, Effect, JwkFields, Plan, Summary
from reconciler.reports.annotations.ci_system import GITHUB as GITHUB_ACTIONS

Environment = dict[str, Any]  # of strings; stands for keyword arguments of any type
GITHUB: Environment = {"GITHUB_ACTIONS": "true"}
BAD = "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: P}\nspec: {jwks: [{nam: a}]}\n"


def commands(ran: Ran) -> list[Command]:
    found = [github(line) for line in (ran.out + ran.err).splitlines()]
    return [command for command in found if command is not None]


@pytest.fixture
def files(run: CommandLine) -> Environment:
    """The runner's environment, and its files for a step."""
    places = {
        "GITHUB_STEP_SUMMARY": run.folder / "summary",
        "GITHUB_OUTPUT": run.folder / "output",
    }
    for path in places.values():
        path.write_text("")
    named = {name: str(path) for name, path in places.items()}
    return GITHUB | named | {"GITHUB_WORKSPACE": str(run.folder)}


@pytest.fixture(autouse=True)
def bad_manifest(run: CommandLine) -> None:
    (run.folder / "bad.yaml").write_text(BAD)


def outputs(run: CommandLine) -> dict[str, str]:
    return github_outputs((run.folder / "output").read_text())


@pytest.mark.parametrize("form", ["text", "json"])
def test_problems_of_manifests_become_annotations(
    run: CommandLine, files: Environment, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run.folder / "jwks").mkdir()
    monkeypatch.chdir(run.folder / "jwks")
    ran = run("validate", "../bad.yaml", "--format", form, **files)
    assert ran.code == 65
    assert {command.properties["file"] for command in commands(ran)} == {"bad.yaml"}
    assert all(command.name == "error" for command in commands(ran))
    assert commands(ran)[0].properties["line"] == "4"
    assert outputs(run) == {"exit-code": "65"}
    assert "bad.yaml:4" in (run.folder / "summary").read_text()
    if form == "json":
        assert json.loads(ran.out)["error"]["exitCode"] == 65


def test_a_plan_gives_outputs_and_a_summary(workspace: Workspace, files: Environment) -> None:
    planned = workspace.run("plan", "jwks", "--format", "json", **files)
    assert planned.code == 0
    assert not commands(planned)
    digest = planned.document["digest"]
    assert outputs(workspace.run) == {"changes": "3", "digest": digest, "exit-code": "0"}
    assert digest in (workspace.folder / "summary").read_text()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_refusal_becomes_an_annotation_at_its_line(
    workspace: Workspace, files: Environment, form: str
) -> None:
    workspace.declare(Payments=[{"name": "unheard-of", "previousNames": ["::error::x"]}])
    ran = workspace.run("plan", "jwks", "--format", form, **files)
    assert ran.code == 5
    [command] = commands(ran)
    assert command.name == "error"
    assert command.properties["file"] == "jwks/Payments.yaml"
    assert command.properties["line"] == "1"
    assert command.properties["title"] == "missing: Payments / unheard-of"
    assert github(next(line for line in ran.err.splitlines() if line.startswith("::"))) == command
    assert outputs(workspace.run)["exit-code"] == "5"


def test_an_apply_tells_each_key_once(workspace: Workspace, files: Environment) -> None:
    workspace.fault(kind="deploy-fails", environments=["prod"], times=100)
    ran = workspace.run("apply", "jwks", "--auto-approve", **files)
    assert ran.code == 4
    titles = [command.properties["title"] for command in commands(ran)]
    assert len(titles) == len(set(titles)) == STEPS
    assert all(title.startswith("not-deployed: ") for title in titles)
    assert {command.properties["file"].split("/")[0] for command in commands(ran)} == {"jwks"}
    assert outputs(workspace.run)["exit-code"] == "4"


def test_an_apply_nobody_agreed_to_tells_the_plan_and_why(
    workspace: Workspace, files: Environment
) -> None:
    ran = workspace.run("apply", "jwks", **files)
    assert ran.code == 5
    [command] = commands(ran)
    assert command.data.startswith("Nobody can be asked")
    assert outputs(workspace.run)["changes"] == "3"
    assert "came to no result" in (workspace.folder / "summary").read_text()


def test_a_wrong_command_line_is_reported(run: CommandLine, files: Environment) -> None:
    ran = run("plan", "--nonsense", **files)
    assert ran.code == 64
    assert [command.name for command in commands(ran)] == ["error"]
    assert run("nonsense", "--no-ci", **files).err.count("nonsense") == 1
    assert not commands(run("nonsense", "--no-ci", **files))


@pytest.mark.parametrize(
    ("words", "off"), [(["--no-ci"], {}), ([], {"RECONCILER_CI": "off"}), ([], {"CI": "true"})]
)
def test_it_can_be_switched_off(
    run: CommandLine, files: Environment, words: list[str], off: Environment
) -> None:
    environment = files | off if "CI" not in off else off  # Jenkins and others only set CI
    ran = run("validate", "bad.yaml", *words, **environment)
    assert ran.code == 65
    assert not commands(ran)
    assert not (run.folder / "output").read_text()
    assert not (run.folder / "summary").read_text()


def test_commands_that_decide_nothing_have_no_outputs(
    workspace: Workspace, files: Environment
) -> None:
    workspace.declare(Payments=[{"name": "unheard-of"}])
    workspace.run("plan", "jwks", "--out", "plan.json", "--no-ci", **files)
    shown = workspace.run("show", "plan.json", **files)
    assert not commands(shown)
    failed = workspace.run("show", "missing.json", **files)
    assert [command.name for command in commands(failed)] == ["error"]
    assert not (workspace.folder / "output").read_text()


def test_a_runner_without_files_gets_only_a_log(run: CommandLine) -> None:
    ran = run("validate", "bad.yaml", **GITHUB)
    assert ran.code == 65
    assert commands(ran)


def test_files_that_can_t_be_written_are_a_warning(run: CommandLine) -> None:
    missing = str(run.folder / "missing" / "file")
    environment: Environment = {"GITHUB_STEP_SUMMARY": missing, "GITHUB_OUTPUT": missing}
    ran = run("validate", "bad.yaml", **GITHUB, **environment)
    assert ran.code == 65
    assert ran.err.count("warning: the runner's file for this step can't be written") == 2


def test_a_summary_that_is_full_is_left_as_it_is(run: CommandLine, files: Environment) -> None:
    (run.folder / "summary").write_text("x" * 1024 * 1024)
    ran = run("validate", "bad.yaml", **files)
    assert ran.code == 65
    assert (run.folder / "summary").stat().st_size == 1024 * 1024
    assert "the step's summary has no room left, so this report is not in it" in ran.err


@pytest.mark.parametrize("letter", ["n", "\N{GRINNING FACE}"])
@pytest.mark.parametrize("before", [0, 900_000])
def test_a_summary_takes_what_fits_and_says_what_it_leaves_out(
    tmp_path: Path, letter: str, before: int
) -> None:
    path = tmp_path / "summary"
    path.write_text("x" * before)
    changes = tuple(
        Change(
            project="Payments",
            name=letter * 100,
            before=JwkFields(letter * 100, "old"),
            after=JwkFields(letter * 100, f"{number}"),
            actions=(Action.DESCRIBE,),
            effects=(Effect.REDEPLOYS,),
        )
        for number in range(9_000)
    )
    summary = Summary(0, len(changes), 0, 0, 0, 0)
    result = RunResult(Plan("https://m.example", "sha256:" + "0" * 64, summary, changes))
    console = Console(ci_system=GITHUB_ACTIONS, printed=[result], stderr=io.StringIO())
    notify(console, "plan", 0, {"GITHUB_STEP_SUMMARY": str(path)})
    size = path.stat().st_size
    assert max(60_000, before + 10_000) < size <= 1024 * 1024
    assert "more changes; see the JSON report" in path.read_text()


def test_a_good_set_of_manifests_has_no_summary(run: CommandLine, files: Environment) -> None:
    write_manifests(run.folder / "jwks", DECLARED)
    assert run("validate", "jwks", **files).code == 0
    assert not (run.folder / "summary").read_text()
    assert outputs(run) == {"exit-code": "0"}


def test_a_bug_in_the_last_step_is_reported(
    run: CommandLine, files: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr("reconciler.cli.ci.notify", fail)
    write_manifests(run.folder / "jwks", DECLARED)
    ran = run("validate", "jwks", **files)
    assert ran.code == 1
    assert "A bug of this program: LookupError" in ran.err


def test_azure_gets_issues(run: CommandLine) -> None:
    environment: Environment = {
        "TF_BUILD": "True",
        "BUILD_SOURCESDIRECTORY": str(run.folder.parent),
    }
    ran = run("validate", "bad.yaml", **environment)
    found = [command for line in ran.err.splitlines() if (command := azure(line)) is not None]
    assert found
    assert found[0].name == "task.logissue"
    assert found[0].properties["sourcepath"] == f"{run.folder.name}/bad.yaml"
    assert not commands(ran)


@pytest.mark.parametrize("quiet", [True, False])
def test_gitlab_gets_sections_around_long_parts(workspace: Workspace, quiet: bool) -> None:
    keys = [{"name": f"unheard-of-{number}"} for number in range(40)]
    workspace.declare(Payments=keys)
    words = ["-q"] if quiet else []
    ran = workspace.run("plan", "jwks", *words, GITLAB_CI="true")
    plain = workspace.run("plan", "jwks", *words)
    markers, shown = gitlab(ran.out)
    assert [kind for kind, _ in markers] == ["start", "end"]
    assert "collapsed" not in ran.out  # refusals stay open
    assert shown.replace("Details\n", "").rstrip("\n") == plain.out.rstrip("\n")
    assert workspace.run("plan", "jwks", "--no-ci", GITLAB_CI="true").out.count("\x1b[0K") == 0
    json_text = workspace.run("plan", "jwks", "--format", "json", GITLAB_CI="true").out
    assert json.loads(json_text)["summary"]["refused"] == 40


def test_a_file_that_stdout_goes_to_has_no_sections(workspace: Workspace) -> None:
    workspace.declare(Payments=[{"name": f"unheard-of-{number}"} for number in range(40)])
    with (workspace.folder / "out").open("w") as stream:
        done = subprocess.run(
            [*PROGRAM, "plan", "jwks"],
            stdout=stream,
            cwd=workspace.folder,
            env={**os.environ, "GITLAB_CI": "true"},
            timeout=30,
            check=False,
        )
    assert done.returncode == 5
    assert "\x1b" not in (workspace.folder / "out").read_text()
