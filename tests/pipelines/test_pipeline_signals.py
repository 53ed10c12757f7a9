"""Each runner's way to cancel a job, played against the shell text of the files to copy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pipeline_parts import ACTION_SHELL, Host, action_scripts, hosts
from pipeline_stages import LAYOUTS, Repository, Stage, repository

pytestmark = pytest.mark.proof

HOSTS = hosts()
SLOW = 2.0
"""Seconds that an update takes."""
PATIENCE = 30.0
TWO_CHANGES = (
    "    - {name: partner-signing, previousNames: [my-jwk]}\n"
    "    - {name: second, previousNames: [other]}\n"
)
Runner = Callable[["subprocess.Popen[str]"], None]


def github(process: subprocess.Popen[str]) -> None:
    """SIGINT to the shell, SIGTERM after a while, then SIGKILL to all; its times, shortened."""
    os.kill(process.pid, signal.SIGINT)
    time.sleep(SLOW / 3)  # the runner's own pause between its signals
    os.kill(process.pid, signal.SIGTERM)
    ends(process, SLOW * 2)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def azure(process: subprocess.Popen[str]) -> None:
    """The task's Node process is told as on GitHub, and tells the shell with one SIGTERM."""
    os.kill(process.pid, signal.SIGTERM)
    ends(process, SLOW * 2)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def gitlab(process: subprocess.Popen[str]) -> None:
    """SIGTERM to the whole process group."""
    os.killpg(process.pid, signal.SIGTERM)


def jenkins(process: subprocess.Popen[str]) -> None:
    """SIGTERM to each process of the step, the innermost first, and a wait for its end."""
    for pid in reversed(family(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        if pid == process.pid:
            ends(process, PATIENCE)
        else:
            until(lambda: not Path(f"/proc/{pid}/stat").exists())  # noqa: B023 called at once


def family(pid: int) -> list[int]:
    """A process, its children, and theirs."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def ends(process: subprocess.Popen[str], seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Repository]:
    with repository(tmp_path / "repository", LAYOUTS[0]) as work:
        work.declare(TWO_CHANGES)
        yield work


RUNNERS: dict[str, tuple[Runner, str]] = {
    "github": (github, "SIGINT"),
    "azure": (azure, "SIGTERM"),
    "gitlab": (gitlab, "SIGTERM"),
    "jenkins": (jenkins, "SIGTERM"),
}


@pytest.mark.parametrize("name", HOSTS)
def test_a_cancelled_apply_finishes_and_reports_the_write_in_flight(
    name: str, team: Repository
) -> None:
    host, stage = HOSTS[name], team.stages["test"]
    cancel, said = RUNNERS[name]
    assert host.run(host.plan[-1:], stage, team).returncode == 0
    report = play(host, host.apply[-1], stage, team, cancel)
    assert report["stopped"] == f"{said} ended the run"


def test_a_cancelled_apply_of_the_action_does_so_too(team: Repository) -> None:
    host = replace(HOSTS["github"], shell=ACTION_SHELL)
    inputs = {
        "COMMAND": "apply", "PATHS": "jwks/test", "SERVER": "",
        "ARGS": "--auto-approve\n--report\njson=apply.json",
    }  # fmt: skip
    script = action_scripts()["Run"]
    report = play(host, script, team.stages["test"], team, github, **inputs)
    assert report["stopped"] == "SIGINT ended the run"


def play(
    host: Host, script: str, stage: Stage, work: Repository, cancel: Runner, **more: str
) -> dict[str, Any]:
    """Start an apply, cancel it in its first write, and see what it leaves; gives its report."""
    stage.manager.admin.add_faults({"kind": "latency", "method": "PUT", "seconds": SLOW})
    with host.start(script, stage, work, **more) as process:
        until(lambda: stage.writes() > 0)
        cancel(process)
        process.communicate(timeout=PATIENCE)
    [report] = work.folder.rglob("apply.json")
    until(lambda: bool(report.read_text()))
    found: dict[str, Any] = json.loads(report.read_text())
    assert [outcome["outcome"] for outcome in found["outcomes"]] == ["applied", "not-tried"]
    assert stage.writes() == 1
    return found
