from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hostile_cases import HOSTILE_NAME, MARKUP
from hypothesis import given
from page_reader import Page
from report_builders import change, plan
from report_cases import CHAIN, CYCLE, MANY, MIXED, RESULTS
from report_strategies import law, marked_texts, results

from reconciler.core.names import temporary_name
from reconciler.core.outcome import RunResult
from reconciler.errors import UsageError
from reconciler.reports import escape
from reconciler.reports.descriptions import compared
from reconciler.reports.html import render, render_error


def check_rows(result: RunResult) -> None:
    page = Page(render(result))
    heads = [number for number, row in enumerate(page.rows) if row[-1] == "Declared at"]
    if not result.plan.changes:
        assert heads == []
        return
    shown = page.rows[heads[0] + 1 :]
    for row, item in zip(shown, result.plan.changes, strict=False):
        assert row[0] == escape.name(item.project)
        assert row[1].startswith(escape.name(item.before.name))
        assert escape.name(item.after.name) in row[1]
        old, new = compared(item.before.description, item.after.description, 2_000, "…")
        differs = item.before.description != item.after.description
        assert row[2] == (f"\N{MINUS SIGN} {old}+ {new}" if differs else "")


@pytest.mark.parametrize("name", RESULTS)
def test_each_change_stands_in_its_own_row(name: str) -> None:
    check_rows(RESULTS[name])


@law
@given(results(marked_texts()))
def test_no_text_leaves_its_cell(result: RunResult) -> None:
    check_rows(result)


@law
@given(marked_texts())
def test_a_message_keeps_its_text(text: str) -> None:
    shown = escape.terminal(f"Here: {text}")
    page = Page(render_error(UsageError(f"Here: {text}")))
    read_text = "".join(page.texts[2:])
    assert page.dangers == []
    assert read_text.replace("`", "") == shown.replace("`", "")


def test_every_hostile_text_is_read_as_itself() -> None:
    text = Page(render(RESULTS["hostile markup"])).text
    for hostile in MARKUP:
        assert escape.name(hostile) in text


def test_characters_that_cannot_be_seen_are_shown() -> None:
    shown = render(RESULTS["hostile names"])
    assert escape.name(HOSTILE_NAME) in Page(shown).text
    assert "\u202e" not in shown
    assert "\x1b" not in shown


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    shown = render(RunResult(MIXED))
    page = Page(shown)
    digest = base64.b64encode(hashlib.sha256(page.styles.encode()).digest()).decode()
    assert page.meta["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"url\(|@import|https?://(?!manager\.example\.com)", shown)


def test_the_page_can_be_read_in_dark_and_light_and_on_paper() -> None:
    page = Page(render(RunResult(MIXED)))
    assert page.meta["color-scheme"] == "light dark"
    assert "prefers-color-scheme: dark" in page.styles
    assert "@media print" in page.styles


def test_colours_are_distinguished_from_their_paper() -> None:
    styles = Page(render(RunResult(MIXED))).styles
    for block in re.findall(r":root \{([^}]*--faint[^}]*)\}", styles):
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        for ink in ("ink", "faint", "good", "pending", "bad"):
            papers = ["paper", "sheet", *([f"{ink}-wash"] if f"{ink}-wash" in colours else [])]
            for paper in papers:
                # WCAG 2.2, 1.4.3: at least 4.5 to 1.
                assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_what_differs_in_a_description_is_marked() -> None:
    shown = render(RunResult(MIXED))
    assert " a <del>week</del> ahead" in shown
    assert " a <ins>month</ins> ahead" in shown


def test_every_update_is_there_with_its_complete_body() -> None:
    item = change("P", "a", "b", "x" * 5_000, "y" * 5_000)
    page = Page(render(RunResult(plan(changes=(item,)))))
    assert page.rows[-1] == ["1", "P", "a", "b", f'"{"y" * 5_000}"']


@pytest.mark.proof
def test_two_thousand_changes_are_all_there_and_most_are_folded() -> None:
    shown = render(MANY)
    page = Page(shown)
    changes = [row for row in page.rows if len(row) == 5 and row[3] == "redeploys"]
    assert len(changes) == 2_000
    assert "<details><summary>1,900 more changes</summary>" in shown
    assert page.dangers == []


def test_a_chain_is_drawn_and_can_be_read_aloud() -> None:
    text = Page(render(RunResult(CHAIN))).text
    assert "Chain of 3 updates in Payments\n1. c becomes d; 2. b becomes c; 3. a becomes b" in text


def test_a_cycle_is_drawn_with_its_temporary_name_dashed() -> None:
    shown = render(RunResult(CYCLE))
    assert "Cycle of 3 updates in Payments" in shown
    box = re.search(rf"<title>{re.escape(temporary_name('a'))}</title><rect[^>]*>", shown)
    assert box is not None
    assert 'stroke-dasharray="4 3"' in box[0]


def test_a_long_name_is_cut_in_the_picture_and_whole_when_pointed_at() -> None:
    long = "鍵" * 40
    shown = render(RunResult(plan(changes=(change("P", long, "b"), change("P", "a", long)))))
    assert f"<title>{long}</title>" in shown
    assert f">{'鍵' * 31}…</text>" in shown


def test_a_chain_too_long_to_be_looked_at_is_not_drawn() -> None:
    changes = [change("P", f"k{number}", f"k{number + 1}") for number in range(40)]
    assert "<svg" not in render(RunResult(plan(changes=changes)))
