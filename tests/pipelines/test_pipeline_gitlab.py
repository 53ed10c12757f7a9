"""The GitLab files, run by a local runner against the sandbox."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline_stages import LAYOUTS, PIPELINES, ROOT, Repository, environment, repository

pytestmark = pytest.mark.proof

RUNNER = "gitlab-ci-local"
PACKAGE = {
    # Compiling re2 takes minutes, and nothing here needs its regular expressions to be linear.
    "re2/package.json": json.dumps({"name": "re2", "version": "1.21.4", "main": "index.js"}),
    "re2/index.js": "module.exports = RegExp;",
    "package.json": json.dumps(
        {"dependencies": {RUNNER: "4.60.1"}, "overrides": {"re2": "file:./re2"}, "private": True}
    ),
}
KEPT = ROOT / ".venv" / "node"


@pytest.fixture(scope="module")
def runner() -> Path:
    """The local runner; installed once, beside the virtual environment."""
    for tool in ("node", "npm", "rsync", "git"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: the GitLab files are not run by a runner")
    entry = KEPT / "node_modules" / "gitlab-ci-local" / "src" / "index.js"
    if not entry.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        for name, text in PACKAGE.items():
            (KEPT / name).parent.mkdir(exist_ok=True)
            (KEPT / name).write_text(text)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        try:
            subprocess.run(command, cwd=KEPT, capture_output=True, timeout=120, check=True)
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"{RUNNER} can't be installed ({error}): the GitLab files are not run")
    return entry


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Repository]:
    with repository(tmp_path / "repository", LAYOUTS[0]) as work:
        shutil.copytree(PIPELINES / "gitlab", work.folder, dirs_exist_ok=True)
        work.git("remote", "add", "origin", "https://gitlab.example.com/team/keys.git")
        work.commit("Add the pipeline")
        work.git("update-ref", "refs/remotes/origin/main", "HEAD")
        yield work


def run(runner: Path, work: Repository, *jobs: str, **variables: str) -> tuple[int, str]:
    """Run a pipeline, or some of its jobs; gives its exit code and what it printed."""
    login = work.stages["test"].login | variables
    done = subprocess.run(
        [
            "node", str(runner), "--force-shell-executor", "--home", str(work.folder.parent),
            *(f"--variable={name}={value}" for name, value in login.items()), *jobs,
        ],
        cwd=work.folder, env=environment(work.folder.parent),
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_merge_request_merge_apply_and_no_drift(runner: Path, team: Repository) -> None:
    team.propose()
    request = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": ""}
    code, output = run(runner, team, **request)
    assert code == 0, output
    assert "PASS  plan production" in output
    assert "apply" not in output
    assert all(stage.writes() == 0 for stage in team.stages.values())

    team.merge()
    code, output = run(runner, team, CI_PIPELINE_SOURCE="push")
    assert code == 0, output
    assert "PASS  apply test" in output
    assert team.stages["test"].live()[0] == ("partner-signing", "Signs tokens.")
    assert team.stages["production"].live()[0] == ("my-jwk", "old"), "it waits for somebody"

    code, output = run(runner, team, "apply production", CI_PIPELINE_SOURCE="push")
    assert code == 0, output
    assert team.stages["production"].live()[0] == ("partner-signing", "Signs tokens.")

    team.stages["test"].manager.admin.change("Payments-test", "partner-signing", description="mine")
    code, output = run(runner, team, CI_PIPELINE_SOURCE="schedule")
    assert code != 0
    assert "PASS  drift production" in output
    assert "Drift: the keys of test are not as main says." in output


def test_what_a_fork_proposes_is_validated_only(runner: Path, team: Repository) -> None:
    team.propose()
    code, output = run(
        runner, team, CI_PIPELINE_SOURCE="merge_request_event", CI_COMMIT_BRANCH="",
        CI_MERGE_REQUEST_PROJECT_ID="1", CI_MERGE_REQUEST_SOURCE_PROJECT_ID="2",
    )  # fmt: skip
    assert code == 0, output
    assert "PASS  validate" in output
    assert "plan" not in output
    assert not team.stages["test"].manager.requests
