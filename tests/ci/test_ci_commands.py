from __future__ import annotations

from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pipeline_parsers import Command, azure, github, github_outputs, gitlab

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import Outcome, RunResult, StepOutcome
from reconciler.core.plan import (
    Action,
    Change,
    JwkFields,
    Plan,
    PlanWarning,
    Refusal,
    RefusalCode,
    Step,
    Summary,
)
from reconciler.errors import GatewayError, ManifestError, Problem
from reconciler.reports.annotations import azure as azure_commands
from reconciler.reports.annotations import github as github_commands
from reconciler.reports.annotations.annotation import (
    Annotation,
    Severity,
    error_annotations,
    limited,
    relative_to_root,
    result_annotations,
)
from reconciler.reports.annotations.ci_system import AZURE, GITHUB, GITLAB, recognise
from reconciler.reports.annotations.gitlab import folded

ENVIRONMENTS = {
    "GitHub Actions": ({"GITHUB_ACTIONS": "true", "CI": "true"}, GITHUB),
    "Azure Pipelines": ({"TF_BUILD": "True"}, AZURE),
    "GitLab CI": ({"GITLAB_CI": "true"}, GITLAB),
    "Jenkins": ({"JENKINS_URL": "https://ci/", "CI": "true"}, None),
    "a terminal": ({}, None),
    "a variable that says no": ({"GITHUB_ACTIONS": "false"}, None),
    "switched off": ({"GITHUB_ACTIONS": "true", "RECONCILER_CI": "off"}, None),
    "switched on": ({"GITHUB_ACTIONS": "true", "RECONCILER_CI": "on"}, GITHUB),
}


@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_the_ci_system_is_recognised(case: str) -> None:
    environment, system = ENVIRONMENTS[case]
    assert recognise(environment) is system


HOSTILE = (
    "a\n::error::forged",
    "a\r::set-output name=x::y",
    "::stop-commands::x",
    "x ##[error]forged",
    "##vso[task.setvariable variable=x]y",
    "##VSO[task.complete result=Succeeded]",
    "%0A::error::forged",
    "%250A%AZP25",
    "a,file=/etc/passwd,line=1",
    "a;type=warning;sourcepath=b",
    "a]b##vso[task.complete]",
    "\x1b[0Ksection_start:1:x\r\x1b[0Ky",
    "\u202eevil\u2066",
    "::add-mask::*",
    "",
    " ",
)
LOCATION = SourceLocation("jwks/payments.yaml", 7, 13)


def refused(
    message: str, name: str | None = "key", location: SourceLocation | None = LOCATION
) -> RunResult:
    refusal = Refusal(RefusalCode.MISSING, message, name, message, message, location)
    warning = PlanWarning(message, message, message, message, location)
    plan = Plan(
        "gw", "sha256:0", Summary(0, 0, 0, 0, 0, 1), refusals=(refusal,), warnings=(warning,)
    )
    return RunResult(plan)


texts = st.text(max_size=30) | st.sampled_from(HOSTILE)


def expected(annotation: Annotation) -> dict[str, str]:
    named = {
        "file": annotation.file,
        "line": annotation.line,
        "col": annotation.column,
        "title": annotation.title,
    }
    return {name: str(value) for name, value in named.items() if value}


@given(texts, texts)
def test_a_ci_system_reads_exactly_what_was_meant(message: str, file: str) -> None:
    annotations = list(result_annotations(refused(message, message, SourceLocation(file, 3, 4))))
    to_github, to_azure = (
        list(system.commands(annotations)) for system in (github_commands, azure_commands)
    )
    for line, other, annotation in zip(to_github, to_azure, annotations, strict=True):
        text = annotation.message
        assert line.isprintable()
        assert other.isprintable()
        assert github(line) == Command(annotation.severity, expected(annotation), text)
        meant = {"type": annotation.severity.value, "linenumber": "3", "columnnumber": "4"}
        meant |= {"sourcepath": annotation.file} if annotation.file else {}
        assert azure(other) == Command("task.logissue", meant, f"{annotation.title}: {text}")


@given(texts, texts)
def test_an_annotation_commands_nobody_by_itself(message: str, name: str) -> None:
    for annotation in result_annotations(refused(message, name)):
        for text in (annotation.title, *annotation.message.split("\n")):
            assert github(text) is None
            assert azure(text) is None
            assert text.isprintable()


def test_a_refusal_has_its_location() -> None:
    refusal, warning = result_annotations(refused("no live key"))
    [line, *_] = github_commands.commands([refusal])
    assert line == (
        '::error file=jwks/payments.yaml,line=7,col=13,title=missing%3A "no live key" / key::'
        "no live key%0Ano live key"
    ).replace('"', "")
    assert warning.severity is Severity.WARNING
    [line, *_] = azure_commands.commands([warning])
    assert line.startswith(
        "##vso[task.logissue type=warning;sourcepath=jwks/payments.yaml;"
        "linenumber=7;columnnumber=13;]"
    )


def test_a_refusal_without_a_location_has_none() -> None:
    annotation = next(result_annotations(refused("x", None, None)))
    [line] = github_commands.commands([annotation])
    assert line == "::error title=missing%3A x::x%0Ax"


