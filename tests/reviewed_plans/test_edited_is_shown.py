"""A saved plan that was edited is shown as that, first of all, in every format."""

from __future__ import annotations

import json

import pytest
from workspace import Workspace

FIRST = "Edited since it was written"


@pytest.fixture
def edited(workspace: Workspace) -> Workspace:
    workspace.run("plan", "jwks", "--out", "plan.json")
    path = workspace.folder / "plan.json"
    path.write_text(path.read_text().replace("partner-signing", "partner-forging"))
    return workspace


def test_text_says_so_in_its_first_line(edited: Workspace) -> None:
    for words in ((), ("-q",), ("-v",)):
        assert edited.run("show", "plan.json", *words).out.startswith(FIRST)


@pytest.mark.parametrize("form", ["markdown", "html", "junit"])
def test_a_report_says_so_in_its_title(edited: Workspace, form: str) -> None:
    assert edited.run("show", "plan.json", "--report", f"{form}=report").code == 0

    text = (edited.folder / "report").read_text()
    title = {
        "markdown": text.splitlines()[0],
        "html": text.partition("<title>")[2].partition("</title>")[0],
        "junit": text.partition("<system-out>")[2] or text,
    }[form]
    assert FIRST in title


def test_json_says_so_and_has_no_checksum(edited: Workspace) -> None:
    ran = edited.run("show", "plan.json", "--format", "json", "--report", "json=again.json")

    assert ran.out == (edited.folder / "again.json").read_text()
    assert list(ran.document)[:3] == ["formatVersion", "tool", "edited"]
    assert "checksum" not in ran.document
    assert edited.run("apply", "jwks", "--auto-approve", "--plan", "again.json").code == 3
    assert edited.run("show", "again.json").out.startswith(FIRST)


def test_what_is_as_it_was_written_is_shown_as_ever(workspace: Workspace) -> None:
    workspace.run("plan", "jwks", "--out", "plan.json")

    ran = workspace.run("show", "plan.json", "--format", "json")

    assert ran.out == (workspace.folder / "plan.json").read_text()
    assert "edited" not in json.loads(ran.out)
    assert FIRST not in workspace.run("show", "plan.json").out
