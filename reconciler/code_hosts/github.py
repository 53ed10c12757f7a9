"""GitHub's comments on issues, of which pull requests are some; also GitHub Enterprise Server."""

from __future__ import annotations

from functools import cached_property

from reconciler.code_hosts import members
from reconciler.code_hosts.addresses import segments
from reconciler.code_hosts.line import Line
from reconciler.code_hosts.members import Object
from reconciler.code_hosts.model import Comment, DeniedError, PullRequest
from reconciler.code_hosts.paging import by_link, pages
from reconciler.errors import GatewayError

_WHO = {"query": "query { viewer { login } }"}
_BOT = "[bot]"
_ACTIONS = f"github-actions{_BOT}"
"""Who the token is that a workflow of GitHub Actions is given."""


class GithubThread:
    """The comments of one pull request; see ``Thread``."""

    def __init__(self, line: Line, target: PullRequest) -> None:
        self._line = line
        self._repository = f"/repos/{segments(target.repository)}"
        self._path = f"{self._repository}/issues/{target.number}/comments"

    def author(self) -> str:
        """Our login, in lower case; an app's ends in ``[bot]``."""
        return self._login

    @cached_property
    def _login(self) -> str:
        try:
            return members.text(members.body_of(self._line.read("/user")), "login").lower()
        except DeniedError:
            return self._app()

    def _app(self) -> str:
        """The login of an app's token, which only GraphQL tells it."""
        line = self._line.beside(f"{self._line.base.removesuffix('/v3')}/graphql")
        try:
            answer = members.body_of(line.ask("POST", "", _WHO))
        except (DeniedError, GatewayError):
            return _ACTIONS
        login = members.text(answer, "data", "viewer", "login").lower()
        return f"{login.removesuffix(_BOT)}{_BOT}" if login else _ACTIONS

    def comments(self) -> list[Comment]:
        """All of them, the oldest first."""
        found = [
            _comment(item)
            for page in pages(self._line, self._path, {"per_page": 100}, by_link)
            for item in members.as_objects(page.parsed())
        ]
        return sorted(found, key=lambda comment: comment.id)

    def create(self, text: str) -> Comment:
        """Post one."""
        return _comment(members.body_of(self._line.create(self._path, {"body": text})))

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one."""
        path = f"{self._repository}/issues/comments/{comment.id}"
        return _comment(members.body_of(self._line.ask("PATCH", path, {"body": text})))


def _comment(item: Object) -> Comment:
    return Comment(
        members.number(item, "id"),
        members.text(item, "user", "login").lower(),
        members.text(item, "body"),
        members.text(item, "html_url"),
    )
