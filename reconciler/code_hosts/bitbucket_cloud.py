"""Bitbucket Cloud's comments on pull requests, of its API 2.0."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from reconciler.code_hosts.addresses import segments
from reconciler.code_hosts.client import CodeHostClient, decoded, query_of
from reconciler.code_hosts.model import Comment, DeniedError, Merged, PullRequest
from reconciler.http.client import Query, Response


class _User(Struct):
    uuid: str = ""


class _Content(Struct):
    raw: str | None = None


class _Link(Struct):
    href: str = ""


class _Links(Struct):
    html: _Link | None = None


class _Comment(Struct):
    id: int
    user: _User | None = None
    content: _Content | None = None
    links: _Links | None = None
    deleted: bool | None = None
    inline: object = None

    def comment(self) -> Comment:
        html = self.links.html if self.links else None
        return Comment(
            self.id,
            self.user.uuid if self.user else "",
            (self.content.raw if self.content else None) or "",
            html.href if html else "",
        )


class _Page(Struct):
    values: list[_Comment]
    next: str = ""


class _Request(Struct):
    id: int
    state: str = "MERGED"
    links: _Links | None = None


class _Requests(Struct):
    values: list[_Request] = []


class BitbucketCloudComments:
    """The comments of one pull request; see ``CommentsApi``."""

    def __init__(self, client: CodeHostClient, request: PullRequest) -> None:
        self._client = client
        repository = segments(request.repository)
        self._path = f"/repositories/{repository}/pullrequests/{request.number}/comments"

    def author(self) -> str | None:
        """Our UUID; a repository's access token may not ask for it."""
        return self._uuid

    @cached_property
    def _uuid(self) -> str | None:
        try:
            return decoded(self._client.read("/user"), _User).uuid or None
        except DeniedError:
            return None

    def comments(self) -> list[Comment]:
        """All of them that are not deleted, and not on a line of the changes; the oldest first."""
        found = [
            item.comment()
            for page in self._client.pages(self._path, {"pagelen": 100}, _next)
            for item in decoded(page, _Page).values
            if not item.deleted and item.inline is None
        ]
        return sorted(found, key=lambda comment: comment.id)

    def create(self, text: str) -> Comment:
        """Post one."""
        return decoded(self._client.create(self._path, _body(text)), _Comment).comment()

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one."""
        path = f"{self._path}/{comment.id}"
        return decoded(self._client.write("PUT", path, _body(text)), _Comment).comment()


def merged_request(client: CodeHostClient, request: PullRequest) -> Merged | None:
    """The pull request that a commit was merged with; None where there is none."""
    path = f"/repositories/{segments(request.repository)}/commit/{request.commit}/pullrequests"
    for item in decoded(client.read(path), _Requests).values:
        if item.state == "MERGED":
            html = item.links.html if item.links else None
            return Merged(item.id, html.href if html else "")
    return None


def _body(text: str) -> dict[str, object]:
    return {"content": {"raw": text}}


def _next(response: Response) -> Query | None:
    url = decoded(response, _Page).next
    return query_of(url) if url else None
