"""Azure Repos' threads on pull requests, of its REST API 7.0; ours have one comment each."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from reconciler.code_hosts.addresses import segments
from reconciler.code_hosts.client import CodeHostClient, decoded
from reconciler.code_hosts.model import Comment, DeniedError, Merged, PullRequest
from reconciler.http.client import Query

_VERSION: Query = {"api-version": "7.0"}


class _User(Struct):
    id: str = ""


class _Connection(Struct, rename="camel"):
    authenticated_user: _User | None = None


class _Comment(Struct, rename="camel"):
    id: int
    author: _User | None = None
    content: str | None = None
    is_deleted: bool | None = None


class _Thread(Struct, rename="camel"):
    id: int
    comments: list[_Comment] = []
    thread_context: object = None
    is_deleted: bool | None = None


class _Threads(Struct):
    value: list[_Thread]


class _Request(Struct, rename="camel"):
    pull_request_id: int
    status: str = ""


class _Found(Struct):
    results: list[dict[str, list[_Request]]] = []


class AzureReposComments:
    """The threads of one pull request, each by its first comment; see ``CommentsApi``."""

    def __init__(self, client: CodeHostClient, request: PullRequest) -> None:
        self._client = client
        self._page = request.page
        self._path = f"{_repository(request)}/pullRequests/{request.number}/threads"

    def author(self) -> str | None:
        """Our identity's id; None where it is not told."""
        return self._id

    @cached_property
    def _id(self) -> str | None:
        try:
            connection = decoded(self._client.read("/_apis/connectionData"), _Connection)
        except DeniedError:
            return None
        return connection.authenticated_user.id if connection.authenticated_user else None

    def comments(self) -> list[Comment]:
        """The first of each thread that is not on a line of the changes; the oldest first."""
        threads = decoded(self._client.read(self._path, _VERSION), _Threads).value
        found = [
            self._comment(thread.id, thread.comments[0])
            for thread in threads
            if thread.comments and thread.thread_context is None and not thread.is_deleted
            if not thread.comments[0].is_deleted
        ]
        return sorted(found, key=lambda comment: comment.id)

    def create(self, text: str) -> Comment:
        """Post one, in a thread that is closed: an open one may keep the request from merging."""
        comments = [{"parentCommentId": 0, "content": text, "commentType": 1}]
        body = {"comments": comments, "status": "closed"}
        thread = decoded(self._client.create(self._path, body, _VERSION), _Thread)
        [comment] = thread.comments
        return self._comment(thread.id, comment)

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one."""
        path = f"{self._path}/{comment.id}/comments/{comment.version}"
        response = self._client.write("PATCH", path, {"content": text}, query=_VERSION)
        return self._comment(comment.id, decoded(response, _Comment))

    def _comment(self, thread: int, comment: _Comment) -> Comment:
        return Comment(
            thread,
            comment.author.id if comment.author else "",
            comment.content or "",
            f"{self._page}?discussionId={thread}" if self._page else "",
            comment.id,
        )


def merged_request(client: CodeHostClient, request: PullRequest) -> Merged | None:
    """The pull request that a commit was merged with; None where there is none."""
    query = {"queries": [{"type": 1, "items": [request.commit]}]}
    path = f"{_repository(request)}/pullrequestquery"
    found = decoded(client.write("POST", path, query, query=_VERSION), _Found)
    for result in found.results:
        for requests in result.values():
            for one in requests:
                if one.status in {"", "completed"}:
                    return Merged(one.pull_request_id)
    return None


def _repository(request: PullRequest) -> str:
    project, name = map(segments, request.repository.split("/"))
    return f"/{project}/_apis/git/repositories/{name}"
