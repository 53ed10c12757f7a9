from __future__ import annotations

import pytest
from fake_gateway import response
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import AuthError, GatewayError
from reconciler.gateway.envelope import (
    Envelope,
    Unintelligible,
    Verdict,
    open_envelope,
    retry_after,
)
from reconciler.gateway.lists import read_list
from reconciler.gateway.permissions import Lacking, lacking
from reconciler.http.client import Response
from reconciler.http.redaction import LIMIT, Secrets, shorten

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
    envelope = open_envelope(response(200, body=body.encode()))
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
    envelope = open_envelope(response(400, body=body.encode()))
    assert isinstance(envelope, Envelope)
    assert envelope.text == message


UNINTELLIGIBLE = {
    "an endless number": (b'{"a": ' + b"9" * 5000 + b"}", "", "not whole, valid JSON"),
    "nothing": (b"", "text/html", "an empty body"),
    "white space": (b" \r\n", "", "an empty body"),
    "a page": (b"<!doctype html><p>hi", "text/html", "an HTML page"),
    "a page called JSON": (b"\n <html>", "application/json", "an HTML page"),
    "text called a page": (b"oops", "TEXT/HTML; charset=utf-8", "an HTML page"),
    "cut JSON": (b'{"status": "SUC', "application/json", "not whole, valid JSON"),
    "not Unicode": (b'{"a": "\xff"}', "application/json", "not whole, valid JSON"),
    "an array": (b"[]", "", "not an object"),
    "a word": (b"null", "", "not an object"),
    "a pit": (b"[" * 200_000, "", "not an object"),
    "a pit of objects": (b'{"a":' * 200_000, "", "nested too deeply"),
}


@pytest.mark.parametrize(
    ("body", "kind", "said"), UNINTELLIGIBLE.values(), ids=UNINTELLIGIBLE.keys()
)
def test_what_is_no_json_object_is_named(body: bytes, kind: str, said: str) -> None:
    reply = response(200, kind, body)
    envelope = open_envelope(reply)
    assert isinstance(envelope, Unintelligible)
    assert said in envelope.body
    with pytest.raises(
        GatewayError, match=r"The gateway answered the list .* with HTTP 200"
    ) as caught:
        read_list("P", reply)
    assert said in str(caught.value)
    assert caught.value.fix


@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-16")))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    open_envelope(response(200, body=body))


NOT_FOUND = [
    "Project (X) is not found or user does not have privilege to access it!",
    "Project(X) is not found or user has not privilege to access it!",
    "Project (name: X) is not found!",
    "Project X not found",
    "Project is not found or you do not have permission",
    "project (User does not have required permission) is not found!",
]
DENIALS = {
    "401": (401, b"", Lacking.TOKEN),
    "401 page": (401, b"<html>", Lacking.TOKEN),
    "403": (403, b"", Lacking.PERMISSION),
    "403 about the token": (403, b'{"message": "Token was expired!"}', Lacking.TOKEN),
    "400 permission": (
        400,
        (
            b'{"status":"FAILURE","resultMessage":'
            b'"User does not have required permission for this operation!"}'
        ),
        Lacking.PERMISSION,
    ),
    "200 permission": (
        200,
        b'{"status":"FAILURE","resultMessage":"User does not have the required permissions"}',
        Lacking.PERMISSION,
    ),
    "older permission": (
        400,
        b'{"error":"access_denied","error_description":"no"}',
        Lacking.PERMISSION,
    ),
    "400 invalid token": (400, b'{"status":"FAIL","message":"Token is not valid!"}', Lacking.TOKEN),
    "400 expired token": (400, b'{"success":false,"message":"Token was expired!"}', Lacking.TOKEN),
    "400 no token": (
        400,
        (
            b'{"status":"FAILURE","resultMessage":'
            b'"Empty Key! Client must be authenticated to access this resource."}'
        ),
        Lacking.TOKEN,
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


@pytest.mark.parametrize(("status", "body", "expected"), DENIALS.values(), ids=DENIALS.keys())
def test_denials_are_told_from_other_failures(
    status: int, body: bytes, expected: Lacking | None
) -> None:
    reply = response(status, body=body)
    assert lacking(reply, open_envelope(reply)) is expected
    if expected:
        with pytest.raises(AuthError, match=expected.value):
            read_list("P", reply)


def test_a_redirect_is_not_followed_but_told() -> None:
    reply = response(302, location="https://sso.example/login")
    with pytest.raises(GatewayError, match=r"https://sso\.example/login, which is not followed"):
        read_list("P", reply)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failure_that_may_pass_is_no_envelope(status: int) -> None:
    with pytest.raises(GatewayError, match=rf"so sorry \(HTTP {status}\)"):
        read_list("P", response(status, body=b'{"message": "so sorry"}'))


WAITS = {
    "the header wins": (response(429, body=b'{"retry_after": 9}', retry_after=3.0), 3.0),
    "the body speaks": (response(429, body=b'{"retry_after": 9}'), 9.0),
    "as text": (response(429, body=b'{"retry_after": "1.5"}'), 1.5),
    "nobody speaks": (response(429, body=b"{}"), None),
    "nonsense": (response(429, body=b'{"retry_after": true}'), None),
    "a page": (response(429, body=b"<p>"), None),
}


@pytest.mark.parametrize(("reply", "seconds"), WAITS.values(), ids=WAITS.keys())
def test_the_retry_after(reply: Response, seconds: float | None) -> None:
    assert retry_after(reply, open_envelope(reply)) == seconds


def test_words_are_clipped_and_can_always_be_written() -> None:
    assert shorten("  a ") == "a"
    assert shorten("a\ud800b") == "a\ufffdb"
    assert len(shorten("x" * 10_000)) == LIMIT
    assert shorten("x" * 10_000).endswith("…")


def test_secrets_are_replaced_before_anything_is_clipped() -> None:
    secrets = Secrets()
    assert secrets.redact("to/k en") == "to/k en"
    secrets.add("to/k en", "token")
    secrets.add("to/k en-longer", "password")
    assert secrets.redact("a to/k en b to%2Fk%20en c to%2Fk+en d to/k en-longer") == (
        "a [token] b [token] c [token] d [password]"
    )
    assert "to/k" not in secrets.redact("x" * (LIMIT - 5) + "to/k en")


def test_a_message_can_name_a_secrets_label() -> None:
    secrets = Secrets()
    secrets.add("o", "token")
    assert secrets.redact("foo") == "f[token][token]"
