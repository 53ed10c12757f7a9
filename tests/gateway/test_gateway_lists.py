from __future__ import annotations

import json

import pytest
from fake_gateway import response
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model import LiveJwk, LiveProject, UnusableList
from reconciler.errors import AuthError, GatewayError, ReconcilerError
from reconciler.gateway.lists import ProjectRow, read_list, read_projects
from reconciler.http.client import Response

FULL = {
    "name": "a",
    "description": "d",
    "id": "64f",
    "projectId": 7,
    "sourceType": "URL",
    "sourceId": 12,
    "sourceUrl": "https://x.example",
    "type": "RSA",
    "kid": "k1",
}
KEY_MATERIAL = {
    "d": "PRIVATE-d",
    "k": "PRIVATE-k",
    "privateKey": {"p": "PRIVATE-p"},
    "pem": "-----BEGIN PRIVATE-KEY",
    "x5c": ["PRIVATE-c"],
}


def listed(*items: object, **members: object) -> Response:
    body = {"status": "SUCCESS", "resultList": list(items), **members}
    return response(200, "application/json", json.dumps(body).encode())


def said(body: object, status: int = 200) -> Response:
    return response(status, "application/json", json.dumps(body).encode())


LISTS = {
    "newer dialect": ({"status": "SUCCESS", "resultList": [{"name": "a"}], "resultCount": 1}, 1),
    "older dialect": ({"success": True, "resultList": [{"name": "a"}, {"name": "b"}]}, 2),
    "mixture": ({"success": True, "status": "SUCCESS", "resultList": [], "resultCount": None}, 0),
    "no verdict, but a list": ({"resultList": [{"name": "a"}]}, 1),
    "null and zero": ({"status": "SUCCESS", "resultList": None, "resultCount": 0}, 0),
    "missing and zero": ({"status": "SUCCESS", "resultCount": 0}, 0),
    "unknown members": ({"success": True, "resultList": [], "page": {"x": 1}}, 0),
}


@pytest.mark.parametrize(("body", "count"), LISTS.values(), ids=LISTS.keys())
def test_both_dialects_list_keys(body: object, count: int) -> None:
    live = read_list("P", said(body))
    assert isinstance(live, LiveProject)
    assert (live.name, len(live.jwks)) == ("P", count)


def test_every_allowed_field_is_kept_and_nothing_else() -> None:
    live = read_list("P", listed({**FULL, **KEY_MATERIAL, "jwk": KEY_MATERIAL}))
    assert live == LiveProject(
        "P", (LiveJwk("a", "d", "64f", "7", "URL", "12", "https://x.example", "RSA", "k1"),)
    )
    assert "PRIVATE" not in repr(live)


def test_absent_null_and_empty_fields_mean_the_same_but_for_the_description() -> None:
    absent = read_list("P", listed({"name": "a"}))
    null = read_list("P", listed(dict.fromkeys(FULL) | {"name": "a"}))
    empty = read_list("P", listed(dict.fromkeys(FULL, "") | {"name": "a", "description": None}))
    assert absent == null == empty == LiveProject("P", (LiveJwk("a"),))
    described = read_list("P", listed({"name": "a", "description": ""}))
    assert described == LiveProject("P", (LiveJwk("a", ""),))


def test_order_duplicates_and_strange_text_are_passed_on_as_they_are() -> None:
    names = ["b", "a", "b", "x\ud800", "\u202e", " "]
    live = read_list("P", listed(*({"name": name} for name in names)))
    assert isinstance(live, LiveProject)
    assert [jwk.name for jwk in live.jwks] == names


