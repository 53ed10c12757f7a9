"""Which certificates are trusted: the system's, and those of the files that are named."""

from __future__ import annotations

import os
import platform
import re
import ssl
from pathlib import Path

import certifi
import truststore

from reconciler.errors import UsageError

_SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, Arch, BSD
)
"""Where systems keep their authorities, for a Python that was built to look elsewhere."""

_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.\d+")


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the system's authorities, and in addition the file's and the environment's.

    As strict as Python 3.12 was, on every Python: dates and names are checked, but an authority
    needs no key usage and a certificate no key identifier, which many companies' have not.

    Raises:
        UsageError: the file, or what SSL_CERT_FILE names, holds no certificates.
    """
    context = system_context(platform.system())
    if ca_file is not None:
        _add(context, f'The CA file "{ca_file}"', ca_file)
    file, folders = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file:
        _add(context, f'What SSL_CERT_FILE names, "{file}",', Path(file))
    if folders:
        for folder in folders.split(os.pathsep):
            context.load_verify_locations(capath=folder)
    return context


def system_context(system: str) -> ssl.SSLContext:
    """Trust the authorities of the system, or, where it has none, the well-known ones.

    Args:
        system: as ``platform.system`` has it.
    """
    if system in {"Darwin", "Windows"}:
        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        # OpenSSL's files, read once: truststore reads them anew for each connection, under a lock
        # that it holds while a server takes its time over the handshake.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _trust_files(context)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _trust_files(context: ssl.SSLContext) -> None:
    paths = ssl.get_default_verify_paths()
    file, folder = Path(paths.openssl_cafile), Path(paths.openssl_capath)
    if folder.is_dir() and any(_HASHED_NAME.fullmatch(path.name) for path in folder.iterdir()):
        context.load_verify_locations(capath=folder)
        if not file.is_file():
            return
    else:
        candidates = (file, *map(Path, _SYSTEM_FILES))
        file = next((path for path in candidates if path.is_file()), Path(certifi.where()))
    context.load_verify_locations(cafile=file)


def _add(context: ssl.SSLContext, named: str, file: Path) -> None:
    try:
        context.load_verify_locations(cafile=file)
    except ssl.SSLError:
        fault = "it holds no certificate in PEM form"
    except OSError as error:
        fault = error.strerror or "it can't be read"
    else:
        return
    raise UsageError(
        f"{named} can't be used: {fault}",
        why="Without it the server's certificate can't be checked",
        fix="Give a readable file of PEM certificates (-----BEGIN CERTIFICATE-----)",
    )


def no_tls_context() -> ssl.SSLContext:
    """Trust nobody, for where TLS is never spoken: reading all authorities takes time."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
