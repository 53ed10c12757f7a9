from __future__ import annotations

import re

import pytest
from hostile_cases import MARKUP
from hypothesis import given
from markdown_reader import read
from msgspec.structs import replace
from report_builders import change, plan
from report_cases import CHAIN, ERRORS, MANY, MIXED, RESULTS
from report_strategies import law, marked_texts, results, texts

from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.plan import Change
from reconciler.reports import escape
from reconciler.reports.comment_lines import marker
from reconciler.reports.descriptions import compared
from reconciler.reports.markdown import render, render_error

UNLIMITED = 10**9


def expected_row(item: Change) -> list[str]:
    """A change's row as a reader shall see it."""
    moved = item.before.name != item.after.name
    names = [escape.name(item.before.name)] if moved else []
    old, new = compared(item.before.description, item.after.description, 80, "…")
    differs = item.before.description != item.after.description
    source = "" if item.source is None else f"{escape.terminal(item.source.file)}:"
    return [
        escape.name(item.project),
        *names,
        escape.name(item.after.name),
        *([old, new] if differs else []),
        *([f"{source}{item.source.line}"] if item.source is not None else []),
    ]


def squeezed(text: str) -> str:
    """Without what stands between texts, and without blanks, which HTML draws as one."""
    return re.sub(r" (→|becomes) |\s", "", text)


def check_rows(result: RunResult) -> None:
    rows = [row for row in read(render(result, limit=UNLIMITED)).rows if len(row) == 5]
    titles = [number for number, row in enumerate(rows) if row[1] == "JWK" and row[4] != ""]
    if not result.plan.changes:
        return
    first = titles[-1] + 1
    shown = rows[first : first + len(result.plan.changes)]
    for row, item in zip(shown, result.plan.changes, strict=True):
        cells = [row[0], row[1], row[2], row[4]]
        assert squeezed("".join(cells)) == squeezed("".join(expected_row(item)))


@pytest.mark.parametrize("name", RESULTS)
def test_each_change_stands_in_its_own_row(name: str) -> None:
    check_rows(RESULTS[name])


@law
@given(results(marked_texts()))
def test_no_text_leaves_its_cell(result: RunResult) -> None:
    check_rows(result)


def test_pipes_stay_in_their_cell() -> None:
    shown = read(render(RunResult(plan(changes=(change("a|b", "c|", "\\|d", "|", "`|"),)))))
    assert shown.rows[1][:3] == ["a|b".join('""'), '"c|" → "\\\\|d"', '"|" → "`|"']


def test_a_host_without_html_gets_none() -> None:
    shown = render(RESULTS["cycle with temporary"], html=False)
    assert "<" not in shown
    assert "mermaid" not in shown
    assert shown.endswith("\n\n[//]: # (reconciler:https://manager.example.com/apiops)\n")
    assert "reconciler:" not in "".join(read(shown).lines)


MARKERS = {
    "a url stays": ("https://a.example:8/apiops", "https://a.example:8/apiops"),
    "two hyphens are broken": ("a--b", "a%2D-b"),
    "a hyphen at the end": ("a-", "a%2D"),
    "an end of a comment": ("--> x", "%2D-%3E%20x"),
    "a line end": ("a\nb", "a%0Ab"),
    "a lone surrogate": ("\ud800", "%ED%A0%80"),
    "brackets": ("a)(b", "a%29%28b"),
}


@pytest.mark.parametrize("case", MARKERS)
def test_a_marker(case: str) -> None:
    key, shown = MARKERS[case]
    assert marker(key) == f"<!-- reconciler:{shown} -->"
    assert marker(key, html=False) == f"[//]: # (reconciler:{shown})"


@law
@given(texts(300), texts(300))
def test_two_keys_never_share_a_marker(one: str, other: str) -> None:
    assert (marker(one) == marker(other)) == (one == other)
    assert len(marker(one)) < 200


def test_a_marker_is_the_callers_where_one_is_given() -> None:
    assert render(RunResult(MIXED), key="prod").endswith("<!-- reconciler:prod -->\n")
    assert render_error(ERRORS["no gateway"], key="prod").endswith("<!-- reconciler:prod -->\n")
    assert "<!--" not in render_error(ERRORS["no gateway"])


def test_long_parts_are_folded() -> None:
    assert "<details><summary>2,000 changes</summary>" in render(MANY, limit=UNLIMITED)
    assert "<details>" not in render(RunResult(CHAIN))


def test_many_environments_are_counted() -> None:
    pods = tuple(Environment(f"pod-{number}", True) for number in range(9))
    outcomes = (StepOutcome(CHAIN.steps[0], Outcome.APPLIED, "", 1, pods),)
    assert "`pod-4` deployed; and 4 more |" in render(RunResult(CHAIN, outcomes))


def test_every_hostile_text_is_read_as_itself() -> None:
    shown = "\n".join(read(render(RESULTS["hostile markup"])).lines)
    for text in MARKUP:
        assert escape.name(text) in shown


def test_a_large_count_is_not_a_commit() -> None:
    many = plan(unchanged=1_000_000)
    many = replace(many, summary=replace(many.summary, unmanaged=7_654_321))
    shown = render(RunResult(many))
    assert read(shown).dangers == []
    assert "1,000,000 JWKs are as declared; 7,654,321 unmanaged" in shown
