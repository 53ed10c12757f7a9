from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.gateway.routes import (
    base_url,
    jwk_path,
    jwks_path,
    plain_http_warning,
)
from reconciler.http.urls import is_loopback

FORMS = {
    "a bare host": ("https://host", "https://host/apiops"),
    "a final slash": ("https://host/", "https://host/apiops"),
    "apiops at the end": ("https://host/apiops", "https://host/apiops"),
    "apiops and a slash": ("https://host/apiops/", "https://host/apiops"),
    "a node port": ("http://10.0.0.5:32080", "http://10.0.0.5:32080/apiops"),
    "a path prefix": ("https://host/manager", "https://host/manager/apiops"),
    "a prefix, apiops, slashes": ("https://host/a/b/apiops//", "https://host/a/b/apiops"),
    "a prefix that ends alike": ("https://host/myapiops", "https://host/myapiops/apiops"),
    "an encoded prefix": ("https://host/a%20b", "https://host/a%20b/apiops"),
    "capitals in scheme and host": (
        "HTTPS://Host.Example/Path",
        "https://host.example/Path/apiops",
    ),
    "the scheme's own port": ("https://host:443", "https://host/apiops"),
    "http's own port": ("http://host:80/", "http://host/apiops"),
    "the other scheme's port": ("http://host:443", "http://host:443/apiops"),
    "an empty port": ("https://host:/", "https://host/apiops"),
    "an IPv6 address": ("http://[::1]:8080", "http://[::1]:8080/apiops"),
    "a long IPv6 address": ("https://[2001:DB8:0:0::1]", "https://[2001:db8::1]/apiops"),
    "an underscore": ("http://api_manager:8080", "http://api_manager:8080/apiops"),
    "a final dot": ("https://host.example.", "https://host.example./apiops"),
    "white space around it": (" https://host\n", "https://host/apiops"),
}


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS.keys())
def test_every_form_becomes_one(text: str, expected: str) -> None:
    assert base_url(text) == expected
    assert base_url(expected) == expected


REFUSED = {
    "nothing": ("", "is not a URL"),
    "no scheme": ("host.example", "does not begin with"),
    "a host and port alone": ("hidden:32080", "does not begin with"),
    "another scheme": ("ftp://hidden", "does not begin with"),
    "no host": ("https://", "does not begin with"),
    "a port without a host": ("https://:443", "a host that is neither"),
    "a password": ("https://user:hidden@host", "user name or password"),
    "a user": ("https://hidden@host", "user name or password"),
    "a query": ("https://host/?token=hidden", "query or a fragment"),
    "a fragment": ("https://host/#hidden", "query or a fragment"),
    "a word as port": ("https://host:hidden", "a port that is not"),
    "port 0": ("https://host:0", "a port that is not"),
    "port 65536": ("https://host:65536", "a port that is not"),
    "a space inside": ("https://host/hid den", "holds a space"),
    "a line break inside": ("https://host/\nhidden", "control character"),
    "an international name": ("https://hidden.bücher.example", "xn--"),
    "half an IPv6 address": ("https://[::1", "bad IPv6"),
    "a wrong IPv6 address": ("https://[1:2:3]", "address"),
    "an IPv6 zone": ("https://[fe80::1%25eth0]", "a host that is neither"),
    "a wrong IPv4 address": ("https://999.1.1.1", "a host that is neither"),
    "an empty label": ("https://a..b", "a host that is neither"),
    "a long label": (f"https://{'a' * 64}.example", "a host that is neither"),
    "a dot segment": ("https://host/a/../b", "dot segments"),
    "an encoded dot segment": ("https://host/%2e%2E/b", "dot segments"),
    "a stray percent sign": ("https://host/100%", "dot segments or characters"),
    "a backslash": ("https://host/a\\b", "dot segments or characters"),
    "too much": (f"https://host/{'a' * 3000}", "too long"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_gateway_url_is_refused_without_repeating_it(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        base_url(text)
    assert reason in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert caught.value.fix
    assert caught.value.__context__ is None


@given(st.text(max_size=60) | st.text("ahtps:/.[]@%?#1", max_size=20).map("https://h".__add__))
def test_any_text_is_refused_or_gives_a_stable_url_that_the_http_library_takes(text: str) -> None:
    try:
        url = base_url(text)
    except UsageError:
        return
    assert base_url(url) == url
    assert str(httpx.URL(url + jwks_path("p"))) == url + "/projects/p/jwks/"


SEGMENTS = {
    "unreserved characters stay": ("aZ09-._~", "aZ09-._~"),
    "a space": ("a b", "a%20b"),
    "a plus": ("a+b", "a%2Bb"),
    "a slash": ("a/b", "a%2Fb"),
    "a percent sign is encoded once more": ("%20", "%2520"),
    "sub-delimiters": ("!$&'()*,;=:@", "%21%24%26%27%28%29%2A%2C%3B%3D%3A%40"),
    "a dot in a name": ("v1.0..", "v1.0.."),
    "composed and decomposed stay apart": ("é e\u0301", "%C3%A9%20e%CC%81"),
    "outside the basic plane": ("🔑", "%F0%9F%94%91"),
    "a control character": ("a\nb", "a%0Ab"),
    "three dots": ("...", "..."),
}


@pytest.mark.parametrize(("name", "encoded"), SEGMENTS.values(), ids=SEGMENTS.keys())
def test_names_are_percent_encoded_and_nothing_else(name: str, encoded: str) -> None:
    assert jwks_path(name) == f"/projects/{encoded}/jwks/"
    assert jwk_path("P", name) == f"/projects/P/jwks/{encoded}/"


@pytest.mark.parametrize("name", ["", ".", "..", "a\ud800", "é" * 700], ids=ascii)
def test_names_no_url_can_hold_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="can't be a part of a URL") as caught:
        jwk_path("P", name)
    str(caught.value).encode()


@given(st.text(min_size=1, max_size=255))
def test_the_http_library_sends_exactly_the_path(name: str) -> None:
    try:
        path = jwk_path("P", name)
    except UsageError:
        return
    assert httpx.URL(f"http://h/apiops{path}").raw_path.decode() == f"/apiops{path}"
    assert unquote(path.split("/")[-2], errors="strict") == name


LOOPBACK = {
    "http://127.0.0.1:8080/apiops": True,
    "http://127.9.9.9/apiops": True,
    "http://[::1]/apiops": True,
    "http://localhost:1/apiops": True,
    "http://x.localhost/apiops": True,
    "http://10.0.0.1/apiops": False,
    "http://localhost.example/apiops": False,
    "http://[2001:db8::1]/apiops": False,
}


@pytest.mark.parametrize(("url", "expected"), LOOPBACK.items())
def test_loopback_is_this_machine_only(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected
    assert (plain_http_warning(url) is None) is expected


def test_https_is_not_warned_of() -> None:
    assert plain_http_warning("https://manager.example/apiops") is None
    assert "https://" in str(plain_http_warning("http://manager.example/apiops"))
