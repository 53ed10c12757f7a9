"""A response's body, decoded, and never much longer than it may be."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from reconciler.http.failures import Cause, TransportFailure

MAX_BODY_BYTES = 64 * 1024 * 1024
"""The longest body that is read, decoded, unless the options say otherwise."""


def read_body(
    chunks: Iterable[bytes], coding: str, limit: int = MAX_BODY_BYTES
) -> bytes | TransportFailure:
    """A body, decoded and whole, without ever holding much more than ``limit`` bytes of it.

    Args:
        chunks: the body as it is sent.
        coding: the ``Content-Encoding`` (RFC 9110, 8.4); gzip and deflate are understood.
        limit: the most bytes it may have, decoded.
    """
    coding = coding.strip().lower()
    if coding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        return TransportFailure(Cause.UNUSABLE, f"a body in a coding nobody asked for: {coding}")
    inflate = _Inflate() if coding not in {"", "identity"} else None
    body = bytearray()
    try:
        for chunk in chunks:
            body += inflate.decode(chunk, limit + 1 - len(body)) if inflate else chunk
            if len(body) > limit:
                return TransportFailure(Cause.UNUSABLE, f"a body of more than {limit} bytes")
    except zlib.error as error:
        message = f"a body that is not {coding} as it says: {error}"
        return TransportFailure(Cause.UNUSABLE, message)
    if inflate and body and not inflate.is_whole:
        return TransportFailure(Cause.LOST, "a body that is cut off")
    return bytes(body)


class _Inflate:
    """Decodes gzip of any number of members (RFC 1952, 2.2), or deflate."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 32)

    @property
    def is_whole(self) -> bool:
        """Whether the last member came to its end."""
        return self._member.eof

    def decode(self, chunk: bytes, limit: int) -> bytes:
        """The next piece, decoded, but no more than ``limit`` bytes of it, which is at least one.

        Raises:
            zlib.error: it is in no such coding.
        """
        body = b""
        while chunk and len(body) < limit:
            if self._member.eof:
                chunk = chunk.lstrip(b"\0")  # some writers fill their last block up with zeros
                if not chunk:
                    break
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            body += self._member.decompress(chunk, limit - len(body))
            chunk = self._member.unused_data
        return body
