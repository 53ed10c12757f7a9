"""Which pull request a run is of: options first, then what the pipeline's environment says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from reconciler.code_hosts.addresses import PUBLIC, api_url, read_page
from reconciler.code_hosts.model import Host, PullRequest
from reconciler.errors import UsageError

Environment = Mapping[str, str]

_NUMBER = re.compile(r"[1-9]\d{0,17}")
_REF = re.compile(r"refs/pull/([1-9]\d{0,17})/(?:merge|head)")
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[\w.~{}-]+"
_REPOSITORY = {
    Host.GITHUB: re.compile(rf"{_SEGMENT}/{_SEGMENT}", re.ASCII),
    Host.GITLAB: re.compile(rf"\d+|{_SEGMENT}(?:/{_SEGMENT})+", re.ASCII),
    Host.BITBUCKET: re.compile(rf"{_SEGMENT}/{_SEGMENT}", re.ASCII),
}


class PullRequestOptions(Struct, frozen=True):
    """What the command line says; None leaves it to the environment.

    Attributes:
        host: whose API is spoken.
        url: the host's own URL, or its API's.
        repository: as in ``PullRequest``.
        number: of the pull request.
    """

    host: Host | None = None
    url: str | None = None
    repository: str | None = None
    number: int | None = None


class _Detected(Struct, frozen=True):
    """What an environment says; empty where it does not."""

    host: Host
    url: str
    repository: str
    number: str
    page: str = ""


def find_pull_request(
    options: PullRequestOptions, environment: Environment, event: str = ""
) -> PullRequest:
    """The pull request to comment on.

    Args:
        options: goes before the environment.
        environment: of GitHub Actions, GitLab CI, Bitbucket Pipelines or Jenkins.
        event: what the file of ``GITHUB_EVENT_PATH`` holds; "" where there is none.

    Raises:
        UsageError: there is none, or something about it is not known or not usable.
    """
    detected = _detect(environment, event)
    host = options.host or (detected.host if detected else None)
    if host is None:
        raise UsageError(
            "Nothing says where the pull request is",
            why="This is no pipeline of a pull request that is recognised",
            fix="Give --host, --repository, --pull-request and, if self-hosted, --host-url",
        )
    if detected is None or detected.host is not host:
        detected = _Detected(host, PUBLIC[host], "", "")
    number = str(options.number or detected.number)
    if not _NUMBER.fullmatch(number):
        raise UsageError(
            "This run is not of a pull or merge request",
            why="There is nothing to comment on",
            fix="Run it only in pipelines of pull requests, or give --pull-request N",
        )
    repository = (options.repository or detected.repository).strip("/")
    if not _REPOSITORY[host].fullmatch(repository):
        raise UsageError(
            f"There is no usable repository of {host}",
            why="A pull request's number counts within its repository",
            fix="Give --repository OWNER/NAME (Bitbucket Data Center: PROJECT/NAME; GitLab also an "
            "id or GROUP/SUBGROUP/NAME)",
        )
    moved = options.number or options.repository or options.url
    page = "" if moved else detected.page
    return PullRequest(
        host, api_url(host, options.url or detected.url), repository, int(number), page
    )


def _detect(environment: Environment, event: str) -> _Detected | None:
    for is_here, look in _PIPELINES:
        if is_here(environment):
            return look(environment, event)
    return None


def _github(environment: Environment, event: str) -> _Detected:
    get = environment.get
    repository = get("GITHUB_REPOSITORY", "")
    ref = _REF.fullmatch(get("GITHUB_REF", ""))
    number = ref[1] if ref else _event_number(event)
    server = get("GITHUB_SERVER_URL", PUBLIC[Host.GITHUB])
    url = get("GITHUB_API_URL") or server
    return _Detected(Host.GITHUB, url, repository, number, f"{server}/{repository}/pull/{number}")


class _Numbered(Struct):
    number: int | None = None


class _Issue(_Numbered):
    pull_request: object = None


class _WorkflowRun(Struct):
    pull_requests: list[_Numbered] = []


class _Event(Struct):
    """The members of a GitHub event's payload that lead to a pull request."""

    pull_request: _Numbered | None = None
    issue: _Issue | None = None
    workflow_run: _WorkflowRun | None = None


def _event_number(event: str) -> str:
    """The number in the payload of a ``pull_request``, ``workflow_run`` or comment's event."""
    try:
        payload = msgspec.json.decode(event or "{}", type=_Event)
    except (ValueError, RecursionError):
        return ""
    found = payload.pull_request
    if found is None and payload.issue and payload.issue.pull_request is not None:
        found = payload.issue
    if found is None and payload.workflow_run:
        found = next(iter(payload.workflow_run.pull_requests), None)
    return str(found.number) if found and found.number is not None else ""


def _gitlab(environment: Environment, _event: str) -> _Detected:
    get = environment.get
    # The request's own project: the pipeline may run in a fork of it.
    project = get("CI_MERGE_REQUEST_PROJECT_ID") or get("CI_PROJECT_ID", "")
    address = get("CI_MERGE_REQUEST_PROJECT_URL") or get("CI_PROJECT_URL", "")
    number = get("CI_MERGE_REQUEST_IID", "")
    page = f"{address}/-/merge_requests/{number}" if address else ""
    url = get("CI_API_V4_URL") or get("CI_SERVER_URL") or PUBLIC[Host.GITLAB]
    return _Detected(Host.GITLAB, url, project, number, page)


def _bitbucket(environment: Environment, _event: str) -> _Detected:
    get = environment.get
    pair = f"{get('BITBUCKET_WORKSPACE', '')}/{get('BITBUCKET_REPO_SLUG', '')}"
    repository = get("BITBUCKET_REPO_FULL_NAME") or pair
    return _Detected(Host.BITBUCKET, PUBLIC[Host.BITBUCKET], repository, get("BITBUCKET_PR_ID", ""))


def _jenkins(environment: Environment, _event: str) -> _Detected | None:
    found = read_page(environment.get("CHANGE_URL", ""))
    if found is None:
        return None
    # CHANGE_ID is the same number; some branch sources write it as MR-7.
    return _Detected(found.host, found.root, found.repository, str(found.number), found.page)


_PIPELINES: tuple[
    tuple[Callable[[Environment], bool], Callable[[Environment, str], _Detected | None]], ...
] = (
    (lambda environment: environment.get("GITHUB_ACTIONS") == "true", _github),
    (lambda environment: environment.get("GITLAB_CI") == "true", _gitlab),
    (lambda environment: "BITBUCKET_BUILD_NUMBER" in environment, _bitbucket),
    (lambda environment: "CHANGE_URL" in environment, _jenkins),
)
