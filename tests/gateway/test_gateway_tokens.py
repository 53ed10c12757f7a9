from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest
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
    in_turn,
    response,
)

from reconciler.core.model import LiveProject
from reconciler.core.outcome import ResponseKind
from reconciler.core.plan import JwkFields
from reconciler.errors import AuthError, GatewayError, UsageError
from reconciler.gateway.credentials import LoginCredentials, TokenCredentials
from reconciler.gateway.tokens import login_form, read_token, token_source
from reconciler.http.redaction import Secrets

LOGIN = LoginCredentials("ci user", "pa&ss wörd")
SUCCESS = b'{"status":"SUCCESS","deploymentResult":{"success":true}}'

BAD_TOKENS = {
    "empty": "",
    "a line break": "secret\n",
    "a space": "Bearer secret",
    "outside ASCII": "secrét",
    "half a surrogate": "secret\ud800",
    "a control character": "secret\x7f",
}


@pytest.mark.parametrize("token", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_a_token_no_header_can_hold_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(AuthError, match="Bearer") as caught:
        TokenCredentials(token)
    assert "secr" not in str(caught.value)


@pytest.mark.parametrize(("username", "password"), [("", "secret"), ("u", ""), ("u", "\ud800")])
def test_a_login_that_cant_be_sent_is_refused(username: str, password: str) -> None:
    with pytest.raises(UsageError, match="APINIZER_PASSWORD"):
        LoginCredentials(username, password)


def test_credentials_dont_show_themselves() -> None:
    assert repr(TokenCredentials("secret")) == "TokenCredentials()"
    assert repr(LoginCredentials("secret", "secret")) == "LoginCredentials()"


def test_the_login_is_form_encoded() -> None:
    assert parse_qs(login_form(LOGIN).decode(), strict_parsing=True) == {
        "grant_type": ["client_credentials"],
        "client_id": ["ci user"],
        "client_secret": ["pa&ss wörd"],
    }


TOKENS: dict[str, object] = {
    "all members": {"access_token": "t", "token_type": "Bearer", "expires_in": 3600},
    "small letters": {"access_token": "t", "token_type": "bearer"},
    "no type": {"access_token": "t", "token_type": None},
}


@pytest.mark.parametrize("body", TOKENS.values(), ids=TOKENS.keys())
def test_a_bearer_token_is_read(body: object) -> None:
    assert read_token(response(200, body=json.dumps(body).encode())) == "t"


NO_TOKENS = {
    "a page": (200, b"<html>secret"),
    "a pit": (200, b"[" * 100_000),
    "an array": (200, b'["secret"]'),
    "another type": (200, b'{"access_token": "secret", "token_type": "mac"}'),
    "no text": (200, b'{"access_token": 5}'),
    "a header breaker": (200, b'{"access_token": "secret\\r\\nHost: x"}'),
    "not found": (404, b'{"access_token": "secret"}'),
    "a redirect": (302, b'{"access_token": "secret"}'),
    "a failure": (500, b"secret"),
}


@pytest.mark.parametrize(("status", "body"), NO_TOKENS.values(), ids=NO_TOKENS.keys())
def test_anything_else_is_no_token_and_not_repeated(status: int, body: bytes) -> None:
    with pytest.raises(GatewayError, match=f"HTTP {status}") as caught:
        read_token(response(status, body=body))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_rejected_login_is_a_matter_of_access(status: int) -> None:
    with pytest.raises(AuthError, match="asked once only"):
        read_token(response(status, body=b"secret"))


class Endpoint:
    """Gives t1, t2, … and counts; refuses from the n-th call on."""

    def __init__(self, refuse_from: int = 99) -> None:
        self.calls = 0
        self.refuse_from = refuse_from

    def __call__(self, credentials: LoginCredentials) -> str:
        assert credentials is LOGIN
        self.calls += 1
        if self.calls >= self.refuse_from:
            raise AuthError("rejected")
        return f"t{self.calls}"


def test_many_threads_that_meet_a_rejection_cause_one_renewal() -> None:
    endpoint = Endpoint()
    access = token_source(LOGIN, endpoint, Secrets())
    stale = access.token()
    start = threading.Barrier(8)
    renewed: list[bool] = []

    def meet_rejection() -> None:
        start.wait()
        renewed.append(access.renew(stale))

    threads = [threading.Thread(target=meet_rejection) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert renewed == [True] * 8
    assert endpoint.calls == 2
    assert access.token() == "t2"


def test_a_token_that_never_worked_is_not_renewed_again() -> None:
    endpoint = Endpoint()
    access = token_source(LOGIN, endpoint, Secrets())
    assert access.renew(access.token())
    assert not access.renew("t2")
    access.accepted("t1")  # a late answer to a request with the old token proves nothing
    assert not access.renew("t2")
    access.accepted("t2")
    assert access.renew("t2")
    assert endpoint.calls == 3


def test_a_login_that_was_refused_is_never_repeated() -> None:
    endpoint = Endpoint(refuse_from=1)
    access = token_source(LOGIN, endpoint, Secrets())
    for _ in range(10):
        with pytest.raises(AuthError, match="rejected"):
            access.token()
    assert endpoint.calls == 1


def test_a_given_token_is_never_renewed() -> None:
    endpoint = Endpoint()
    access = token_source(TokenCredentials(TOKEN), endpoint, Secrets())
    assert access.token() == TOKEN
    access.accepted(TOKEN)
    assert not access.renew(TOKEN)
    assert endpoint.calls == 0


class Manager:
    """Accepts the tokens in ``valid``; its token endpoint gives the next one of ``tokens``."""

    def __init__(self, *tokens: str, valid: set[str], status: int = 401) -> None:
        self.tokens = list(tokens)
        self.valid = valid
        self.status = status
        self.lock = threading.Lock()

    def __call__(self, seen: Seen) -> bytes:
        if seen.target.endswith("/auth/token"):
            with self.lock:
                body = {"access_token": self.tokens.pop(0), "token_type": "Bearer"}
            return answer(json.dumps(body))
        if seen.headers["authorization"].removeprefix("Bearer ") not in self.valid:
            words = {"status": "FAILURE", "resultMessage": "Token was expired!"}
            return answer(json.dumps(words), self.status)
        return answer(SUCCESS if seen.method == "PUT" else EMPTY_LIST)


def sent(seen: list[Seen]) -> list[str]:
    return [f"{one.method} {one.headers.get('authorization', '-')[-2:]}" for one in seen]


def test_a_login_is_made_once_and_its_token_used() -> None:
    with (
        fake_gateway(Manager("t1", valid={"t1"})) as server,
        gateway_at(server.url, credentials=LOGIN) as gateway,
    ):
        assert gateway.reader.list_jwks("P") == LiveProject("P", ())
        assert gateway.reader.list_jwks("Q") == LiveProject("Q", ())
        login = server.seen[0]
    assert sent(server.seen) == ["POST -", "GET t1", "GET t1"]
    assert login.target == "/apiops/auth/token"
    assert login.headers["content-type"] == "application/x-www-form-urlencoded"
    assert login.body == login_form(LOGIN)


@pytest.mark.parametrize("status", [401, 400, 200])
def test_an_expired_token_is_renewed_once_and_the_read_sent_again(status: int) -> None:
    with (
        fake_gateway(Manager("t1", "t2", valid={"t2"}, status=status)) as server,
        gateway_at(server.url, credentials=LOGIN) as gateway,
    ):
        assert gateway.reader.list_jwks("P") == LiveProject("P", ())
    assert sent(server.seen) == ["POST -", "GET t1", "POST -", "GET t2"]


def test_an_update_that_met_an_expired_token_is_sent_again() -> None:
    with (
        fake_gateway(Manager("t1", "t2", valid={"t2"})) as server,
        gateway_at(server.url, credentials=LOGIN) as gateway,
    ):
        assert gateway.writer.update("P", "a", JwkFields("b", None)).kind is ResponseKind.ACCEPTED
    assert sent(server.seen) == ["POST -", "PUT t1", "POST -", "PUT t2"]


def test_a_second_rejection_stops() -> None:
    with (
        fake_gateway(Manager("t1", "t2", valid=set())) as server,
        gateway_at(server.url, credentials=LOGIN) as gateway,
    ):
        for _ in range(2):
            with pytest.raises(AuthError, match="Token was expired"):
                gateway.reader.list_jwks("P")
    assert sent(server.seen) == ["POST -", "GET t1", "POST -", "GET t2", "GET t2"]


def test_threads_that_meet_an_expired_token_together_log_in_together() -> None:
    with (
        fake_gateway(Manager("t1", "t2", valid={"t2"})) as server,
        gateway_at(server.url, credentials=LOGIN) as gateway,
    ):
        projects = [f"P{number}" for number in range(4)]
        threads = [
            threading.Thread(target=gateway.reader.list_jwks, args=(project,))
            for project in projects
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sent(server.seen).count("POST -") == 2
    assert sent(server.seen).count("GET t2") == 4


def test_a_rejected_login_is_sent_once_whatever_is_asked() -> None:
    rejected = answer('{"error":"invalid_client"}', 401)
    waits = Waits()
    with (
        fake_gateway(always(rejected)) as server,
        gateway_at(server.url, credentials=LOGIN, waits=waits) as gateway,
    ):
        for _ in range(3):
            with pytest.raises(AuthError, match="user name or the password"):
                gateway.reader.list_jwks("P")
        with pytest.raises(AuthError):
            gateway.writer.update("P", "a", JwkFields("b", None))
    assert sent(server.seen) == ["POST -"]
    assert waits.seconds == []


EXPIRED = '{"status":"FAILURE","resultMessage":"Token was expired!"}'
NOT_REPEATED = {
    "a failure": answer("", 500),
    "a failure in a 200": answer('{"status":"FAILURE","resultMessage":"Wrong password"}'),
    "a locked account": answer("", 423),
    "too many requests": answer("", 429, Retry_After="7"),
    "a busy gateway": answer("", 503, Retry_After="7"),
    "a late proxy": answer("", 504),
    "a redirect": answer("", 302, Location="/login"),
    "a reset": Act.RESET,
    "no answer": Act.HANG,
}


@pytest.mark.parametrize("act", NOT_REPEATED.values(), ids=NOT_REPEATED.keys())
def test_a_login_that_may_have_failed_is_made_once_for_all_threads(act: bytes | Act) -> None:
    with (
        fake_gateway(always(act)) as server,
        gateway_at(server.url, credentials=LOGIN, read_timeout=0.2) as gateway,
        ThreadPoolExecutor(5) as pool,
    ):
        lists = [pool.submit(gateway.reader.list_jwks, f"P{number}") for number in range(10)]
        failures = [one.exception() for one in lists]
    assert [type(one) for one in failures] == [type(failures[0])] * 10
    assert len({str(one) for one in failures}) == 1
    assert isinstance(failures[0], AuthError | GatewayError)
    assert "token" in str(failures[0])
    assert sent(server.seen) == ["POST -"]


def test_a_renewal_that_fails_is_made_once_for_all_threads() -> None:
    token, expired = answer('{"access_token":"t1"}'), answer(EXPIRED, 401)
    script = {"POST": in_turn(token, answer("", 500)), "GET": always(expired)}
    with (
        fake_gateway(lambda seen: script[seen.method](seen)) as server,
        gateway_at(server.url, credentials=LOGIN) as gateway,
        ThreadPoolExecutor(5) as pool,
    ):
        lists = [pool.submit(gateway.reader.list_jwks, f"P{number}") for number in range(10)]
        assert all(isinstance(one.exception(), GatewayError) for one in lists)
    assert sent(server.seen).count("POST -") == 2


def test_a_token_endpoint_that_stays_away_is_given_up() -> None:
    waits = Waits()
    with (
        gateway_at("http://127.0.0.1:1", credentials=LOGIN, waits=waits) as gateway,
        pytest.raises(GatewayError, match="the request for a token: no connection"),
    ):
        gateway.reader.list_jwks("P")
    assert len(waits.seconds) == 4
