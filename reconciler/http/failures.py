"""How a request can fail without a usable response: every exception of httpx, in one table."""

from __future__ import annotations

import ssl
from enum import Enum

import httpx
from msgspec import Struct


class Cause(Enum):
    """How far a request came."""

    UNSENT = "unsent"
    """It never left."""
    LOST = "lost"
    """It may have been carried out, but no whole response came."""
    UNUSABLE = "unusable"
    """What came is no usable response."""
    UNTRUSTED = "untrusted"
    """It was kept back from a server whose certificate does not prove who it is."""
    DENIED = "denied"
    """It never left: the proxy wants another user name and password."""


class ProxyDeniedError(httpx.ProxyError):
    """The proxy wants another user name and password."""


class CertificateError(httpx.ConnectError):
    """A server's certificate does not prove who it is.

    Args:
        message: what is wrong with it.
        fix: what to do about it; may be empty.
    """

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class TransportFailure(Struct, frozen=True):
    """A request without a usable response.

    Attributes:
        cause: how far it came.
        message: what happened; may hold the server's words, not yet redacted.
        fix: what to do about it, where more is known than the cause; of the same words.
    """

    cause: Cause
    message: str
    fix: str = ""


FINAL = frozenset({Cause.UNTRUSTED, Cause.DENIED})
"""What no further try can change."""

_HUNG_UP = ("Server disconnected", "closed connection")
"""How h11 and httpcore say that the server ended the connection too early."""

_LIBRARY_FAULT = "the HTTP library could not go on"

# Every exception class of httpx that a request can end in, or a base of it. A class that may be
# raised before or after the request left stands under LOST.
FAILURES: dict[type[Exception], tuple[Cause, str]] = {
    httpx.ConnectTimeout: (Cause.UNSENT, "no connection within the timeout"),
    httpx.PoolTimeout: (Cause.UNSENT, "no free connection within the timeout"),
    httpx.ConnectError: (Cause.UNSENT, "no connection"),
    CertificateError: (Cause.UNTRUSTED, "no trusted TLS connection"),
    ProxyDeniedError: (Cause.DENIED, "the proxy wants another user name and password"),
    httpx.ProxyError: (Cause.UNSENT, "the proxy refused the connection"),
    httpx.UnsupportedProtocol: (Cause.UNSENT, "the URL or a proxy's URL has an unknown scheme"),
    httpx.InvalidURL: (Cause.UNSENT, "the URL or a proxy's URL is not valid"),
    httpx.ReadTimeout: (Cause.LOST, "no answer within the timeout"),
    httpx.WriteTimeout: (Cause.LOST, "the request could not be sent within the timeout"),
    httpx.ReadError: (Cause.LOST, "the connection broke while the answer was awaited"),
    httpx.WriteError: (Cause.LOST, "the connection broke while the request was sent"),
    httpx.CloseError: (Cause.LOST, "the connection could not be closed"),
    httpx.RemoteProtocolError: (Cause.UNUSABLE, "what the server sent breaks HTTP's rules"),
    httpx.LocalProtocolError: (Cause.LOST, _LIBRARY_FAULT),
    httpx.DecodingError: (Cause.UNUSABLE, "the answer's body can't be decoded"),
    httpx.TooManyRedirects: (Cause.LOST, _LIBRARY_FAULT),
    httpx.HTTPStatusError: (Cause.LOST, _LIBRARY_FAULT),
    httpx.CookieConflict: (Cause.LOST, _LIBRARY_FAULT),
    httpx.StreamError: (Cause.LOST, _LIBRARY_FAULT),
    httpx.HTTPError: (Cause.LOST, _LIBRARY_FAULT),
}


def transport_failure(error: Exception) -> TransportFailure:
    """What an exception of httpx means."""
    if isinstance(error, CertificateError):
        return TransportFailure(Cause.UNTRUSTED, f"no trusted TLS connection: {error}", error.fix)
    fault = _certificate_fault(error)
    if fault is not None:
        return TransportFailure(Cause.UNTRUSTED, f"no trusted TLS connection: {fault}")
    kind = next(kind for kind in type(error).__mro__ if kind in FAILURES)
    cause, phrase = FAILURES[kind]
    detail = str(error)
    if kind is httpx.RemoteProtocolError and any(text in detail for text in _HUNG_UP):
        cause, phrase = Cause.LOST, "the answer was cut off"
    return TransportFailure(cause, f"{phrase}: {detail}" if detail else phrase)


def _certificate_fault(error: BaseException) -> str | None:
    """What TLS found wrong before anything was sent; None for other failures.

    A connection that merely broke during the handshake says nothing about the certificate.
    """
    cause: BaseException | None = error if isinstance(error, httpx.ConnectError) else None
    while cause is not None:
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLSyscallError):
            return None
        if isinstance(cause, ssl.SSLError):
            return str(getattr(cause, "verify_message", None) or cause)
        cause = cause.__cause__ or cause.__context__
    return None
