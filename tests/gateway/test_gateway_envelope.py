from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import AccessError, GatewayError
from reconciler.gateway.denials import Denial, denial
from reconciler.gateway.envelope import (
    Envelope,
    Received,
    Unintelligible,
    Verdict,
    open_envelope,
    wait_asked_for,
)
from reconciler.gateway.lists import read_list
from reconciler.gateway.quotes import QUOTE_LIMIT, Secrets, clip

VERDICTS = {
    "older success": ('{"success": true}', Verdict.SUCCESS),
    "newer success": ('{"status": "SUCCESS", "resultMessage": null}', Verdict.SUCCESS),
    "both successes": ('{"success": true, "status": "SUCCESS", "error": null}', Verdict.SUCCESS),
    "success in small letters": ('{"status": "success"}', Verdict.SUCCESS),
    "success with an empty error": ('{"success": true, "error": ""}', Verdict.SUCCESS),
    "older failure": ('{"error": "bad_request", "error_description": "x"}', Verdict.FAILURE),
    "newer failure": ('{"status": "FAILURE", "resultMessage": "x"}', Verdict.FAILURE),
    "short failure": ('{"status": "FAIL", "message": "x"}', Verdict.FAILURE),
    "success false": ('{"success": false}', Verdict.FAILURE),
    "a framework's page": ('{"status": 404, "error": "Not Found"}', Verdict.FAILURE),
    "an integer status alone": ('{"status": 500}', Verdict.FAILURE),
    "an error object": ('{"error": {"code": 1}}', Verdict.FAILURE),
    "failure outweighs success": ('{"success": true, "status": "FAILURE"}', Verdict.FAILURE),
    "success, yet an error": ('{"status": "SUCCESS", "error": "x"}', Verdict.FAILURE),
    "nothing said": ("{}", Verdict.UNSAID),
    "unknown word": ('{"status": "PENDING"}', Verdict.UNSAID),
    "integer 200": ('{"status": 200}', Verdict.UNSAID),
    "words of wrong types": ('{"status": [], "success": {}, "error": 5}', Verdict.UNSAID),
    "success as text": ('{"success": "yes"}', Verdict.UNSAID),
}


@pytest.mark.parametrize(("body", "verdict"), VERDICTS.values(), ids=VERDICTS.keys())
def test_both_dialects_and_their_mixtures_have_one_verdict(body: str, verdict: Verdict) -> None:
    envelope = open_envelope(Received(200, body=body.encode()))
    assert isinstance(envelope, Envelope)
    assert envelope.verdict is verdict


MESSAGES = {
    "newer": ('{"resultMessage": " one ", "message": "two"}', "one"),
    "older": ('{"error": "bad_request", "error_description": "three"}', "three"),
    "short": ('{"resultMessage": null, "message": "two"}', "two"),
    "only a code": ('{"error": "bad_request"}', "bad_request"),
    "none": ('{"message": 5, "error": ""}', ""),
}


@pytest.mark.parametrize(("body", "message"), MESSAGES.values(), ids=MESSAGES.keys())
def test_the_gateways_words_are_found(body: str, message: str) -> None:
    envelope = open_envelope(Received(400, body=body.encode()))
    assert isinstance(envelope, Envelope)
    assert envelope.message == message


UNINTELLIGIBLE = {
    "nothing": (b"", "text/html", "an empty body"),
    "white space": (b" \r\n", "", "an empty body"),
    "a page": (b"<!doctype html><p>hi", "text/html", "an HTML page"),
    "a page called JSON": (b"\n <html>", "application/json", "an HTML page"),
    "text called a page": (b"oops", "TEXT/HTML; charset=utf-8", "an HTML page"),
    "cut JSON": (b'{"status": "SUC', "application/json", "not whole, valid JSON"),
    "not Unicode": (b'{"a": "\xff"}', "application/json", "not whole, valid JSON"),
    "an endless number": (b'{"a": ' + b"9" * 5000 + b"}", "", "not whole, valid JSON"),
    "an array": (b"[]", "", "not an object"),
    "a word": (b"null", "", "not an object"),
    "a pit": (b"[" * 200_000, "", "nested too deeply"),
    "a pit of objects": (b'{"a":' * 200_000, "", "nested too deeply"),
}


@pytest.mark.parametrize(
    ("body", "kind", "said"), UNINTELLIGIBLE.values(), ids=UNINTELLIGIBLE.keys()
)
def test_what_is_no_json_object_is_named(body: bytes, kind: str, said: str) -> None:
    received = Received(200, kind, body)
    envelope = open_envelope(received)
    assert isinstance(envelope, Unintelligible)
    assert said in envelope.body
    with pytest.raises(
        GatewayError, match=r"The gateway answered the list .* with HTTP 200"
    ) as caught:
        read_list("P", received)
    assert said in str(caught.value)
    assert caught.value.fix


