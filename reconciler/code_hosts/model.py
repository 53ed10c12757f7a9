"""Values: hosts, a pull request, its comments, and what became of ours."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from reconciler.errors import AuthError, GatewayError, UsageError


class Host(StrEnum):
    """Whose API is spoken."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    AZURE = "azure"


class PullRequest(Struct, frozen=True):
    """One pull or merge request.

    Attributes:
        host: whose API is spoken there.
        api: base URL of that API, without a slash at its end.
        repository: ``owner/name``; for GitLab also a number, or a path of any depth; for Azure
            ``project/name``.
        number: the request's number in its repository; 0 where it has to be found by ``commit``.
        page: the request's page for people; empty where it is not known.
        commit: what the request was merged as, where the run is of a branch.
    """

    host: Host
    api: str
    repository: str
    number: int
    page: str = ""
    commit: str = ""


class Merged(Struct, frozen=True):
    """A pull request that was merged; ``page`` is empty where the host does not say."""

    number: int
    page: str = ""


class NoPullRequestError(UsageError):
    """The run is of no pull request."""


class Comment(Struct, frozen=True):
    """One comment on a pull request, not on a line of its changes.

    Attributes:
        id: grows with time on every host.
        author: whom the host names as its author, in the form ``CommentsApi.author`` has.
        text: Markdown, as it was posted.
        url: its place on the pull request's page; empty where it is not known.
        version: what an update has to name, where the host counts them.
    """

    id: int
    author: str
    text: str
    url: str = ""
    version: int = 0


class Action(StrEnum):
    """What became of the comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """It says so already."""
    NOTHING = "nothing"
    """There is none, and none was to be created."""
    FORBIDDEN = "forbidden"
    """The token may not write it."""
    NEWER = "newer"
    """It is of a newer run, and stays."""
    NO_PULL_REQUEST = "no-pull-request"
    """The run is of none."""


class Posted(Struct, frozen=True):
    """How a comment was posted.

    Attributes:
        action: what became of it.
        url: where it stands; empty where it does not, or the host does not say.
        message: the host's reason where it is forbidden; hostile text, not escaped.
        superseded: how many later comments of ours now only refer to it.
        id: the kept comment's; 0 where there is none.
    """

    action: Action
    url: str = ""
    message: str = ""
    superseded: int = 0
    id: int = 0


class DeniedError(AuthError):
    """A valid token may not do this.

    Args:
        what: what is wrong.
        fix: what to do.
        message: the host's words.
        gone: whether it may also be that the comment is not there any more.
    """

    def __init__(self, what: str, *, fix: str, message: str, gone: bool = False) -> None:
        super().__init__(what, why="Without this permission there is no comment", fix=fix)
        self.message = message
        self.gone = gone


class OutdatedError(AuthError):
    """Our comment shows an earlier run's result, and the token may not change it."""


class LostError(GatewayError):
    """A comment was sent, and no answer says whether it was created."""


class CommentsApi(Protocol):
    """The comments of one pull request."""

    def author(self) -> str | None:
        """Who we are there; None where the host tells nobody, but lets only authors edit."""
        ...

    def comments(self) -> list[Comment]:
        """All of them, of all pages, the oldest first."""
        ...

    def create(self, text: str) -> Comment:
        """Post one.

        Raises:
            DeniedError: the token may not.
            LostError: nobody knows whether it is there now.
        """
        ...

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one.

        Raises:
            DeniedError: the token may not, or it is not there any more.
        """
        ...
