"""Why a certificate is not trusted, in words that tell what to do about it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping

from reconciler.http.failures import CertificateError

Certificate = Mapping[str, object]
"""As ``SSLSocket.getpeercert`` has it."""

_EXPIRED, _NOT_YET_VALID = 10, 9
_UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21})
_OTHER_NAME = frozenset({62, 64})
"""OpenSSL's numbers of what is wrong (X509_V_ERR_…)."""


def certificate_error(
    error: BaseException, host: str, proxy: str, read: Callable[[], Certificate]
) -> CertificateError | None:
    """What is wrong with a server's certificate; None where it is something else.

    Args:
        error: what a connection ended in.
        host: whose certificate it is.
        proxy: what the connection went through; empty for none.
        read: reads the certificate, without trusting it; empty where that fails.
    """
    fault = _verification_error(error)
    if fault is None:
        return None
    code = fault.verify_code
    if code in {_EXPIRED, _NOT_YET_VALID}:
        state = "has expired" if code == _EXPIRED else "is not valid yet"
        return CertificateError(
            f"the certificate of {host}, or one of those that vouch for it, {state}",
            "Have it renewed; where it is in order, set this machine's clock",
        )
    if code in _OTHER_NAME:
        names = _names(read()) or "other names"
        return CertificateError(
            f"the certificate is made for {names}, not for {host}",
            "Use a name it is made for in the URL, or have it made for the one that is used",
        )
    if code not in _UNKNOWN_AUTHORITY:
        return CertificateError(str(fault.verify_message or fault), "")
    issuer = _issuer(read())
    signed = f"no authority that is trusted here signed the certificate of {host}"
    if issuer:
        signed += f"; its issuer is {issuer}"
    if not proxy:
        return CertificateError(
            signed,
            "Give that authority's certificate with --ca-file or SSL_CERT_FILE, in addition to the "
            "system's",
        )
    return CertificateError(
        f"{signed}. A proxy that intercepts TLS looks like this",
        f"If {issuer or 'it'} is of the proxy {proxy}, give that authority's certificate with "
        "--ca-file or SSL_CERT_FILE, or name the host in NO_PROXY; else give the certificate of "
        "the server's authority",
    )


def _verification_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _names(certificate: Certificate) -> str:
    """The names it is made for."""
    names = certificate.get("subjectAltName")
    if not isinstance(names, tuple):
        return ""
    return ", ".join(str(name) for _, name in names[:10])


def _issuer(certificate: Certificate) -> str:
    """Who signed it, by its own words; empty where they can't be read."""
    issuer = certificate.get("issuer")
    parts = [pair for part in issuer for pair in part] if isinstance(issuer, tuple) else []
    named = {str(kind): str(value) for kind, value in parts}
    for kind in ("commonName", "organizationalUnitName", "organizationName"):
        if named.get(kind):
            return f'"{named[kind]}"'
    return ""
