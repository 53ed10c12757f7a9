from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
import xmlschema
from ci_parsers import commands
from hostile_cases import MARKUP
from hypothesis import given
from hypothesis import strategies as st
from report_cases import CHAIN, ERRORS, EVERY_OUTCOME, MANY, REFUSED, RESULTS
from report_strategies import law, marked_texts, results

from reconciler.core.model import DeclaredJwk, DeclaredProject, SourceLocation
from reconciler.core.outcome import RunResult
from reconciler.errors import ManifestError, Problem, ReconcilerError
from reconciler.reports import escape
from reconciler.reports.junit import render, render_error, render_valid

COUNTERS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))


def parsed(text: str) -> Element:
    return fromstring(text.encode("utf-8"))  # noqa: S314 our own text, whatever names are in it


def read(text: str) -> Element:
    """The document, which is valid and whose suites count what they hold."""
    root = parsed(text)
    schema().validate(root)
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        assert len(cases) == len(suite)
        for counter, fault in COUNTERS.items():
            assert suite.get(counter) == str(len(suite.findall(f"testcase/{fault}")))
    return root


def faults(root: Element) -> Counter[str]:
    return Counter(
        fault.tag for fault in root.iterfind("*/testcase/*") if fault.tag != "system-out"
    )


def names(root: Element, suite: str) -> list[str | None]:
    return [case.get("name") for case in root.iterfind(f"testsuite[@name='{suite}']/testcase")]


@pytest.mark.parametrize("name", RESULTS)
def test_any_result_is_valid(name: str) -> None:
    read(render(RESULTS[name]))


@pytest.mark.parametrize("name", ERRORS)
def test_any_failure_is_valid(name: str) -> None:
    assert sum(faults(read(render_error(ERRORS[name]))).values()) >= 1


@law
@given(results(marked_texts()))
def test_no_live_text_leaves_its_attribute_or_its_element(result: RunResult) -> None:
    shown = render(result)
    root = read(shown)
    assert not commands(shown)
    planned = [f"{item.name}" for item in result.plan.changes] if result.outcomes is None else []
    cases = [case.get("name") for case in root.iterfind("*/testcase")]
    assert {escape.name(name) for name in planned} <= set(cases)
    assert faults(root)["failure"] >= len(result.plan.refusals)


@law
@given(st.builds(Problem, marked_texts(), marked_texts()))
def test_a_problem_keeps_its_text(problem: Problem) -> None:
    shown = render_error(ManifestError([problem]))
    assert not commands(shown)
    assert read(shown)[0][0].get("name") == escape.terminal(problem.message)


@law
@given(marked_texts().filter(bool), marked_texts())
def test_a_failure_keeps_its_text(what: str, fix: str) -> None:
    error = read(render_error(ReconcilerError(what, fix=fix)))[0][0][0]
    assert error.get("message") == escape.terminal(what)
    assert error.tag == "error"


def test_every_hostile_text_is_read_as_itself() -> None:
    shown = names(read(render(RESULTS["hostile markup"])), escape.terminal(MARKUP[10]))
    assert shown == [f"{escape.name(MARKUP[10])}: ambiguous"]


def test_refusals_fail_at_their_places() -> None:
    root = read(render(RunResult(REFUSED)))
    assert faults(root) == {"failure": 2}
    assert names(root, "Billing") == ["the project: project-unreadable"]
    failure = root.find("testsuite[@name='Payments']/testcase/failure")
    assert failure is not None
    assert failure.attrib == {
        "type": "missing",
        "message": "manifests/payments.yaml:7:13: no live key is named `partner-signing`, "
        "`my-jwk`; nothing here creates keys",
    }
    assert (failure.text or "").splitlines()[1] == (
        "→ create the key in the Manager, or correct the name; did you mean `my-jwk-2`?"
    )
    assert names(root, "Wholesale") == ["wholesale-signing"]


def test_outcomes_are_cases_each_in_its_own_way() -> None:
    root = read(render(EVERY_OUTCOME))
    assert faults(root) == {"failure": 3, "error": 1, "skipped": 1}
    kinds = {
        case.get("name"): [child.tag for child in case] for case in root.iterfind("*/testcase")
    }
    assert kinds == {
        "apply": ["system-out"],
        "old-applied → new-applied": ["system-out"],
        "old-not-deployed → new-not-deployed": ["failure"],
        "old-failed → new-failed": ["failure"],
        "old-unknown → new-unknown": ["error"],
        "old-conflict → new-conflict": ["failure"],
        "old-not-tried → new-not-tried": ["skipped"],
    }


def test_changes_that_are_planned_pass() -> None:
    root = read(render(RunResult(CHAIN)))
    assert names(root, "Payments") == ["b", "c", "d"]
    assert not faults(root)
    output = root.findtext("testsuite[@name='Payments']/testcase/system-out")
    assert output == "a → b\ndeclared at manifests/payments.yaml:5:13"


@pytest.mark.parametrize("name", ["nothing to do", "nothing declared"])
def test_a_report_is_never_empty(name: str) -> None:
    root = read(render(RESULTS[name]))
    assert [case.get("name") for case in root.iterfind("*/testcase")] == ["plan"]


def test_a_run_that_was_stopped_is_in_error() -> None:
    root = read(render(RESULTS["stopped at once"]))
    error = root[0][0][0]
    assert (error.tag, error.get("type")) == ("error", "stopped")
    assert error.get("message") == "the token was rejected (401): Token was expired!"
    assert faults(root)["skipped"] == len(RESULTS["stopped at once"].settled)


def test_valid_manifests_pass_by_project() -> None:
    place = SourceLocation("a.yaml", 1)
    projects = [
        DeclaredProject("Payments", (DeclaredJwk("a", place), DeclaredJwk("b", place)), place),
        DeclaredProject(MARKUP[0], (), place),
    ]
    root = read(render_valid(projects))
    assert names(root, "manifests") == ["Payments", escape.name(MARKUP[0])]
    assert [output.text for output in root.iter("system-out")] == ["2 JWKs", "0 JWKs"]


def test_two_thousand_changes_are_two_thousand_cases() -> None:
    root = parsed(render(MANY))
    assert len(root.findall("*/testcase")) == 2_001
    assert len(root) == 21


@law
@given(results())
def test_an_apply_has_a_case_for_every_update(result: RunResult) -> None:
    root = read(render(result))
    updates = len(result.settled)
    planned = 0 if result.outcomes is not None else len(result.plan.changes)
    assert len(root.findall("*/testcase")) >= 1 + updates + planned + len(result.plan.refusals)
