"""What can be said of a URL without sending anything to it."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether requests to a usable URL stay on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def plain_http_warning(url: str, whose: str, instead: str) -> str | None:
    """What to warn of where a usable URL sends the token unprotected; None for others.

    Args:
        url: the URL.
        whose: such as ``The gateway's``.
        instead: which URL to use.
    """
    if url.startswith("https:") or is_loopback(url):
        return None
    return (
        f"{whose} URL is plain http://, so the token can be read by anyone on the way. "
        f"Use {instead}."
    )
