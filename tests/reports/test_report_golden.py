"""Whole reports in every format, as their readers get them.

``UPDATE_GOLDEN=1`` writes the files anew; read them before they are committed. What is the same in
all pages and documents, the style sheet and the program's version, is left out of them.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest
from formats import RENDERERS
from report_cases import ERRORS, MANY, RESULTS

from reconciler import __version__

GOLDEN = Path(__file__).parent / "golden_reports"
SUFFIXES = {"json": "json", "markdown": "md", "html": "html", "junit": "xml"}
"""GitLab's three counts are one line, which their own test holds."""

CASES = (
    *("nothing to do", "mixed", "refused", "cycle with temporary", "chain", "sourced detach"),
    *("half way", "every outcome", "hostile names", "hostile markup"),
)
HEAD = 1_500
"""Characters of a long report that are kept."""


def check(file: Path, shown: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


def steady(shown: str) -> str:
    """Without what changes with every release or every touch of the style sheet."""
    shown = shown.replace(f'"version": "{__version__}"', '"version": "…"')
    shown = re.sub(r"<style>.*?</style>", "<style>…</style>", shown, flags=re.DOTALL)
    return re.sub(r"sha256-[\w+/=]+'", "sha256-…'", shown)


@pytest.mark.parametrize("format_name", SUFFIXES)
@pytest.mark.parametrize("name", CASES)
def test_a_result_reads_as_it_was_last_reviewed(name: str, format_name: str) -> None:
    shown = steady(RENDERERS[format_name].render(RESULTS[name]))
    check(GOLDEN / f"{name.replace(' ', '-')}.{SUFFIXES[format_name]}", shown)


@pytest.mark.parametrize("format_name", SUFFIXES)
@pytest.mark.parametrize("name", ERRORS)
def test_a_failure_reads_as_it_was_last_reviewed(name: str, format_name: str) -> None:
    shown = steady(RENDERERS[format_name].render_error(ERRORS[name]))
    check(GOLDEN / f"{name.replace(' ', '-')}.{SUFFIXES[format_name]}", shown)


@pytest.mark.parametrize("format_name", SUFFIXES)
def test_two_thousand_changes_are_reported_as_they_were(format_name: str) -> None:
    shown = steady(RENDERERS[format_name].render(MANY))
    digest = hashlib.sha256(shown.encode()).hexdigest()
    excerpt = f"{len(shown)} characters, sha256 {digest}\n\n{shown[:HEAD]}…\n…{shown[-HEAD:]}"
    check(GOLDEN / f"two-thousand.{SUFFIXES[format_name]}.txt", excerpt)


def test_no_golden_file_is_left_over() -> None:
    names = [name.replace(" ", "-") for name in (*CASES, *ERRORS)]
    expected = {f"{name}.{suffix}" for name in names for suffix in SUFFIXES.values()}
    expected |= {f"two-thousand.{suffix}.txt" for suffix in SUFFIXES.values()}
    assert {file.name for file in GOLDEN.iterdir()} == expected
