"""All pages of a list, whichever way the host points to the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

from reconciler.code_hosts.edge import Answer, next_link
from reconciler.code_hosts.line import Line
from reconciler.errors import GatewayError

MAX_PAGES = 500
"""More means that the list never ends: it is 50,000 comments."""

Query = dict[str, str | int]


def pages(
    line: Line, path: str, query: Query, find_next: Callable[[Answer], Query | None]
) -> Iterator[Answer]:
    """Every page, in the host's order.

    Args:
        line: the way to the host.
        path: the list's.
        query: of the first page; what ``find_next`` finds replaces its members.
        find_next: the query of the page after an answer; None after the last one.

    Raises:
        GatewayError: the pages do not end; besides as ``Line.read``.
    """
    for _ in range(MAX_PAGES):
        answer = line.read(path, query)
        yield answer
        following = find_next(answer)
        if following is None:
            return
        query = query | following
    raise GatewayError(
        f"{line.name}'s list of comments does not end after {MAX_PAGES} pages",
        why="Whether our comment is among them can't be told",
        fix="Check what stands between here and the host, such as a caching proxy",
    )


def query_of(url: str) -> Query:
    """The query of a next page's URL.

    The rest of it is not used: so the token goes nowhere but where it was meant to go, and a host
    behind a proxy may call itself by another name.
    """
    return dict(parse_qsl(urlsplit(url).query))


def by_link(answer: Answer) -> Query | None:
    """GitHub: the ``Link`` header with the relation ``next`` (RFC 8288)."""
    url = next_link(answer)
    return query_of(url) if url else None


def by_page_header(answer: Answer) -> Query | None:
    """GitLab: the number in ``X-Next-Page``, which is empty on the last page."""
    number = answer.headers.get("x-next-page", "").strip()
    return {"page": int(number)} if number.isascii() and number.isdigit() else None
