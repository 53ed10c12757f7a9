"""Which pull request a run is of: options first, then what the pipeline's environment says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

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


class Wanted(Struct, frozen=True):
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


class _Seen(Struct, frozen=True):
    """What an environment says; empty where it does not."""

    host: Host
    url: str
    repository: str
    number: str
    page: str = ""


def find_pull_request(wanted: Wanted, environment: Environment, event: str = "") -> PullRequest:
    """The pull request to comment on.

    Args:
        wanted: goes before the environment.
        environment: of GitHub Actions, GitLab CI, Bitbucket Pipelines or Jenkins.
        event: what the file of ``GITHUB_EVENT_PATH`` holds; "" where there is none.

    Raises:
        UsageError: there is none, or something about it is not known or not usable.
    """
    seen = _see(environment, event)
    host = wanted.host or (seen.host if seen else None)
    if host is None:
        raise UsageError(
            "Nothing says where the pull request is",
            why="This is no pipeline of a pull request that is recognised",
            fix="Give --host, --repository, --pull-request and, if self-hosted, --host-url",
        )
    if seen is None or seen.host is not host:
        seen = _Seen(host, PUBLIC[host], "", "")
    number = str(wanted.number or seen.number)
    if not _NUMBER.fullmatch(number):
        raise UsageError(
            "This run is not of a pull or merge request",
            why="There is nothing to comment on",
            fix="Run it only in pipelines of pull requests, or give --pull-request N",
        )
    repository = (wanted.repository or seen.repository).strip("/")
    if not _REPOSITORY[host].fullmatch(repository):
        raise UsageError(
            f"There is no usable repository of {host}",
            why="A pull request's number counts within its repository",
            fix="Give --repository OWNER/NAME (Bitbucket Data Center: PROJECT/NAME; GitLab also an "
            "id or GROUP/SUBGROUP/NAME)",
        )
    moved = wanted.number or wanted.repository or wanted.url
    page = "" if moved else seen.page
    return PullRequest(host, api_url(host, wanted.url or seen.url), repository, int(number), page)


def _see(environment: Environment, event: str) -> _Seen | None:
    for is_here, look in _PIPELINES:
        if is_here(environment):
            return look(environment, event)
    return None


def _github(environment: Environment, event: str) -> _Seen:
    get = environment.get
    repository = get("GITHUB_REPOSITORY", "")
    ref = _REF.fullmatch(get("GITHUB_REF", ""))
    number = ref[1] if ref else _event_number(event)
    server = get("GITHUB_SERVER_URL", PUBLIC[Host.GITHUB])
    url = get("GITHUB_API_URL") or server
    return _Seen(Host.GITHUB, url, repository, number, f"{server}/{repository}/pull/{number}")


def _event_number(event: str) -> str:
    """The number in the payload of a ``pull_request``, ``workflow_run`` or comment's event."""
    try:
        payload = json.loads(event or "{}")
    except (ValueError, RecursionError):
        return ""
    found = _member(payload, "pull_request", "number")
    if found is None and _member(payload, "issue", "pull_request") is not None:
        found = _member(payload, "issue", "number")
    if found is None:
        requests = _member(payload, "workflow_run", "pull_requests")
        found = _member(requests[0], "number") if isinstance(requests, list) and requests else None
    return str(found) if isinstance(found, int) else ""


def _member(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _gitlab(environment: Environment, _event: str) -> _Seen:
    get = environment.get
    # The request's own project: the pipeline may run in a fork of it.
    project = get("CI_MERGE_REQUEST_PROJECT_ID") or get("CI_PROJECT_ID", "")
    address = get("CI_MERGE_REQUEST_PROJECT_URL") or get("CI_PROJECT_URL", "")
    number = get("CI_MERGE_REQUEST_IID", "")
    page = f"{address}/-/merge_requests/{number}" if address else ""
    url = get("CI_API_V4_URL") or get("CI_SERVER_URL") or PUBLIC[Host.GITLAB]
    return _Seen(Host.GITLAB, url, project, number, page)


def _bitbucket(environment: Environment, _event: str) -> _Seen:
    get = environment.get
    pair = f"{get('BITBUCKET_WORKSPACE', '')}/{get('BITBUCKET_REPO_SLUG', '')}"
    repository = get("BITBUCKET_REPO_FULL_NAME") or pair
    return _Seen(Host.BITBUCKET, PUBLIC[Host.BITBUCKET], repository, get("BITBUCKET_PR_ID", ""))


def _jenkins(environment: Environment, _event: str) -> _Seen | None:
    found = read_page(environment.get("CHANGE_URL", ""))
    if found is None:
        return None
    # CHANGE_ID is the same number; some branch sources write it as MR-7.
    return _Seen(found.host, found.root, found.repository, str(found.number), found.page)


_PIPELINES: tuple[
    tuple[Callable[[Environment], bool], Callable[[Environment, str], _Seen | None]], ...
] = (
    (lambda environment: environment.get("GITHUB_ACTIONS") == "true", _github),
    (lambda environment: environment.get("GITLAB_CI") == "true", _gitlab),
    (lambda environment: "BITBUCKET_BUILD_NUMBER" in environment, _bitbucket),
    (lambda environment: "CHANGE_URL" in environment, _jenkins),
)
