"""GitHub's comments on issues, of which pull requests are some; also GitHub Enterprise Server."""

from __future__ import annotations

from functools import cached_property

import httpx
from msgspec import Struct

from reconciler.code_hosts.addresses import segments
from reconciler.code_hosts.client import CodeHostClient, decoded, query_of
from reconciler.code_hosts.model import Comment, DeniedError, PullRequest
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

    def author(self) -> str:
        """Our login, in lower case; an app's ends in ``[bot]``."""
        return self._login

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
        except (DeniedError, GatewayError):
            return _ACTIONS
        viewer = reply.data.viewer if reply.data else None
        login = viewer.login.lower() if viewer else ""
        return f"{login.removesuffix(_BOT)}{_BOT}" if login else _ACTIONS

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
        return decoded(self._client.create(self._path, {"body": text}), _Comment).comment()

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one."""
        path = f"{self._repository}/issues/comments/{comment.id}"
        response = self._client.write("PATCH", path, {"body": text})
        return decoded(response, _Comment).comment()


def _next(response: Response) -> Query | None:
    """The query of the ``Link`` header's URL with the relation ``next`` (RFC 8288)."""
    links = httpx.Response(200, headers={"link": response.header("link")}).links
    url = links.get("next", {}).get("url", "")
    return query_of(url) if url else None
