from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_reader import read
from mermaid_reader import decoded, read_flowchart
from report_builders import change, plan
from report_cases import CHAIN, CYCLE, RESULTS
from report_strategies import law, marked_texts

from reconciler.core.outcome import RunResult
from reconciler.reports import escape
from reconciler.reports.markdown import render


def test_a_chain_is_drawn_with_the_order_of_sending() -> None:
    (info, chart), *others = read(render(RunResult(CHAIN))).fences
    assert (info, others) == ("mermaid", [])
    assert read_flowchart(chart) == [
        ("start",),
        ("group", "Payments"),
        *(("name", f"g1n{place}", name) for place, name in enumerate("abcd", 1)),
        ("move", "g1n1", "3", "g1n2"),
        ("move", "g1n2", "2", "g1n3"),
        ("move", "g1n3", "1", "g1n4"),
        ("end",),
    ]


def test_a_cycle_is_drawn_with_its_temporary_name() -> None:
    chart = read_flowchart(read(render(RunResult(CYCLE))).fences[0][1])
    assert ("temporary", "g1n2", "a.moving-ca978112ca") in chart
    assert chart[-4:-1] == [
        ("move", "g1n1", "1", "g1n2"),
        ("move", "g1n2", "3", "g1n3"),
        ("move", "g1n3", "2", "g1n1"),
    ]


@pytest.mark.parametrize("name", ["mixed", "nothing to do", "sourced detach"])
def test_renames_that_wait_for_nothing_are_not_drawn(name: str) -> None:
    assert read(render(RESULTS[name])).fences == []


def test_a_chain_too_long_to_be_looked_at_is_counted() -> None:
    changes = [change("P", f"k{number}", f"k{number + 1}") for number in range(40)]
    shown = render(RunResult(plan(changes=changes)))
    assert "… 1 more picture; see the JSON report." in shown
    assert "mermaid" not in shown


@law
@given(st.lists(marked_texts(), min_size=3, max_size=5, unique=True), marked_texts())
def test_no_label_leaves_its_node(names: list[str], project: str) -> None:
    changes = [change(project, old, new) for old, new in pairwise(names)]
    chart = read_flowchart(read(render(RunResult(plan(changes=changes)))).fences[0][1])
    labels = [line[2] for line in chart if line[0] == "name"]
    expected = [escape.name(name) for name in names]
    assert labels == [name if len(name) <= 40 else f"{name[:40]}…" for name in expected]


@law
@given(st.text().filter(str.isprintable))
def test_a_label_means_its_text_and_holds_nothing_else(text: str) -> None:
    shown = escape.mermaid(text)
    assert re.fullmatch(r"(?:[^\W_]|[ .-]|#\d+;)*", shown)
    assert "1. " not in shown
    assert decoded(shown) == text
