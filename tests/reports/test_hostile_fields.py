"""Hostile text in every field of every value, through every output, read as its readers do."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import pairwise

import pytest
from hostile_cases import MARKUP
from hostile_corpus import CORPUS, SURROGATES
from hostile_fields import LAST, Filling, Word, plain
from hostile_outputs import FAILURES, REPORTS, in_a_log, in_azure, in_github, in_markdown
from report_builders import change
from report_builders import plan as plan_of

from reconciler import errors
from reconciler.cli.console import Console
from reconciler.core.outcome import RunResult
from reconciler.core.plan import Change
from reconciler.errors import (
    AuthError,
    GatewayError,
    InterruptedRunError,
    ManifestError,
    Problem,
    ReconcilerError,
    RefusedError,
    StalePlanError,
    UsageError,
)
from reconciler.reports import comment_lines, escape
from reconciler.reports import html as page
from reconciler.reports.annotations import azure as to_azure
from reconciler.reports.annotations import github as to_github

TEXTS = (*CORPUS.values(), *SURROGATES.values(), *MARKUP)
BUNDLE = LAST
"""So many texts share a result, so that each has its turn where there is no list."""
BUNDLES = [TEXTS[begin : begin + BUNDLE] for begin in range(0, len(TEXTS), BUNDLE)]


def after(text: str, field: str) -> str:
    return f"{text}{field}"


def before(text: str, field: str) -> str:
    return f"{field}{text}"


WORDS: tuple[Word, ...] = (plain, after, before)


def linked(texts: tuple[str, ...]) -> Iterator[Change]:
    """Renames that wait for each other, in a project of each name."""
    for place, text in enumerate(texts):
        names = [texts[(place + step) % len(texts)] for step in range(3)]
        yield from (change(text, old, new) for old, new in pairwise(dict.fromkeys(names)))


@cache
def results(texts: tuple[str, ...]) -> tuple[RunResult, ...]:
    """Every shape of result, with these texts in all its fields."""
    fillings = [Filling(texts, n, WORDS[n % len(WORDS)]) for n in range(LAST + 1)]
    return (
        *(filling.planned() for filling in fillings),
        *(filling.applied() for filling in fillings),
        RunResult(plan_of(changes=tuple(linked(texts)))),
    )


@pytest.mark.parametrize("output", REPORTS)
def test_no_field_of_a_result_does_more_than_to_be_read(
    output: str, record_property: Callable[[str, object], None]
) -> None:
    write, check = REPORTS[output]
    wrong, cases = [], 0
    for texts in BUNDLES:
        for result in results(texts):
            cases += len(texts)
            wrong += [(one, texts) for one in check(write(result))]
    record_property("cases", cases)
    assert wrong[:5] == []


FOR_MACHINES = {
    *("Inputs.manifests", "Inputs.live"),
    *("NotChecked.project", "NotChecked.proxy", "NotChecked.reason"),
}
"""What only JSON holds: fingerprints, and what warnings and refusals say in words."""


def test_every_text_field_of_a_result_is_shown_to_people() -> None:
    """So that the tests above mean every field: one that is nowhere shown was nowhere tried."""
    marks: dict[str, str] = {}

    def marked(text: str, field: str) -> str:
        return text + marks.setdefault(field, f"q{len(marks):03}z")

    outputs: dict[str, set[str]] = {}
    for number in range(LAST):
        filling = Filling(["x"], number, marked)
        for result in (filling.planned(), filling.applied()):
            for output, (write, _) in REPORTS.items():
                shown = write(result)
                kind = "JSON" if shown.startswith("{") else output
                for field in (field for field, mark in marks.items() if mark in shown):
                    outputs.setdefault(field, set()).add(kind)
    assert {field for field in marks if not outputs.get(field)} == set()
    assert {field for field in marks if outputs[field] == {"JSON"}} == FOR_MACHINES
    assert {field for field in marks if "JSON" not in outputs[field]} <= {"Step.change"}


def failures(texts: tuple[str, ...]) -> Iterator[ReconcilerError]:
    """Every sort of failure, with these texts in all its fields."""
    problems = [Problem(text, text, *place) for text in texts for place in ((), (3, 4))]
    yield ManifestError(problems)
    for kind in ReconcilerError.__subclasses__():
        for text in texts if kind in PLAIN_FAILURES else ():
            yield kind(text, why=text, fix=text)
            yield kind(f"x {text}", why=f"x\n{text}", fix=f"{text}: x")
    yield from (InterruptedRunError(text, exit_code=130, fix=text) for text in texts)


PLAIN_FAILURES = {UsageError, GatewayError, AuthError, RefusedError, StalePlanError}


def test_these_are_all_sorts_of_failures() -> None:
    ours = {kind for kind in ReconcilerError.__subclasses__() if kind.__module__ == errors.__name__}
    assert ours == PLAIN_FAILURES | {ManifestError, InterruptedRunError}
    members = {name for error in failures(("x",)) for name in vars(error)}
    assert members == {"what", "why", "fix", "problems", "exit_code"}


@pytest.mark.parametrize("output", FAILURES)
def test_no_field_of_a_failure_does_more_than_to_be_read(
    output: str, record_property: Callable[[str, object], None]
) -> None:
    write, check = FAILURES[output]
    cases = [error for texts in BUNDLES for error in failures(texts)]
    record_property("cases", len(cases))
    assert [one for error in cases for one in check(write(error))][:5] == []


HARMLESS = {"gitlab report", "GitHub's outputs"}
"""They hold counts, or nothing that has to be escaped."""


ESCAPERS = ("terminal", "visible", "quoted", "name", "code", "markdown", "html", "mermaid")


@pytest.fixture
def unescaped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No text is escaped any more."""
    for name in ESCAPERS:
        monkeypatch.setattr(escape, name, lambda text, *_: str(text))
    monkeypatch.setattr(json, "dumps", partial(json.dumps, ensure_ascii=False))
    for module in (to_github, to_azure):
        for name in ("_TEXT", "_PROPERTY", "_ESCAPES"):
            monkeypatch.setattr(module, name, {}, raising=False)
    # Templates keep the escaper they were loaded with.
    page._environment.cache_clear()
    yield
    page._environment.cache_clear()


