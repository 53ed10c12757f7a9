"""A result as JUnit XML, by the schema of Jenkins' xUnit plugin (junit-10.xsd).

That schema knows a suite's file but no line of a case, so that places stand in the failures' texts.
Printable text needs nothing but what the serialiser does (XML 1.0, 2.2); a pipeline that prints the
file finds no command in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from msgspec import Struct

from reconciler.core.model import DeclaredProject
from reconciler.core.outcome import Outcome, RunResult
from reconciler.core.plan import Action, Change, Refusal, Step
from reconciler.errors import ManifestError, Problem, ReconcilerError
from reconciler.reports import escape
from reconciler.reports.descriptions import compared
from reconciler.reports.formatting import counted
from reconciler.reports.references import ReferenceView
from reconciler.reports.view import OutcomeView, View, resent_message

_Fault = Literal["failure", "error", "skipped"]

_FAULTS: dict[Outcome, _Fault] = {
    Outcome.NOT_DEPLOYED: "failure",
    Outcome.FAILED: "failure",
    Outcome.CONFLICT: "failure",
    Outcome.UNKNOWN: "error",
    Outcome.NOT_TRIED: "skipped",
}
_COUNTED: dict[_Fault, str] = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_WIDTH = 400
"""Columns for a description."""


class _Case(Struct, frozen=True):
    """One test case; a text holds printable characters and line ends.

    Attributes:
        suite: the name of its suite: a project or a file.
        name: what is tested.
        output: its lines of output.
        fault: how it did not pass; None where it did.
        kind: the fault's type.
        message: the fault in one line.
    """

    suite: str
    name: str
    output: Sequence[str] = ()
    fault: _Fault | None = None
    kind: str = ""
    message: str = ""


def render(result: RunResult) -> str:
    """The result as XML, ended by a line feed.

    One suite for the run, whose case holds the verdict, so that it is never empty; then one for
    each project. Refusals are failures, changes are cases that pass, and after an apply every
    update is a case: failed, in error where nobody knows, skipped where it was not tried.
    """
    view = View(result)
    cases = [_refusal(item) for item in view.plan.refusals]
    if view.planned:
        cases += [_change(item.change, view.references) for item in view.changes]
        cases += [_resent(step) for step in view.resent]
    cases += [_outcome(item) for item in view.failed_first]
    run = _run(view)
    return _document([(run.suite, [run]), *_by_suite(cases)])


def render_error(error: ReconcilerError) -> str:
    """A failure that left no result; each problem of a manifest fails in the suite of its file."""
    if isinstance(error, ManifestError) and error.problems:
        return _document(_by_suite(map(_problem, error.problems)), are_files=True)
    lines = [escape.terminal(text) for text in (error.what, error.why, error.fix) if text]
    kind = type(error).__name__
    case = _Case("reconciler", "run", lines, "error", kind, lines[0] if lines else "")
    return _document([(case.suite, [case])])


def render_valid(projects: Iterable[DeclaredProject]) -> str:
    """Valid manifests: each project is a case that passes."""
    cases = [
        _Case("manifests", escape.name(project.name), [counted(len(project.jwks), "JWK")])
        for project in projects
    ]
    return _document([("manifests", cases)])


def _run(view: View) -> _Case:
    name = "plan" if view.planned else "apply"
    output = [text for text in (view.verdict.message, view.nobody_asked) if text]
    if not view.stopped:
        return _Case("reconciler", name, output)
    return _Case("reconciler", name, output, "error", "stopped", escape.terminal(view.stopped))


def _refusal(refusal: Refusal) -> _Case:
    place = "" if refusal.source is None else f"{escape.terminal(str(refusal.source))}: "
    message = f"{place}{escape.terminal(refusal.message)}"
    hint = [f"→ {escape.terminal(refusal.hint)}"] if refusal.hint else []
    about = "the project" if refusal.name is None else escape.name(refusal.name)
    return _Case(
        refusal.project, f"{about}: {refusal.code}", hint, "failure", refusal.code, message
    )


def _change(change: Change, references: Sequence[ReferenceView]) -> _Case:
    lines = []
    if change.previous_name is not None:
        lines.append(f"{escape.name(change.previous_name)} → {escape.name(change.name)}")
    if Action.DESCRIBE in change.actions:
        old, new = compared(change.before.description, change.after.description, _WIDTH, "…")
        lines.append(f"description {old} → {new}")
    lines += (
        f"used by {escape.name(item.reference.proxy)}: {item.message}"
        for item in references
        if (item.reference.project, item.reference.jwk) == (change.project, change.previous_name)
    )
    if change.source is not None:
        lines.append(f"declared at {escape.terminal(str(change.source))}")
    return _Case(change.project, escape.name(change.name), lines)


def _resent(step: Step) -> _Case:
    return _Case(step.project, escape.name(step.jwk), [resent_message(step)])


def _outcome(item: OutcomeView) -> _Case:
    old, new = escape.name(item.step.jwk), escape.name(item.step.body.name)
    lines = ["; ".join(item.notes()), *item.environments]
    message = escape.terminal(item.outcome.message)
    fault = _FAULTS.get(item.outcome.outcome)
    if fault is None:
        lines.append(message)
    return _Case(
        suite=item.step.project,
        name=old if old == new else f"{old} → {new}",
        output=[line for line in lines if line],
        fault=fault,
        kind=item.outcome.outcome,
        message=message,
    )


def _problem(problem: Problem) -> _Case:
    message = escape.terminal(problem.message)
    located = f"{escape.terminal(f'{problem.location}:')} {message}"
    return _Case(problem.file, message, (), "failure", "problem", located)


def _by_suite(cases: Iterable[_Case]) -> Iterable[tuple[str, list[_Case]]]:
    """The suites in the order their first case comes in."""
    suites: dict[str, list[_Case]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    return suites.items()


def _document(suites: Iterable[tuple[str, Sequence[_Case]]], *, are_files: bool = False) -> str:
    root = Element("testsuites", name="reconciler")
    for name, cases in suites:
        shown = escape.terminal(name)
        faults = Counter(case.fault for case in cases)
        suite = SubElement(root, "testsuite", name=shown, tests=str(len(cases)))
        for fault, counter in _COUNTED.items():
            suite.set(counter, str(faults[fault]))
        if are_files:
            suite.set("file", shown)
        for case in cases:
            _add_case(suite, case, shown)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _add_case(suite: Element, case: _Case, classname: str) -> None:
    element = SubElement(suite, "testcase", name=case.name, classname=classname)
    lines = "\n".join(case.output)
    if case.fault is None:
        SubElement(element, "system-out").text = lines
        return
    fault = SubElement(element, case.fault, type=case.kind, message=case.message)
    fault.text = "\n".join(filter(None, (case.message, lines)))
