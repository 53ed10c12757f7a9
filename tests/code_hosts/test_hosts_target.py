from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.code_hosts.addresses import Page, api_url, plain_http_warning, read_page, segments
from reconciler.code_hosts.detect import PullRequestOptions, find_pull_request
from reconciler.code_hosts.model import Host, NoPullRequestError, PullRequest
from reconciler.errors import UsageError

SHA = "a" * 40
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/keys",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_API_URL": "https://api.github.com",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://git.example.com/api/v4",
    "CI_PROJECT_ID": "9",
    "CI_PROJECT_URL": "https://git.example.com/fork/keys",
    "CI_MERGE_REQUEST_IID": "7",
}
BITBUCKET = {
    "BITBUCKET_BUILD_NUMBER": "3",
    "BITBUCKET_WORKSPACE": "acme",
    "BITBUCKET_REPO_SLUG": "keys",
    "BITBUCKET_PR_ID": "7",
}
AZURE = {
    "TF_BUILD": "True",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/",
    "SYSTEM_TEAMPROJECT": "My Keys",
    "BUILD_REPOSITORY_PROVIDER": "TfsGit",
    "BUILD_REPOSITORY_NAME": "jwks",
    "BUILD_SOURCEVERSION": SHA,
}
GITHUB_TARGET = PullRequest(
    Host.GITHUB, "https://api.github.com", "acme/keys", 7, "https://github.com/acme/keys/pull/7"
)


def event(**members: object) -> str:
    return json.dumps(members)


