"""From a pull request to its comments: opens the way to its host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.code_hosts.addresses import is_loopback
from reconciler.code_hosts.bitbucket_cloud import BitbucketCloudThread
from reconciler.code_hosts.bitbucket_server import BitbucketServerThread
from reconciler.code_hosts.edge import open_client
from reconciler.code_hosts.github import GithubThread
from reconciler.code_hosts.gitlab import GitlabThread
from reconciler.code_hosts.line import Line, Pace
from reconciler.code_hosts.model import Host, PullRequest, Thread
from reconciler.code_hosts.tokens import Proof

_OF_HOST: dict[Host, tuple[str, Callable[[Line, PullRequest], Thread]]] = {
    Host.GITHUB: ("GitHub", GithubThread),
    Host.GITLAB: ("GitLab", GitlabThread),
    Host.BITBUCKET: ("Bitbucket", BitbucketServerThread),
}
_CLOUD = "/2.0"
"""What the URL of Bitbucket Cloud's API ends in, and no other's."""


@contextmanager
def open_thread(
    target: PullRequest, proof: Proof, *, ca_file: Path | None = None, pace: Pace | None = None
) -> Iterator[Thread]:
    """The comments of a pull request; nothing is sent yet.

    Raises:
        UsageError: the CA file or a proxy variable can't be used.
    """
    name, thread = _OF_HOST[target.host]
    if target.host is Host.BITBUCKET and target.api.endswith(_CLOUD):
        thread = BitbucketCloudThread
    with open_client(ca_file, proxies=not is_loopback(target.api)) as client:
        yield thread(Line(name, target.api, client, proof, pace or Pace()), target)
