from __future__ import annotations

import gzip
import json
import socket
import threading

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
)

from reconciler import __version__
from reconciler.core.model import LiveProject, UnusableList
from reconciler.core.outcome import Deployment, ResponseKind
from reconciler.core.plan import JwkFields
from reconciler.errors import AuthError, GatewayError, UsageError
from reconciler.gateway.client import GatewayReader
from reconciler.gateway.lists import ProjectRow
from reconciler.http.body import MAX_BODY_BYTES
from reconciler.http.client import Response, TransportOptions, open_client

LISTED = answer(EMPTY_LIST)
SAVED = answer('{"status":"SUCCESS","deploymentResult":{"success":true}}')


def test_a_list_is_one_get_with_the_token() -> None:
    trace: list[str] = []
    clock = iter([1.0, 1.25])
    with (
        fake_gateway(always(LISTED)) as server,
        gateway_at(server.url, trace=trace, clock=lambda: next(clock)) as gateway,
    ):
        assert gateway.base_url == f"{server.url}/apiops"
        assert gateway.reader.list_jwks("My Project") == LiveProject("My Project", ())
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("GET", "/apiops/projects/My%20Project/jwks/")
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["accept-encoding"] == "gzip"
    assert seen.headers["user-agent"] == f"apinizer-jwk-reconciler/{__version__}"
    assert trace == ["GET /apiops/projects/My%20Project/jwks/ 200 250 ms"]


def test_an_update_is_one_put_with_exactly_two_members() -> None:
    with fake_gateway(always(SAVED)) as server, gateway_at(server.url) as gateway:
        reply = gateway.writer.update("P", "old", JwkFields("né\ud800w", None))
        gateway.writer.update("P", "new", JwkFields("new", ""))
    assert (reply.kind, reply.deployment, reply.status) == (
        ResponseKind.ACCEPTED,
        Deployment(True),
        200,
    )
    first, second = server.seen
    assert (first.method, first.target) == ("PUT", "/apiops/projects/P/jwks/old/")
    assert json.loads(first.body) == {"name": "né\ud800w", "description": None}
    assert json.loads(second.body) == {"name": "new", "description": ""}
    assert first.headers["content-type"] == "application/json"


NAMES = [
    "a b",
    "a+b",
    "a%2fb",
    "~_.-",
    "!$&'()*,:@=",
    "é e\u0301 🔑",
    "a\nb",
    "a/b;c?d#e",
    "x" * 255,
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_the_path_goes_over_the_wire_as_it_was_encoded(name: str) -> None:
    encoded = "".join(
        chr(byte)
        if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"-._~")
        else f"%{byte:02X}"
        for byte in name.encode()
    )
    with (
        fake_gateway(always(SAVED)) as server,
        gateway_at(f"{server.url}/a%20b;c/(d)/apiops/") as gateway,
    ):
        gateway.writer.update(name, name, JwkFields("b", None))
    root = "/a%20b;c/(d)/apiops"
    assert server.seen[0].target == f"{root}/projects/{encoded}/jwks/{encoded}/"


def test_names_no_url_can_hold_are_never_sent() -> None:
    with fake_gateway(always(LISTED)) as server, gateway_at(server.url) as gateway:
        fault = gateway.reader.list_jwks("..")
        reply = gateway.writer.update("P", "\ud800", JwkFields("b", None))
    assert isinstance(fault, UnusableList)
    assert fault.code == "project-unreadable"
    assert reply.kind is ResponseKind.REJECTED
    assert server.seen == []


def test_projects_are_listed() -> None:
    body = '{"success":true,"resultList":[{"name":"A","id":"1"},{"name":"B"}]}'
    with fake_gateway(always(answer(body))) as server, gateway_at(server.url) as gateway:
        assert gateway.reader.list_projects() == (ProjectRow("A", "1"), ProjectRow("B"))
    assert server.seen[0].target == "/apiops/projects/"


def test_a_reader_has_no_way_to_write() -> None:
    public = {name for name in dir(GatewayReader) if not name.startswith("_")}
    assert public == {"list_jwks", "list_projects", "list_proxies", "proxy_uses"}


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_the_reading_transport_sends_nothing_but_get(method: str) -> None:
    with (
        fake_gateway(always(LISTED)) as server,
        open_client(server.url, TransportOptions()) as client,
    ):
        reading = client.read_only()
        assert isinstance(reading.send("GET", "/"), Response)
        with pytest.raises(RuntimeError, match="only GET may be"):
            reading.send(method, "/")
    assert [seen.method for seen in server.seen] == ["GET"]


