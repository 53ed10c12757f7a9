"""``make dist``: what it builds is installed and run where no package index is."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from pipeline_stages import ROOT

from reconciler import __version__

pytestmark = pytest.mark.proof

BIN = Path(sys.executable).parent
INSTALLED_BYTES = 15_000_000
"""What the program and all it needs may take, without bytecode; the README names the figure."""
BARE = {"PATH": os.pathsep.join([str(Path(sys.executable).resolve().parent), "/usr/bin", "/bin"])}
"""An environment that knows of nothing but Python."""


def call(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, command)], env=BARE | variables, cwd=ROOT, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make dist`` leaves, made with this environment."""
    if shutil.which("make") is None:
        pytest.skip("make is missing: nothing is built")
    folder = tmp_path_factory.mktemp("dist")
    ready = folder / "ready"
    ready.touch()
    done = subprocess.run(
        ["make", "dist", f"BIN={BIN}", f"READY={ready}", f"DIST={folder / 'dist'}"],
        cwd=ROOT, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    if done.returncode and "pip download" in done.stdout and "reconciler.pyz" not in done.stdout:
        pytest.skip(f"no package index can be reached: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "dist"


def test_the_one_file_runs_in_an_empty_environment(dist: Path, tmp_path: Path) -> None:
    pyz = dist / "reconciler.pyz"
    assert pyz.stat().st_mode & 0o111
    version = call(sys.executable, pyz, "--version", SHIV_ROOT=str(tmp_path))
    assert version.stdout == f"reconciler, version {__version__}\n", version.stderr
    valid = call(sys.executable, pyz, "validate", "examples/manifests", SHIV_ROOT=str(tmp_path))
    assert valid.returncode == 0, valid.stderr
    plan = call(
        sys.executable, pyz, "plan", "examples/manifests", "--server", "http://127.0.0.1:1",
        SHIV_ROOT=str(tmp_path), APINIZER_TOKEN="t",
    )  # fmt: skip
    assert plan.returncode == 69, "the HTTP client and its parts are inside"


def test_the_wheel_installs_without_an_index(dist: Path, tmp_path: Path) -> None:
    call(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    done = call(
        BIN / "python", "-m", "pip", "--python", python, "install", "--quiet", "--no-index",
        "--no-compile", "--find-links", dist / "wheels", "apinizer-jwk-reconciler",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    installed = sum(
        path.stat().st_size
        for path in (tmp_path / "venv" / "lib").rglob("*")
        if path.is_file() and not path.is_symlink() and path.suffix != ".pyc"
    )
    assert installed <= INSTALLED_BYTES, f"{installed / 1e6:.1f} MB"
    ran = call(tmp_path / "venv" / "bin" / "reconciler", "validate", "examples/manifests")
    assert ran.returncode == 0, ran.stderr


def test_the_source_archive_holds_what_the_wheel_is_built_from(dist: Path) -> None:
    with tarfile.open(dist / f"apinizer_jwk_reconciler-{__version__}.tar.gz") as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / "reconciler").rglob("*.py")}
    assert ours <= names
    assert {"pyproject.toml", "LICENSE", "examples/pipelines/jenkins/Jenkinsfile"} <= names


def test_the_same_commit_gives_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    wheel = next(dist.glob("*.whl"))
    epoch = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    call(BIN / "hatchling", "build", "--target", "wheel", "-d", tmp_path,
         SOURCE_DATE_EPOCH=epoch.stdout.strip())  # fmt: skip
    again = (tmp_path / wheel.name).read_bytes()
    assert hashlib.sha256(again).digest() == hashlib.sha256(wheel.read_bytes()).digest()
