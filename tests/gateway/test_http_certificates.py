"""Whom a client trusts, and how it tells what is wrong with a certificate."""

from __future__ import annotations

import datetime as dt
import os
import ssl
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from authorities import DAY, NOW, CorporateAuthority
from fake_gateway import EMPTY_LIST, Act, Seen, Waits, always, answer, fake_gateway

from reconciler.code_hosts.client import CodeHostClient
from reconciler.code_hosts.credentials import HostCredentials
from reconciler.code_hosts.hosts import host_retries
from reconciler.errors import GatewayError
from reconciler.http.auth import bearer
from reconciler.http.client import Response, Result, TransportOptions, open_client
from reconciler.http.failures import Cause, TransportFailure
from reconciler.http.tls import system_context, tls_context

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def authority() -> CorporateAuthority:
    return CorporateAuthority()


@pytest.fixture(scope="module")
def ca_file(authority: CorporateAuthority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return authority.write(tmp_path_factory.mktemp("ca") / "corporate.pem")


def asked(context: ssl.SSLContext, ca_file: Path | None, host: str = "127.0.0.1") -> Result:
    with fake_gateway(always(answer(EMPTY_LIST)), tls=context) as server:
        with open_client(
            f"https://{host}:{server.port}", TransportOptions(ca_file=ca_file)
        ) as client:
            result = client.send("GET", "/projects/")
        assert len(server.seen) == isinstance(result, Response)
    return result


def tunnelled(seen: Seen) -> bytes | Act:
    return Act.TUNNEL if seen.method == "CONNECT" else answer(EMPTY_LIST)


def failure(result: Result) -> TransportFailure:
    assert isinstance(result, TransportFailure), result
    return result


def test_a_lax_corporate_authority_is_trusted(authority: CorporateAuthority, ca_file: Path) -> None:
    result = asked(authority.serving("127.0.0.1"), ca_file)
    assert isinstance(result, Response), result


def test_no_context_is_stricter_than_the_field(ca_file: Path) -> None:
    for context in (system_context("Linux"), system_context("Darwin"), tls_context(ca_file)):
        assert not context.verify_flags & ssl.VERIFY_X509_STRICT
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_the_systems_authorities_stay_trusted_beside_those_that_are_named(
    authority: CorporateAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, inherited = CorporateAuthority("Named"), CorporateAuthority("Inherited")
    paths = SimpleNamespace(
        openssl_cafile=str(authority.write(tmp_path / "system.pem")),
        openssl_capath=str(tmp_path / "none"),
    )
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    monkeypatch.setenv("SSL_CERT_FILE", str(inherited.write(tmp_path / "inherited.pem")))
    ca_file = named.write(tmp_path / "named.pem")
    for trusted in (authority, named, inherited):
        assert isinstance(asked(trusted.serving("127.0.0.1"), ca_file), Response)


def test_a_system_without_authorities_has_the_well_known_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = SimpleNamespace(openssl_cafile=str(tmp_path / "no"), openssl_capath=str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    monkeypatch.setattr("reconciler.http.tls._SYSTEM_FILES", ())
    assert len(system_context("Linux").get_ca_certs()) > 100


def test_the_system_folder_of_hashed_names_is_read(
    authority: CorporateAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.write(tmp_path / "corporate.pem")
    subprocess.run(["openssl", "rehash", tmp_path], check=True)
    paths = SimpleNamespace(openssl_cafile=str(tmp_path / "no"), openssl_capath=str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    assert isinstance(asked(authority.serving("127.0.0.1"), None), Response)


def test_an_unknown_authority_is_named_with_the_way_to_trust_it(
    authority: CorporateAuthority,
) -> None:
    result = failure(asked(authority.serving("127.0.0.1"), None))
    assert result.cause is Cause.UNTRUSTED
    assert result.message == (
        "no trusted TLS connection: no authority that is trusted here signed the certificate of "
        '127.0.0.1; its issuer is "Corporate Root"'
    )
    assert "--ca-file or SSL_CERT_FILE" in result.fix


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [(NOW - 2 * DAY, NOW - DAY, "has expired"), (NOW + DAY, NOW + 2 * DAY, "is not valid yet")],
)
def test_dates_are_checked(
    authority: CorporateAuthority, ca_file: Path, start: dt.datetime, end: dt.datetime, state: str
) -> None:
    context = authority.serving("127.0.0.1", start=start, end=end)
    result = failure(asked(context, ca_file))
    assert result.cause is Cause.UNTRUSTED
    assert f"the certificate of 127.0.0.1, or one of those that vouch for it, {state}" in (
        result.message
    )
    assert "clock" in result.fix


def test_a_wrong_host_is_told_with_both_names(authority: CorporateAuthority, ca_file: Path) -> None:
    context = authority.serving("manager.test", "other.test", "10.1.2.3")
    for host in ("127.0.0.1", "localhost"):
        result = failure(asked(context, ca_file, host))
        assert result.cause is Cause.UNTRUSTED
        assert (
            f"the certificate is made for manager.test, other.test, 10.1.2.3, not for {host}"
            in result.message
        )


def test_a_host_with_a_dot_at_its_end_is_the_same_host(
    authority: CorporateAuthority, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_gateway(tunnelled, tunnel=authority.serving("manager.test")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with open_client("https://manager.test.", TransportOptions(ca_file=ca_file)) as client:
            result = client.send("GET", "/projects/")
    assert isinstance(result, Response), result


@pytest.mark.parametrize("trusted", [False, True])
def test_a_proxy_that_intercepts_is_told_from_an_unknown_authority(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interceptor = CorporateAuthority("Web Filter")
    ca_file = interceptor.write(tmp_path / "filter.pem") if trusted else None

    with fake_gateway(tunnelled, tunnel=interceptor.serving("manager.test")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with open_client("https://manager.test", TransportOptions(ca_file=ca_file)) as client:
            result = client.send("GET", "/projects/")
    if trusted:
        assert isinstance(result, Response)
        return
    told = failure(result)
    assert told.cause is Cause.UNTRUSTED
    assert 'its issuer is "Web Filter". A proxy that intercepts TLS looks like this' in (
        told.message
    )
    assert f'"Web Filter" is of the proxy {proxy.url}' in told.fix
    assert {seen.method for seen in proxy.seen} == {"CONNECT"}


def test_a_proxy_spoken_to_by_tls_is_trusted_by_the_same_authorities(
    authority: CorporateAuthority, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_gateway(always(answer(EMPTY_LIST)), tls=authority.serving("127.0.0.1")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"https://127.0.0.1:{proxy.port}")
        for file in (ca_file, None):
            with open_client("http://manager.test", TransportOptions(ca_file=file)) as client:
                result = client.send("GET", "/projects/")
            if file:
                assert isinstance(result, Response), result
            else:
                assert "the certificate of 127.0.0.1; its" in failure(result).message


def test_a_code_host_is_told_the_same_at_once(authority: CorporateAuthority) -> None:
    credentials = HostCredentials(bearer("t" * 20), ("t" * 20,))
    waits = Waits()
    with (
        fake_gateway(always(answer()), tls=authority.serving("127.0.0.1")) as server,
        open_client(f"https://127.0.0.1:{server.port}", TransportOptions()) as client,
    ):
        host = CodeHostClient("GitHub", client, credentials, host_retries(waits))
        with pytest.raises(GatewayError, match='its issuer is "Corporate Root"') as caught:
            host.read("/user")
    assert "in addition to the system's" in str(caught.value)
    assert waits.seconds == []


PYTHONS = sorted(Path.home().glob(".pyenv/versions/3.1[23]*/bin/python3"))
TRIAL = """
import sys
from pathlib import Path
from reconciler.http.client import TransportOptions, open_client
with open_client(sys.argv[1], TransportOptions(ca_file=Path(sys.argv[2]))) as client:
    print(client.send("GET", "/projects/"))
"""


@pytest.mark.proof
@pytest.mark.skipif(not PYTHONS, reason="there is no other Python")
@pytest.mark.parametrize("python", PYTHONS, ids=lambda path: path.parts[-3])
def test_other_pythons_judge_alike(
    python: Path, authority: CorporateAuthority, ca_file: Path, tmp_path: Path
) -> None:
    environment = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    site = str(tmp_path / "site")
    words = ["-m", "pip", "install", "-q", "--target", site, "--only-binary", ":all:"]
    names = ["httpx[socks]", "msgspec", "truststore", "tenacity"]
    installed = subprocess.run(
        [python, *words, *names], env=environment, capture_output=True, check=False
    )
    if installed.returncode:
        pytest.skip(f"nothing can be installed for {python}")
    environment["PYTHONPATH"] = os.pathsep.join([site, str(ROOT)])
    expired = authority.serving("127.0.0.1", start=NOW - 2 * DAY, end=NOW - DAY)
    for context, expected in (
        (authority.serving("127.0.0.1"), "Response(200"),
        (authority.serving("manager.test"), "made for manager.test, not for 127.0.0.1"),
        (expired, "has expired"),
        (CorporateAuthority("Other").serving("127.0.0.1"), 'its issuer is "Other"'),
    ):
        with fake_gateway(always(answer(EMPTY_LIST)), tls=context) as server:
            url = f"https://127.0.0.1:{server.port}"
            ran = subprocess.run(
                [python, "-c", TRIAL, url, ca_file],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        assert expected in ran.stdout, ran.stdout + ran.stderr
