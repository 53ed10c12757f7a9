from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme
from fake_gateway import (
    EMPTY_LIST,
    TOKEN,
    Act,
    Seen,
    Waits,
    always,
    answer,
    fake_gateway,
    gateway_at,
)

from reconciler.core.model import LiveProject
from reconciler.core.outcome import ResponseKind
from reconciler.core.plan import JwkFields
from reconciler.errors import GatewayError, UsageError
from reconciler.http.client import TransportOptions, open_client
from reconciler.http.failures import Cause, TransportFailure

LISTED = answer(EMPTY_LIST)
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.lower(), raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def serving(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def test_a_ca_file_is_trusted(authority: trustme.CA, ca_file: Path) -> None:
    with (
        fake_gateway(always(LISTED), tls=serving(authority, "127.0.0.1")) as server,
        gateway_at(f"https://127.0.0.1:{server.port}", ca_file=ca_file) as gateway,
    ):
        assert gateway.reader.list_jwks("P") == LiveProject("P", ())


def test_the_environments_ca_file_is_trusted(
    authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
    with (
        fake_gateway(always(LISTED), tls=serving(authority, "127.0.0.1")) as server,
        gateway_at(f"https://127.0.0.1:{server.port}") as gateway,
    ):
        assert gateway.reader.list_jwks("P") == LiveProject("P", ())


@pytest.mark.parametrize(("trusted", "name"), [(False, "127.0.0.1"), (True, "other.example")])
def test_an_untrusted_certificate_stops_reads_and_writes_at_once(
    authority: trustme.CA, ca_file: Path, trusted: bool, name: str
) -> None:
    waits = Waits()
    with (
        fake_gateway(always(LISTED), tls=serving(authority, name)) as server,
        gateway_at(
            f"https://127.0.0.1:{server.port}", ca_file=ca_file if trusted else None, waits=waits
        ) as gateway,
    ):
        with pytest.raises(GatewayError, match="no trusted TLS connection"):
            gateway.reader.list_jwks("P")
        with pytest.raises(GatewayError, match='the update of "a"'):
            gateway.writer.update("P", "a", JwkFields("b", None))
    assert server.seen == []
    assert waits.seconds == []


def test_https_to_a_plain_port_is_a_matter_of_trust() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer_plainly() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    answering = threading.Thread(target=answer_plainly)
    answering.start()
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    with listener, gateway_at(url) as gateway:
        with pytest.raises(GatewayError, match="it is an https:// port"):
            gateway.writer.update("P", "a", JwkFields("b", None))
        answering.join()


def bad_ca_files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "empty.pem").touch()
    (tmp_path / "text.pem").write_text("hello")
    (tmp_path / "half.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    names = ("missing.pem", "empty.pem", "text.pem", "half.pem", "")
    return {name: tmp_path / name for name in names}


@pytest.mark.parametrize("name", ["missing.pem", "empty.pem", "text.pem", "half.pem", ""])
def test_a_ca_file_without_certificates_is_refused(tmp_path: Path, name: str) -> None:
    path = bad_ca_files(tmp_path)[name]
    with (
        pytest.raises(UsageError, match=r"CA file .* can't be used") as caught,
        gateway_at("https://manager.example", ca_file=path),
    ):
        pass
    assert str(path) in str(caught.value)


def test_the_environments_ca_file_without_certificates_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with (
        pytest.raises(UsageError, match="SSL_CERT_FILE"),
        gateway_at("https://manager.example"),
    ):
        pass


def test_a_proxy_from_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_gateway(always(LISTED)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with gateway_at("http://manager.test:32080") as gateway:
            assert gateway.reader.list_jwks("P") == LiveProject("P", ())
    (seen,) = proxy.seen
    assert seen.target == "http://manager.test:32080/apiops/projects/P/jwks/"
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"


def test_no_proxy_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_gateway(always(LISTED)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "manager.invalid")
        with gateway_at("http://manager.invalid") as gateway:
            assert gateway.writer.update("P", "a", JwkFields("b", None)).kind is ResponseKind.UNSENT
    assert proxy.seen == []


def test_nothing_goes_to_this_machine_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_gateway(always(LISTED)) as proxy, fake_gateway(always(LISTED)) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        with gateway_at(server.url) as gateway:
            gateway.reader.list_jwks("P")
    assert proxy.seen == []
    assert len(server.seen) == 1


def test_a_tunnel_is_end_to_end_and_keeps_the_token_from_the_proxy(
    authority: trustme.CA, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(seen: Seen) -> bytes | Act:
        return Act.TUNNEL if seen.method == "CONNECT" else LISTED

    with fake_gateway(script, tunnel=serving(authority, "manager.test")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with gateway_at("https://manager.test", ca_file=ca_file) as gateway:
            assert gateway.reader.list_jwks("P") == LiveProject("P", ())
    connect, listing = proxy.seen
    assert connect.target == "manager.test:443"
    assert TOKEN not in str(connect.headers)
    assert listing.target == "/apiops/projects/P/jwks/"


def test_a_proxy_that_refuses_leaves_an_update_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_gateway(always(answer("", 403, Connection="close"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with gateway_at("https://manager.test") as gateway:
            reply = gateway.writer.update("P", "a", JwkFields("b", None))
    assert reply.kind is ResponseKind.UNSENT
    name = f"http://127.0.0.1:{proxy.port}"
    assert "the proxy refused the connection: 403" in reply.message
    assert f"(through the proxy {name} of HTTPS_PROXY)" in reply.message


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_another_password_is_asked_once_in_a_run(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_gateway(always(answer("", 407, Connection="close"))) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url.replace("//", "//user:hidden@"))
        with (
            gateway_at(f"{scheme}://manager.test") as gateway,
            ThreadPoolExecutor(4) as threads,
        ):
            reads = [threads.submit(gateway.reader.list_jwks, "P") for _ in range(8)]
            errors = [str(read.exception()) for read in reads]
            with pytest.raises(GatewayError, match="the proxy wants another") as caught:
                gateway.writer.update("P", "a", JwkFields("b", None))
    assert len(proxy.seen) == 1
    for message in (*errors, str(caught.value)):
        assert f"through the proxy {proxy.url} of ALL_PROXY" in message
        assert "hidden" not in message


def test_a_407_of_a_gateway_without_a_proxy_is_an_answer_like_any() -> None:
    with (
        fake_gateway(always(answer("", 407))) as server,
        gateway_at(server.url) as gateway,
        pytest.raises(GatewayError, match="HTTP 407"),
    ):
        gateway.reader.list_jwks("P")


def test_the_only_proxy_variable_that_matters_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with fake_gateway(always(LISTED)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("HTTPS_PROXY", "gopher://x")
        with gateway_at("http://manager.test") as gateway:
            assert gateway.reader.list_jwks("P") == LiveProject("P", ())


@pytest.mark.parametrize(
    "proxy", ["http://user:hidden@999.1.1.1", "gopher://user:hidden@x", "http://user:hidden@x:port"]
)
def test_a_bad_proxy_variable_is_refused_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with (
        pytest.raises(UsageError, match="HTTPS_PROXY") as caught,
        gateway_at("https://manager.test"),
    ):
        pass
    assert "hidden" not in str(caught.value)
    assert caught.value.__context__ is None


def test_netrc_never_replaces_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (".netrc", "_netrc"):
        (tmp_path / name).write_text(
            "machine 127.0.0.1 login u password p\ndefault login u password p\n"
        )
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with fake_gateway(always(LISTED)) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        with gateway_at(server.url) as direct, gateway_at("http://manager.test") as proxied:
            direct.reader.list_jwks("P")
            proxied.reader.list_jwks("P")
    assert [seen.headers["authorization"] for seen in server.seen] == [f"Bearer {TOKEN}"] * 2


# What is sent, again and again, without an end; and after how long silence a read is given up.
DRIPS: dict[str, tuple[bytes, bytes]] = {
    "a byte of the body at a time": (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n",
        b" ",
    ),
    "a byte of a chunk at a time": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\n \r\n",
    ),
    "a byte of the head at a time": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "interim responses without an end": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


@contextmanager
def dripping(first: bytes, rest: bytes) -> Iterator[int]:
    """A server that answers everybody, and never to the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()
    threads: list[threading.Thread] = []

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(first)
            while not stopping.wait(0.02):
                connection.sendall(rest)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=drip, args=(listener.accept()[0],)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(5)


@pytest.mark.parametrize(("first", "rest"), DRIPS.values(), ids=DRIPS.keys())
def test_a_request_ends_however_slowly_its_answer_drips(first: bytes, rest: bytes) -> None:
    waits = Waits(stop_after=0)
    with (
        dripping(first, rest) as port,
        gateway_at(f"http://127.0.0.1:{port}", request_deadline=0.3, waits=waits) as gateway,
    ):
        start = time.monotonic()
        with pytest.raises(GatewayError, match=r"no whole answer within 0\.3 s in all"):
            gateway.reader.list_jwks("P")
        reply = gateway.writer.update("P", "a", JwkFields("b", None))
        spent = time.monotonic() - start
    assert reply.kind is ResponseKind.LOST
    assert 0.6 <= spent < 2


def test_a_tls_handshake_ends_with_the_request() -> None:
    with (
        dripping(b"", b"") as port,
        gateway_at(f"https://127.0.0.1:{port}", request_deadline=0.2) as gateway,
    ):
        reply = gateway.writer.update("P", "a", JwkFields("b", None))
    assert reply.kind is ResponseKind.UNSENT


def test_a_comment_ends_like_any_request() -> None:
    first, rest = DRIPS["a byte of the head at a time"]
    options = TransportOptions(request_deadline=0.2)
    with (
        dripping(first, rest) as port,
        open_client(f"http://127.0.0.1:{port}", options) as client,
    ):
        result = client.send("PATCH", "/comment", content=b"{}")
    assert isinstance(result, TransportFailure)
    assert result.cause is Cause.LOST
