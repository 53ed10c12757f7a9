"""What each fault does to a real client, and whether the effect was done."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sandbox_calls import client, names, options, put, sandbox

from reconciler.sandbox.faults import KINDS, Fault
from reconciler.sandbox.server import Running

PAGE = "<!DOCTYPE html>"


@pytest.fixture
def server() -> Iterator[Running]:
    with sandbox(options(deployment="environmentResults")) as (running, _):
        yield running


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    with client(server) as calls:
        yield calls


def rename(http: httpx.Client) -> httpx.Response | type[Exception]:
    """Send an update: the answer, or what the client met instead of one."""
    try:
        return put(http, "signing", {"name": "new"})
    except httpx.HTTPError as error:
        return type(error)


BROKEN: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "reset-before": ({}, httpx.ReadError),
    "reset-after": ({}, httpx.ReadError),
    "hang": ({"seconds": 0.01}, httpx.RemoteProtocolError),
    "hang-after": ({"seconds": 0.01}, httpx.RemoteProtocolError),
    "cut-body": ({}, httpx.RemoteProtocolError),
}
ANSWERED: dict[str, tuple[dict[str, Any], int, str]] = {
    "latency": ({"seconds": 0.01}, 200, '"SUCCESS"'),
    "foreign-change": ({"project": "Payments", "name": "rotating", "to": "r"}, 200, '"SUCCESS"'),
    "policies-change": ({"project": "Payments", "name": "API", "policies": {}}, 200, '"SUCCESS"'),
    "deploy-fails": ({}, 200, '"SUCCESS"'),
    "429": ({}, 429, '"retry_after":1'),
    "500-before": ({}, 500, "An unexpected error occurred"),
    "500-after": ({}, 500, "An unexpected error occurred"),
    "503-before": ({}, 503, PAGE),
    "html": ({}, 200, PAGE),
    "html-after": ({}, 200, PAGE),
    "unauthorized": ({}, 401, "Token is not valid!"),
    "denied": ({}, 400, "User does not have required permission"),
    "garbage": ({}, 200, '{"status": "SUCC'),
    "huge": ({"size": 300_000}, 200, '{"status":"SUCCESS","resultList":[{'),
    "deep": ({"depth": 2000}, 200, '{"status":"SUCCESS","resultList":[[[[['),
}


def test_no_kind_is_forgotten() -> None:
    assert sorted([*BROKEN, *ANSWERED]) == sorted(KINDS)


def done(server: Running) -> bool:
    return server.admin.keys("Payments")[0].name == "new"


@pytest.mark.parametrize("kind", BROKEN)
def test_a_connection_breaks(server: Running, http: httpx.Client, kind: str) -> None:
    settings, error = BROKEN[kind]
    server.admin.add_faults({"kind": kind, "method": "PUT", **settings})
    assert names(http)[0] == "signing"  # a connection that is already in use
    assert rename(http) is error
    assert done(server) is (KINDS[kind].effect == "done")
    assert len(names(http)) == 4  # the server lives on
    assert server.admin.faults.pending() == ()


@pytest.mark.parametrize("kind", ANSWERED)
def test_another_answer_comes(server: Running, http: httpx.Client, kind: str) -> None:
    settings, status, text = ANSWERED[kind]
    server.admin.add_faults({"kind": kind, **settings})
    answer = rename(http)
    assert isinstance(answer, httpx.Response)
    assert answer.status_code == status
    assert text in answer.text
    assert done(server) is (KINDS[kind].effect == "done")
    assert len(names(http)) == 4


def raw_put(server: Running) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    body = b'{"name": "new"}'
    connection.sendall(
        b"PUT /apiops/projects/Payments/jwks/signing/ HTTP/1.1\r\nHost: x\r\n"
        b"Authorization: Bearer all\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    return connection


@pytest.mark.parametrize("kind", ["reset-before", "reset-after"])
def test_a_reset_is_a_reset_and_no_orderly_end(server: Running, kind: str) -> None:
    server.admin.add_faults(Fault(kind))
    with raw_put(server) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1000)


def test_a_cut_body_promises_more_than_it_sends(server: Running) -> None:
    server.admin.add_faults(Fault("cut-body"))
    received = b""
    with raw_put(server) as connection:
        while part := connection.recv(1000):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    promised = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    assert 0 < len(body) < promised


def test_a_huge_and_a_deep_answer_are_as_said(server: Running, http: httpx.Client) -> None:
    server.admin.add_faults(Fault("huge", size=1_000_000), Fault("deep", depth=50_000, at=2))
    huge = http.get("/projects/Payments/jwks/")
    assert len(huge.content) >= 1_000_000
    assert len(json.loads(huge.content)["resultList"]) > 1000
    with pytest.raises(RecursionError):
        json.loads(http.get("/projects/Payments/jwks/").content)


def test_a_client_may_leave_in_the_middle_of_a_huge_answer(server: Running) -> None:
    server.admin.add_faults(Fault("huge"))
    with client(server) as http:
        with http.stream("GET", "/projects/Payments/jwks/") as answer:
            next(answer.iter_raw())
        assert len(names(http)) == 4


@pytest.mark.parametrize(("header", "seconds", "sent"), [(True, 2, "2"), (False, 0.5, None)])
def test_429_says_how_long_to_wait(
    server: Running, http: httpx.Client, header: bool, seconds: float, sent: str | None
) -> None:
    server.admin.add_faults({"kind": 429, "seconds": seconds, "header": header})
    answer = http.get("/projects/")
    assert answer.json()["retry_after"] == seconds
    assert answer.headers.get("Retry-After") == sent


def test_failed_deployments_leave_the_old_key_on_the_gateways(
    server: Running, http: httpx.Client
) -> None:
    server.admin.add_faults(
        {"kind": "deploy-fails", "environments": ["prod"]}, {"kind": "deploy-fails", "at": 2}
    )
    replies = [put(http, "signing", {"name": "new"}).json(), put(http, "new", {}).json()]
    assert [body["deploymentResult"]["success"] for body in replies] == [False, False]
    held = {one.environment: one.name for one in server.admin.keys("Payments")[0].deployed}
    assert held == {"test": "new", "prod": "signing"}
    assert put(http, "new", {}).json()["deploymentResult"]["success"] is True
    assert {one.name for one in server.admin.keys("Payments")[0].deployed} == {"new"}


def test_somebody_else_changes_a_key_just_before_a_request(
    server: Running, http: httpx.Client
) -> None:
    server.admin.add_faults(
        Fault("foreign-change", project="Payments", name="signing", to="theirs"),
        Fault("foreign-change", project="Payments", name="absent", description="nothing"),
    )
    assert names(http)[0] == "theirs"
    assert server.admin.change("Payments", "theirs", description=None) is None
    assert server.admin.change("Payments", "absent", to="x") is not None


def test_faults_of_the_seed_and_the_options_are_armed_at_the_start() -> None:
    faults = (Fault("500-before"), Fault("503-before", index=2))
    with sandbox(options(faults=faults)) as (_, http):
        assert [http.get("/projects/").status_code for _ in range(3)] == [500, 503, 200]


def test_faults_can_be_armed_and_disarmed_over_http(server: Running, http: httpx.Client) -> None:
    url = f"{server.url}/sandbox"
    faults = [{"kind": "latency", "every": 2, "seconds": 0.0}, {"kind": "html", "at": 9}]
    armed = http.post(f"{url}/faults", json=faults)
    assert armed.status_code == 201
    assert http.get(f"{url}/state").json()["faults"] == armed.json()["armed"] == faults
    assert http.delete(f"{url}/faults").status_code == 204
    assert http.get(f"{url}/state").json()["faults"] == []
    wrong = http.post(f"{url}/faults", json=[{"kind": "fire"}])
    assert wrong.status_code == 400
    assert wrong.json()["error"].startswith("faults[0].kind: is 'fire'; allowed are")
    assert http.post(f"{url}/faults", content="[]").status_code == 415
    assert server.requests == ()


def test_the_admin_routes_can_be_switched_off() -> None:
    with sandbox(options(admin=False)) as (server, http):
        for path in ("faults", "state"):
            assert http.get(f"{server.url}/sandbox/{path}").status_code == 404


def test_a_hanging_request_holds_up_nobody_else(server: Running, http: httpx.Client) -> None:
    server.admin.add_faults(Fault("hang", method="PUT"))
    with ThreadPoolExecutor() as pool, client(server) as patient:
        patient.timeout = httpx.Timeout(10, read=0.3)
        hanging = pool.submit(rename, patient)
        while len(server.requests) < 1:
            time.sleep(0.001)
        begun = time.monotonic()
        assert names(http)[0] == "signing"
        assert time.monotonic() - begun < 0.25
        assert hanging.result() is httpx.ReadTimeout


def test_an_update_slower_than_its_client_is_done_all_the_same(server: Running) -> None:
    server.admin.add_faults(Fault("latency", seconds=0.1))
    with client(server) as no_waits:
        no_waits.timeout = httpx.Timeout(10, read=0.02)
        assert rename(no_waits) is httpx.ReadTimeout
    deadline = time.monotonic() + 5
    while not done(server) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert done(server)
