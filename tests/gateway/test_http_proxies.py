"""Which proxy a request goes through, and real proxies of both kinds, with passwords."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from fake_gateway import EMPTY_LIST, always, answer, fake_gateway

from reconciler.errors import UsageError
from reconciler.http.client import Response, TransportOptions, open_client
from reconciler.http.failures import Cause, TransportFailure
from reconciler.http.proxies import find_proxy

PROXY = "http://user:hidden@proxy.test:3128"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def warned_and_found(url: str) -> tuple[list[str], str | None]:
    warnings: list[str] = []
    proxy = find_proxy(url, warnings.append)
    return warnings, proxy.name if proxy else None


# NO_PROXY, the URL, and whether it is reached directly.
ITEMS: list[tuple[str, str, bool]] = [
    ("", "https://manager.test", False),
    ("*", "https://manager.test", True),
    ("other.test,*", "https://manager.test", True),
    ("manager.test", "https://manager.test", True),
    ("MANAGER.Test", "https://manager.test", True),
    ("manager.test", "https://MANAGER.test", True),
    ("manager.test", "https://manager.test.", True),
    ("manager.test.", "https://manager.test", True),
    ("test", "https://manager.test", True),
    (".test", "https://manager.test", True),
    ("*.test", "https://manager.test", True),
    (".manager.test", "https://manager.test", True),
    ("ager.test", "https://manager.test", False),
    ("manager.test.org", "https://manager.test", False),
    (" , manager.test ,, ", "https://manager.test", True),
    ("other.test manager.test", "https://manager.test", True),
    ("manager.test:8443", "https://manager.test:8443", True),
    ("manager.test:8443", "https://manager.test", False),
    ("manager.test:443", "https://manager.test", True),
    ("manager.test:80", "http://manager.test", True),
    ("https://manager.test", "https://manager.test", True),
    ("http://manager.test", "https://manager.test", False),
    ("münchen.test", "https://xn--mnchen-3ya.test", True),
    ("under_score.test", "https://under_score.test", True),
    ("10.1.2.3", "https://10.1.2.3", True),
    ("10.1.2.3:8443", "https://10.1.2.3:8443", True),
    ("10.1.2.3:8443", "https://10.1.2.3", False),
    ("10.1.2.3", "https://210.1.2.3", False),
    ("1.2.3.4", "https://x.1.2.3.4.test", False),
    ("10.0.0.0/8", "https://10.1.2.3", True),
    ("10.9.9.9/8", "https://10.1.2.3", True),
    ("10.0.0.0/255.0.0.0", "https://10.1.2.3", True),
    ("10.0.0.0/8", "https://11.1.2.3", False),
    ("10.0.0.0/8", "https://manager.test", False),
    ("fe80::/10", "https://[fe80::1]", True),
    ("[fe80::]/10", "https://[fe80::1]", True),
    ("fe80::/10", "https://[fd00::1]", False),
    ("fe80::/10", "https://10.1.2.3", False),
    ("2001:db8::1", "https://[2001:DB8:0::1]", True),
    ("[2001:db8::1]", "https://[2001:db8::1]", True),
    ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443", True),
    ("[2001:db8::1]:8443", "https://[2001:db8::1]", False),
    ("localhost,127.0.0.1,::1,[::1],10.0.0.0/8,.test", "https://manager.test", True),
]


@pytest.mark.parametrize("spelling", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize(("items", "url", "direct"), ITEMS)
def test_no_proxy_means_what_it_says(
    items: str, url: str, direct: bool, spelling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv(spelling, items)
    assert warned_and_found(url) == ([], None if direct else "http://proxy.test:3128")


UNKNOWN = ["192.168.*", "192.168.", "10.0.0", "10.0.0.0/33", "fe80::/200", "<local>", "a b/c"]
UNKNOWN += ["x:port", "*foo.test", "999.1.1.1", "user@host", "a..b", "host?query", "[::1"]


@pytest.mark.parametrize("item", UNKNOWN)
def test_an_item_that_cant_be_understood_is_named(
    item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", f"localhost,{item}")
    warnings, proxy = warned_and_found("https://manager.test")
    named = item.split()[-1]
    assert proxy is None
    (warning,) = warnings
    assert warning == (
        f'NO_PROXY holds what is no host and no range: "{named}": skipped, as no proxy is set.'
    )

    monkeypatch.setenv("https_proxy", PROXY)
    with pytest.raises(UsageError, match="no host and no range") as caught:
        warned_and_found("https://manager.test")
    assert f'"{named}"' in str(caught.value)
    assert "https_proxy" in str(caught.value)
    assert warned_and_found("https://localhost") == ([], None)


def test_ranges_without_a_proxy_trouble_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost,fe80::/10,10.0.0.0/8")
    assert warned_and_found("https://manager.test") == ([], None)


# Variables, and the proxy of an https:// URL with the variable that named it.
CHOICES: list[tuple[dict[str, str], str | None]] = [
    ({"HTTPS_PROXY": "proxy.test:3128"}, "Proxy(http://proxy.test:3128)"),
    ({"HTTP_PROXY": PROXY}, None),
    ({"ALL_PROXY": "socks5h://proxy.test:1080"}, "Proxy(socks5h://proxy.test:1080)"),
    ({"ALL_PROXY": "socks5://a.test", "https_proxy": PROXY}, "Proxy(http://proxy.test:3128)"),
    ({"HTTPS_PROXY": PROXY, "https_proxy": ""}, None),
    ({"TRAVIS_APT_PROXY": PROXY}, None),
]


@pytest.mark.parametrize(("variables", "proxy"), CHOICES)
def test_the_variable_of_the_scheme_comes_first(
    variables: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = find_proxy("https://manager.test", pytest.fail)
    assert (repr(found) if found else None) == proxy


@pytest.mark.parametrize(
    "value", ["gopher://u:hidden@x", "socks://u:hidden@x", "http://u:hid#den@x:1", "http://", ":80"]
)
def test_an_unusable_proxy_is_named_by_its_variable(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", value)
    with pytest.raises(UsageError, match=r"^all_proxy holds no usable URL") as caught:
        find_proxy("https://manager.test", pytest.fail)
    assert "hid" not in str(caught.value)
    assert caught.value.__context__ is None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(*command: str, port: int) -> Iterator[None]:
    """A program that listens on a port."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)  # looks whether it listens by now
        else:
            pytest.fail(f"{command[0]} does not listen")
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def proxy_program(kind: str, password: bool) -> Iterator[str]:
    """A real proxy; its address without a scheme."""
    port = free_port()
    if kind == "http":
        words = ["proxy", "--hostname", "127.0.0.1", "--port", str(port), "--num-workers", "1"]
        words += ["--num-acceptors", "1"] + (["--basic-auth", "user:right"] if password else [])
    else:
        user = "#user:right" if password else ""
        words = ["pproxy", "-l", f"socks5://127.0.0.1:{port}/{user}"]
    with running(*words, port=port):
        yield f"127.0.0.1:{port}"


