"""GitLab's notes on merge requests."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import quote

from reconciler.code_hosts import members
from reconciler.code_hosts.line import Line
from reconciler.code_hosts.members import Object
from reconciler.code_hosts.model import Comment, PullRequest
from reconciler.code_hosts.paging import Query, by_page_header, pages

_OLDEST_FIRST: Query = {"per_page": 100, "order_by": "created_at", "sort": "asc"}


class GitlabThread:
    """The notes on one merge request; see ``Thread``."""

    def __init__(self, line: Line, target: PullRequest) -> None:
        self._line = line
        self._page = target.page
        project = quote(target.repository, safe="")
        self._path = f"/projects/{project}/merge_requests/{target.number}/notes"

    def author(self) -> str:
        """Our user name."""
        return self._username

    @cached_property
    def _username(self) -> str:
        return members.text(members.body_of(self._line.read("/user")), "username")

    def comments(self) -> list[Comment]:
        """All of them, the oldest first; what GitLab itself noted is none."""
        found = [
            self._comment(item)
            for page in pages(self._line, self._path, _OLDEST_FIRST, by_page_header)
            for item in members.as_objects(page.parsed())
            if item.get("system") is not True
        ]
        return sorted(found, key=lambda comment: comment.id)

    def create(self, text: str) -> Comment:
        """Post one."""
        return self._comment(members.body_of(self._line.create(self._path, {"body": text})))

    def update(self, comment: Comment, text: str) -> Comment:
        """Replace the text of one."""
        path = f"{self._path}/{comment.id}"
        return self._comment(members.body_of(self._line.ask("PUT", path, {"body": text})))

    def _comment(self, item: Object) -> Comment:
        number = members.number(item, "id")
        return Comment(
            number,
            members.text(item, "author", "username"),
            members.text(item, "body"),
            f"{self._page}#note_{number}" if self._page else "",
        )