HARMFUL = (CORPUS["a line of its own"], CORPUS["Azure's command"], CORPUS["directions"])


def test_a_command_that_is_not_ours_would_be_noticed() -> None:
    assert in_github(CORPUS["a line of its own"].removeprefix("name\n") + "\n")
    assert in_azure(CORPUS["Azure's command"] + "\n")


@pytest.mark.usefixtures("unescaped")
@pytest.mark.parametrize("output", [name for name in REPORTS if name not in HARMLESS])
def test_the_reader_of_a_result_would_notice(output: str) -> None:
    write, check = REPORTS[output]
    assert [one for result in results(HARMFUL) for one in check(write(result))]


@pytest.mark.usefixtures("unescaped")
@pytest.mark.parametrize("output", [name for name in FAILURES if name not in HARMLESS])
def test_the_reader_of_a_failure_would_notice(output: str) -> None:
    write, check = FAILURES[output]
    assert [one for error in failures(HARMFUL) for one in check(write(error))]


def test_a_comment_s_key_and_a_request_s_line_are_only_read() -> None:
    for text in TEXTS:
        stderr = io.StringIO()
        Console(verbosity=2, stderr=stderr).trace(f"GET {text} 200")
        assert in_a_log(stderr.getvalue()) == []
        for html in (True, False):
            assert in_markdown(f"{comment_lines.marker(text, html=html)}\n") == []
            order = comment_lines.order_line(text, (1,), html=html)
            assert in_markdown(f"{comment_lines.about(text, '', text, text)}\n\n{order}\n") == []
