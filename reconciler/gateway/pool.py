"""The httpx clients of a run: one pool of connections, and the guard that makes it read only."""

from __future__ import annotations

import ssl
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import getproxies

import httpx

from reconciler import __version__
from reconciler.errors import UsageError
from reconciler.gateway import routes
from reconciler.gateway.options import ClientOptions

HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"apinizer-jwk-reconciler/{__version__}",
}


class GetOnly(httpx.BaseTransport):
    """Passes GET requests on to a client and refuses every other method, before it is sent."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a GET; the connections, and closing them, stay the other client's business."""
        if request.method != "GET":
            raise RuntimeError(f"{request.method} was about to be sent where only GET may be")
        return self._client.send(request, stream=True)


class NoCookies(CookieJar):
    """Keeps none, and spends no time on looking for them."""

    def extract_cookies(self, response: object, request: object) -> None:
        """Leave the answer's cookies alone."""


def open_pool(base_url: str, settings: ClientOptions) -> httpx.Client:
    """The client whose connections all threads share; to be closed by the caller.

    Redirects are not followed, cookies not kept, ``~/.netrc`` not read. Proxies come from the
    usual variables, except that nothing is sent through a proxy to this very machine.

    Raises:
        UsageError: the CA file or a proxy variable can't be used.
    """
    context = _context(base_url, settings)
    # One more than the threads, for the token endpoint.
    limits = httpx.Limits(max_connections=settings.parallelism + 1, max_keepalive_connections=None)
    try:
        return httpx.Client(
            headers=HEADERS,
            verify=context,
            limits=limits,
            timeout=timeouts(settings, settings.read_timeout),
            cookies=NoCookies(),
            trust_env=not routes.is_loopback(base_url),
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        pass  # reported below: the original text may repeat a proxy's password
    raise UsageError(
        "A proxy variable (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or NO_PROXY) holds no usable URL",
        why="No request can be sent as the environment asks for",
        fix="Write it like http://proxy.example.com:3128; SOCKS needs the socksio package",
    )


def open_reading(pool: httpx.Client) -> httpx.Client:
    """A client on the same connections that can't write; to be closed by the caller."""
    return httpx.Client(
        headers=HEADERS, transport=GetOnly(pool), cookies=NoCookies(), timeout=pool.timeout
    )


def timeouts(settings: ClientOptions, silence: float) -> httpx.Timeout:
    """The timeouts of a request during which the server may be silent for so many seconds."""
    return httpx.Timeout(silence, connect=min(settings.connect_timeout, silence))


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Which certificates to trust: the file's, else the environment's, else well-known ones.

    Raises:
        UsageError: the file, or the one that SSL_CERT_FILE names, holds no certificates.
    """
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
        why="Without it the gateway's certificate can't be checked",
        fix="Give a readable file of PEM certificates (-----BEGIN CERTIFICATE-----)",
    )


def _context(base_url: str, settings: ClientOptions) -> ssl.SSLContext:
    """Whom to trust; nobody where TLS is never spoken, as all authorities take time to read."""
    proxied = not routes.is_loopback(base_url) and bool(getproxies())
    if base_url.startswith("http:") and settings.ca_file is None and not proxied:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return tls_context(settings.ca_file)
