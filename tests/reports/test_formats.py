from __future__ import annotations

import json
import subprocess
import sys

import pytest
from formats import RENDERERS
from hostile_outputs import FAILURES, REPORTS
from hypothesis import given
from report_cases import CHAIN, ERRORS, EVERY_OUTCOME, MANY, RESULTS
from report_strategies import law, marked_texts, results

from reconciler.core.model import DeclaredProject, SourceLocation
from reconciler.core.outcome import RunResult
from reconciler.reports import gitlab, plan_json
from reconciler.reports.formats import FORMATS
from reconciler.reports.problems import error_members

PROJECTS = (DeclaredProject("Payments", (), SourceLocation("a.yaml", 1)),)


def test_these_are_the_formats() -> None:
    assert list(FORMATS) == ["json", "markdown", "html", "junit", "gitlab"]
    assert [name for name, item in FORMATS.items() if item.valid_manifests] == ["json", "junit"]


@pytest.mark.parametrize("output", REPORTS)
@pytest.mark.parametrize("name", RESULTS)
def test_any_result_is_only_read(output: str, name: str) -> None:
    write, check = REPORTS[output]
    shown = write(RESULTS[name])
    assert shown.encode("utf-8").endswith(b"\n") or not shown
    assert check(shown) == []


@pytest.mark.parametrize("output", FAILURES)
@pytest.mark.parametrize("name", ERRORS)
def test_any_failure_is_only_read(output: str, name: str) -> None:
    write, check = FAILURES[output]
    shown = write(ERRORS[name])
    assert shown.endswith("\n")
    assert check(shown) == []


@law
@given(results(marked_texts()))
def test_whatever_a_result_holds_is_only_read(result: RunResult) -> None:
    for output, (write, check) in REPORTS.items():
        assert check(write(result)) == [], output


def test_json_is_the_plan_json() -> None:
    assert RENDERERS["json"].render(EVERY_OUTCOME) == plan_json.dumps(EVERY_OUTCOME)
    error = ERRORS["no gateway"]
    assert RENDERERS["json"].render_error(error) == plan_json.encode(error_members(error))
    assert json.loads(RENDERERS["json"].render_valid(PROJECTS))["problems"] == []


def test_junit_tells_of_valid_manifests() -> None:
    assert '<testcase name="Payments"' in RENDERERS["junit"].render_valid(PROJECTS)


@pytest.mark.parametrize(
    ("result", "update"), [(RunResult(CHAIN), 3), (MANY, 2_000), (RESULTS["nothing to do"], 0)]
)
def test_gitlab_gets_exactly_three_counts(result: RunResult, update: int) -> None:
    assert gitlab.render(result) == f'{{"create":0,"update":{update},"delete":0}}\n'


def test_gitlab_gets_the_counts_of_a_failure_too() -> None:
    assert gitlab.render_error(ERRORS["no gateway"]) == '{"create":0,"update":0,"delete":0}\n'


def test_a_format_is_loaded_when_it_is_asked_for() -> None:
    script = (
        "import sys, reconciler.reports.formats\n"
        "print(sorted(name for name in sys.modules if name.startswith('reconciler.reports.')))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['reconciler.reports.formats']"
