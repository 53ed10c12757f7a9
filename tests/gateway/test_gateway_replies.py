from __future__ import annotations

import json

import pytest
from fake_gateway import response
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.outcome import Deployment, Environment, ResponseKind, UpdateResponse
from reconciler.errors import AuthError
from reconciler.gateway.updates import read_update
from reconciler.http.client import Response


def said(status: int, body: object, **more: object) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return response(status, "application/json", content, **more)  # type: ignore[arg-type]


DEPLOYED = {"success": True, "environmentResults": []}
BROKEN = {"success": False, "environmentResults": [{"environmentName": "e", "success": False}]}
FAILED_AT = (Environment("e", False),)
UNKNOWN = Deployment(None)
TAKEN = "JWK (name: b) is already exist!"

CASES: dict[str, tuple[Response, ResponseKind, Deployment, str]] = {
    "older success, deployed": (
        said(200, {"success": True, "deploymentResult": DEPLOYED}),
        ResponseKind.ACCEPTED,
        Deployment(True),
        "",
    ),
    "newer success, deployed": (
        said(200, {"status": "SUCCESS", "resultMessage": None, "deploymentResult": DEPLOYED}),
        ResponseKind.ACCEPTED,
        Deployment(True),
        "",
    ),
    "201 counts as well": (
        said(201, {"status": "SUCCESS", "deploymentResult": {"success": True}}),
        ResponseKind.ACCEPTED,
        Deployment(True),
        "",
    ),
    "saved, not deployed": (
        said(200, {"status": "SUCCESS", "deploymentResult": BROKEN}),
        ResponseKind.ACCEPTED,
        Deployment(False, FAILED_AT),
        "",
    ),
    "saved, nothing said of deployment": (
        said(200, {"status": "SUCCESS", "resultMessage": "saved"}),
        ResponseKind.ACCEPTED,
        UNKNOWN,
        "saved",
    ),
    "saved, deployment null": (
        said(200, {"success": True, "deploymentResult": None}),
        ResponseKind.ACCEPTED,
        UNKNOWN,
        "",
    ),
    "saved, the message says the deployment failed": (
        said(200, {"status": "SUCCESS", "resultMessage": "Saved but deployment failed"}),
        ResponseKind.ACCEPTED,
        Deployment(False, message="Saved but deployment failed"),
        "Saved but deployment failed",
    ),
    "deployed, whatever a name in the message says": (
        said(
            200,
            {
                "success": True,
                "message": "JWK (name: failed-deployment) updated",
                "deploymentResult": DEPLOYED,
            },
        ),
        ResponseKind.ACCEPTED,
        Deployment(True),
        "JWK (name: failed-deployment) updated",
    ),
    "a failure with a deploymentResult": (
        said(200, {"status": "FAILURE", "resultMessage": "no", "deploymentResult": BROKEN}),
        ResponseKind.LOST,
        Deployment(False, FAILED_AT),
        "no (HTTP 200)",
    ),
    "a failure whose deploymentResult says success": (
        said(400, {"success": False, "message": "no", "deploymentResult": DEPLOYED}),
        ResponseKind.LOST,
        Deployment(False),
        "no (HTTP 400)",
    ),
    "a failure whose message is about the deployment": (
        said(400, {"status": "FAILURE", "resultMessage": "Deployment failed"}),
        ResponseKind.LOST,
        Deployment(False),
        "Deployment failed (HTTP 400)",
    ),
    "name taken": (
        said(400, {"status": "FAILURE", "resultMessage": TAKEN}),
        ResponseKind.REJECTED,
        UNKNOWN,
        f"{TAKEN} (HTTP 400)",
    ),
    "name taken, older": (
        said(409, {"error": "conflict", "error_description": TAKEN}),
        ResponseKind.REJECTED,
        UNKNOWN,
        f"{TAKEN} (HTTP 409)",
    ),
    "name taken inside a 200": (
        said(200, {"status": "FAIL", "message": TAKEN}),
        ResponseKind.REJECTED,
        UNKNOWN,
        f"{TAKEN} (HTTP 200)",
    ),
    "success false inside a 200": (
        said(200, {"success": False, "message": TAKEN, "deploymentResult": None}),
        ResponseKind.REJECTED,
        UNKNOWN,
        f"{TAKEN} (HTTP 200)",
    ),
    "a framework's 405": (
        said(405, {"status": 405, "error": "Method Not Allowed"}),
        ResponseKind.REJECTED,
        UNKNOWN,
        "Method Not Allowed (HTTP 405)",
    ),
    "an empty 404": (said(404, b""), ResponseKind.REJECTED, UNKNOWN, "HTTP 404 with an empty body"),
    "a 400 that says success": (
        said(400, {"success": True}),
        ResponseKind.REJECTED,
        UNKNOWN,
        "HTTP 400",
    ),
    "a redirect": (
        said(302, b"", location="https://sso"),
        ResponseKind.REJECTED,
        UNKNOWN,
        "a redirect (HTTP 302) to https://sso, which is not followed",
    ),
    "a redirect to nowhere": (
        said(301, {"success": True}),
        ResponseKind.REJECTED,
        UNKNOWN,
        "a redirect (HTTP 301) to nowhere, which is not followed",
    ),
    "an empty 200": (said(200, b""), ResponseKind.LOST, UNKNOWN, "HTTP 200 with an empty body"),
    "a 204": (said(204, b""), ResponseKind.LOST, UNKNOWN, "HTTP 204 with an empty body"),
    "a page": (
        said(200, b"<html>"),
        ResponseKind.LOST,
        UNKNOWN,
        "HTTP 200 with an HTML page instead of JSON",
    ),
    "cut JSON": (
        said(200, b'{"success": tr'),
        ResponseKind.LOST,
        UNKNOWN,
        "HTTP 200 with a body that is not whole, valid JSON",
    ),
    "neither success nor failure": (
        said(200, {"deploymentResult": DEPLOYED}),
        ResponseKind.LOST,
        UNKNOWN,
        "HTTP 200",
    ),
    "408": (said(408, b""), ResponseKind.LOST, UNKNOWN, "HTTP 408 with an empty body"),
    "500": (
        said(500, {"status": "FAILURE", "resultMessage": "An unexpected error occurred"}),
        ResponseKind.LOST,
        UNKNOWN,
        "An unexpected error occurred (HTTP 500)",
    ),
    "500 about a permission may have had its effect": (
        said(500, {"message": "User does not have required permission for this operation!"}),
        ResponseKind.LOST,
        UNKNOWN,
        "User does not have required permission for this operation! (HTTP 500)",
    ),
    "504 page": (
        said(504, b"<html>"),
        ResponseKind.LOST,
        UNKNOWN,
        "HTTP 504 with an HTML page instead of JSON",
    ),
    "102": (said(102, b""), ResponseKind.LOST, UNKNOWN, "HTTP 102 with an empty body"),
}


