"""Bitbucket Data Center's comments on pull requests, of its REST API 1.0."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import unquote

from reconciler.code_hosts import members
from reconciler.code_hosts.addresses import segments
from reconciler.code_hosts.edge import Answer
from reconciler.code_hosts.line import Line
from reconciler.code_hosts.members import Object
from reconciler.code_hosts.model import Comment, PullRequest
from reconciler.code_hosts.paging import Query, pages

_VERSIONS = 3
"""How often an update is tried with the version the comment has by then."""
_CONFLICT = 409


class BitbucketServerThread:
    """The comments of one pull request; see ``Thread``."""

    def __init__(self, line: Line, target: PullRequest) -> None:
        self._line = line
        self._page = target.page
        owner, name = map(segments, target.repository.split("/"))
        self._request = f"/projects/{owner}/repos/{name}/pull-requests/{target.number}"

    def author(self) -> str | None:
        """Our user name, in lower case; every answer names it, unless a proxy takes it out."""
        return self._username

    @cached_property
    def _username(self) -> str | None:
        named = unquote(self._line.read(self._request).headers.get("x-ausername", ""))
        return (named or self._line.proof.username).lower() or None

    def comments(self) -> list[Comment]:
        """All of them, the oldest first, out of everything that ever happened there."""
        found: dict[int, Comment] = {}
        query: Query = {"limit": 100}
        for page in pages(self._line, f"{self._request}/activities", query, _next):
            for item in members.as_objects(members.body_of(page).get("values")):
                comment = item.get("comment")
                # A comment on a line of the changes has an anchor; a reply is inside its comment.
                if item.get("action") == "COMMENTED" and "commentAnchor" not in item and comment:
                    read = self._comment(members.as_object(comment))
                    found[read.id] = read
        return [found[number] for number in sorted(found)]

    def create(self, text: str) -> Comment:
        """Post one."""
        answer = self._line.create(f"{self._request}/comments", {"text": text})
        return self._comment(members.body_of(answer))

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one, of whatever version it is by then."""
        return self._put(comment, text, _VERSIONS)

    def _put(self, comment: Comment, text: str, left: int) -> Comment:
        path = f"{self._request}/comments/{comment.id}"
        body = {"text": text, "version": comment.version}
        answer = self._line.ask("PUT", path, body, also=_CONFLICT if left > 1 else None)
        if answer.status == _CONFLICT:
            fresh = self._comment(members.body_of(self._line.read(path)))
            return self._put(fresh, text, left - 1)
        return self._comment(members.body_of(answer))

    def _comment(self, item: Object) -> Comment:
        number = members.number(item, "id")
        return Comment(
            number,
            members.text(item, "author", "name").lower(),
            members.text(item, "text"),
            f"{self._page}/overview?commentId={number}" if self._page else "",
            members.number(item, "version"),
        )


def _next(answer: Answer) -> Query | None:
    body = members.body_of(answer)
    if body.get("isLastPage") is not False:
        return None
    return {"start": members.number(body, "nextPageStart")}
