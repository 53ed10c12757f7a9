"""The shell parts of the files to copy, run against the sandbox with a real git repository."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pipeline_parts import Host, hosts, jenkins_scripts
from pipeline_stages import LAYOUTS, Repository, Stage, repository
from pipeline_wheels import wheels

pytestmark = pytest.mark.proof

HOSTS = hosts()
LIVE = [("my-jwk", "old"), ("other", None)]
RENAMED = [("partner-signing", "Signs tokens."), ("other", None)]
BOTH = [*((host, LAYOUTS[0]) for host in HOSTS.values()), (HOSTS["jenkins"], LAYOUTS[1])]


@pytest.fixture
def one_manager(tmp_path: Path) -> Iterator[Repository]:
    with repository(tmp_path / "repository", LAYOUTS[0]) as work:
        yield work


def plan(host: Host, stages: Iterable[Stage], work: Repository, shelf: Path) -> None:
    """Plan stages, and keep the plans where the host keeps them between jobs."""
    shelf.mkdir()
    for stage in stages:
        done = host.run(host.plan[-1:], stage, work)
        assert done.returncode == 0, done.stdout + done.stderr
        left = work.folder / host.plan_file.format(stage=stage.name)
        for name in host.kept:
            assert (left.parent / name).read_text(), name
        shutil.copy(left, shelf / f"{stage.name}.json")


def apply(host: Host, stage: Stage, work: Repository, shelf: Path) -> int:
    """Apply a stage in a fresh checkout that holds only the plan."""
    work.git("clean", "-dxf")
    left = work.folder / host.plan_file.format(stage=stage.name)
    left.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shelf / f"{stage.name}.json", left)
    return host.run(host.apply[-1:], stage, work).returncode


def drift(host: Host, stage: Stage, work: Repository) -> int:
    return host.run(host.drift, stage, work, **host.scheduled).returncode


@pytest.mark.parametrize(
    ("host", "layout"), BOTH, ids=[f"{host.name}, {layout}" for host, layout in BOTH]
)
def test_branch_plan_merge_apply_and_the_plan_is_empty(
    host: Host, layout: str, tmp_path: Path
) -> None:
    with repository(tmp_path / "repository", layout) as team:
        stages = team.stages.values()
        team.propose()
        plan(host, stages, team, tmp_path / "reviewed")
        assert all(stage.writes() == 0 and stage.live() == LIVE for stage in stages)

        team.merge()
        assert drift(host, team.stages["test"], team) == 2
        for stage in stages:
            assert apply(host, stage, team, tmp_path / "reviewed") == 0
            assert stage.live() == RENAMED
            assert drift(host, stage, team) == 0


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_what_changed_after_the_review_is_not_applied(
    host: Host, one_manager: Repository, tmp_path: Path
) -> None:
    stage = one_manager.stages["production"]
    one_manager.propose()
    plan(host, [stage], one_manager, tmp_path / "shelf")
    stage.manager.admin.change(stage.project, "my-jwk", description="by hand")
    assert apply(host, stage, one_manager, tmp_path / "shelf") == 3
    assert stage.writes() == 0


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_a_refused_plan_fails_the_whole_job_and_leaves_its_reports(
    host: Host, one_manager: Repository
) -> None:
    one_manager.declare("    - {name: nowhere}\n")
    stage = one_manager.stages["test"]
    done = host.run(host.plan, stage, one_manager, PIP_FIND_LINKS=str(wheels()))
    assert done.returncode == 5, done.stderr
    left = one_manager.folder / host.plan_file.format(stage="test")
    assert json.loads(left.read_text())["refusals"][0]["name"] == "nowhere"
    assert "nowhere" in (left.parent / "plan.xml").read_text()


def test_jenkins_shows_the_digest_and_the_number_of_changes_before_it_asks(
    one_manager: Repository,
) -> None:
    one_manager.propose()
    host, stage = HOSTS["jenkins"], one_manager.stages["production"]
    done = host.run((*host.plan[2:], jenkins_scripts()["Read the verdict"]), stage, one_manager)
    saved = json.loads((one_manager.folder / "plan/production/plan.json").read_text())
    assert done.stdout.split() == [saved["digest"], "1"]


def test_jenkins_asks_and_names_what_it_asks_for() -> None:
    text = (Path(__file__).parents[2] / "examples/pipelines/jenkins/Jenkinsfile").read_text()
    assert text.index("input message") < text.index('unstash "plan-')
    assert "${digest}" in text.partition("input message")[2].partition("\n")[0]