FOUND: dict[str, tuple[dict[str, str], str, PullRequestOptions, PullRequest]] = {
    "GitHub by the ref": (
        GITHUB | {"GITHUB_REF": "refs/pull/7/merge"},
        "",
        PullRequestOptions(),
        GITHUB_TARGET,
    ),
    "GitHub by a pull request's event": (
        GITHUB | {"GITHUB_REF": "refs/heads/main"},
        event(pull_request={"number": 7}),
        PullRequestOptions(),
        GITHUB_TARGET,
    ),
    "GitHub by a comment's event": (
        GITHUB,
        event(issue={"number": 7, "pull_request": {}}),
        PullRequestOptions(),
        GITHUB_TARGET,
    ),
    "GitHub by a workflow run's event": (
        GITHUB,
        event(workflow_run={"pull_requests": [{"number": 7}]}),
        PullRequestOptions(),
        GITHUB_TARGET,
    ),
    "GitHub Enterprise Server": (
        GITHUB
        | {
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_SERVER_URL": "https://ghe.example.com",
            "GITHUB_API_URL": "https://ghe.example.com/api/v3",
        },
        "",
        PullRequestOptions(),
        PullRequest(
            Host.GITHUB,
            "https://ghe.example.com/api/v3",
            "acme/keys",
            7,
            "https://ghe.example.com/acme/keys/pull/7",
        ),
    ),
    "GitLab": (
        GITLAB,
        "",
        PullRequestOptions(),
        PullRequest(
            Host.GITLAB,
            "https://git.example.com/api/v4",
            "9",
            7,
            "https://git.example.com/fork/keys/-/merge_requests/7",
        ),
    ),
    "GitLab, where the pipeline runs in a fork": (
        GITLAB
        | {
            "CI_MERGE_REQUEST_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_PROJECT_URL": "https://git.example.com/acme/keys",
        },
        "",
        PullRequestOptions(),
        PullRequest(
            Host.GITLAB,
            "https://git.example.com/api/v4",
            "5",
            7,
            "https://git.example.com/acme/keys/-/merge_requests/7",
        ),
    ),
    "Bitbucket Pipelines": (
        BITBUCKET,
        "",
        PullRequestOptions(),
        PullRequest(Host.BITBUCKET, "https://api.bitbucket.org/2.0", "acme/keys", 7),
    ),
    "Jenkins, with GitHub": (
        {"CHANGE_ID": "7", "CHANGE_URL": "https://github.com/acme/keys/pull/7"},
        "",
        PullRequestOptions(),
        GITHUB_TARGET,
    ),
    "Jenkins, with a self-hosted GitLab": (
        {"CHANGE_ID": "7", "CHANGE_URL": "https://git.example.com/a/b/keys/-/merge_requests/7"},
        "",
        PullRequestOptions(),
        PullRequest(
            Host.GITLAB,
            "https://git.example.com/api/v4",
            "a/b/keys",
            7,
            "https://git.example.com/a/b/keys/-/merge_requests/7",
        ),
    ),
    "Jenkins, with Bitbucket Data Center below a path": (
        {
            "CHANGE_ID": "7",
            "CHANGE_URL": "https://git.example.com/stash/projects/KEY/repos/keys/pull-requests/7",
        },
        "",
        PullRequestOptions(),
        PullRequest(
            Host.BITBUCKET,
            "https://git.example.com/stash/rest/api/1.0",
            "KEY/keys",
            7,
            "https://git.example.com/stash/projects/KEY/repos/keys/pull-requests/7",
        ),
    ),
    "all from options": (
        {},
        "",
        PullRequestOptions(Host.GITLAB, "https://git.example.com", "a/b", 7),
        PullRequest(Host.GITLAB, "https://git.example.com/api/v4", "a/b", 7),
    ),
    "options for a public host": (
        {},
        "",
        PullRequestOptions(Host.GITHUB, None, "acme/keys", 7),
        PullRequest(Host.GITHUB, "https://api.github.com", "acme/keys", 7),
    ),
    "an option goes before the environment": (
        GITHUB | {"GITHUB_REF": "refs/pull/7/merge"},
        "",
        PullRequestOptions(number=8),
        PullRequest(Host.GITHUB, "https://api.github.com", "acme/keys", 8),
    ),
    "GitHub in a merge queue": (
        GITHUB
        | {"GITHUB_REF": f"refs/heads/gh-readonly-queue/release/1/pr-7-{SHA}", "GITHUB_SHA": SHA},
        event(merge_group={}),
        PullRequestOptions(),
        GITHUB_TARGET,
    ),
    "GitHub after a merge": (
        GITHUB | {"GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_NAME": "push", "GITHUB_SHA": SHA},
        event(ref="refs/heads/main"),
        PullRequestOptions(),
        PullRequest(
            Host.GITHUB,
            "https://api.github.com",
            "acme/keys",
            0,
            "https://github.com/acme/keys/pull/",
            SHA,
        ),
    ),
    "GitLab's pipeline of a branch with an open request": (
        GITLAB
        | {
            "CI_MERGE_REQUEST_IID": "",
            "CI_COMMIT_BRANCH": "rename",
            "CI_DEFAULT_BRANCH": "main",
            "CI_SERVER_URL": "https://git.example.com",
            "CI_PROJECT_PATH": "acme/keys",
            "CI_COMMIT_SHA": SHA,
            "CI_OPEN_MERGE_REQUESTS": "other/keys!3,acme/keys!7",
        },
        "",
        PullRequestOptions(),
        PullRequest(
            Host.GITLAB,
            "https://git.example.com/api/v4",
            "acme/keys",
            7,
            "https://git.example.com/acme/keys/-/merge_requests/7",
        ),
    ),
    "GitHub's repository, built by Azure": (
        AZURE
        | {
            "BUILD_REPOSITORY_PROVIDER": "GitHub",
            "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "7",
            "BUILD_REPOSITORY_URI": "https://github.com/acme/keys.git",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "1234567",
        },
        "",
        PullRequestOptions(),
        GITHUB_TARGET,
    ),
    "GitHub's repository, built by Azure after a merge": (
        AZURE
        | {
            "BUILD_REPOSITORY_PROVIDER": "GitHub",
            "BUILD_REPOSITORY_URI": "https://github.com/acme/keys",
        },
        "",
        PullRequestOptions(),
        PullRequest(Host.GITHUB, "https://api.github.com", "acme/keys", 0, "", SHA),
    ),
    "Azure Repos": (
        AZURE | {"SYSTEM_PULLREQUEST_PULLREQUESTID": "7"},
        "",
        PullRequestOptions(),
        PullRequest(
            Host.AZURE,
            "https://dev.azure.com/acme",
            "My Keys/jwks",
            7,
            "https://dev.azure.com/acme/My%20Keys/_git/jwks/pullrequest/7",
        ),
    ),
    **{
        f"Jenkins on a branch of {remote}": (
            {"JENKINS_URL": "https://ci/", "GIT_URL": remote, "GIT_COMMIT": SHA},
            "",
            PullRequestOptions(),
            PullRequest(host, api, "acme/keys", 0, "", SHA),
        )
        for remote, host, api in (
            ("https://github.com/acme/keys.git", Host.GITHUB, "https://api.github.com"),
            ("git@github.com:acme/keys.git", Host.GITHUB, "https://api.github.com"),
            (
                "ssh://git@gitlab.acme.com:2222/acme/keys",
                Host.GITLAB,
                "https://gitlab.acme.com/api/v4",
            ),
            (
                "https://bitbucket.acme.com/scm/acme/keys.git",
                Host.BITBUCKET,
                "https://bitbucket.acme.com/rest/api/1.0",
            ),
        )
    },
    "another host than the environment's takes nothing from it": (
        GITHUB | {"GITHUB_REF": "refs/pull/7/merge"},
        "",
        PullRequestOptions(Host.BITBUCKET, None, "a/b", 9),
        PullRequest(Host.BITBUCKET, "https://api.bitbucket.org/2.0", "a/b", 9),
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_the_pull_request_is_found(case: str) -> None:
    environment, payload, options, target = FOUND[case]
    assert find_pull_request(options, environment, payload) == target


SCHEDULED = {
    "GitHub": GITHUB | {"GITHUB_EVENT_NAME": "schedule", "GITHUB_SHA": SHA},
    "GitLab": GITLAB
    | {"CI_MERGE_REQUEST_IID": "", "CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_SHA": SHA},
    "Azure": AZURE | {"BUILD_REASON": "Schedule"},
}


@pytest.mark.parametrize("environment", SCHEDULED.values(), ids=SCHEDULED)
def test_what_a_schedule_finds_is_not_told_on_an_old_pull_request(
    environment: dict[str, str],
) -> None:
    with pytest.raises(NoPullRequestError):
        find_pull_request(PullRequestOptions(), environment)


NOT_FOUND: dict[str, tuple[dict[str, str], str, PullRequestOptions, str]] = {
    "no pipeline at all": ({}, "", PullRequestOptions(), "Nothing says where"),
    "Jenkins on a branch": (
        {"JENKINS_URL": "https://ci/"},
        "",
        PullRequestOptions(),
        "Nothing says where",
    ),
    "Jenkins with another kind of page": (
        {"CHANGE_URL": "https://gerrit.example.com/c/keys/+/7"},
        "",
        PullRequestOptions(),
        "Nothing says where",
    ),
    "GitHub on a branch": (
        GITHUB | {"GITHUB_REF": "refs/heads/main"},
        event(ref="refs/heads/main"),
        PullRequestOptions(),
        "not of a pull",
    ),
    "GitHub on a tag that looks like it": (
        GITHUB | {"GITHUB_REF": "refs/tags/refs/pull/7/merge"},
        "",
        PullRequestOptions(),
        "not of a pull",
    ),
    "GitHub on an issue": (
        GITHUB,
        event(issue={"number": 7}),
        PullRequestOptions(),
        "not of a pull",
    ),
    "GitHub with an event that is cut off": (GITHUB, "{", PullRequestOptions(), "not of a pull"),
    "GitHub with an event nested too deeply": (
        GITHUB,
        "[" * 100_000,
        PullRequestOptions(),
        "not of a pull",
    ),
    "GitHub with an event of another kind": (
        GITHUB,
        event(workflow_run={"pull_requests": []}),
        PullRequestOptions(),
        "not of a pull",
    ),
    "a number that is none": (
        GITHUB,
        event(pull_request={"number": "7/../8"}),
        PullRequestOptions(),
        "not of a pull",
    ),
    "GitLab on a branch": (
        GITLAB | {"CI_MERGE_REQUEST_IID": ""},
        "",
        PullRequestOptions(),
        "not of a pull",
    ),
    "a repository that is none": (
        {},
        "",
        PullRequestOptions(Host.GITHUB, None, "keys", 7),
        "no usable",
    ),
    "a repository that climbs": (
        {},
        "",
        PullRequestOptions(Host.GITLAB, None, "a/../b", 7),
        "no usable",
    ),
    "a repository that queries": (
        {},
        "",
        PullRequestOptions(Host.GITHUB, None, "a/b?c", 7),
        "no usable",
    ),
    "no repository": ({}, "", PullRequestOptions(Host.BITBUCKET, None, None, 7), "no usable"),
    "a URL with a password": (
        {},
        "",
        PullRequestOptions(Host.GITHUB, "https://me:pass-word@git.example.com", "a/b", 7),
        "The URL of github",
    ),
}


@pytest.mark.parametrize("case", NOT_FOUND)
def test_what_is_missing_is_told(case: str) -> None:
    environment, payload, options, words = NOT_FOUND[case]
    with pytest.raises(UsageError, match=words) as caught:
        find_pull_request(options, environment, payload)
    assert caught.value.fix
    assert "pass-word" not in str(caught.value)


APIS = {
    "github.com": (Host.GITHUB, "https://github.com/", "https://api.github.com"),
    "its API": (Host.GITHUB, "https://api.github.com", "https://api.github.com"),
    "a server": (Host.GITHUB, "https://ghe.example.com", "https://ghe.example.com/api/v3"),
    "a server's API": (
        Host.GITHUB,
        "https://ghe.example.com/api/v3/",
        "https://ghe.example.com/api/v3",
    ),
    "data residency": (Host.GITHUB, "https://acme.ghe.com", "https://api.acme.ghe.com"),
    "its own API": (Host.GITHUB, "https://api.acme.ghe.com", "https://api.acme.ghe.com"),
    "gitlab.com": (Host.GITLAB, "https://gitlab.com", "https://gitlab.com/api/v4"),
    "GitLab below a path": (
        Host.GITLAB,
        "https://example.com:8443/git/",
        "https://example.com:8443/git/api/v4",
    ),
    "bitbucket.org": (Host.BITBUCKET, "https://bitbucket.org", "https://api.bitbucket.org/2.0"),
    "Data Center": (
        Host.BITBUCKET,
        "http://10.0.0.5:7990",
        "http://10.0.0.5:7990/rest/api/1.0",
    ),
    "Data Center's newest API": (
        Host.BITBUCKET,
        "https://git.example.com/rest/api/latest",
        "https://git.example.com/rest/api/latest",
    ),
}


@pytest.mark.parametrize("case", APIS)
def test_where_a_host_s_api_is(case: str) -> None:
    host, address, url = APIS[case]
    assert api_url(host, address) == url


@pytest.mark.parametrize(
    "address",
    [
        "",
        "git.example.com",
        "ftp://git.example.com",
        "https://",
        "https://git.example.com:0",
        "https://git.example.com:99999",
        "https://git.example.com?x=1",
        "https://git.example.com#x",
        "https://[::1",
        "https://git.example.com\nx",
        "https://git.example.com\\@evil.example",
        "https://gït.example.com",
    ],
)
def test_an_address_that_is_no_usable_url_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="not http:// or https://"):
        api_url(Host.GITHUB, address)
    assert read_page(address) is None


PAGES = {
    "a pull request's tab": (
        "https://github.com/acme/keys/pull/7/files",
        Page(
            Host.GITHUB,
            "https://github.com",
            "acme/keys",
            7,
            "https://github.com/acme/keys/pull/7",
        ),
    ),
    "an older GitLab": (
        "https://git.example.com/acme/keys/merge_requests/7",
        Page(
            Host.GITLAB,
            "https://git.example.com",
            "acme/keys",
            7,
            "https://git.example.com/acme/keys/merge_requests/7",
        ),
    ),
    "Bitbucket Cloud": (
        "https://bitbucket.org/acme/keys/pull-requests/7",
        Page(
            Host.BITBUCKET,
            "https://bitbucket.org",
            "acme/keys",
            7,
            "https://bitbucket.org/acme/keys/pull-requests/7",
        ),
    ),
    "a person's repository": (
        "https://git.example.com/users/jane/repos/keys/pull-requests/7/overview",
        Page(
            Host.BITBUCKET,
            "https://git.example.com",
            "~jane/keys",
            7,
            "https://git.example.com/users/jane/repos/keys/pull-requests/7",
        ),
    ),
    "something else": ("https://github.com/acme/keys/issues/7", None),
    "something longer": ("https://github.com/acme/keys/pull/7/x/y", None),
}


@pytest.mark.parametrize("case", PAGES)
def test_what_the_address_of_a_page_says(case: str) -> None:
    address, page = PAGES[case]
    assert read_page(address) == page


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("https://git.example.com", False),
        ("http://localhost:1", False),
        ("http://127.0.0.2", False),
        ("http://[::1]:1", False),
        ("http://git.example.com", True),
        ("http://10.0.0.1", True),
    ],
)
def test_a_token_sent_unprotected_is_told(url: str, warned: bool) -> None:
    assert (plain_http_warning(url) is not None) is warned


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    read_page(text)
    with suppress(UsageError):
        api_url(Host.GITLAB, text)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_environment_gives_a_target_or_a_usage_error(one: str, other: str) -> None:
    environment = GITHUB | {"GITHUB_REPOSITORY": one, "GITHUB_REF": other, "GITHUB_API_URL": other}
    for options in (PullRequestOptions(), PullRequestOptions(Host.GITLAB, None, one, 7)):
        try:
            target = find_pull_request(options, environment, other)
        except UsageError:
            continue
        assert set(segments(target.repository)) <= set(target.repository)
        assert ".." not in target.repository.split("/")
