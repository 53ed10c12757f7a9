"""Which pull request a run is of: options first, then what the pipeline's environment says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from reconciler.code_hosts.addresses import PUBLIC, api_url, read_page
from reconciler.code_hosts.model import Host, NoPullRequestError, PullRequest
from reconciler.errors import UsageError

Environment = Mapping[str, str]

_NUMBER = re.compile(r"[1-9]\d{0,17}")
_REF = re.compile(
    r"refs/pull/([1-9]\d{0,17})/(?:merge|head)"
    # A merge queue's branch.
    r"|refs/heads/gh-readonly-queue/.+/pr-([1-9]\d{0,17})-[0-9a-f]{40,64}"
)
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_OPEN_REQUEST = re.compile(r"([^,!\s]+)!(\d{1,18})")
_REMOTE = re.compile(
    r"(?:(?:https?|ssh)://(?:[^/@]*@)?|[\w.-]+@)(?P<host>[\w.-]+)(?::\d+(?=/))?[:/]"
    r"(?:scm/)?(?P<path>[\w.~/-]+?)(?:\.git)?/?"
)
"""A git remote, of https or ssh."""
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[\w.~{}-]+"
_REPOSITORY = {
    Host.GITHUB: re.compile(rf"{_SEGMENT}/{_SEGMENT}", re.ASCII),
    Host.GITLAB: re.compile(rf"\d+|{_SEGMENT}(?:/{_SEGMENT})+", re.ASCII),
    Host.BITBUCKET: re.compile(rf"{_SEGMENT}/{_SEGMENT}", re.ASCII),
    Host.AZURE: re.compile(r"[^/?#%\x00-\x1f]{1,255}/[^/?#%\x00-\x1f]{1,255}"),
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
    commit: str = ""
    """Of a branch, where it may have been merged with a pull request."""


def find_pull_request(
    options: PullRequestOptions, environment: Environment, event: str = ""
) -> PullRequest:
    """The pull request to comment on.

    Args:
        options: goes before the environment.
        environment: of GitHub Actions, GitLab CI, Bitbucket Pipelines, Azure Pipelines or Jenkins.
        event: what the file of ``GITHUB_EVENT_PATH`` holds; "" where there is none.

    Raises:
        NoPullRequestError: the run is of none.
        UsageError: something about it is not known or not usable.
    """
    detected = _detect(environment, event)
    host = options.host or (detected.host if detected else None)
    if host is None:
        raise NoPullRequestError(
            "Nothing says where the pull request is",
            why="This is no pipeline of a pull request that is recognised",
            fix="Give --host, --repository, --pull-request and, if self-hosted, --host-url",
        )
    if detected is None or detected.host is not host:
        commit = detected.commit if detected else environment.get("GIT_COMMIT", "")
        detected = _Detected(host, PUBLIC[host], "", "", commit=commit)
    number = str(options.number or detected.number)
    if not _NUMBER.fullmatch(number):
        number = "0"
    commit = detected.commit if number == "0" else ""
    if number == "0" and not _COMMIT.fullmatch(commit):
        raise NoPullRequestError(
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
        host, api_url(host, options.url or detected.url), repository, int(number), page, commit
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
    number = (ref[1] or ref[2]) if ref else _event_number(event)
    is_scheduled = get("GITHUB_EVENT_NAME") == "schedule"
    commit = "" if number or is_scheduled else get("GITHUB_SHA", "")
    server = get("GITHUB_SERVER_URL", PUBLIC[Host.GITHUB])
    url = get("GITHUB_API_URL") or server
    page = f"{server}/{repository}/pull/{number}"
    return _Detected(Host.GITHUB, url, repository, number, page, commit)


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
    server = get("CI_SERVER_URL") or PUBLIC[Host.GITLAB]
    branch = get("CI_COMMIT_BRANCH", "")
    if not number and branch != get("CI_DEFAULT_BRANCH"):
        # A branch's pipeline knows the open requests of it: "group/project!7,…".
        found = _OPEN_REQUEST.findall(get("CI_OPEN_MERGE_REQUESTS", ""))
        found.sort(key=lambda one: one[0] != get("CI_PROJECT_PATH"))
        for path, open_number in found[:1]:
            project, address, number = path, f"{server}/{path}", open_number
    page = f"{address}/-/merge_requests/{number}" if address else ""
    is_scheduled = get("CI_PIPELINE_SOURCE") == "schedule"
    commit = "" if number or is_scheduled else get("CI_COMMIT_SHA", "")
    return _Detected(Host.GITLAB, get("CI_API_V4_URL") or server, project, number, page, commit)


def _bitbucket(environment: Environment, _event: str) -> _Detected:
    get = environment.get
    pair = f"{get('BITBUCKET_WORKSPACE', '')}/{get('BITBUCKET_REPO_SLUG', '')}"
    repository = get("BITBUCKET_REPO_FULL_NAME") or pair
    number, commit = get("BITBUCKET_PR_ID", ""), get("BITBUCKET_COMMIT", "")
    return _Detected(
        Host.BITBUCKET, PUBLIC[Host.BITBUCKET], repository, number, commit="" if number else commit
    )


def _azure(environment: Environment, _event: str) -> _Detected | None:
    get = environment.get
    provider, address = get("BUILD_REPOSITORY_PROVIDER", ""), get("BUILD_REPOSITORY_URI", "")
    commit = "" if get("BUILD_REASON") == "Schedule" else get("BUILD_SOURCEVERSION", "")
    if provider in {"GitHub", "GitHubEnterprise"}:
        number = get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "")
        found = _remote(address, "" if number else commit, Host.GITHUB)
        if found is None or not number:
            return found
        return replace(found, number=number, page=f"{found.url}/{found.repository}/pull/{number}")
    if provider != "TfsGit":
        return None
    number = get("SYSTEM_PULLREQUEST_PULLREQUESTID", "")
    collection = get("SYSTEM_COLLECTIONURI", "").rstrip("/")
    project, name = get("SYSTEM_TEAMPROJECT", ""), get("BUILD_REPOSITORY_NAME", "")
    page = f"{collection}/{quote(project)}/_git/{quote(name)}/pullrequest/{number}"
    commit = "" if number else commit
    return _Detected(Host.AZURE, collection, f"{project}/{name}", number, page, commit)


def _jenkins(environment: Environment, _event: str) -> _Detected | None:
    found = read_page(environment.get("CHANGE_URL", ""))
    if found is None:
        return _remote(environment.get("GIT_URL", ""), environment.get("GIT_COMMIT", ""))
    # CHANGE_ID is the same number; some branch sources write it as MR-7.
    return _Detected(found.host, found.root, found.repository, str(found.number), found.page)


def _remote(address: str, commit: str, host: Host | None = None) -> _Detected | None:
    """The repository that was checked out from a remote, whose host's name tells whose it is."""
    found = _REMOTE.fullmatch(address)
    if found is None:
        return None
    named = (one for one in PUBLIC if one is not Host.AZURE and one.value in found["host"])
    host = host or next(named, None)
    if host is None:
        return None
    return _Detected(host, f"https://{found['host']}", found["path"], "", commit=commit)


_PIPELINES: tuple[
    tuple[Callable[[Environment], bool], Callable[[Environment, str], _Detected | None]], ...
] = (
    (lambda environment: environment.get("GITHUB_ACTIONS") == "true", _github),
    (lambda environment: environment.get("GITLAB_CI") == "true", _gitlab),
    (lambda environment: "BITBUCKET_BUILD_NUMBER" in environment, _bitbucket),
    (lambda environment: "TF_BUILD" in environment, _azure),
    (lambda environment: "CHANGE_URL" in environment or "JENKINS_URL" in environment, _jenkins),
)
