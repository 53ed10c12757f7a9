"""Bitbucket Cloud's comments on pull requests, of its API 2.0."""

from __future__ import annotations

from functools import cached_property

from reconciler.code_hosts import members
from reconciler.code_hosts.addresses import segments
from reconciler.code_hosts.edge import Answer
from reconciler.code_hosts.line import Line
from reconciler.code_hosts.members import Object
from reconciler.code_hosts.model import Comment, DeniedError, PullRequest
from reconciler.code_hosts.paging import Query, pages, query_of


class BitbucketCloudThread:
    """The comments of one pull request; see ``Thread``."""

    def __init__(self, line: Line, target: PullRequest) -> None:
        self._line = line
        repository = segments(target.repository)
        self._path = f"/repositories/{repository}/pullrequests/{target.number}/comments"

    def author(self) -> str | None:
        """Our UUID; a repository's access token may not ask for it."""
        return self._uuid

    @cached_property
    def _uuid(self) -> str | None:
        try:
            return members.text(members.body_of(self._line.read("/user")), "uuid") or None
        except DeniedError:
            return None

    def comments(self) -> list[Comment]:
        """All of them that are not deleted, and not on a line of the changes; the oldest first."""
        found = [
            _comment(item)
            for page in pages(self._line, self._path, {"pagelen": 100}, _next)
            for item in members.as_objects(members.body_of(page).get("values"))
            if item.get("deleted") is not True and item.get("inline") is None
        ]
        return sorted(found, key=lambda comment: comment.id)

    def create(self, text: str) -> Comment:
        """Post one."""
        return _comment(members.body_of(self._line.create(self._path, _body(text))))

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one."""
        path = f"{self._path}/{comment.id}"
        return _comment(members.body_of(self._line.ask("PUT", path, _body(text))))


def _body(text: str) -> Object:
    return {"content": {"raw": text}}


def _next(answer: Answer) -> Query | None:
    url = members.text(members.body_of(answer), "next")
    return query_of(url) if url else None


def _comment(item: Object) -> Comment:
    return Comment(
        members.number(item, "id"),
        members.text(item, "user", "uuid"),
        members.text(item, "content", "raw"),
        members.text(item, "links", "html", "href"),
    )
