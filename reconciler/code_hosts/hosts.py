"""The code hosts there are, and opening the comments of a pull request on one of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from reconciler.code_hosts.bitbucket_cloud import BitbucketCloudComments
from reconciler.code_hosts.bitbucket_server import BitbucketServerComments
from reconciler.code_hosts.client import LONGEST_WAIT, CodeHostClient
from reconciler.code_hosts.credentials import HostCredentials
from reconciler.code_hosts.github import GithubComments
from reconciler.code_hosts.gitlab import GitlabComments
from reconciler.code_hosts.model import CommentsApi, Host, PullRequest
from reconciler.http.client import TransportOptions, open_client
from reconciler.http.retries import RetryPolicy


class HostRow(Struct, frozen=True):
    """One host.

    Attributes:
        name: what messages call it.
        comments: its API of comments.
        limit: how long a comment may be, in characters; Bitbucket counts those outside the BMP
            twice.
        shows_html: whether its comments may fold and hide; Bitbucket shows tags as text.
    """

    name: str
    comments: Callable[[CodeHostClient, PullRequest], CommentsApi]
    limit: int
    shows_html: bool


HOSTS = {
    Host.GITHUB: HostRow("GitHub", GithubComments, 65_536, shows_html=True),
    Host.GITLAB: HostRow("GitLab", GitlabComments, 1_000_000, shows_html=True),
    Host.BITBUCKET: HostRow("Bitbucket", BitbucketServerComments, 32_768, shows_html=False),
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
    """The comments of a pull request; nothing is sent yet.

    Raises:
        UsageError: the CA file or a proxy variable can't be used.
    """
    row = HOSTS[request.host]
    comments = row.comments
    if request.host is Host.BITBUCKET and request.api.endswith(_CLOUD):
        comments = BitbucketCloudComments
    with open_client(request.api, options) as client:
        yield comments(CodeHostClient(row.name, client, credentials, retries, options.now), request)


def host_retries(
    wait: Callable[[float], bool], jitter: Callable[[], float] = random.random
) -> RetryPolicy:
    """When requests to a code host are sent again; one that asks for too much is given up."""
    return RetryPolicy(wait, jitter, longest_wait=LONGEST_WAIT, patient=False)