def sent(url: str) -> Response | TransportFailure:
    with open_client(url, TransportOptions()) as client:
        return client.send("GET", "/projects/")


@pytest.fixture
def own_name(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name of this machine that is not known to be of this machine."""
    monkeypatch.setattr("reconciler.http.proxies.is_loopback", lambda _url: False)
    return "127.0.0.1"


@pytest.mark.parametrize("kind", ["http", "socks5", "socks5h"])
@pytest.mark.parametrize("login", [None, "right", "wrong"])
def test_real_proxies_pass_requests_on(
    kind: str, login: str | None, own_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        fake_gateway(always(answer(EMPTY_LIST))) as server,
        proxy_program(kind, password=login is not None) as address,
    ):
        user = f"user:{login}@" if login else ""
        monkeypatch.setenv("HTTP_PROXY", f"{kind}://{user}{address}")
        result = sent(f"http://{own_name}:{server.port}")
    if login == "wrong":
        assert isinstance(result, TransportFailure)
        assert result.cause is Cause.DENIED, result
        assert f"(through the proxy {kind}://{address} of HTTP_PROXY)" in result.message
        assert server.seen == []
    else:
        assert isinstance(result, Response), result
        assert len(server.seen) == 1


def test_a_socks_proxy_that_speaks_http_is_told_from_the_gateway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer_in_http() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    answering = threading.Thread(target=answer_in_http)
    answering.start()
    monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{listener.getsockname()[1]}")
    with listener:
        result = sent("https://manager.test")
        answering.join()
    assert isinstance(result, TransportFailure)
    assert result.cause is Cause.UNSENT
    assert "the proxy refused the connection: it does not speak SOCKS 5" in result.message


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hidden@127.0.0.1:{port}")
    result = sent("https://manager.test")
    assert isinstance(result, TransportFailure)
    assert result.cause is Cause.UNSENT
    assert f"through the proxy http://127.0.0.1:{port} of HTTPS_PROXY" in result.message
    assert "hidden" not in result.message


def test_a_proxy_never_shows_its_password() -> None:
    os.environ["HTTPS_PROXY"] = PROXY
    try:
        proxy = find_proxy("https://manager.test", pytest.fail)
    finally:
        del os.environ["HTTPS_PROXY"]
    assert proxy is not None
    assert "hidden" not in repr(proxy) + proxy.name + str(httpx.URL(proxy.name))
