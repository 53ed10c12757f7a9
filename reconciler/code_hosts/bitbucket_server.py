"""Bitbucket Data Center's comments on pull requests, of its REST API 1.0."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from reconciler.code_hosts.addresses import segments
from reconciler.code_hosts.client import CodeHostClient, decoded
from reconciler.code_hosts.model import Comment, Merged, PullRequest
from reconciler.http.client import Query, Response

_ATTEMPTS = 3
"""How often an update is tried with the version the comment has by then."""


class _User(Struct):
    name: str = ""


class _Comment(Struct):
    id: int
    version: int
    text: str | None = None
    author: _User | None = None


class _Activity(Struct, rename="camel"):
    action: str | None = None
    comment: _Comment | None = None
    comment_anchor: object = msgspec.UNSET


class _Page(Struct, rename="camel"):
    values: list[_Activity]
    is_last_page: bool = True
    next_page_start: int | None = None


class _Request(Struct):
    id: int
    state: str = ""


class _Requests(Struct):
    values: list[_Request] = []


class BitbucketServerComments:
    """The comments of one pull request; see ``CommentsApi``."""

    def __init__(self, client: CodeHostClient, request: PullRequest) -> None:
        self._client = client
        self._page = request.page
        owner, name = map(segments, request.repository.split("/"))
        self._request = f"/projects/{owner}/repos/{name}/pull-requests/{request.number}"

    def author(self) -> str | None:
        """Our user name, in lower case; every response names it, unless a proxy takes it out."""
        return self._username

    @cached_property
    def _username(self) -> str | None:
        named = unquote(self._client.read(self._request).header("x-ausername"))
        return (named or self._client.credentials.username).lower() or None

    def comments(self) -> list[Comment]:
        """All of them, the oldest first, out of everything that ever happened there."""
        found: dict[int, Comment] = {}
        for page in self._client.pages(f"{self._request}/activities", {"limit": 100}, _next):
            for item in decoded(page, _Page).values:
                # A comment on a line of the changes has an anchor; a reply is inside its comment.
                is_ours = item.action == "COMMENTED" and item.comment_anchor is msgspec.UNSET
                if is_ours and item.comment:
                    found[item.comment.id] = self._comment(item.comment)
        return [found[number] for number in sorted(found)]

    def create(self, text: str) -> Comment:
        """Post one."""
        response = self._client.create(f"{self._request}/comments", {"text": text})
        return self._comment(decoded(response, _Comment))

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one, of whatever version it is by then."""
        path = f"{self._request}/comments/{comment.id}"
        for left in reversed(range(_ATTEMPTS)):
            body = {"text": text, "version": comment.version}
            response = self._client.write("PUT", path, body, accept_conflict=left > 0)
            if response.status != 409:
                break
            comment = self._comment(decoded(self._client.read(path), _Comment))
        return self._comment(decoded(response, _Comment))

    def _comment(self, item: _Comment) -> Comment:
        return Comment(
            item.id,
            item.author.name.lower() if item.author else "",
            item.text or "",
            f"{self._page}/overview?commentId={item.id}" if self._page else "",
            item.version,
        )


def merged_request(client: CodeHostClient, request: PullRequest) -> Merged | None:
    """The pull request that a commit was merged with; None where there is none."""
    owner, name = map(segments, request.repository.split("/"))
    path = f"/projects/{owner}/repos/{name}/commits/{request.commit}/pull-requests"
    found = decoded(client.read(path), _Requests).values
    return next((Merged(item.id) for item in found if item.state == "MERGED"), None)


def _next(response: Response) -> Query | None:
    page = decoded(response, _Page)
    if page.is_last_page or page.next_page_start is None:
        return None
    return {"start": page.next_page_start}
