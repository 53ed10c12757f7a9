from __future__ import annotations

import json
from collections.abc import Collection
from importlib import import_module
from pathlib import Path

import pytest
from workspace import CommandLine, Workspace

from reconciler.reports import plan_json
from reconciler.reports.formats import FORMATS

VALID = [name for name, item in FORMATS.items() if item.valid_manifests]

ALL = [word for name in FORMATS for word in ("--report", f"{name}=report.{name}")]


def written(folder: Path) -> dict[str, str]:
    return {name: (folder / f"report.{name}").read_text(encoding="utf-8") for name in FORMATS}


COMMANDS = {
    "a plan": ("plan", "jwks"),
    "an apply": ("apply", "jwks", "--auto-approve"),
    "a dry run": ("apply", "jwks", "--dry-run"),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_one_run_writes_any_number_of_reports(workspace: Workspace, case: str) -> None:
    assert workspace.run(*COMMANDS[case], *ALL).code == 0
    reports = written(workspace.folder)
    result = plan_json.loads(reports["json"])
    # The saved plan has all that the other ones are made of.
    assert reports == {
        name: import_module(item.module).render(result) for name, item in FORMATS.items()
    }
    assert reports["gitlab"] == '{"create":0,"update":3,"delete":0}\n'


def test_a_saved_plan_is_shown_in_any_format(workspace: Workspace) -> None:
    workspace.run("plan", "jwks", "--out", "plan.json", *ALL)
    reports = written(workspace.folder)
    for name in FORMATS:
        (workspace.folder / f"report.{name}").unlink()
    assert workspace.run("show", "plan.json", *ALL).code == 0
    assert written(workspace.folder) == reports


def test_reports_are_written_where_nothing_could_be_planned(run: CommandLine) -> None:
    run.folder.joinpath("a.yaml").write_text("kind: Nothing\n")
    assert run("plan", "a.yaml", *ALL).code == 65
    reports = written(run.folder)
    assert json.loads(reports["json"])["error"]["exitCode"] == 65
    assert reports["gitlab"] == '{"create":0,"update":0,"delete":0}\n'
    for name in ("markdown", "html", "junit"):
        assert "a.yaml:1" in reports[name]


def test_valid_manifests_are_reported(workspace: Workspace) -> None:
    words = [word for name in VALID for word in ("--report", f"{name}=report.{name}")]
    assert workspace.run("validate", "jwks", *words).code == 0
    assert json.loads((workspace.folder / "report.json").read_text())["problems"] == []
    assert (workspace.folder / "report.junit").read_text().count("<testcase ") == 3
    assert workspace.requests() == []


def test_invalid_manifests_are_reported(run: CommandLine) -> None:
    run.folder.joinpath("a.yaml").write_text("kind: Nothing\n")
    assert run("validate", "a.yaml", "--report", "junit=report.junit").code == 65
    assert '<failure type="problem"' in (run.folder / "report.junit").read_text()


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in VALID])
def test_without_a_plan_a_format_of_plans_is_refused(run: CommandLine, name: str) -> None:
    ran = run("validate", "--report", f"{name}=report")
    assert ran.code == 64
    assert f"{name} is about a plan, and here nothing is planned" in ran.err
    assert "this command writes: json, junit" in ran.err
    assert not (run.folder / "report").exists()


@pytest.mark.parametrize(
    ("command", "formats"),
    [("plan", FORMATS), ("apply", FORMATS), ("show", FORMATS), ("validate", VALID)],
)
def test_the_help_names_the_formats(
    run: CommandLine, command: str, formats: Collection[str]
) -> None:
    shown = " ".join(run(command, "--help").out.split())
    assert f"Also write a report: {', '.join(formats)}. Repeatable." in shown
