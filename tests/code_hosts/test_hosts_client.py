from __future__ import annotations

import json

import httpx
import pytest
from fake_code_hosts import TOKEN

from reconciler.code_hosts.answers import error_message
from reconciler.code_hosts.credentials import find_credentials
from reconciler.code_hosts.model import DeniedError, Host
from reconciler.errors import AuthError
from reconciler.http.client import Response


@pytest.mark.parametrize(
    ("host", "environment", "headers"),
    [
        (Host.GITHUB, {"GITHUB_TOKEN": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}),
        (Host.GITHUB, {"GH_TOKEN": f" {TOKEN}\n"}, {"Authorization": f"Bearer {TOKEN}"}),
        (Host.GITHUB, {"GITHUB_TOKEN": "a", "GH_TOKEN": "b"}, {"Authorization": "Bearer a"}),
        (Host.GITLAB, {"GITLAB_TOKEN": TOKEN}, {"PRIVATE-TOKEN": TOKEN}),
        (Host.BITBUCKET, {"BITBUCKET_TOKEN": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}),
        (Host.AZURE, {"SYSTEM_ACCESSTOKEN": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}),
        (Host.AZURE, {"AZURE_DEVOPS_EXT_PAT": "a"}, {"Authorization": "Basic OmE="}),
        (
            Host.BITBUCKET,
            {"BITBUCKET_TOKEN": "b", "BITBUCKET_USERNAME": "a"},
            {"Authorization": "Basic YTpi"},
        ),
    ],
)
def test_the_token_comes_from_the_environment(
    host: Host, environment: dict[str, str], headers: dict[str, str]
) -> None:
    auth = find_credentials(host, environment).auth
    request = next(auth.auth_flow(httpx.Request("GET", "https://host")))
    assert {name: request.headers[name] for name in headers} == headers


VARIABLE = {
    Host.GITHUB: "GITHUB_TOKEN",
    Host.GITLAB: "GITLAB_TOKEN",
    Host.BITBUCKET: "BITBUCKET_TOKEN",
    Host.AZURE: "SYSTEM_ACCESSTOKEN",
}


@pytest.mark.parametrize("host", list(Host))
def test_a_missing_token_is_told_with_its_variable(host: Host) -> None:
    with pytest.raises(AuthError, match=VARIABLE[host]) as caught:
        find_credentials(host, {})
    assert caught.value.exit_code == 77


def test_the_token_of_a_gitlab_job_may_not_comment() -> None:
    with pytest.raises(DeniedError, match="CI_JOB_TOKEN"):
        find_credentials(Host.GITLAB, {"CI_JOB_TOKEN": "x"})


@pytest.mark.parametrize(
    "environment",
    [
        {"BITBUCKET_TOKEN": "se cret"},
        {"BITBUCKET_TOKEN": "sécret"},
        {"BITBUCKET_TOKEN": "secret", "BITBUCKET_USERNAME": "a:b"},
    ],
)
def test_a_token_that_can_t_be_sent_is_not_repeated(environment: dict[str, str]) -> None:
    with pytest.raises(AuthError) as caught:
        find_credentials(Host.BITBUCKET, environment)
    assert environment["BITBUCKET_TOKEN"] not in str(caught.value)


@pytest.mark.parametrize(
    ("parsed", "words"),
    [
        ({"message": "a"}, "a"),
        ({"message": "", "error": "a"}, "a"),
        ({"error": {"message": "a"}}, "a"),
        ({"errors": [{"message": "a"}, {"message": "b"}]}, "a (b)"),
        (
            {
                "message": "Validation Failed",
                "errors": [{"resource": "IssueComment", "field": "body", "code": "unprocessable"}],
            },
            "Validation Failed (body unprocessable)",
        ),
        (
            {"message": "Validation Failed", "errors": ["it is locked"]},
            "Validation Failed (it is locked)",
        ),
        ({"message": {"note": ["a"]}}, "a"),
        ({}, ""),
        ([], ""),
        (None, ""),
        (5, ""),
    ],
)
def test_the_words_of_a_failure(parsed: object, words: str) -> None:
    assert error_message(Response(400, body=json.dumps(parsed).encode())) == words
