"""GitLab's notes on merge requests."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import quote

from msgspec import Struct

from reconciler.code_hosts.client import CodeHostClient, decoded
from reconciler.code_hosts.model import Comment, Merged, PullRequest
from reconciler.http.client import Query, Response

_OLDEST_FIRST: Query = {"per_page": 100, "order_by": "created_at", "sort": "asc"}


class _User(Struct):
    username: str = ""


class _Note(Struct):
    id: int
    body: str | None = None
    author: _User | None = None
    system: bool | None = None


class _Request(Struct):
    iid: int
    state: str = ""
    web_url: str = ""
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None


class GitlabComments:
    """The notes on one merge request; see ``CommentsApi``."""

    def __init__(self, client: CodeHostClient, request: PullRequest) -> None:
        self._client = client
        self._page = request.page
        project = quote(request.repository, safe="")
        self._path = f"/projects/{project}/merge_requests/{request.number}/notes"

    def author(self) -> str:
        """Our user name."""
        return self._username

    @cached_property
    def _username(self) -> str:
        return decoded(self._client.read("/user"), _User).username

    def comments(self) -> list[Comment]:
        """All of them, the oldest first; what GitLab itself noted is none."""
        found = [
            self._comment(item)
            for page in self._client.pages(self._path, _OLDEST_FIRST, _next)
            for item in decoded(page, list[_Note])
            if not item.system
        ]
        return sorted(found, key=lambda comment: comment.id)

    def create(self, text: str) -> Comment:
        """Post one."""
        return self._comment(decoded(self._client.create(self._path, {"body": text}), _Note))

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one."""
        path = f"{self._path}/{comment.id}"
        return self._comment(decoded(self._client.write("PUT", path, {"body": text}), _Note))

    def _comment(self, note: _Note) -> Comment:
        return Comment(
            note.id,
            note.author.username if note.author else "",
            note.body or "",
            f"{self._page}#note_{note.id}" if self._page else "",
        )


def merged_request(client: CodeHostClient, request: PullRequest) -> Merged | None:
    """The merge request that a commit was merged with; None where there is none."""
    project = quote(request.repository, safe="")
    path = f"/projects/{project}/repository/commits/{request.commit}/merge_requests"
    found = [
        item
        for page in client.pages(path, {"per_page": 100}, _next)
        for item in decoded(page, list[_Request])
        if item.state == "merged"
    ]
    found.sort(
        key=lambda item: request.commit not in {item.merge_commit_sha, item.squash_commit_sha}
    )
    return next((Merged(item.iid, item.web_url) for item in found), None)


def _next(response: Response) -> Query | None:
    """The number in ``X-Next-Page``, which is empty on the last page."""
    number = response.header("x-next-page").strip()
    return {"page": int(number)} if number.isascii() and number.isdigit() else None
