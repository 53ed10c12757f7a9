"""The edge to httpx: one request in, one whole answer or the way it broke down out."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from contextlib import closing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx
from msgspec import Struct

from reconciler import __version__
from reconciler.errors import UsageError

MAX_BODY_BYTES = 64 * 1024 * 1024
"""The longest body that is read: a page of a hundred comments of any host's greatest length."""

_HEADERS = {
    "Accept": "application/json",
    # A body that is not compressed can't swell: what is counted is what is held.
    "Accept-Encoding": "identity",
    "User-Agent": f"apinizer-jwk-reconciler/{__version__}",
}
_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 30.0

_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
"""What httpx raises where a request surely never left."""
_BROKEN = (*_UNSENT, httpx.HTTPError, httpx.StreamError, httpx.CookieConflict)


class Answer(Struct, frozen=True):
    """One whole answer.

    Attributes:
        status: the HTTP status.
        headers: by their names in lower case.
        body: its bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def parsed(self) -> object:
        """The body's JSON value; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def __repr__(self) -> str:
        """Without what came: it may repeat the token."""
        return f"Answer({self.status}, {len(self.body)} bytes)"


class Broken(Struct, frozen=True):
    """A request without an answer.

    Attributes:
        sent: whether it may have been carried out.
        message: what happened; may hold the server's words, not yet scrubbed.
    """

    sent: bool
    message: str


def open_client(ca_file: Path | None, *, proxies: bool) -> httpx.Client:
    """The client all requests go through; to be closed by the caller.

    Redirects are not followed, cookies not kept, ``~/.netrc`` not read.

    Args:
        ca_file: the only certificates to trust, PEM; None for the environment's, else well-known
            ones.
        proxies: whether to use those the environment names.

    Raises:
        UsageError: the CA file or a proxy variable can't be used.
    """
    context = _tls_context(ca_file)
    try:
        return httpx.Client(
            headers=_HEADERS,
            verify=context,
            timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            trust_env=proxies,
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        pass  # reported below: the original text may repeat a proxy's password
    raise UsageError(
        "A proxy variable (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or NO_PROXY) holds no usable URL",
        why="No request can be sent as the environment asks for",
        fix="Write it like http://proxy.example.com:3128",
    )


def exchange(client: httpx.Client, request: httpx.Request) -> Answer | Broken:
    """Send one request, once, and read the whole answer."""
    try:
        with closing(client.send(request, stream=True)) as response:
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    return Broken(sent=True, message=f"a body of more than {MAX_BODY_BYTES} bytes")
    except _BROKEN as error:
        # Returned, so that what is raised later does not hold on to the request and its token.
        return Broken(not isinstance(error, _UNSENT), str(error) or type(error).__name__)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, bytes(body))


def next_link(answer: Answer) -> str:
    """The URL of the ``Link`` header with the relation ``next`` (RFC 8288); "" for none."""
    response = httpx.Response(answer.status, headers={"link": answer.headers.get("link", "")})
    return response.links.get("next", {}).get("url", "")


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    named = f'The CA file "{ca_file}"' if ca_file else "What SSL_CERT_FILE or SSL_CERT_DIR names"
    try:
        if ca_file is not None:
            return ssl.create_default_context(cafile=ca_file)
        return httpx.create_ssl_context()
    except ssl.SSLError:
        fault = "it holds no certificate in PEM form"
    except OSError as error:
        fault = error.strerror or "it can't be read"
    raise UsageError(
        f"{named} can't be used: {fault}",
        why="Without it the host's certificate can't be checked",
        fix="Give a readable file of PEM certificates (-----BEGIN CERTIFICATE-----)",
    )
