"""GitHub's comments on issues, of which pull requests are some; also GitHub Enterprise Server."""

from __future__ import annotations

from functools import cached_property

import httpx
from msgspec import Struct

from reconciler.code_hosts.addresses import segments
from reconciler.code_hosts.client import CodeHostClient, decoded, query_of
from reconciler.code_hosts.model import Comment, DeniedError, LostError, Merged, PullRequest
from reconciler.errors import GatewayError
from reconciler.http.client import Query, Response

_WHO = {"query": "query { viewer { login } }"}
_BOT = "[bot]"
_ACTIONS = f"github-actions{_BOT}"
"""Who the token is that a workflow of GitHub Actions is given."""


class _User(Struct):
    login: str = ""


class _Comment(Struct):
    id: int
    body: str | None = None
    html_url: str = ""
    user: _User | None = None

    def comment(self) -> Comment:
        login = self.user.login if self.user else ""
        return Comment(self.id, login.lower(), self.body or "", self.html_url)


class _Request(Struct):
    number: int
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    html_url: str = ""


class _Viewer(Struct):
    viewer: _User | None = None


class _Graphql(Struct):
    data: _Viewer | None = None


class GithubComments:
    """The comments of one pull request; see ``CommentsApi``."""

    def __init__(self, client: CodeHostClient, request: PullRequest) -> None:
        self._client = client
        self._repository = f"/repos/{segments(request.repository)}"
        self._path = f"{self._repository}/issues/{request.number}/comments"
        self._known = True
        self._posted_by = ""

    def author(self) -> str:
        """Our login, in lower case; an app's ends in ``[bot]``.

        A token that may ask nowhere is told by the answer to its first comment; until then it is
        taken for that of GitHub Actions.
        """
        return self._posted_by or self._login

    @cached_property
    def _login(self) -> str:
        try:
            return decoded(self._client.read("/user"), _User).login.lower()
        except DeniedError:
            return self._app()

    def _app(self) -> str:
        """The login of an app's token, which only GraphQL tells it."""
        graphql = self._client.at(f"{self._client.base_url.removesuffix('/v3')}/graphql")
        try:
            reply = decoded(graphql.write("POST", "", _WHO), _Graphql)
            viewer = reply.data.viewer if reply.data else None
        except (DeniedError, GatewayError):
            viewer = None
        if viewer is None or not viewer.login:
            self._known = False
            return _ACTIONS
        return f"{viewer.login.lower().removesuffix(_BOT)}{_BOT}"

    def comments(self) -> list[Comment]:
        """All of them, the oldest first."""
        found = [
            item.comment()
            for page in self._client.pages(self._path, {"per_page": 100}, _next)
            for item in decoded(page, list[_Comment])
        ]
        return sorted(found, key=lambda comment: comment.id)

    def create(self, text: str) -> Comment:
        """Post one."""
        try:
            created = decoded(self._client.create(self._path, {"body": text}), _Comment).comment()
        except LostError:
            # Who we are would have been in the answer: ours is the one that says just this.
            found = [] if self._known else [one for one in self.comments() if one.text == text]
            if not found:
                raise
            created = found[-1]
        if not self._known:
            self._posted_by = created.author
        return created

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one."""
        path = f"{self._repository}/issues/comments/{comment.id}"
        response = self._client.write("PATCH", path, {"body": text})
        return decoded(response, _Comment).comment()


def merged_request(client: CodeHostClient, request: PullRequest) -> Merged | None:
    """The pull request that a commit was merged with; None where there is none."""
    path = f"/repos/{segments(request.repository)}/commits/{request.commit}/pulls"
    found = [
        item
        for page in client.pages(path, {"per_page": 100}, _next)
        for item in decoded(page, list[_Request])
        if item.merged_at
    ]
    # A commit of a merged branch belongs to every later pull request that holds it, too.
    found.sort(key=lambda item: item.merge_commit_sha != request.commit)
    return next((Merged(item.number, item.html_url) for item in found), None)


def _next(response: Response) -> Query | None:
    """The query of the ``Link`` header's URL with the relation ``next`` (RFC 8288)."""
    links = httpx.Response(200, headers={"link": response.header("link")}).links
    url = links.get("next", {}).get("url", "")
    return query_of(url) if url else None
