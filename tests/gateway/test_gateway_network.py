from __future__ import annotations

import socket
import ssl
import threading
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
        with pytest.raises(GatewayError, match=r"no trusted TLS connection.*--ca-file"):
            gateway.reader.list_jwks("P")
        with pytest.raises(GatewayError, match=r'the update of "a".*--ca-file'):
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
        with pytest.raises(GatewayError, match="is it an https:// port"):
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
    with fake_gateway(always(answer("", 407, Connection="close"))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with gateway_at("https://manager.test") as gateway:
            reply = gateway.writer.update("P", "a", JwkFields("b", None))
    assert reply.kind is ResponseKind.UNSENT
    assert "the proxy refused" in reply.message


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
