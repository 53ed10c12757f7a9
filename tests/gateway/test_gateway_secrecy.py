from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable
from types import TracebackType

import pytest
from fake_gateway import TOKEN, Act, always, answer, fake_gateway, gateway_at

from reconciler.core.outcome import ResponseKind
from reconciler.core.plan import JwkFields
from reconciler.errors import GatewayError, ReconcilerError
from reconciler.gateway.authorised import raise_without_frames
from reconciler.gateway.client import Gateway
from reconciler.gateway.credentials import Credentials, LoginCredentials, TokenCredentials

PRIVATE = "PRIVATE-key-material"
PASSWORD = "pass-word&1"
LOGIN = LoginCredentials("u", PASSWORD)
GIVEN = TokenCredentials(TOKEN)

Use = Callable[[Gateway], object]


def listing(gateway: Gateway) -> object:
    return gateway.reader.list_jwks("P")


def projects(gateway: Gateway) -> object:
    return gateway.reader.list_projects()


def updating(gateway: Gateway) -> object:
    return gateway.writer.update("P", "a", JwkFields("b", None))


def echo(status: int, word: str = "FAILURE") -> bytes:
    """An answer whose message repeats every secret and whose body holds a key."""
    said = f"no {TOKEN} {PASSWORD} for you {'x' * 460} {TOKEN}"
    return answer(json.dumps({"status": word, "resultMessage": said, "d": PRIVATE}), status)


ACTS: dict[str, bytes | Act] = {
    **{str(status): echo(status) for status in (200, 302, 400, 401, 403, 404, 429, 500)},
    "accepted": echo(200, "SUCCESS"),
    "a redirect": answer("", 302, Location=f"https://x/{TOKEN}"),
    "cut JSON": answer(f'{{"d": "{PRIVATE}", "token": "{TOKEN}'),
    "an unsafe list": answer(
        json.dumps({"success": True, "resultList": [{"name": "a", "kid": 5, "d": PRIVATE}]})
    ),
    "no HTTP": f"{TOKEN} {PRIVATE}\r\nConnection: close\r\n".encode(),
    "a reset": Act.RESET,
}


def held(error: ReconcilerError) -> str:
    """All that an exception keeps: its text, its relatives, the locals of its frames."""
    found = ["".join(traceback.format_exception(error)), repr(error), repr(vars(error))]
    assert error.__cause__ is None
    assert error.__context__ is None
    trail: TracebackType | None = error.__traceback__
    while trail is not None:
        if "/reconciler/" in trail.tb_frame.f_code.co_filename:
            found.append(repr(trail.tb_frame.f_locals))
        trail = trail.tb_next
    return "\n".join(found)


@pytest.mark.parametrize("use", [listing, projects, updating])
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_no_secret_is_in_what_comes_back(
    act: bytes | Act, use: Use, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    trace: list[str] = []
    with fake_gateway(always(act)) as server, gateway_at(server.url, trace=trace) as gateway:
        try:
            kept = repr(use(gateway))
        except ReconcilerError as error:
            kept = held(error)
    assert TOKEN not in kept
    assert PRIVATE not in kept
    assert TOKEN[:8] not in kept
    shown = caplog.text + "\n".join(trace)
    assert trace
    assert TOKEN not in shown
    assert PRIVATE not in shown


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_a_password_is_in_no_failure_of_the_token_endpoint(
    act: bytes | Act, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    trace: list[str] = []
    with (
        fake_gateway(always(act)) as server,
        gateway_at(server.url, credentials=LOGIN, trace=trace) as gateway,
        pytest.raises(ReconcilerError) as caught,
    ):
        listing(gateway)
    kept = held(caught.value) + caplog.text + "\n".join(trace)
    assert PASSWORD not in kept
    assert PRIVATE not in kept


@pytest.mark.parametrize("credentials", [GIVEN, LOGIN], ids=["token", "login"])
def test_an_echoed_token_is_replaced_by_a_word(credentials: Credentials) -> None:
    def script(seen: object) -> bytes:
        if "auth/token" in str(seen):
            return answer(json.dumps({"access_token": TOKEN}))
        return answer(json.dumps({"status": "FAIL", "message": f"bad {TOKEN}, {PASSWORD}"}), 400)

    with fake_gateway(script) as server, gateway_at(server.url, credentials=credentials) as gateway:
        reply = gateway.writer.update("P", "a", JwkFields("b", None))
    assert reply.kind is ResponseKind.REJECTED
    expected = PASSWORD if credentials is GIVEN else "[password]"
    assert reply.message == f"bad [token], {expected} (HTTP 400)"


def test_an_error_is_raised_anew_without_where_it_came_from() -> None:
    @raise_without_frames
    def fail() -> None:
        token = TOKEN
        try:
            raise ValueError(token)
        except ValueError as error:
            raise GatewayError("no") from error

    with pytest.raises(GatewayError) as caught:
        fail()
    assert TOKEN not in held(caught.value)


def test_an_open_gateway_does_not_show_its_secrets() -> None:
    with gateway_at("http://127.0.0.1:1", credentials=LOGIN) as gateway:
        assert PASSWORD not in repr(gateway)
        assert PASSWORD not in repr(vars(gateway.reader))
