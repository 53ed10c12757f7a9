"""Whole reports as their readers see them.

``UPDATE_GOLDEN=1`` writes the files anew; read them before they are committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from report_cases import RESULTS

from reconciler.reports.text import render

GOLDEN = Path(__file__).parent / "golden"
VIEWS = {"": 0, " quiet": -1, " verbose": 1}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_reads_as_it_was_last_reviewed(name: str) -> None:
    shown = "".join(
        f"==== {name}{view} ====\n{render(RESULTS[name], width=100, verbosity=verbosity)}\n"
        for view, verbosity in VIEWS.items()
    )
    file = GOLDEN / f"{name.replace(' ', '-')}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == {name.replace(" ", "-") for name in RESULTS}
