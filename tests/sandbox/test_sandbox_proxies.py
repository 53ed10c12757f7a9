"""API proxies and their policies: both forms, permissions, simplified answers, changes."""

from __future__ import annotations

from typing import Any

import pytest
from sandbox_calls import client, options, sandbox

from reconciler.sandbox.decoding import SeedError
from reconciler.sandbox.seed import parse_seed

SEED = parse_seed(
    """
    projects:
      - name: Payments
        apiProxies:
          - name: Payments API
            relativePath: /payments
            policies:
              requestPolicyList:
                - {type: policy-script, name: verify, scriptBody: x, active: true}
              endpointList:
                - {endpoint: /pay, httpMethod: POST, errorPolicyList: null}
          - {name: "ö & c", wrapped: true, policies: {responsePolicyList: null}}
          - name: Simple
            simplified: true
            policies:
              requestPolicyList: [{type: policy-script, name: a, variable: {scriptBody: x, b: 1}}]
          - {name: Gone, vanished: true}
      - name: Empty
    tokens:
      - token: all
      - {token: one, proxies: [Simple], permissions: []}
      - {token: elsewhere, projects: [Empty]}
    """
)
LIST = "/projects/Payments/apiProxies/"


def policies(name: str) -> str:
    return f"{LIST}{name}/policies/"


def test_proxies_are_listed() -> None:
    with sandbox(options(SEED)) as (_, http):
        body = http.get(LIST).json()
        assert (body["status"], body["resultCount"]) == ("SUCCESS", 4)
        assert body["resultList"][0] == {
            "name": "Payments API",
            "description": None,
            "type": "REST",
            "relativePath": "/payments",
            "soapToRest": False,
        }
        assert http.get("/projects/Empty/apiProxies/").json()["resultList"] == []


def test_policies_come_in_two_forms() -> None:
    with sandbox(options(SEED)) as (_, http):
        (flat,) = http.get(policies("Payments API")).json()["resultList"]
        assert flat["requestPolicyList"][0]["scriptBody"] == "x"
        assert flat["responsePolicyList"] == []
        assert flat["endpointList"][0]["errorPolicyList"] is None
        (wrapped,) = http.get(policies("%C3%B6 & c")).json()["resultList"]
        assert wrapped["apiProxy"]["name"] == "ö & c"
        assert wrapped["apiProxy"]["responsePolicyList"] is None


def test_a_simplified_answer_has_no_scripts() -> None:
    with sandbox(options(SEED)) as (_, http):
        (shown,) = http.get(policies("Simple")).json()["resultList"]
        policy = {"type": "policy-script", "name": "a", "variable": {"b": 1}}
        assert shown["requestPolicyList"] == [policy]


@pytest.mark.parametrize(
    ("token", "path", "message"),
    [
        pytest.param("all", policies("Gone"), "ApiProxy (Gone) is not found", id="gone"),
        pytest.param("all", policies("x"), "ApiProxy (x) is not found", id="unknown"),
        pytest.param("one", policies("Payments API"), "does not have required", id="denied"),
        pytest.param("elsewhere", LIST, "Project (Payments) is not found", id="another project's"),
    ],
)
def test_some_are_refused(token: str, path: str, message: str) -> None:
    with sandbox(options(SEED)) as (server, _), client(server, token) as http:
        answer = http.get(path)
        assert (answer.status_code, answer.json()["status"]) == (400, "FAILURE")
        assert message in answer.json()["resultMessage"]


def test_any_permission_is_enough() -> None:
    with sandbox(options(SEED)) as (server, _), client(server, "one") as http:
        assert http.get(LIST).status_code == 200
        assert http.get(policies("Simple")).status_code == 200


def test_nothing_but_get_is_known() -> None:
    with sandbox(options(SEED)) as (_, http):
        assert http.put(policies("Simple"), json={}).status_code == 405
        assert http.post(LIST, json={}).status_code == 405


def test_somebody_else_changes_policies() -> None:
    new: dict[str, Any] = {"requestPolicyList": [{"type": "policy-x"}]}
    change = {"kind": "policies-change", "project": "Payments", "at": 2}
    with sandbox(options(SEED)) as (server, http):
        server.admin.add_faults({**change, "name": "Simple", "policies": new})
        http.get(LIST)
        (shown,) = http.get(policies("Simple")).json()["resultList"]
        assert shown["requestPolicyList"] == new["requestPolicyList"]
        server.admin.change_policies("Payments", "Simple", None)
        assert http.get(policies("Simple")).status_code == 400
        server.admin.change_policies("Payments", "New", new)
        assert http.get(policies("New")).status_code == 200


def test_a_fault_denies_permission() -> None:
    with sandbox(options(SEED)) as (server, http):
        server.admin.add_faults({"kind": "denied"})
        answer = http.get(LIST)
        assert answer.json()["resultMessage"].startswith("User does not have required permission")
        assert http.get(LIST).status_code == 200


def test_policies_are_no_part_of_what_a_database_is_filled_with() -> None:
    other = parse_seed("projects: [{name: Payments}, {name: Empty}]")
    assert SEED.fingerprint() == other.fingerprint()


@pytest.mark.parametrize(
    ("members", "path"),
    [
        pytest.param("{name: a}, {name: a}", "projects[0].apiProxies[1].name", id="twice"),
        pytest.param("{name: a, polices: {}}", "projects[0].apiProxies[0].polices", id="misspelt"),
        pytest.param("{name: a, policies: []}", "projects[0].apiProxies[0].policies", id="a list"),
    ],
)
def test_a_wrong_seed_is_refused(members: str, path: str) -> None:
    with pytest.raises(SeedError) as raised:
        parse_seed(f"projects: [{{name: P, apiProxies: [{members}]}}]")
    assert raised.value.path == path