UNSAFE = {
    "count too high": (listed({"name": "a"}, resultCount=2), "resultCount is 2"),
    "count too low": (listed({"name": "a"}, resultCount=0), "resultCount is 0"),
    "count as text": (listed(resultCount="0"), "not a whole number"),
    "count as truth": (listed(resultCount=False), "not a whole number"),
    "count as fraction": (listed(resultCount=0.0), "not a whole number"),
    "no list": (said({"success": True}), "holds no list"),
    "null list": (said({"success": True, "resultList": None}), "holds no list"),
    "null list, count 1": (
        said({"success": True, "resultList": None, "resultCount": 1}),
        "no list",
    ),
    "null list, count false": (
        said({"success": True, "resultList": None, "resultCount": False}),
        "holds no list",
    ),
    "list as object": (said({"success": True, "resultList": {}}), "holds no list"),
    "neither verdict nor list": (said({"hello": "workspace"}), "neither success nor failure"),
    "item not an object": (listed({"name": "a"}, "b"), "Item 2 of the list is not an object"),
    "item null": (listed(None), "Item 1 of the list is not an object"),
    "no name": (listed({"description": "d"}), "has no name"),
    "empty name": (listed({"name": ""}), "has no name"),
    "name as number": (listed({"name": 5}), "has no name"),
    "description as number": (
        listed({"name": "a", "description": 5}),
        "a description of an unexpected type",
    ),
    "id as truth": (listed({"name": "a", "id": True}), "has a id of an unexpected type"),
    "id as fraction": (listed({"name": "a", "id": 1.5}), "unexpected type"),
    "id as object": (listed({"name": "a", "id": {"$oid": "1"}}), "unexpected type"),
    "kid as number": (listed({"name": "a", "kid": 5}), "has a kid of an unexpected type"),
    "type as list": (listed({"name": "a", "type": ["RSA"]}), "unexpected type"),
}


@pytest.mark.parametrize(("reply", "reason"), UNSAFE.values(), ids=UNSAFE.keys())
def test_a_list_in_doubt_is_unsafe(reply: Response, reason: str) -> None:
    fault = read_list("P", reply)
    assert isinstance(fault, UnusableList)
    assert (fault.name, fault.code) == ("P", "unsafe-list")
    assert reason in fault.message
    assert fault.hint


REFUSED = {
    "newer 400": said({"status": "FAILURE", "resultMessage": "Project is gone"}, 400),
    "older 404": said({"error": "not_found", "error_description": "Project is gone"}, 404),
    "failure inside a 200": said({"status": "FAILURE", "resultMessage": "Project is gone"}),
    "success false in a 200": said({"success": False, "message": "Project is gone"}),
    "framework's 404": said(
        {"status": 404, "error": "Not Found", "message": "Project is gone"}, 404
    ),
    "404 that says success": said({"success": True, "message": "Project is gone"}, 404),
}


@pytest.mark.parametrize("reply", REFUSED.values(), ids=REFUSED.keys())
def test_any_other_failure_means_the_project_cant_be_read(reply: Response) -> None:
    fault = read_list("P", reply)
    assert isinstance(fault, UnusableList)
    assert fault.code == "project-unreadable"
    assert "Project is gone" in fault.message


def test_a_denial_names_the_project() -> None:
    with pytest.raises(AuthError, match='the list of project "P"'):
        read_list("P", said({}, 401))


def test_projects_are_listed_with_name_and_id_only() -> None:
    rows = read_projects(
        listed({"name": "A", "id": 5, "tags": []}, {"name": "B", "id": True}, {"name": "C"})
    )
    assert rows == (ProjectRow("A", "5"), ProjectRow("B"), ProjectRow("C"))


BAD_PROJECTS = {
    "a failure": (said({"status": "FAILURE", "resultMessage": "no"}), "does not give"),
    "a wrong count": (listed({"name": "A"}, resultCount=3), "resultCount is 3"),
    "no name": (listed({"name": ""}), "has no name"),
    "not an object": (listed("A"), "is not an object"),
}


@pytest.mark.parametrize(("reply", "reason"), BAD_PROJECTS.values(), ids=BAD_PROJECTS.keys())
def test_projects_in_doubt_are_not_listed(reply: Response, reason: str) -> None:
    with pytest.raises(GatewayError, match=reason):
        read_projects(reply)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["name", "id", "kid", "status", "success", "resultList", "resultCount"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.sampled_from([200, 204, 302, 400, 401, 404, 429, 500]))
def test_any_json_has_a_meaning(body: object, status: int) -> None:
    try:
        live = read_list("P", said(body, status))
    except ReconcilerError:
        return
    if isinstance(live, LiveProject):
        assert all(jwk.name for jwk in live.jwks)