@pytest.mark.parametrize(
    ("reply", "kind", "deployment", "message"), CASES.values(), ids=CASES.keys()
)
def test_every_answer_to_an_update_has_one_meaning(
    reply: Response, kind: ResponseKind, deployment: Deployment, message: str
) -> None:
    assert read_update(reply) == UpdateResponse(kind, message, deployment, reply.status)


def test_too_many_requests_is_throttled_with_the_wait_asked_for() -> None:
    body = {"error": "too_many_requests", "error_description": "slow down", "retry_after": 7}
    expected = UpdateResponse(ResponseKind.THROTTLED, "slow down (HTTP 429)", UNKNOWN, 429, 7.0)
    assert read_update(said(429, body)) == expected
    assert read_update(said(429, b"", retry_after=2.0)).retry_after == 2.0


DENIED = {
    "401": said(401, b""),
    "403": said(403, b"<html>"),
    "400 permission": said(
        400, {"error": "x", "error_description": "User does not have required permission"}
    ),
    "200 permission": said(
        200, {"status": "FAILURE", "resultMessage": "User does not have permission!"}
    ),
}


@pytest.mark.parametrize("reply", DENIED.values(), ids=DENIED.keys())
def test_denials_stop_the_run(reply: Response) -> None:
    with pytest.raises(AuthError, match="the update"):
        read_update(reply)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_long_messages_are_cut(status: int) -> None:
    word = "SUCCESS" if status == 200 else "FAILURE"
    answer = read_update(said(status, {"status": word, "resultMessage": "x" * 9999}))
    assert 500 <= len(answer.message) <= 520


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("SUCCESS"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "success", "error", "deploymentResult", "retry_after"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values, st.integers(100, 599))
def test_any_json_has_a_meaning_and_only_a_2xx_is_accepted(body: object, status: int) -> None:
    try:
        answer = read_update(said(status, body))
    except AuthError:
        assert status < 500
        return
    if answer.kind is ResponseKind.ACCEPTED:
        assert 200 <= status < 300
        assert isinstance(body, dict)
        assert body.get("success") is not False
    if answer.deployment.deployed:
        assert answer.kind is ResponseKind.ACCEPTED
