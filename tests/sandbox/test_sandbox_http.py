"""What the documents say of the API, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sandbox_calls import SEED, client, names, options, put, sandbox

from reconciler.sandbox.deployment import SHAPES, members, results
from reconciler.sandbox.server import Running

NOT_FOUND = "JWK (name: {}) is not found! Try create operation."
NO_PROJECT = "Project ({}) is not found or user does not have privilege to access it!"
NO_PERMISSION = "User does not have required permission for this operation!"
LIST, ONE = "/projects/Payments/jwks/", "/projects/Payments/jwks/signing/"


@pytest.fixture
def server() -> Iterator[Running]:
    with sandbox(options()) as (running, _):
        yield running


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    with client(server) as calls:
        yield calls


def failure(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/json"
    return response.status_code, response.json()["resultMessage"]


def test_the_projects_are_listed(http: httpx.Client) -> None:
    body = http.get("/projects/").json()
    assert [(item["name"], item["description"]) for item in body["resultList"]] == [
        ("Payments", "all about money"),
        ("Empty", None),
        ("Twins", None),
    ]
    assert body["resultList"][0]["id"] == SEED.projects[0].id


def test_a_project_lists_its_keys_whole_and_without_key_material(http: httpx.Client) -> None:
    body = http.get(LIST).json()
    assert body["status"] == "SUCCESS"
    assert body["resultCount"] == len(body["resultList"]) == 4
    assert body["resultList"][1] == {
        "id": SEED.projects[0].jwks[1].id,
        "projectId": SEED.projects[0].id,
        "name": "rotating",
        "description": None,
        "sourceType": "URL",
        "sourceId": "s1",
        "sourceUrl": "https://keys.example/1",
        "type": "RSA",
        "kid": None,
    }
    assert names(http) == ["signing", "rotating", "shared", "ö & c"]
    assert names(http, "Empty") == []
    assert names(http, "Twins") == ["twin", "twin"]


def test_the_older_dialect_knows_no_count() -> None:
    with sandbox(options(dialect="older")) as (_, http):
        body = http.get(LIST).json()
        assert (body["success"], "resultCount" in body, "status" in body) == (True, False, False)
        refused = put(http, "absent", {"name": "x"})
        assert refused.status_code == 400
        message = NOT_FOUND.format("absent")
        assert refused.json() == {"error": "bad_request", "error_description": message}


def test_the_mixed_dialect_alternates() -> None:
    with sandbox(options(dialect="mixed")) as (_, http):
        assert ["resultCount" in http.get(LIST).json() for _ in range(3)] == [False, True, False]


def test_an_update_renames_describes_and_deploys_everywhere(
    server: Running, http: httpx.Client
) -> None:
    answer = put(http, "signing", {"name": "partner", "description": "new"})
    assert answer.status_code == 200
    assert answer.json()["deploymentResult"]["success"] is True
    assert names(http)[0] == "partner"
    key = server.admin.state()["projects"]["Payments"][0]
    held = {"name": "partner", "description": "new"}
    assert (key["name"], key["kid"]) == ("partner", "k1")
    assert key["deployed"] == {"test": held, "prod": held}


def test_an_update_detaches_a_key_from_its_source(http: httpx.Client) -> None:
    put(http, "rotating", {"description": "same name"})
    item = http.get(LIST).json()["resultList"][1]
    source = (item["sourceType"], item["sourceId"], item["sourceUrl"])
    assert source == ("COPY_PASTE", None, None)


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        pytest.param("x", {"name": "y"}, NOT_FOUND.format("x"), id="absent"),
        pytest.param("shared", {"name": "y"}, NOT_FOUND.format("shared"), id="another project's"),
        pytest.param(
            "signing",
            {"name": "rotating"},
            "JWK (name: rotating) is already exist!",
            id="taken",
        ),
        pytest.param("signing", {"name": ""}, "name value can not be empty!", id="empty"),
        pytest.param(
            "signing",
            {"name": "x" * 256},
            "name value can not be longer than 255 characters!",
            id="long",
        ),
    ],
)
def test_an_update_is_refused(
    server: Running, http: httpx.Client, name: str, body: dict[str, str], message: str
) -> None:
    assert failure(put(http, name, body)) == (400, message)
    assert server.admin.keys("Payments") == SEED.projects[0].jwks


def test_a_body_must_be_json(http: httpx.Client) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    broken = http.put(ONE, content=b"{", headers=headers)
    assert failure(broken) == (400, "Request body must be a JSON object!")
    form = http.put(ONE, data={"name": "x"})
    assert (form.status_code, form.json()["error"]) == (415, "Unsupported Media Type")


def test_names_are_decoded_from_the_path_exactly(http: httpx.Client) -> None:
    assert put(http, "%C3%B6%20%26%20c", {"name": "a+b"}).status_code == 200
    assert failure(put(http, "a%20b", {"name": "x"})) == (400, NOT_FOUND.format("a b"))
    assert put(http, "a+b", {"name": "c?d"}).status_code == 200
    assert put(http, "c%3Fd", {"name": "plain"}).status_code == 200


@pytest.mark.parametrize("segment", ["a%2Fb", "a%2fb", "a%5Cb", "a%3Bb", "a;b", "a%25b", "%2E%2e"])
def test_a_servlet_stack_rejects_some_characters(http: httpx.Client, segment: str) -> None:
    answer = put(http, segment, {"name": "x"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("method", "path", "status", "phrase"),
    [
        pytest.param("GET", "/projects", 404, "Not Found", id="projects without its slash"),
        pytest.param("GET", LIST[:-1], 404, "Not Found", id="a list without its slash"),
        pytest.param("PUT", ONE[:-1], 404, "Not Found", id="an update without its slash"),
        pytest.param("GET", "/test/healthcheck/", 404, "Not Found", id="one slash too many"),
        pytest.param("GET", "/else", 404, "Not Found", id="an unknown path"),
        pytest.param("POST", LIST, 405, "Method Not Allowed", id="no create"),
        pytest.param("DELETE", ONE, 405, "Method Not Allowed", id="no delete"),
        pytest.param("GET", "/auth/token", 405, "Method Not Allowed", id="no reading of tokens"),
    ],
)
def test_the_framework_speaks_for_itself(
    http: httpx.Client, method: str, path: str, status: int, phrase: str
) -> None:
    answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.json() == {"status": status, "error": phrase, "path": f"/apiops{path}"}


def test_an_ingress_may_answer_unknown_paths_with_a_page() -> None:
    with sandbox(options(html_unknown=True)) as (_, http):
        answer = http.get("/projects")
        assert (answer.status_code, answer.text[:15]) == (200, "<!DOCTYPE html>")
        assert http.get("/projects/").json()["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "Empty Key! Client must be authenticated to access this resource."),
        ("Bearer nonsense", "Token is not valid!"),
        ("Bearer old", "Token was expired!"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/projects/"), ("GET", LIST), ("PUT", ONE), ("GET", ONE)]
)
def test_a_token_is_needed(
    server: Running, method: str, path: str, authorization: str | None, message: str
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    url = f"{server.url}/apiops{path}"
    answer = httpx.request(method, url, headers=headers, trust_env=False)
    assert failure(answer) == (401, message)


@pytest.mark.parametrize(
    ("token", "method", "path", "message"),
    [
        pytest.param("writer", "GET", LIST, NO_PERMISSION, id="reading needs read"),
        pytest.param("reader", "PUT", ONE, NO_PERMISSION, id="writing needs manage"),
        pytest.param("no-deploy", "PUT", ONE, NO_PERMISSION, id="writing needs deploy"),
        pytest.param("elsewhere", "GET", LIST, NO_PROJECT.format("Payments"), id="not visible"),
        pytest.param(
            "elsewhere", "PUT", ONE, NO_PROJECT.format("Payments"), id="not visible to write"
        ),
        pytest.param("all", "GET", "/projects/X/jwks/", NO_PROJECT.format("X"), id="absent"),
        pytest.param(
            "all", "PUT", "/projects/X/jwks/a/", NO_PROJECT.format("X"), id="absent to write"
        ),
    ],
)
def test_a_permission_is_needed(
    server: Running, token: str, method: str, path: str, message: str
) -> None:
    with client(server, token) as http:
        assert failure(http.request(method, path, json={"name": "n"})) == (400, message)


def test_what_the_permissions_allow(server: Running) -> None:
    with client(server, "reader") as reader, client(server, "writer") as writer:
        assert "signing" in names(reader)
        assert put(writer, "signing", {"name": "n"}).status_code == 200
    with client(server, "elsewhere") as elsewhere:
        listed = elsewhere.get("/projects/").json()["resultList"]
        assert [item["name"] for item in listed] == ["Empty"]


def test_one_key_comes_with_its_private_half_and_the_read_is_counted(
    server: Running, http: httpx.Client
) -> None:
    assert server.admin.secret_reads == 0
    result = http.get(ONE).json()["result"]
    assert (result["name"], result["d"]) == ("signing", "FAKE PRIVATE KEY of the sandbox")
    assert failure(http.get(LIST + "absent/")) == (400, "JWK (name: absent) is not found!")
    assert server.admin.state()["secretReads"] == 2


def test_health_and_hello(server: Running, http: httpx.Client) -> None:
    healthy = httpx.get(f"{server.url}/apiops/test/healthcheck", trust_env=False)
    assert (healthy.text, healthy.headers["content-type"]) == ("OK", "text/plain; charset=utf-8")
    assert http.get("/test/hello/you").text == "Hello you"
    assert httpx.get(f"{server.url}/apiops/test/hello/you", trust_env=False).status_code == 401


def login(http: httpx.Client, user: str, password: str, grant: str = "client_credentials") -> Any:
    form = {"grant_type": grant, "client_id": user, "client_secret": password}
    return http.post("/auth/token", data=form)


def test_a_login_gives_a_token(server: Running, http: httpx.Client) -> None:
    granted = login(http, "ci", "right").json()
    assert (granted["token_type"], granted["expires_in"]) == ("bearer", 3600)
    assert server.tokens[-1] == granted["access_token"]
    with client(server, granted["access_token"]) as reader:
        assert "signing" in names(reader)
        assert put(reader, "signing", {"name": "n"}).json()["resultMessage"] == NO_PERMISSION


def test_a_token_can_expire_after_some_requests(server: Running, http: httpx.Client) -> None:
    token = login(http, "brief", "right").json()["access_token"]
    with client(server, token) as brief:
        assert [brief.get(LIST).status_code for _ in range(3)] == [200, 200, 401]


def test_failed_logins_lock_the_account(http: httpx.Client) -> None:
    for _ in range(7):
        wrong = login(http, "ci", "wrong")
        assert (wrong.status_code, wrong.json()["error_description"]) == (401, "Bad credentials")
    locked = login(http, "ci", "right")
    assert (locked.status_code, locked.json()["error_description"]) == (
        401,
        "User account is locked",
    )
    assert login(http, "brief", "right", grant="password").status_code == 400
    assert login(http, "nobody", "right").status_code == 401
    assert http.post("/auth/token", content=b"\xff").status_code == 400


@pytest.mark.parametrize("shape", SHAPES)
def test_every_deployment_shape_is_served(shape: str) -> None:
    with sandbox(options(deployment=shape)) as (server, http):
        server.admin.add_faults({"kind": "deploy-fails", "environments": ["prod"]})
        replies = [put(http, "signing", {"name": "new"}).json(), put(http, "new", {}).json()]
    for body, failing in zip(replies, (frozenset({"prod"}), frozenset[str]()), strict=True):
        expected = members(shape, results(SEED.environments, failing))
        assert body == {"status": "SUCCESS", "resultMessage": None, **expected}


def test_injected_key_material_is_in_every_answer() -> None:
    with sandbox(options(injected_secret="PLANTED_SECRET", inject_into_messages=True)) as (_, http):
        answers = [
            http.get("/projects/"),
            http.get(LIST),
            put(http, "signing", {}),
            put(http, "x", {}),
            http.get("/projects/X/jwks/"),
        ]
        assert all("PLANTED_SECRET" in answer.json()["privateKeyPem"] for answer in answers)
        assert "PLANTED_SECRET" in answers[-1].json()["resultMessage"]


def test_requests_are_recorded_as_they_came(server: Running, http: httpx.Client) -> None:
    put(http, "a%20b+c", {"name": "x"})
    with client(server, "nonsense") as stranger:
        stranger.get("/projects/")
    first, second = server.requests
    assert (first.method, first.raw_path, first.path, first.body, first.token) == (
        "PUT",
        "/apiops/projects/Payments/jwks/a%20b+c/",
        "/apiops/projects/Payments/jwks/a b+c/",
        {"name": "x"},
        "token 1",
    )
    assert (second.method, second.body, second.token) == ("GET", None, "unknown")
    assert server.admin.state()["requests"] == {"PUT": 1, "GET": 1}
