"""The page in a real browser: whatever could run there would leave its mark on the document."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile_cases import MARKUP
from page_reader import Page
from report_cases import ERRORS, RESULTS

from reconciler.reports.html import render, render_error

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def loaded(page: str, folder: Path) -> str:
    """The document's HTML after the page was loaded and its scripts, if any, have run."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    assert BROWSER is not None
    ran = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-dev-shm-usage", f"--user-data-dir={folder / 'profile'}"),
            *("--virtual-time-budget=1000", "--dump-dom", file.as_uri()),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    return ran.stdout.decode("utf-8")


class Title(HTMLParser):
    """The title of a document that may be anything."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title = ""
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "title" and not self.title

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.title += data
            self._inside = False


@pytest.mark.parametrize("hostile", [MARKUP[0], MARKUP[1], MARKUP[2]])
def test_the_browser_would_run_these_texts(hostile: str, tmp_path: Path) -> None:
    page = f"<!doctype html><title>clean</title><style></style><table><tr><td><code>{hostile}"
    assert Title(loaded(page, tmp_path)).title == "owned"


@pytest.mark.parametrize("guarded", [True, False], ids=["as it is", "without its policy"])
def test_a_hostile_page_runs_nothing_and_reads_as_it_was_written(
    guarded: bool, tmp_path: Path
) -> None:
    for page in (render(RESULTS["hostile markup"]), render_error(ERRORS["hostile problems"])):
        sent = page if guarded else _POLICY.sub("", page)
        shown = loaded(sent, tmp_path)
        assert Title(shown).title == Title(sent).title != "owned"
        assert Page(shown).dangers == []
        assert Page(shown).texts == Page(sent).texts