def change(name: str) -> Change:
    fields = JwkFields(name, "new")
    return Change(
        project="P",
        name=name,
        before=JwkFields(name, ""),
        after=fields,
        actions=(Action.DESCRIBE,),
        effects=(),
        source=LOCATION,
    )


def test_an_apply_tells_what_it_came_to_and_no_warnings_of_the_plan() -> None:
    changes = (change("a"), change("b"))
    steps = tuple(Step("P", item.name, item.after, item.name) for item in changes)
    resent = Step("P", "c", JwkFields("c", None), "c")
    warning = PlanWarning("hint", "P", "a", "look")
    plan = Plan(
        "gw", "d", Summary(0, 2, 0, 0, 0, 0), changes, (*steps, resent), warnings=(warning,)
    )
    outcomes = (
        StepOutcome(steps[0], Outcome.APPLIED),
        StepOutcome(steps[1], Outcome.FAILED, "HTTP 400"),
        StepOutcome(resent, Outcome.NOT_DEPLOYED, "one pod"),
    )
    failed, not_deployed = result_annotations(RunResult(plan, outcomes))
    assert (failed.title, failed.file, failed.line) == ("failed: P / b", LOCATION.file, 7)
    assert failed.message.startswith("HTTP 400\nit was not carried out")
    assert (not_deployed.title, not_deployed.file) == ("not-deployed: P / c", "")


def test_each_problem_of_the_manifests_has_its_location() -> None:
    problems = (Problem("a.yaml", "is wrong", 3, 5), Problem("b.yaml", "is empty"))
    first, second = error_annotations(ManifestError(problems))
    assert (first.file, first.line, first.column, first.message) == ("a.yaml", 3, 5, "is wrong")
    assert (second.file, second.line) == ("b.yaml", None)
    [line] = github_commands.commands([second])
    assert line == "::error file=b.yaml,title=invalid manifest::is empty"


def test_another_failure_is_one_annotation() -> None:
    [annotation] = error_annotations(GatewayError("a", why="b", fix="c"))
    assert (annotation.message, annotation.file) == ("a\nb\nc", "")


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("payments.yaml", "jwks/payments.yaml"),
        ("../other/a.yaml", "other/a.yaml"),
        ("/repo/x.yaml", "x.yaml"),
        ("../../outside.yaml", "../../outside.yaml"),
        ("/elsewhere/x.yaml", "/elsewhere/x.yaml"),
        ("", ""),
    ],
)
def test_a_file_is_named_as_seen_from_the_repository_s_root(file: str, shown: str) -> None:
    annotation = Annotation(Severity.ERROR, "t", "m", file)
    assert relative_to_root(annotation, PurePath("/repo/jwks"), PurePath("/repo")).file == shown
    assert relative_to_root(annotation, PurePath("/repo/jwks"), None).file == file


def test_what_exceeds_the_limit_is_counted_in_one_line() -> None:
    errors = [Annotation(Severity.ERROR, "t", str(number)) for number in range(1_500)]
    warnings = [Annotation(Severity.WARNING, "t", str(number)) for number in range(11)]
    lines = list(github_commands.commands([*warnings, *errors]))
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 10 + ["::warning"] * 10 + [
        "::notice"
    ]
    assert lines[-1].endswith(
        "::1,490 more errors and 1 more warning: all of them stand in the log."
    )
    others = list(azure_commands.commands(errors))
    assert len(others) == 11
    assert azure(others[-1]) is None
    assert limited(errors[:10], 10) == (errors[:10], "")


@given(st.dictionaries(st.sampled_from(["changes", "digest", "exit-code"]), texts))
def test_the_runner_reads_the_outputs_back(values: dict[str, str]) -> None:
    text = github_commands.outputs(values, "end-5f")
    assert github_outputs(text) == values


def test_an_output_that_holds_the_delimiter_is_not_written() -> None:
    with pytest.raises(ValueError, match="delimiter"):
        github_commands.outputs({"digest": "a\nend-5f\nexit-code<<x"}, "end-5f")


def test_a_short_text_is_not_folded() -> None:
    text = "Verdict.\n\nmore\n"
    assert folded(text, title="Details", name="x", moment=1, collapsed=True) == text


@pytest.mark.parametrize("collapsed", [True, False])
def test_a_long_text_is_folded_below_its_verdict(collapsed: bool) -> None:
    text = "Verdict.\nStopped early: x\n\n" + "line\n" * 50
    log = folded(text, title="Details", name="reconciler_1a", moment=7, collapsed=collapsed)
    markers, shown = gitlab(log)
    assert markers == [("start", "reconciler_1a"), ("end", "reconciler_1a")]
    assert log.startswith("Verdict.\nStopped early: x\n\x1b[0Ksection_start:7:reconciler_1a")
    assert ("[collapsed=true]" in log) is collapsed
    assert shown == "Verdict.\nStopped early: x\nDetails\n\n" + "line\n" * 50 + "\n"


def test_a_long_text_without_paragraphs_is_folded_below_its_first_line() -> None:
    log = folded("line\n" * 50, title="Details", name="x", moment=1, collapsed=True)
    assert log.startswith("line\n\x1b[0Ksection_start:1:x")
