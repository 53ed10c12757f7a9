from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.deployment import SHAPES, members, results
from reconciler.sandbox.dialects import Responder

GOOD = results(("test", "prod"), frozenset())
BAD = results(("test", "prod"), frozenset({"prod"}))
WHY = "Could not reach the gateways of prod"
FLAT = [
    {"environmentName": "test", "success": True, "message": "Deployed"},
    {"environmentName": "prod", "success": False, "message": WHY},
]


@pytest.mark.parametrize(
    ("shape", "good", "bad"),
    [
        pytest.param(
            "success-only",
            {"deploymentResult": {"success": True}},
            {"deploymentResult": {"success": False}},
            id="only success",
        ),
        pytest.param(
            "empty-detail-list",
            {"deploymentResult": {"success": True, "detailList": []}},
            {"deploymentResult": {"success": False, "detailList": []}},
            id="an empty detail list",
        ),
        pytest.param("null", {"deploymentResult": None}, {"deploymentResult": None}, id="null"),
        pytest.param("missing", {}, {}, id="missing"),
        pytest.param(
            "deployed-environments",
            {
                "deploymentResult": {
                    "deployed": True,
                    "deployedEnvironments": ["test", "prod"],
                    "failedEnvironments": [],
                }
            },
            {
                "deploymentResult": {
                    "deployed": False,
                    "deployedEnvironments": ["test"],
                    "failedEnvironments": ["prod"],
                }
            },
            id="lists of names",
        ),
        pytest.param(
            "result-message",
            {},
            {"resultMessage": "JWK is saved. Deployment failed on: prod"},
            id="only a message",
        ),
    ],
)
def test_the_plain_shapes(shape: str, good: dict[str, Any], bad: dict[str, Any]) -> None:
    assert (members(shape, GOOD), members(shape, BAD)) == (good, bad)


def test_the_shapes_with_environments() -> None:
    result = members("environmentResults", BAD)["deploymentResult"]
    message = "Deployment failed on: prod"
    assert result == {"success": False, "message": message, "environmentResults": FLAT}
    result = members("deploymentResults", BAD)["deploymentResult"]
    assert result == {"success": False, "deploymentResults": FLAT}


def test_the_recursive_shape_goes_down_to_pods() -> None:
    root = members("recursive", BAD)["deploymentResult"]
    assert (root["success"], root["envName"], root["podName"], root["detail"]) == (
        False,
        "",
        "",
        "",
    )
    test, prod = root["detailList"]
    assert (test["envName"], test["success"], prod["envName"], prod["success"]) == (
        "test",
        True,
        "prod",
        False,
    )
    pods = prod["detailList"]
    assert [pod["podName"] for pod in pods] == ["gateway-prod-0", "gateway-prod-1"]
    assert all(pod["podIp"] and pod["detail"] == WHY and pod["detailList"] == [] for pod in pods)
    assert root["firstFromApiResultList"] == test
    assert pods[0]["firstFromApiResultList"] is None


def test_there_are_all_the_shapes_the_documents_show() -> None:
    assert len(SHAPES) == 9  # eight, and null and missing are two of them


def test_the_older_dialect() -> None:
    responder = Responder("older")
    assert responder.success({"x": 1}) == {"success": True, "x": 1}
    assert responder.listing([{"a": 1}]) == {"success": True, "resultList": [{"a": 1}]}
    assert responder.failure(400, "no") == {"error": "bad_request", "error_description": "no"}
    assert responder.failure(500, "no")["error"] == "server_error"


def test_the_newer_dialect() -> None:
    responder, good = Responder("newer"), {"status": "SUCCESS", "resultMessage": None}
    assert responder.success({"x": 1}) == {**good, "x": 1}
    assert responder.listing([{"a": 1}]) == {**good, "resultList": [{"a": 1}], "resultCount": 1}
    assert responder.failure(400, "no") == {"status": "FAILURE", "resultMessage": "no"}


def test_the_mixed_dialect_takes_turns() -> None:
    responder = Responder("mixed")
    assert ["error" in responder.failure(400, "no") for _ in range(4)] == [True, False, True, False]


def test_injected_key_material_is_in_every_body_and_item_and_in_messages_if_asked() -> None:
    responder = Responder("newer", injected_secret="PLANTED_SECRET")
    assert "PLANTED_SECRET" in str(responder.success({}))
    assert "PLANTED_SECRET" in str(
        responder.listing([{"name": "a"}])["resultList"][0]["privateKeyPem"]
    )
    failure = responder.failure(400, "no")
    assert (failure["d"], failure["resultMessage"]) == ("PLANTED_SECRET", "no")
    loud = Responder("newer", injected_secret="PLANTED_SECRET", inject_into_messages=True).failure(
        400, "no"
    )
    assert loud["resultMessage"] == "no -----BEGIN PRIVATE KEY----- PLANTED_SECRET"
