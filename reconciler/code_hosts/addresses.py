"""Where a host's API is, and which pull request a page's address means."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urlsplit

from msgspec import Struct

from reconciler.code_hosts.model import Host
from reconciler.errors import UsageError
from reconciler.http import urls

PUBLIC = {
    Host.GITHUB: "https://github.com",
    Host.GITLAB: "https://gitlab.com",
    Host.BITBUCKET: "https://bitbucket.org",
    Host.AZURE: "https://dev.azure.com",
}
"""The host that is meant where none is named."""

_APIS = {
    "github.com": "https://api.github.com",
    "api.github.com": "https://api.github.com",
    "bitbucket.org": "https://api.bitbucket.org/2.0",
    "api.bitbucket.org": "https://api.bitbucket.org/2.0",
}
"""The hosts whose API is not below their own address."""

_RESIDENT = ".ghe.com"
"""GitHub with data residency: a host of its own for each enterprise, and another for its API."""

_PATHS = {
    Host.GITHUB: ("/api/v3",),
    Host.GITLAB: ("/api/v4",),
    Host.BITBUCKET: ("/rest/api/1.0", "/rest/api/latest", "/2.0"),
    Host.AZURE: ("",),
}
"""Where the API of a self-hosted one begins; a URL that ends so is the API's already."""

_URL = re.compile(r"[!-~]{1,2048}")
_WORD = r"[\w.~-]+"
_PAGES = (
    (Host.GITHUB, re.compile(rf"/(?P<repository>{_WORD}/{_WORD})/pull/(?P<number>\d+)")),
    (
        Host.GITLAB,
        re.compile(
            rf"/(?P<repository>{_WORD}(?:/{_WORD})+?)(?:/-)?/merge_requests/(?P<number>\d+)"
        ),
    ),
    (
        Host.BITBUCKET,
        re.compile(
            rf"(?P<prefix>(?:/{_WORD})*?)/(?P<kind>projects|users)/(?P<owner>{_WORD})"
            rf"/repos/(?P<name>{_WORD})/pull-requests/(?P<number>\d+)"
        ),
    ),
    (
        Host.BITBUCKET,
        re.compile(rf"/(?P<repository>{_WORD}/{_WORD})/pull-requests/(?P<number>\d+)"),
    ),
)
_REST = re.compile(r"/(?:overview|diff|diffs|commits|files|activity)?")


class Page(Struct, frozen=True):
    """What the address of a pull request's page says; the members as in ``PullRequest``."""

    host: Host
    root: str
    repository: str
    number: int
    page: str


def read_page(address: str) -> Page | None:
    """The pull request whose page this is; None where it is no such page's address."""
    parts = _parts(address)
    if parts is None:
        return None
    for host, pattern in _PAGES:
        match = pattern.match(parts.path)
        if match and _REST.fullmatch(parts.path[match.end() :] or "/"):
            found = match.groupdict()
            root = f"{parts.scheme}://{parts.netloc}{found.get('prefix') or ''}"
            repository = found.get("repository") or _owned(found)
            page = f"{parts.scheme}://{parts.netloc}{match[0]}"
            return Page(host, root, repository, int(found["number"]), page)
    return None


def api_url(host: Host, address: str) -> str:
    """The base URL of a host's API, without a slash at its end.

    Args:
        host: whose API is spoken there.
        address: the host's own URL, as in a browser, or that of its API.

    Raises:
        UsageError: it is no usable URL. It is never repeated, as it may hold a password.
    """
    parts = _parts(address)
    if parts is None:
        raise UsageError(
            f"The URL of {host} is not http:// or https://, a host, and maybe a port and a path",
            why="No comment can be posted there",
            fix="Give --host-url like https://git.example.com, without user name, ? and #",
        )
    known = _APIS.get(parts.hostname or "")
    if known is not None and parts.scheme == "https":
        return known
    if host is Host.GITHUB and (parts.hostname or "").endswith(_RESIDENT):
        return f"{parts.scheme}://api.{parts.netloc.removeprefix('api.')}"
    path = parts.path.rstrip("/")
    if not path.endswith(_PATHS[host]):
        path += _PATHS[host][0]
    return f"{parts.scheme}://{parts.netloc}{path}"


def plain_http_warning(url: str) -> str | None:
    """What to warn of where a URL sends the token unprotected; None for others."""
    return urls.plain_http_warning(url, "The host's", "its https:// URL")


def segments(text: str) -> str:
    """``owner/name`` as segments of a path: percent-encoded, but for the slashes between."""
    return "/".join(quote(part, safe="~") for part in text.split("/"))


def _owned(found: dict[str, str]) -> str:
    owner = found["owner"]
    return f"{'~' + owner if found['kind'] == 'users' else owner}/{found['name']}"


def _parts(address: str) -> SplitResult | None:
    """The parts of a usable URL; urlsplit alone would drop tabs and line breaks inside it."""
    if not _URL.fullmatch(address):
        return None
    try:
        parts = urlsplit(address)
        usable = parts.port != 0
    except ValueError:
        return None
    usable = usable and parts.scheme in {"http", "https"} and bool(parts.hostname)
    return parts if usable and not (set("@?#\\") & set(address)) else None
