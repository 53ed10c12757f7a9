"""Which URLs are asked: the forms a base URL may have, and the paths below it (RFC 3986)."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, urlsplit

from reconciler.errors import UsageError
from reconciler.http import urls

PROJECTS_PATH = "/projects/"
TOKEN_PATH = "/auth/token"  # noqa: S105 - a path
ROOT = "/apiops"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"[!-~]+")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2[Ee]){1,2}(?:/|\Z)")
_LONGEST_URL = 2048
_LONGEST_SEGMENT = 4096  # 255 characters of up to four bytes, each byte as three characters: 3060
_EXAMPLE = "Write it like https://manager.example.com or http://10.0.0.5:32080"


def base_url(text: str) -> str:
    """The one form of a gateway's URL: ``scheme://host[:port]/prefix/apiops``.

    Args:
        text: as users write it: with or without ``/apiops``, a path prefix, a final slash.

    Raises:
        UsageError: the text is no usable URL. It is never repeated, as it may hold a password.
    """
    parts = _split(text.strip())
    for is_wrong, what, fix in _FAULTS:
        if is_wrong(parts):
            raise UsageError(what, why="No request can be sent to it", fix=fix)
    prefix = parts.path.rstrip("/").removesuffix(ROOT).rstrip("/")
    return f"{parts.scheme}://{_authority(parts)}{prefix}{ROOT}"


def jwks_path(project: str) -> str:
    """The path, below the base URL, of a project's list of JWKs; percent-encoded."""
    return f"{PROJECTS_PATH}{_segment(project)}/jwks/"


def jwk_path(project: str, name: str) -> str:
    """The path, below the base URL, of one JWK; percent-encoded."""
    return f"{jwks_path(project)}{_segment(name)}/"


def proxies_path(project: str, proxy: str | None = None) -> str:
    """The path, below the base URL, of a project's API proxies, or of one's policies."""
    path = f"{PROJECTS_PATH}{_segment(project)}/apiProxies/"
    return path if proxy is None else f"{path}{_segment(proxy)}/policies/"


def plain_http_warning(url: str) -> str | None:
    """What to warn of where a normalised URL sends the token unprotected; None for others."""
    instead = "the https:// URL of the Manager or of the ingress in front of it"
    return urls.plain_http_warning(url, "The gateway's", instead)


def _split(text: str) -> SplitResult:
    """The parts of a URL; urlsplit alone would silently drop tabs and line breaks inside it."""
    try:
        if len(text) <= _LONGEST_URL and _URL.fullmatch(text):
            return urlsplit(text)
    except ValueError:
        pass  # reported below, as the original error's text repeats the URL
    raise UsageError(
        "The gateway's URL is not a URL: it is empty, too long, or holds a space, a control "
        "character, a character outside ASCII or a bad IPv6 address",
        why="No request can be sent to it",
        fix=f"{_EXAMPLE}; international host names in their xn-- form",
    )


def _authority(parts: SplitResult) -> str:
    """``host`` or ``host:port``, the scheme's own port left out."""
    host = parts.hostname or ""
    shown = f"[{IPv6Address(host).compressed}]" if ":" in host else host
    port = parts.port
    return shown if port in {None, _DEFAULT_PORTS[parts.scheme]} else f"{shown}:{port}"


def _is_bad_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        if ":" in host:
            return IPv6Address(host).scope_id is not None
        if host.replace(".", "").isdigit():
            IPv4Address(host)
    except AddressValueError:
        return True
    return not _HOST.fullmatch(host)


def _is_bad_port(parts: SplitResult) -> bool:
    try:
        return parts.port == 0
    except ValueError:
        return True


def _is_bad_path(parts: SplitResult) -> bool:
    return not _PATH.fullmatch(parts.path) or _DOT_SEGMENT.search(parts.path) is not None


_FAULTS: tuple[tuple[Callable[[SplitResult], bool], str, str], ...] = (
    (
        lambda parts: parts.scheme not in _DEFAULT_PORTS or not parts.netloc,
        "The gateway's URL does not begin with https:// or http:// and a host",
        _EXAMPLE,
    ),
    (
        lambda parts: "@" in parts.netloc,
        "The gateway's URL holds a user name or password",
        "Take it out, and give APINIZER_USERNAME and APINIZER_PASSWORD instead",
    ),
    (
        lambda parts: bool(parts.query or parts.fragment),
        "The gateway's URL holds a query or a fragment",
        "Leave out everything from the first ? or # on",
    ),
    (_is_bad_port, "The gateway's URL has a port that is not a number from 1 to 65535", _EXAMPLE),
    (_is_bad_host, "The gateway's URL has a host that is neither a name nor an address", _EXAMPLE),
    (
        _is_bad_path,
        "The gateway's URL has a path with dot segments or characters that need encoding",
        "Give the path as the reverse proxy in front of the Manager is configured for it",
    ),
)


def _segment(text: str) -> str:
    """One path segment: all but unreserved characters percent-encoded, nothing normalised."""
    try:
        encoded = quote(text, safe="")
    except UnicodeEncodeError:
        encoded = ""
    if encoded in {"", ".", ".."} or len(encoded) > _LONGEST_SEGMENT:
        raise UsageError(
            f'"{ascii(text[:80])[1:-1]}" can\'t be a part of a URL',
            why="The gateway addresses projects and JWKs by their names in its URLs",
            fix="Give it another name in the Manager, or correct the name in the manifest",
        )
    return encoded
