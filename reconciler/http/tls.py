"""Which certificates are trusted."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx

from reconciler.errors import UsageError


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the file's certificates, else the environment's, else well-known ones.

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
        why="Without it the server's certificate can't be checked",
        fix="Give a readable file of PEM certificates (-----BEGIN CERTIFICATE-----)",
    )


def no_tls_context() -> ssl.SSLContext:
    """Trust nobody, for where TLS is never spoken: reading all authorities takes time."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
