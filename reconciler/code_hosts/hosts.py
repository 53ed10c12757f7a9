"""The code hosts there are, and opening the comments of a pull request on one of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from reconciler.code_hosts import azure_repos, bitbucket_cloud, bitbucket_server, github, gitlab
from reconciler.code_hosts.client import LONGEST_WAIT, CodeHostClient
from reconciler.code_hosts.credentials import HostCredentials
from reconciler.code_hosts.model import (
    CommentsApi,
    Host,
    Merged,
    NoPullRequestError,
    PullRequest,
)
from reconciler.http.client import TransportOptions, open_client
from reconciler.http.retries import RetryPolicy


class HostRow(Struct, frozen=True):
    """One host.

    Attributes:
        name: what messages call it.
        comments: its API of comments.
        merged_request: finds the pull request that a commit was merged with.
        limit: how long a comment may be, in characters; Bitbucket counts those outside the BMP
            twice.
        shows_html: whether its comments may fold and hide; Bitbucket shows tags as text.
    """

    name: str
    comments: Callable[[CodeHostClient, PullRequest], CommentsApi]
    merged_request: Callable[[CodeHostClient, PullRequest], Merged | None]
    limit: int
    shows_html: bool


HOSTS = {
    Host.GITHUB: HostRow(
        "GitHub", github.GithubComments, github.merged_request, 65_536, shows_html=True
    ),
    Host.GITLAB: HostRow(
        "GitLab", gitlab.GitlabComments, gitlab.merged_request, 1_000_000, shows_html=True
    ),
    Host.BITBUCKET: HostRow(
        "Bitbucket",
        bitbucket_server.BitbucketServerComments,
        bitbucket_server.merged_request,
        32_768,
        shows_html=False,
    ),
    Host.AZURE: HostRow(
        "Azure Repos",
        azure_repos.AzureReposComments,
        azure_repos.merged_request,
        150_000,
        shows_html=False,
    ),
}
_CLOUD = "/2.0"
"""What the URL of Bitbucket Cloud's API ends in, and no other's."""


@contextmanager
def open_comments(
    request: PullRequest,
    credentials: HostCredentials,
    retries: RetryPolicy,
    options: TransportOptions,
) -> Iterator[CommentsApi]:
    """The comments of a pull request; where only its commit is known, it is looked for.

    Raises:
        NoPullRequestError: the commit was merged with none.
        UsageError: the CA file or a proxy variable can't be used.
    """
    row = HOSTS[request.host]
    comments, merged_request = row.comments, row.merged_request
    if request.host is Host.BITBUCKET and request.api.endswith(_CLOUD):
        comments = bitbucket_cloud.BitbucketCloudComments
        merged_request = bitbucket_cloud.merged_request
    with open_client(request.api, options) as http:
        client = CodeHostClient(row.name, http, credentials, retries, options.now)
        if not request.number:
            found = merged_request(client, request)
            if found is None:
                raise NoPullRequestError(
                    f"No merged pull request is known for the commit {request.commit}",
                    why="There is nothing to comment on",
                    fix="Give --pull-request N, or --if-any where commits may come without one",
                )
            request = replace(request, number=found.number, page=found.page)
        yield comments(client, request)


def host_retries(
    wait: Callable[[float], bool], jitter: Callable[[], float] = random.random
) -> RetryPolicy:
    """When requests to a code host are sent again; one that asks for too much is given up."""
    return RetryPolicy(wait, jitter, longest_wait=LONGEST_WAIT, patient=False)