def test_reader_and_writer_share_their_connections() -> None:
    def script(seen: Seen) -> bytes:
        return LISTED if seen.method == "GET" else SAVED

    with fake_gateway(script) as server, gateway_at(server.url) as gateway:
        for _ in range(3):
            gateway.reader.list_jwks("P")
            gateway.writer.update("P", "a", JwkFields("b", None))
    assert len(server.seen) == 6
    assert server.connections == 1


def test_threads_read_at_the_same_time() -> None:
    arrived = threading.Barrier(4, timeout=10)

    def script(_: Seen) -> bytes:
        arrived.wait()
        return LISTED

    with fake_gateway(script) as server, gateway_at(server.url, parallelism=4) as gateway:
        threads = [threading.Thread(target=gateway.reader.list_jwks, args=("P",)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.seen) == 4


PASSING: dict[str, bytes | Act] = {
    "500": answer("oops", 500),
    "502 page": answer("<html>", 502),
    "429": answer('{"error":"too_many_requests"}', 429),
    "408": answer("", 408),
    "a reset": Act.RESET,
    "a closed connection": Act.CLOSE,
    "no answer": Act.HANG,
    "a cut body": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 99\r\n\r\n{",
    "a cut chunk": b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "no whole head": b"SSH-2.0-OpenSSH\r\nConnection: close\r\n",
}


@pytest.mark.parametrize("act", PASSING.values(), ids=PASSING.keys())
def test_a_read_is_tried_again_where_the_failure_may_pass(act: bytes | Act) -> None:
    waits = Waits()
    with (
        fake_gateway(in_turn(act, LISTED)) as server,
        gateway_at(server.url, waits=waits, read_timeout=0.3) as gateway,
    ):
        assert gateway.reader.list_jwks("P") == LiveProject("P", ())
    assert waits.seconds == [0.5]
    assert len(server.seen) == 2


def test_the_wait_the_gateway_asks_for_is_kept() -> None:
    acts = (
        answer("", 429, Retry_After="3"),
        answer('{"retry_after": 4}', 429),
        answer("", 503, Retry_After="Sun, 06 Nov 1994 08:49:42 GMT"),
        answer("", 503, Retry_After="9999"),
        LISTED,
    )
    waits = Waits()
    with (
        fake_gateway(in_turn(*acts)) as server,
        gateway_at(server.url, waits=waits, now=lambda: 784111777.0) as gateway,
    ):
        gateway.reader.list_jwks("P")
    assert waits.seconds == [3.0, 4.0, 5.0, 60.0]


def test_a_read_is_given_up_after_five_attempts_with_the_last_reason() -> None:
    sorry = answer('{"status":"FAILURE","resultMessage":"An unexpected error occurred"}', 500)
    with (
        fake_gateway(always(sorry)) as server,
        gateway_at(server.url) as gateway,
        pytest.raises(GatewayError) as caught,
    ):
        gateway.reader.list_jwks("My Project")
    assert len(server.seen) == 5
    assert 'the list of project "My Project", tried 5 times' in str(caught.value)
    assert "An unexpected error occurred (HTTP 500)" in str(caught.value)


def test_the_budget_is_the_runs_and_also_the_writers() -> None:
    with (
        fake_gateway(always(answer("", 500))) as server,
        gateway_at(server.url, retry_budget=6) as gateway,
    ):
        for project in "ABC":
            with pytest.raises(GatewayError):
                gateway.reader.list_jwks(project)
        assert not gateway.retries.wait_before_retry(1, None)
    assert len(server.seen) == 5 + 3 + 1


def test_a_stopping_run_stops_waiting() -> None:
    with (
        fake_gateway(always(answer("", 500))) as server,
        gateway_at(server.url, waits=Waits(stop_after=1)) as gateway,
        pytest.raises(GatewayError, match="tried 2 times"),
    ):
        gateway.reader.list_jwks("P")
    assert len(server.seen) == 2


def test_a_read_without_any_connection_says_so() -> None:
    waits = Waits()
    with (
        gateway_at("http://127.0.0.1:1", waits=waits) as gateway,
        pytest.raises(GatewayError, match="tried 5 times: no connection"),
    ):
        gateway.reader.list_jwks("P")
    assert len(waits.seconds) == 4


BROKEN = "what the server sent breaks HTTP's rules.*what the ingress in front of it"
DOUBLED = b"HTTP/1.1 200 OK" + b"\r\nTransfer-Encoding: chunked" * 2 + b"\r\n\r\n0\r\n\r\n"
AT_ONCE: dict[str, tuple[bytes, type[Exception], str]] = {
    "401": (answer("", 401), AuthError, "a valid token"),
    "403": (answer("<html>", 403), AuthError, "a permission"),
    "a page": (answer("<html>", 200, "text/html"), GatewayError, "does the ingress|ingress routes"),
    "a redirect": (answer("", 302, Location="/sso"), GatewayError, "/sso, which is not followed"),
    "a pit": (answer(b"[" * 300_000), GatewayError, "not an object"),
    "nothing": (answer(b""), GatewayError, "an empty body"),
    "cut JSON": (answer(b'{"status":'), GatewayError, "not whole"),
    "an unasked coding": (answer(b"x", Content_Encoding="br"), GatewayError, "nobody asked for"),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n\r\n", GatewayError, BROKEN),
    "an illegal header": (
        answer(EMPTY_LIST, content_type="x\r\nX Y: z"),
        GatewayError,
        BROKEN,
    ),
    "a doubled coding": (DOUBLED, GatewayError, BROKEN),
    "an empty 404": (answer(b"", 404), GatewayError, "HTTP 404"),
}


@pytest.mark.parametrize(("act", "kind", "words"), AT_ONCE.values(), ids=AT_ONCE.keys())
def test_other_failures_stop_a_read_at_once(act: bytes, kind: type[Exception], words: str) -> None:
    with (
        fake_gateway(always(act)) as server,
        gateway_at(server.url) as gateway,
        pytest.raises(kind, match=words) as caught,
    ):
        gateway.reader.list_jwks("P")
    assert 'project "P"' in str(caught.value)
    assert len(server.seen) == 1


def test_a_packed_list_is_read() -> None:
    packed = answer(gzip.compress(EMPTY_LIST), Content_Encoding="gzip")
    with fake_gateway(always(packed)) as server, gateway_at(server.url) as gateway:
        assert gateway.reader.list_jwks("P") == LiveProject("P", ())


@pytest.mark.parametrize("packed", [False, True])
def test_a_huge_body_is_broken_off(packed: bool) -> None:
    body = b" " * (MAX_BODY_BYTES + 1)
    act = answer(gzip.compress(body, 1), Content_Encoding="gzip") if packed else answer(body)
    with (
        fake_gateway(always(act)) as server,
        gateway_at(server.url) as gateway,
        pytest.raises(GatewayError, match="a body of more than 67108864 bytes"),
    ):
        gateway.reader.list_jwks("P")
    assert len(server.seen) == 1


LOST: dict[str, bytes | Act] = {
    "500": answer("oops", 500),
    "a reset": Act.RESET,
    "a closed connection": Act.CLOSE,
    "no answer": Act.HANG,
    "a cut body": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 99\r\n\r\n{",
    "an empty body": answer(b""),
    "an unasked coding": answer(b"x", Content_Encoding="br"),
    "a page": answer("<html>", 200, "text/html"),
}


@pytest.mark.parametrize("act", LOST.values(), ids=LOST.keys())
def test_an_update_whose_answer_is_lost_is_sent_once(act: bytes | Act) -> None:
    waits = Waits()
    with (
        fake_gateway(always(act)) as server,
        gateway_at(server.url, waits=waits, write_timeout=0.3) as gateway,
    ):
        reply = gateway.writer.update("P", "a", JwkFields("b", None))
    assert (reply.kind, reply.deployment) == (ResponseKind.LOST, Deployment(None))
    assert reply.message
    assert len(server.seen) == 1
    assert waits.seconds == []


def test_after_a_lost_answer_updates_have_connections_of_their_own() -> None:
    """As where something between cuts off whatever was idle for a moment."""

    def script(seen: Seen) -> bytes | Act:
        if seen.method == "GET":
            return answer(EMPTY_LIST)
        return Act.CLOSE if seen.nth > 1 else answer(b'{"status": "SUCCESS"}')

    with fake_gateway(script) as server, gateway_at(server.url) as gateway:
        kinds = []
        for _ in range(3):
            gateway.reader.list_jwks("P")
            kinds.append(gateway.writer.update("P", "a", JwkFields("b", None)).kind)
    assert kinds == [ResponseKind.LOST, ResponseKind.ACCEPTED, ResponseKind.ACCEPTED]
    assert [seen.nth for seen in server.seen if seen.method == "PUT"] == [2, 1, 1]


def test_a_wait_until_a_date_is_by_the_servers_clock() -> None:
    waits = Waits()
    busy = answer(
        "",
        503,
        Date="Thu, 01 Jan 2015 10:00:00 GMT",
        Retry_After="Thu, 01 Jan 2015 10:00:07 GMT",
    )
    with (
        fake_gateway(in_turn(busy, answer(EMPTY_LIST))) as server,
        gateway_at(server.url, waits=waits) as gateway,
    ):
        gateway.reader.list_jwks("P")
    assert waits.seconds == [7.0]


def test_an_update_without_a_connection_is_unsent() -> None:
    with gateway_at("http://127.0.0.1:1") as gateway:
        reply = gateway.writer.update("P", "a", JwkFields("b", None))
    assert (reply.kind, reply.status) == (ResponseKind.UNSENT, None)


def test_a_host_that_does_not_exist_is_unsent() -> None:
    with gateway_at("http://no-such-host.invalid") as gateway:
        reply = gateway.writer.update("P", "a", JwkFields("b", None))
    assert reply.kind is ResponseKind.UNSENT


def test_an_update_that_found_no_connection_in_time_is_unsent() -> None:
    listener = socket.socket()
    waiting: list[socket.socket] = []
    try:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(3):  # fill the queue of a listener that accepts nobody
            connection = socket.socket()
            waiting.append(connection)
            connection.setblocking(False)
            connection.connect_ex(address)
        url = f"http://127.0.0.1:{address[1]}"
        with gateway_at(url, connect_timeout=0.2) as gateway:
            reply = gateway.writer.update("P", "a", JwkFields("b", None))
    finally:
        for connection in (*waiting, listener):
            connection.close()
    assert reply.kind is ResponseKind.UNSENT
    assert "within the timeout" in reply.message


def test_a_redirect_of_an_update_is_not_followed() -> None:
    with fake_gateway(always(answer("", 307, Location="/elsewhere"))) as server:
        with gateway_at(server.url) as gateway:
            reply = gateway.writer.update("P", "a", JwkFields("b", None))
        assert reply.kind is ResponseKind.REJECTED
        assert "/elsewhere, which is not followed" in reply.message
    assert len(server.seen) == 1


def test_a_throttled_update_carries_the_wait_asked_for() -> None:
    throttled = answer("", 429, Retry_After="3")
    with fake_gateway(always(throttled)) as server, gateway_at(server.url) as gateway:
        reply = gateway.writer.update("P", "a", JwkFields("b", None))
    assert (reply.kind, reply.retry_after) == (ResponseKind.THROTTLED, 3.0)


def test_a_denied_update_stops_the_run() -> None:
    body = '{"status":"FAILURE","resultMessage":"User does not have required permission!"}'
    with (
        fake_gateway(always(answer(body, 400))) as server,
        gateway_at(server.url) as gateway,
        pytest.raises(AuthError, match="permission"),
    ):
        gateway.writer.update("P", "a", JwkFields("b", None))
    assert len(server.seen) == 1


def test_cookies_are_not_kept() -> None:
    cookie = answer(EMPTY_LIST, Set_Cookie="JSESSIONID=1; Path=/")
    with fake_gateway(always(cookie)) as server, gateway_at(server.url) as gateway:
        gateway.reader.list_jwks("P")
        gateway.reader.list_jwks("P")
        gateway.writer.update("P", "a", JwkFields("b", None))
    assert all("cookie" not in seen.headers for seen in server.seen)


def test_failures_are_traced_too() -> None:
    trace: list[str] = []
    with gateway_at("http://127.0.0.1:1", trace=trace, clock=lambda: 0.0) as gateway:
        gateway.writer.update("P", "a", JwkFields("b", None))
    assert trace == ["PUT /apiops/projects/P/jwks/a/ unsent 0 ms"]


def test_a_wrong_url_opens_nothing() -> None:
    with pytest.raises(UsageError), gateway_at("host"):
        pass


def test_the_longest_body_can_be_set() -> None:
    with (
        fake_gateway(always(answer(b" " * 1001))) as server,
        gateway_at(server.url, max_body=1000) as gateway,
        pytest.raises(GatewayError, match="a body of more than 1000 bytes"),
    ):
        gateway.reader.list_jwks("P")