@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-16")))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    open_envelope(Received(200, body=body))


NOT_FOUND = [
    "Project (X) is not found or user does not have privilege to access it!",
    "Project(X) is not found or user has not privilege to access it!",
    "Project (name: X) is not found!",
    "Project X not found",
    "Project is not found or you do not have permission",
    "project (User does not have required permission) is not found!",
]
DENIALS = {
    "401": (401, b"", Denial.TOKEN),
    "401 page": (401, b"<html>", Denial.TOKEN),
    "403": (403, b"", Denial.PERMISSION),
    "403 about the token": (403, b'{"message": "Token was expired!"}', Denial.TOKEN),
    "400 permission": (
        400,
        (
            b'{"status":"FAILURE","resultMessage":'
            b'"User does not have required permission for this operation!"}'
        ),
        Denial.PERMISSION,
    ),
    "200 permission": (
        200,
        b'{"status":"FAILURE","resultMessage":"User does not have the required permissions"}',
        Denial.PERMISSION,
    ),
    "older permission": (
        400,
        b'{"error":"access_denied","error_description":"no"}',
        Denial.PERMISSION,
    ),
    "400 invalid token": (400, b'{"status":"FAIL","message":"Token is not valid!"}', Denial.TOKEN),
    "400 expired token": (400, b'{"success":false,"message":"Token was expired!"}', Denial.TOKEN),
    "400 no token": (
        400,
        (
            b'{"status":"FAILURE","resultMessage":'
            b'"Empty Key! Client must be authenticated to access this resource."}'
        ),
        Denial.TOKEN,
    ),
    "a success that mentions it": (200, b'{"success":true,"message":"Token is not valid!"}', None),
    "500 may have had its effect": (500, b'{"message":"Token is not valid!"}', None),
    "a name that says it": (
        400,
        b'{"message":"JWK (name: User does not have permission) is already exist!"}',
        None,
    ),
    **{text: (400, f'{{"message": "{text}"}}'.encode(), None) for text in NOT_FOUND},
}


@pytest.mark.parametrize(("status", "body", "lacking"), DENIALS.values(), ids=DENIALS.keys())
def test_denials_are_told_from_other_failures(
    status: int, body: bytes, lacking: Denial | None
) -> None:
    received = Received(status, body=body)
    assert denial(received, open_envelope(received)) is lacking
    if lacking:
        with pytest.raises(AccessError, match=lacking.value):
            read_list("P", received)


def test_a_redirect_is_not_followed_but_told() -> None:
    received = Received(302, location="https://sso.example/login")
    with pytest.raises(GatewayError, match=r"https://sso\.example/login, which is not followed"):
        read_list("P", received)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failure_that_may_pass_is_no_envelope(status: int) -> None:
    with pytest.raises(GatewayError, match=rf"so sorry \(HTTP {status}\)"):
        read_list("P", Received(status, body=b'{"message": "so sorry"}'))


WAITS = {
    "the header wins": (Received(429, body=b'{"retry_after": 9}', retry_after=3.0), 3.0),
    "the body speaks": (Received(429, body=b'{"retry_after": 9}'), 9.0),
    "as text": (Received(429, body=b'{"retry_after": "1.5"}'), 1.5),
    "nobody speaks": (Received(429, body=b"{}"), None),
    "nonsense": (Received(429, body=b'{"retry_after": true}'), None),
    "a page": (Received(429, body=b"<p>"), None),
}


@pytest.mark.parametrize(("received", "seconds"), WAITS.values(), ids=WAITS.keys())
def test_the_wait_asked_for(received: Received, seconds: float | None) -> None:
    assert wait_asked_for(received, open_envelope(received)) == seconds


def test_words_are_clipped_and_can_always_be_written() -> None:
    assert clip("  a ") == "a"
    assert clip("a\ud800b") == "a\ufffdb"
    assert len(clip("x" * 10_000)) == QUOTE_LIMIT
    assert clip("x" * 10_000).endswith("…")


def test_secrets_are_replaced_before_anything_is_clipped() -> None:
    secrets = Secrets()
    assert secrets.quote("to/k en") == "to/k en"
    secrets.add("to/k en", "token")
    secrets.add("to/k en-longer", "password")
    assert secrets.quote("a to/k en b to%2Fk%20en c to%2Fk+en d to/k en-longer") == (
        "a [token] b [token] c [token] d [password]"
    )
    assert "to/k" not in secrets.quote("x" * (QUOTE_LIMIT - 5) + "to/k en")


def test_a_message_can_name_a_secrets_label() -> None:
    secrets = Secrets()
    secrets.add("o", "token")
    assert secrets.quote("foo") == "f[token][token]"
