"""Names and paths outside ASCII, where the locale of the caller knows nothing of them."""

from __future__ import annotations

import json
import sys

import pytest
from workspace import BuildWorkspace, Ran, Workspace, seed, write_manifests

C = "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"
"""Python takes file names and arguments for ASCII then."""

LIVE = {"Ödemeler": [{"name": "imza-\u0131", "kid": "k1"}], "支付": [{"name": "署名", "kid": "k2"}]}
DECLARED = {
    "Ödemeler": [{"name": "imza-\u0131", "kid": "k1", "description": "İmzalar 🔑"}],
    "支付": [{"name": "署名"}],
}


@pytest.fixture
def abroad(build: BuildWorkspace) -> Workspace:
    workspace = build(seed(LIVE), {})
    write_manifests(workspace.folder / "anahtarlar-ü", DECLARED)
    return workspace


LINES = {
    "validate": ("validate anahtarlar-ü", "Valid: 2 JWKs in 2 projects"),
    "validate a file": ("validate anahtarlar-ü/支付.yaml", "Valid: 1 JWK in 1 project"),
    "plan": ("plan anahtarlar-ü", "İmzalar 🔑"),
    "plan to a file": ("plan anahtarlar-ü --out plän.json", "imza-\u0131"),
    "report": ("plan anahtarlar-ü --report json=rapör.json", "imza-\u0131"),
    "apply": ("apply anahtarlar-ü --auto-approve --journal günlük", "Applied"),
    "redeploy": ("apply anahtarlar-ü --auto-approve --redeploy 支付/署名", "署名"),
    "export": ("export Ödemeler 支付", "署名"),
    "export to a folder": ("export --out dosya-ü && cat dosya-ü/支付.yaml", "署名"),
    "a file that is not there": ("validate yök.yaml", "yök.yaml: can't be read"),
}


@pytest.mark.parametrize(("line", "shown"), LINES.values(), ids=LINES)
def test_names_and_paths_outside_ascii_work_in_any_locale(
    abroad: Workspace, line: str, shown: str
) -> None:
    ran = abroad.run.shell(f"export {C}; reconciler {line}")

    assert "bug" not in ran.err
    assert shown in ran.out + ran.err, ran
    assert ran.code == (65 if "yök" in line else 0), ran


def test_a_report_of_such_a_run_is_the_usual_one(abroad: Workspace) -> None:
    def document(ran: Ran) -> object:
        assert ran.code == 0, ran
        return json.loads(ran.out)

    usual = document(abroad.run.shell("reconciler plan anahtarlar-ü --format json"))

    assert (
        document(abroad.run.shell(f"export {C}; reconciler plan anahtarlar-ü --format json"))
        == usual
    )


def test_standard_input_is_still_there(abroad: Workspace) -> None:
    ran = abroad.run.shell(f"export {C}; cat anahtarlar-ü/支付.yaml | reconciler validate -")

    assert ran.out.startswith("Valid: 1 JWK")


def test_a_run_in_such_a_locale_keeps_pythons_own_options(abroad: Workspace) -> None:
    """As with ``-I``, which keeps the current folder out of the modules' path."""
    (abroad.folder / "yaml.py").write_text("raise SystemExit('not this one')")

    ran = abroad.run.shell(f"{C} {sys.executable} -I -m reconciler validate anahtarlar-ü")

    assert ran.code == 0, ran
