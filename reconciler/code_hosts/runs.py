"""Which run of a pipeline this is, of which commit, and which of two runs is the newer one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

Environment = Mapping[str, str]

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_NUMBER = re.compile(r"\d{1,18}")


class RunOrder(Struct, frozen=True):
    """A run's place among others.

    Attributes:
        series: within which runs are counted; those of two series can't be compared.
        numbers: the higher, the newer; the first that differs decides.
    """

    series: str
    numbers: tuple[int, ...]


class Run(Struct, frozen=True):
    """A run; empty where nothing is known.

    Attributes:
        name: what people call it.
        url: its page.
        commit: what it was started for; of a pull request, its own last commit.
        order: its place among others.
    """

    name: str = ""
    url: str = ""
    commit: str = ""
    order: RunOrder | None = None


class _Head(Struct):
    sha: str = ""


class _PullRequest(Struct):
    head: _Head | None = None


class _Event(Struct):
    pull_request: _PullRequest | None = None


def find_run(environment: Environment, event: str = "") -> Run:
    """The run that the pipeline's environment tells of.

    Args:
        environment: of GitHub Actions, GitLab CI, Bitbucket Pipelines, Azure Pipelines or Jenkins.
        event: what the file of ``GITHUB_EVENT_PATH`` holds; "" where there is none.
    """
    for variable, look in _PIPELINES.items():
        if environment.get(variable):
            return look(environment, event)
    return Run()


def _run(
    kind: str, series: str, numbers: tuple[str, ...], url: str, commits: tuple[str, ...]
) -> Run:
    usable = all(map(_NUMBER.fullmatch, numbers))
    return Run(
        f"{kind} {numbers[0]}" if usable else "",
        url if usable else "",
        next(filter(_COMMIT.fullmatch, commits), ""),
        RunOrder(series, tuple(map(int, numbers))) if usable else None,
    )


def _github(environment: Environment, event: str) -> Run:
    get = environment.get
    try:
        request = msgspec.json.decode(event or "{}", type=_Event).pull_request
    except (ValueError, RecursionError):
        request = None
    # GITHUB_SHA is a merge that nobody pushed, where the run is of a pull request.
    head = request.head.sha if request and request.head else ""
    attempt = get("GITHUB_RUN_ATTEMPT", "1")
    page = f"{get('GITHUB_SERVER_URL', '')}/{get('GITHUB_REPOSITORY', '')}/actions/runs"
    return _run(
        "run",
        # Each workflow counts its own runs.
        f"github/{get('GITHUB_WORKFLOW', '')}",
        (get("GITHUB_RUN_NUMBER", ""), attempt),
        f"{page}/{get('GITHUB_RUN_ID', '')}/attempts/{attempt}",
        (head, get("GITHUB_SHA", "")),
    )


def _gitlab(environment: Environment, _event: str) -> Run:
    get = environment.get
    commits = (get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", ""), get("CI_COMMIT_SHA", ""))
    number = get("CI_PIPELINE_ID", "")
    return _run("pipeline", "gitlab", (number,), get("CI_PIPELINE_URL", ""), commits)


def _bitbucket(environment: Environment, _event: str) -> Run:
    get = environment.get
    number, repository = get("BITBUCKET_BUILD_NUMBER", ""), get("BITBUCKET_REPO_FULL_NAME", "")
    url = f"https://bitbucket.org/{repository}/pipelines/results/{number}" if repository else ""
    return _run("pipeline", "bitbucket", (number,), url, (get("BITBUCKET_COMMIT", ""),))


def _azure(environment: Environment, _event: str) -> Run:
    get = environment.get
    number, attempt = get("BUILD_BUILDID", ""), get("SYSTEM_JOBATTEMPT", "1")
    project = f"{get('SYSTEM_COLLECTIONURI', '')}{get('SYSTEM_TEAMPROJECT', '')}"
    commits = (get("SYSTEM_PULLREQUEST_SOURCECOMMITID", ""), get("BUILD_SOURCEVERSION", ""))
    url = f"{project}/_build/results?buildId={number}".replace(" ", "%20")
    return _run("run", "azure", (number, attempt), url, commits)


def _jenkins(environment: Environment, _event: str) -> Run:
    get = environment.get
    # Each branch and each pull request is a job that counts its own builds.
    series, number = f"jenkins/{get('JOB_NAME', '')}", get("BUILD_NUMBER", "")
    return _run("build", series, (number,), get("BUILD_URL", ""), (get("GIT_COMMIT", ""),))


_PIPELINES: dict[str, Callable[[Environment, str], Run]] = {
    "GITHUB_ACTIONS": _github,
    "GITLAB_CI": _gitlab,
    "BITBUCKET_BUILD_NUMBER": _bitbucket,
    "TF_BUILD": _azure,
    "JENKINS_URL": _jenkins,
}
"""By a variable that only this one sets."""
