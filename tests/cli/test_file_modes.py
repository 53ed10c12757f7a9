"""Who may read what a run writes, and files that can't be replaced."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

import pytest
from workspace import CommandLine, Workspace


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_saved_plans_and_journals_are_for_the_user_alone(workspace: Workspace) -> None:
    plan = ("plan", "jwks", "--out", "plan.json", "--report", "html=report.html")
    assert workspace.run(*plan).code == 0
    assert workspace.run("apply", "jwks", "--auto-approve", "--journal", "journal").code == 0

    assert mode(workspace.folder / "plan.json") == 0o600
    assert mode(workspace.folder / "journal") == 0o600
    assert mode(workspace.folder / "report.html") & 0o044


def test_a_file_that_is_there_keeps_its_mode(workspace: Workspace) -> None:
    saved = workspace.folder / "plan.json"
    saved.touch()
    saved.chmod(0o640)

    assert workspace.run("plan", "jwks", "--out", "plan.json").code == 0

    assert mode(saved) == 0o640


def test_the_embedded_sandbox_keeps_its_state_for_the_user_alone(
    run: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "seed.yaml").write_text("projects: [{name: P, jwks: [{name: a}]}]\n")

    assert run("export", "--sandbox", "seed.yaml").code == 0

    assert mode(tmp_path / ".reconciler") == 0o700
    assert mode(tmp_path / ".reconciler" / "sandbox.db") == 0o600


def test_a_file_that_is_mounted_is_written_in_place(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renaming onto a mounted file fails so; only a container could mount one here."""
    saved = workspace.folder / "plan.json"
    saved.write_text("old")

    def replace(_self: Path, _target: Path) -> None:
        raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(Path, "replace", replace)
    number = saved.stat().st_ino

    assert workspace.run("plan", "jwks", "--out", "plan.json").code == 0

    assert saved.read_text().startswith("{")
    assert saved.stat().st_ino == number
    assert not list(workspace.folder.glob(".reconciler.*"))
