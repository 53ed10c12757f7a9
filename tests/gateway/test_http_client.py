from __future__ import annotations

import gzip
import ssl
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.http.body import read_body
from reconciler.http.failures import (
    FAILURES,
    Cause,
    CertificateError,
    TransportFailure,
    transport_failure,
)


def descendants(base: type[Exception]) -> Iterator[type[Exception]]:
    yield base
    for child in base.__subclasses__():
        yield from descendants(child)


FOREIGN = sorted(
    {
        kind
        for base in (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)
        for kind in descendants(base)
    },
    key=lambda kind: kind.__name__,
)
ABSTRACT = {
    httpx.RequestError,
    httpx.TransportError,
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.ProtocolError,
}
UNDER_THEIR_BASE = {
    httpx.StreamConsumed,
    httpx.StreamClosed,
    httpx.ResponseNotRead,
    httpx.RequestNotRead,
}


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: kind.__name__)
def test_no_exception_class_of_the_http_library_is_forgotten(kind: type[Exception]) -> None:
    assert kind in FAILURES or kind in ABSTRACT or kind in UNDER_THEIR_BASE
    error = kind.__new__(kind)
    error.args = ("words",)
    error.fix = ""  # type: ignore[attr-defined]  # which one of them has
    expected = {Cause.UNTRUSTED} if kind is CertificateError else set(Cause) - {Cause.UNTRUSTED}
    assert transport_failure(error).cause in expected


def test_every_public_exception_of_the_http_library_is_covered() -> None:
    public = {
        value
        for value in vars(httpx).values()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert public <= set(FOREIGN)


def test_only_failures_before_the_request_left_count_as_unsent() -> None:
    unsent = {kind for kind, (cause, _) in FAILURES.items() if cause is Cause.UNSENT}
    assert unsent == {
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ConnectError,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
        httpx.InvalidURL,
    }


def caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


TLS = {
    "a certificate": (ssl.SSLCertVerificationError(1, "bad"), Cause.UNTRUSTED),
    "another TLS fault": (ssl.SSLError(1, "wrong version"), Cause.UNTRUSTED),
    "a broken handshake": (ssl.SSLEOFError(8, "eof"), Cause.UNSENT),
    "a closed handshake": (ssl.SSLZeroReturnError(6, "closed"), Cause.UNSENT),
    "no TLS": (OSError(111, "refused"), Cause.UNSENT),
}


@pytest.mark.parametrize(("cause", "expected"), TLS.values(), ids=TLS.keys())
def test_matters_of_trust_are_told_from_broken_connections(
    cause: Exception, expected: Cause
) -> None:
    error = caused_by(httpx.ConnectError("no"), caused_by(OSError("between"), cause))
    assert transport_failure(error).cause is expected


def test_a_tls_failure_after_the_request_left_is_lost() -> None:
    error = caused_by(httpx.ReadError("no"), ssl.SSLError(1, "alert"))
    assert transport_failure(error).cause is Cause.LOST


def deflated(content: bytes, wbits: int = zlib.MAX_WBITS) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(content) + packer.flush()


@given(st.binary(max_size=300), st.integers(1, 50), st.sampled_from(["", "gzip", "deflate"]))
def test_bodies_are_decoded_however_they_are_cut_into_pieces(
    content: bytes, size: int, coding: str
) -> None:
    packed = {"": content, "gzip": gzip.compress(content), "deflate": deflated(content)}[coding]
    chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert read_body(chunks, f" {coding.upper()} ") == content


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=4), st.integers(1, 50))
def test_gzip_of_several_members_is_read_whole(contents: list[bytes], size: int) -> None:
    packed = b"".join(gzip.compress(content) for content in contents) + b"\0\0"
    chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert read_body(chunks, "gzip") == b"".join(contents)


def test_a_body_of_just_the_limit_is_read() -> None:
    assert read_body([b"abc", b"de"], "", limit=5) == b"abcde"
    assert read_body([gzip.compress(b"abcde")], "gzip", limit=5) == b"abcde"
    assert read_body([], "gzip") == b""


BROKEN: dict[str, tuple[list[bytes], str, Cause]] = {
    "too long": ([b"abc", b"def"], "", Cause.UNUSABLE),
    "too long once inflated": ([gzip.compress(b"abcdef")], "gzip", Cause.UNUSABLE),
    "a bomb": ([gzip.compress(b"\0" * 50_000_000)], "gzip", Cause.UNUSABLE),
    "not packed at all": ([b"hello"], "gzip", Cause.UNUSABLE),
    "an unasked coding": ([b"hello"], "br", Cause.UNUSABLE),
    "two codings": ([b"hello"], "gzip, gzip", Cause.UNUSABLE),
    "cut off in its second member": (
        [gzip.compress(b"a"), gzip.compress(b"b")[:-3]],
        "gzip",
        Cause.LOST,
    ),
    "too long by its second member": ([gzip.compress(b"abc") * 2], "gzip", Cause.UNUSABLE),
    "gzip and then something else": ([gzip.compress(b"abc") + b"xyz"], "gzip", Cause.UNUSABLE),
    "cut off": ([gzip.compress(b"abcde")[:-3]], "gzip", Cause.LOST),
}


@pytest.mark.parametrize(("chunks", "coding", "cause"), BROKEN.values(), ids=BROKEN.keys())
def test_bodies_that_cant_be_read_are_named(chunks: list[bytes], coding: str, cause: Cause) -> None:
    body = read_body(chunks, coding, limit=5)
    assert isinstance(body, TransportFailure)
    assert body.cause is cause
    assert body.message


def test_a_bomb_is_never_inflated_beyond_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    tracemalloc.start()
    try:
        read_body([bomb], "gzip", limit=1000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_reading_stops_at_the_limit() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 10

    assert isinstance(read_body(endless(), "", limit=100), TransportFailure)


FIRST_USE = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from msgspec import defstruct
from reconciler.http.client import Response

sys.setswitchinterval(1e-6)
response = Response(200, body=b'{"items": [{"a": 1, "b": "x"}]}')

def decode(kind, start):
    start.wait()
    return response.decode(kind)

with ThreadPoolExecutor(8) as pool:
    for _ in range(300):
        Item = defstruct("Item", [("a", "int"), ("b", "str | None")], module=__name__)
        kind = defstruct("Kind", [("items", "list[Item]")], module=__name__)
        start = threading.Barrier(8)
        for future in [pool.submit(decode, kind, start) for _ in range(8)]:
            assert future.result().items[0].b == "x"
"""


def test_threads_may_decode_a_type_for_the_first_time_together() -> None:
    """In a process of its own: where msgspec builds a type twice at a time, it crashes."""
    ran = subprocess.run([sys.executable, "-c", FIRST_USE], capture_output=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, b"")
