"""Which proxy requests go through, by the usual variables (HTTP_PROXY, NO_PROXY and so on)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from urllib.request import getproxies

import httpx
from msgspec import Struct

from reconciler.errors import UsageError
from reconciler.http.urls import is_loopback

_SEPARATORS = re.compile(r"[,\s]+")
_BRACKETED = re.compile(r"\[([^\[\]]+)\](/\d+)?")
_DOT = re.compile(r"^\*?\.")
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*")
_ENDS_IN_NUMBER = re.compile(r"(.*\.)?\d+")
_PORTS = {"http": 80, "https": 443}


class Proxy(Struct, frozen=True):
    """A proxy.

    Attributes:
        server: where it is, and its user name and password, as httpx takes them.
        variable: what names it.
    """

    server: httpx.Proxy
    variable: str

    @property
    def name(self) -> str:
        """What messages call it: never with its password."""
        url = self.server.url
        return str(httpx.URL(scheme=url.scheme, host=url.host, port=url.port))

    def __repr__(self) -> str:
        """Without the password."""
        return f"Proxy({self.name})"


def find_proxy(base_url: str, warn: Callable[[str], None]) -> Proxy | None:
    """The proxy for a server; None where requests go to it directly, as to this very machine.

    Args:
        base_url: the server's.
        warn: takes a sentence about items of NO_PROXY that are skipped.

    Raises:
        UsageError: the proxy's URL can't be used, or an item of NO_PROXY can't be understood.
    """
    if is_loopback(base_url):
        return None
    variables = getproxies()
    url = httpx.URL(base_url)
    scheme = url.scheme if variables.get(url.scheme) else "all"
    direct, unknown = _read_no_proxy(variables.get("no", ""), url)
    if not variables.get(scheme):
        if unknown:
            warn(f"{_unknown_items(unknown)}: skipped, as no proxy is set.")
        return None
    variable = _variable(f"{scheme}_proxy")
    if unknown:
        raise UsageError(
            _unknown_items(unknown),
            why=f"Whether to use the proxy that {variable} names can't be told",
            fix="Write names (example.com), addresses (10.0.0.1), ranges (10.0.0.0/8, fe80::/10) "
            "or *, separated by commas; a port may follow a name or an address",
        )
    return None if direct else Proxy(_usable(variables[scheme].strip(), variable), variable)


def _usable(text: str, variable: str) -> httpx.Proxy:
    try:
        server = httpx.Proxy(text if "://" in text else f"http://{text}")
        if server.url.host:
            return server
    except (ValueError, httpx.InvalidURL):
        pass  # reported below: the original text may repeat the password
    raise UsageError(
        f"{variable} holds no usable URL of a proxy",
        why="No request can be sent as the environment asks for",
        fix="Write it like http://proxy.example.com:3128 or socks5://proxy.example.com:1080, with "
        "special characters of a password percent-encoded",
    )


def _variable(name: str) -> str:
    """The environment's spelling of a variable; the lower-case one is preferred."""
    spellings = sorted(key for key in os.environ if key.lower() == name)
    return spellings[-1] if spellings else "the system's proxy setting"


def _unknown_items(items: list[str]) -> str:
    quoted = ", ".join(f'"{item}"' for item in items)
    return f"{_variable('no_proxy')} holds what is no host and no range: {quoted}"


def _read_no_proxy(text: str, url: httpx.URL) -> tuple[bool, list[str]]:
    """Whether an item matches a URL, and the items that can't be understood."""
    unknown: list[str] = []
    direct = False
    for item in filter(None, _SEPARATORS.split(text)):
        try:
            direct |= _matches(item, url)
        except (ValueError, httpx.InvalidURL):
            unknown.append(item)
    return direct, unknown


def _matches(item: str, url: httpx.URL) -> bool:
    """Whether one item of NO_PROXY means a URL.

    A name also means all names below it, with or without a dot before it, as for curl. A range
    means the addresses in it, and no name: what a name's address is, only the proxy may know.

    Raises:
        ValueError, httpx.InvalidURL: it can't be understood.
    """
    if item == "*":
        return True
    bracketed = _BRACKETED.fullmatch(item)
    try:
        network = ip_network(
            "".join(filter(None, bracketed.groups())) if bracketed else item, False
        )
    except ValueError:
        pass  # no address alone; it may be a name, or an address with a port
    else:
        return _is_address(url.host) and ip_address(url.host) in network
    scheme, _, rest = item.rpartition("://")
    named = httpx.URL(f"{scheme}://{_DOT.sub('', rest)}")
    host = _ascii_host(named)
    if named.path not in {"", "/"} or named.userinfo or named.query or not _is_host(host):
        raise ValueError(item)
    own = _ascii_host(url)
    return (
        scheme in {"", url.scheme}
        and named.port in {None, url.port or _PORTS.get(url.scheme)}
        and (own == host or (own.endswith(f".{host}") and not _is_address(host)))
    )


def _is_host(host: str) -> bool:
    return _is_address(host) or bool(_HOST.fullmatch(host) and not _ENDS_IN_NUMBER.fullmatch(host))


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


def _ascii_host(url: httpx.URL) -> str:
    """The host as the name service has it, without the dot that ends a full name."""
    return url.raw_host.decode("ascii").strip("[]").rstrip(".").lower()
