from __future__ import annotations

from pathlib import Path

import pytest
from fake_code_hosts import TOKEN, Github, Said, serving

from reconciler.code_hosts import edge
from reconciler.code_hosts.edge import open_client
from reconciler.code_hosts.model import DeniedError, Host
from reconciler.code_hosts.quotes import QUOTE_LIMIT, said, scrubbed
from reconciler.code_hosts.tokens import find_proof
from reconciler.errors import AccessError, UsageError


@pytest.mark.parametrize(
    ("host", "environment", "headers"),
    [
        (Host.GITHUB, {"GITHUB_TOKEN": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}),
        (Host.GITHUB, {"GH_TOKEN": f" {TOKEN}\n"}, {"Authorization": f"Bearer {TOKEN}"}),
        (Host.GITHUB, {"GITHUB_TOKEN": "a", "GH_TOKEN": "b"}, {"Authorization": "Bearer a"}),
        (Host.GITLAB, {"GITLAB_TOKEN": TOKEN}, {"PRIVATE-TOKEN": TOKEN}),
        (Host.BITBUCKET, {"BITBUCKET_TOKEN": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}),
        (
            Host.BITBUCKET,
            {"BITBUCKET_TOKEN": "b", "BITBUCKET_USERNAME": "a"},
            {"Authorization": "Basic YTpi"},
        ),
    ],
)
def test_the_token_comes_from_the_environment(
    host: Host, environment: dict[str, str], headers: dict[str, str]
) -> None:
    assert find_proof(host, environment).headers == headers


@pytest.mark.parametrize("host", list(Host))
def test_a_missing_token_is_told_with_its_variable(host: Host) -> None:
    with pytest.raises(AccessError, match=f"{host.upper()}_TOKEN") as caught:
        find_proof(host, {})
    assert caught.value.exit_code == 77


def test_the_token_of_a_gitlab_job_may_not_comment() -> None:
    with pytest.raises(DeniedError, match="CI_JOB_TOKEN"):
        find_proof(Host.GITLAB, {"CI_JOB_TOKEN": "x"})


@pytest.mark.parametrize(
    "environment",
    [
        {"BITBUCKET_TOKEN": "se cret"},
        {"BITBUCKET_TOKEN": "sécret"},
        {"BITBUCKET_TOKEN": "secret", "BITBUCKET_USERNAME": "a:b"},
    ],
)
def test_a_token_that_can_t_be_sent_is_not_repeated(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        find_proof(Host.BITBUCKET, environment)
    assert environment["BITBUCKET_TOKEN"] not in str(caught.value)


def test_a_scrubbed_text_holds_no_form_of_a_secret_and_is_short() -> None:
    text = scrubbed(f"a\n a/b+c a%2Fb%2Bc {'x' * (QUOTE_LIMIT - 30)} a/b+c", ("a/b+c", "a"))
    assert text.startswith("[token] [token] [token] x")
    assert len(text) == QUOTE_LIMIT
    assert scrubbed("a", ()) == "a"


@pytest.mark.parametrize(
    ("parsed", "words"),
    [
        ({"message": "a"}, "a"),
        ({"message": "", "error": "a"}, "a"),
        ({"error": {"message": "a"}}, "a"),
        ({"errors": [{"message": "a"}, {"message": "b"}]}, "a"),
        ({"message": {"note": ["a"]}}, "a"),
        ({}, ""),
        ([], ""),
        (None, ""),
        (5, ""),
    ],
)
def test_the_words_of_a_failure(parsed: object, words: str) -> None:
    assert said(parsed) == words


def test_a_ca_file_that_can_t_be_used_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for path in (empty, tmp_path / "missing.pem"):
        with pytest.raises(UsageError, match="The CA file"):
            open_client(path, proxies=True)


def test_a_proxy_variable_that_can_t_be_used_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "htp:\\pass-word")
    with pytest.raises(UsageError, match="proxy variable") as caught:
        open_client(None, proxies=True)
    assert "pass-word" not in str(caught.value)


def test_a_body_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "MAX_BODY_BYTES", 10)
    fake_host = Github()
    fake_host.fail("GET .*", Said(200, ["x" * 100]))
    with serving(fake_host), open_client(None, proxies=False) as client:
        result = edge.exchange(client, client.build_request("GET", fake_host.url))
    assert result == edge.Broken(sent=True, message="a body of more than 10 bytes")


def test_a_server_nobody_trusts_is_sent_nothing(tmp_path: Path) -> None:
    import ssl
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    import trustme

    authority, other = trustme.CA(), trustme.CA()
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    authority.cert_pem.write_to_path(tmp_path / "right.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A handshake that is broken off is what is expected."""

    with Server(("127.0.0.1", 0), Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            url = f"https://127.0.0.1:{server.server_port}/"
            with open_client(tmp_path / "other.pem", proxies=False) as client:
                result = edge.exchange(client, client.build_request("GET", url))
            assert isinstance(result, edge.Broken)
            assert not result.sent
            assert "certificate" in result.message.lower()
            with open_client(tmp_path / "right.pem", proxies=False) as client:
                answered = edge.exchange(client, client.build_request("GET", url))
            assert isinstance(answered, edge.Answer)
        finally:
            server.shutdown()
            thread.join()
