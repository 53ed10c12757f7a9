"""The edge to httpx: one request in, one whole answer or the way it broke down out."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterable
from contextlib import closing
from enum import Enum

import httpx
from msgspec import Struct

from reconciler.errors import GatewayError
from reconciler.gateway.envelope import Received
from reconciler.gateway.options import MAX_BODY_BYTES, ClientOptions
from reconciler.gateway.quotes import Quote
from reconciler.gateway.retry import retry_after_seconds


class Cause(Enum):
    """Why there is no answer; the value says what to do about it."""

    UNSENT = "Check the URL, the name server, the proxy variables and the firewall"
    LOST = "Run again; if it stays so, raise --timeout and look into the Manager's log"
    UNUSABLE = "Check that the URL is the Manager's, and what the ingress in front of it answers"
    UNTRUSTED = (
        "Give the certificate of the authority that signed it with --ca-file, and use the host "
        "name it was made for; is it an https:// port at all?"
    )


class Breakdown(Struct, frozen=True):
    """A request without a usable answer.

    Attributes:
        cause: how far it came: never sent, perhaps carried out, answered with what is no answer,
            or kept back from a server whose certificate does not prove who it is.
        message: what happened; may hold the server's words, not yet quoted.
    """

    cause: Cause
    message: str

    def error(self, subject: str, quote: Quote, tried: str = "") -> GatewayError:
        """What to raise where the run can't go on without ``subject``."""
        return GatewayError(
            f"The gateway gave no usable answer to {subject}{tried}: {quote(self.message)}",
            why="Nothing can be said about what is not known",
            fix=self.cause.value,
        )


_LIBRARY_FAULT = "the HTTP library could not go on"

# Every exception class of httpx that a request can end in, or a base of it. A class that may be
# raised before or after the request left stands under LOST.
BREAKDOWNS: dict[type[Exception], tuple[Cause, str]] = {
    httpx.ConnectTimeout: (Cause.UNSENT, "no connection within the timeout"),
    httpx.PoolTimeout: (Cause.UNSENT, "no free connection within the timeout"),
    httpx.ConnectError: (Cause.UNSENT, "no connection"),
    httpx.ProxyError: (Cause.UNSENT, "the proxy refused the connection"),
    httpx.UnsupportedProtocol: (Cause.UNSENT, "the URL or a proxy's URL has an unknown scheme"),
    httpx.InvalidURL: (Cause.UNSENT, "the URL or a proxy's URL is not valid"),
    httpx.ReadTimeout: (Cause.LOST, "no answer within the timeout"),
    httpx.WriteTimeout: (Cause.LOST, "the request could not be sent within the timeout"),
    httpx.ReadError: (Cause.LOST, "the connection broke while the answer was awaited"),
    httpx.WriteError: (Cause.LOST, "the connection broke while the request was sent"),
    httpx.CloseError: (Cause.LOST, "the connection could not be closed"),
    httpx.RemoteProtocolError: (Cause.LOST, "the answer was cut off or is no HTTP"),
    httpx.LocalProtocolError: (Cause.LOST, _LIBRARY_FAULT),
    httpx.DecodingError: (Cause.UNUSABLE, "the answer's body can't be decoded"),
    httpx.TooManyRedirects: (Cause.LOST, _LIBRARY_FAULT),
    httpx.HTTPStatusError: (Cause.LOST, _LIBRARY_FAULT),
    httpx.CookieConflict: (Cause.LOST, _LIBRARY_FAULT),
    httpx.StreamError: (Cause.LOST, _LIBRARY_FAULT),
    httpx.HTTPError: (Cause.LOST, _LIBRARY_FAULT),
}


def breakdown(error: Exception) -> Breakdown:
    """What an exception of httpx means."""
    untrusted = _certificate_fault(error)
    if untrusted is not None:
        return Breakdown(Cause.UNTRUSTED, f"no trusted TLS connection: {untrusted}")
    kind = next(kind for kind in type(error).__mro__ if kind in BREAKDOWNS)
    cause, phrase = BREAKDOWNS[kind]
    detail = str(error)
    return Breakdown(cause, f"{phrase}: {detail}" if detail else phrase)


def exchange(
    client: httpx.Client, request: httpx.Request, settings: ClientOptions
) -> Received | Breakdown:
    """Send one request, once, and read the whole answer; trace it in one line."""
    start = settings.clock()
    result = _send(client, request, settings)
    spent = round((settings.clock() - start) * 1000)
    ended = result.status if isinstance(result, Received) else result.cause.name.lower()
    path = request.url.raw_path.decode("ascii")
    settings.trace(f"{request.method} {path} {ended} {spent} ms")
    return result


def _send(
    client: httpx.Client, request: httpx.Request, settings: ClientOptions
) -> Received | Breakdown:
    try:
        with closing(client.send(request, stream=True)) as response:
            headers = response.headers
            coding = headers.get("content-encoding", "")
            body = read_body(response.iter_raw(), coding, settings.max_body)
    except tuple(BREAKDOWNS) as error:
        # Returned, so that what is raised later does not hold on to the request and its token.
        return breakdown(error)
    if isinstance(body, Breakdown):
        return body
    return Received(
        response.status_code,
        headers.get("content-type", ""),
        body,
        retry_after_seconds(headers.get("retry-after", ""), settings.now()),
        headers.get("location", ""),
    )


def read_body(
    chunks: Iterable[bytes], coding: str, limit: int = MAX_BODY_BYTES
) -> bytes | Breakdown:
    """A body, decoded and whole, without ever holding much more than ``limit`` bytes of it.

    Args:
        chunks: the body as it is sent.
        coding: the ``Content-Encoding`` (RFC 9110, 8.4); gzip and deflate are understood.
        limit: the most bytes it may have, decoded.
    """
    coding = coding.strip().lower()
    if coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        return Breakdown(Cause.UNUSABLE, f"a body in a coding nobody asked for: {coding}")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32) if coding not in {"", "identity"} else None
    body = bytearray()
    try:
        for chunk in chunks:
            body += inflate.decompress(chunk, limit + 1 - len(body)) if inflate else chunk
            if len(body) > limit:
                return Breakdown(Cause.UNUSABLE, f"a body of more than {limit} bytes")
    except zlib.error as error:
        return Breakdown(Cause.UNUSABLE, f"a body that is not {coding} as it says: {error}")
    if inflate and body and not inflate.eof:
        return Breakdown(Cause.LOST, "a body that is cut off")
    return bytes(body)


def _certificate_fault(error: BaseException) -> str | None:
    """What TLS found wrong before anything was sent; None for other failures.

    A connection that merely broke during the handshake is not a matter of trust.
    """
    cause: BaseException | None = error if isinstance(error, httpx.ConnectError) else None
    while cause is not None:
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
            return None
        if isinstance(cause, ssl.SSLError):
            return str(getattr(cause, "verify_message", None) or cause)
        cause = cause.__cause__ or cause.__context__
    return None
