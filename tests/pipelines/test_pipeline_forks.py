"""What a stranger's checkout can't do: have its own code run, or get a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline_parts import (
    ACTION_SHELL,
    JENKINS,
    Host,
    action_scripts,
    azure_document,
    gitlab_documents,
    hosts,
)
from pipeline_stages import LAYOUTS, Repository, repository
from pipeline_wheels import wheels

pytestmark = pytest.mark.proof

HOSTS = hosts()
STEAL = "import os, pathlib; pathlib.Path(os.environ['HOME'], 'stolen').write_text(__file__)\n"
MODULES = (
    "pip", "venv", "ensurepip", "json", "click", "msgspec", "yaml", "httpx", "reconciler",
    "sitecustomize", "usercustomize", "encodings",
)  # fmt: skip
"""What a program that looks for modules in the working directory would find there."""
PROGRAMS = ("python", "python3", "pip", "reconciler", "activate")


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Repository]:
    """A repository that holds such files, all of them committed."""
    with repository(tmp_path / "repository", LAYOUTS[0]) as work:
        for module in MODULES:
            (work.folder / f"{module}.py").write_text(STEAL)
            package = work.folder / ".venv" / "lib" / "python3" / "site-packages" / module
            for folder in (package, work.folder / "src" / module):
                folder.mkdir(parents=True)
                (folder / "__init__.py").write_text(STEAL)
        (work.folder / "pip").mkdir()
        (work.folder / "pip" / "__main__.py").write_text(STEAL)
        for folder in (work.folder / "bin", work.folder / ".venv" / "bin"):
            folder.mkdir(parents=True)
            for program in PROGRAMS:
                (folder / program).write_text('#!/bin/sh\necho "$0" > "$HOME/stolen"\n')
                (folder / program).chmod(0o755)
        work.git("add", "--all", "--force")
        work.git("commit", "--message", "Take everything")
        yield work


def stolen(work: Repository) -> str:
    path = work.folder.parent / "stolen"
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_nothing_of_a_checkout_is_run(host: Host, checkout: Repository) -> None:
    stage = checkout.stages["test"]
    environment = {"PIP_FIND_LINKS": str(wheels()), "GITHUB_TOKEN": "none", "REPORT": "x"}
    for script in (*host.plan, *host.comment, host.apply[-1]):
        done = host.run((script,), stage, checkout, **environment)
        assert stolen(checkout) == "", script
        if script not in host.comment:  # here is no pull request
            assert done.returncode == 0, done.stderr


def test_the_action_runs_nothing_of_a_checkout(checkout: Repository) -> None:
    host = Host("action", ACTION_SHELL, (), (), (), "plan.json")
    scripts = action_scripts()
    inputs = {"VERSION": "0.1.0", "COMMAND": "plan", "PATHS": "jwks/test", "ARGS": "", "SERVER": ""}
    done = host.run(
        (scripts["Install"], scripts["Run"]), checkout.stages["test"], checkout,
        PIP_FIND_LINKS=str(wheels()), **inputs,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert stolen(checkout) == ""


def test_every_python_is_isolated_and_no_program_is_looked_for() -> None:
    scripts = [
        script
        for host in HOSTS.values()
        for script in (*host.plan, *host.apply, *host.drift, *host.comment)
    ]
    for script in [*scripts, *action_scripts().values()]:
        words = re.sub(r"#.*", "", script)
        assert not re.search(r"\bpython3?\b(?![\w-]*\")(?! -I)", words), script
        assert not re.search(r"(?m)^\s*(exec )?reconciler ", words), script
        assert "activate" not in words


def test_no_job_with_a_secret_is_for_a_fork() -> None:
    """GitHub's is played in test_pipeline_github, GitLab's in test_pipeline_gitlab."""
    for job in azure_document()["stages"][0]["jobs"][1:]:
        assert "ne(variables['System.PullRequest.IsFork'], 'True')" in job["condition"]
    stages = azure_document()["stages"][1:]
    assert stages
    assert all("'refs/heads/main'" in stage["condition"] for stage in stages)
    first = gitlab_documents(stage="test")[1]["plan test"]["rules"][0]
    assert first["when"] == "never"
    guarded = (
        r"if \(!env\.CHANGE_FORK\) \{\s+STAGES\.each \{ name, settings -> if \(!plan\(name\)\)"
    )
    text = JENKINS.read_text()
    assert len(re.findall(guarded, text)) == text.count("plan(name)") == 1
