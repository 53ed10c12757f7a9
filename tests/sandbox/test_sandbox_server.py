"""How a server starts, stops and keeps its state; and that it does what the pure rules say."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_calls import SEED, client, names, options, put, sandbox

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.rules import Failure, apply_update
from reconciler.sandbox.seed import parse_seed
from reconciler.sandbox.server import Options, Running, running, serve


def test_a_restart_keeps_the_state(tmp_path: Path) -> None:
    chosen = options(db=tmp_path / "sandbox.db")
    with sandbox(chosen) as (first, http):
        put(http, "signing", {"name": "kept"})
        before = first.admin.state()["projects"]
    with sandbox(chosen) as (second, http):
        assert names(http)[0] == "kept"
        assert second.admin.state()["projects"] == before
    assert [path.name for path in tmp_path.iterdir()] == ["sandbox.db"]


def test_a_server_in_memory_starts_from_the_seed_every_time() -> None:
    for _ in range(2):
        with sandbox(options()) as (_, http):
            assert put(http, "signing", {"name": "forgotten"}).status_code == 200


def test_a_server_starts_and_stops_at_once() -> None:
    with running(options()):
        pass
    begun = time.monotonic()
    with running(options()) as server:
        assert httpx.get(f"{server.url}/apiops/test/healthcheck", trust_env=False).text == "OK"
    assert time.monotonic() - begun < 1  # a hundredth of this, when nobody else is busy
    assert not [thread for thread in threading.enumerate() if thread.name == "sandbox"]


@pytest.mark.parametrize("fault", [Fault("hang"), Fault("latency", seconds=60)])
def test_a_server_stops_though_a_request_is_waiting(fault: Fault) -> None:
    with ThreadPoolExecutor() as pool, sandbox(options(faults=(fault,))) as (server, http):
        waiting = pool.submit(http.get, "/projects/")
        while not server.requests:
            time.sleep(0.001)
    assert isinstance(waiting.exception(), httpx.TransportError)


def test_a_client_that_leaves_before_its_body_is_complete_is_forgotten() -> None:
    with sandbox(options()) as (server, http):
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"PUT /apiops/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        assert names(http)[0] == "signing"
        assert [request.method for request in server.requests] == ["GET"]


def test_a_port_that_is_taken_is_an_error() -> None:
    with running(options()) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), running(options(port=port)):
            pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_with_a_signal_and_restores_what_was_there(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    answers: list[str] = []

    def call(server: Running) -> None:
        answers.append(httpx.get(f"{server.url}/apiops/test/healthcheck", trust_env=False).text)
        os.kill(os.getpid(), number)

    callers: list[threading.Thread] = []

    def announce(server: Running) -> None:
        callers.append(threading.Thread(target=call, args=(server,)))
        callers[0].start()

    assert serve(options(), announce) is number
    callers[0].join()
    assert answers == ["OK"]
    assert signal.getsignal(number) is before


def test_a_signal_before_the_start_is_obeyed() -> None:
    assert serve(options(), lambda _: signal.raise_signal(signal.SIGTERM)) is signal.SIGTERM


def test_light_parts_are_imported_without_heavy_ones() -> None:
    script = (
        "import sys, reconciler.sandbox, reconciler.sandbox.seed\n"
        "print({'starlette', 'uvicorn', 'httpx', 'reconciler.sandbox.store'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert done.stdout == "set()\n"


def test_projects_are_served_in_parallel() -> None:
    with sandbox(options(deploy_latency=0.2)) as (server, _), ThreadPoolExecutor(8) as pool:
        begun = time.monotonic()
        with client(server) as http:
            answers = list(pool.map(lambda _: put(http, "signing", {}).status_code, range(8)))
        assert answers == [200] * 8
        assert time.monotonic() - begun < 1.2  # one after the other: 1.6 s


def test_of_many_who_want_one_name_one_gets_it() -> None:
    keys = ", ".join(f"{{name: k{number}}}" for number in range(12))
    seed = parse_seed(f"projects: [{{name: Payments, jwks: [{keys}]}}]")
    with sandbox(Options(seed)) as (_, http), ThreadPoolExecutor(12) as pool:
        answers = pool.map(lambda n: put(http, f"k{n}", {"name": "won"}).status_code, range(12))
        assert sorted(answers) == [200] + [400] * 11
        assert names(http).count("won") == 1


@pytest.fixture(scope="module")
def lawful() -> Iterator[tuple[Running, httpx.Client]]:
    with sandbox(options()) as pair:
        yield pair


def _text(least: int) -> st.SearchStrategy[str]:
    some = st.sampled_from(["signing", "rotating", "shared", "ö & c", "a+b", "x" * 256])
    return some | st.text(min_size=least, max_size=4)


_bodies = st.fixed_dictionaries(
    {}, optional={"name": st.none() | _text(0), "description": st.none() | _text(0)}
)
_REJECTED = frozenset("/\\;%")


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            _text(1).filter(lambda name: not _REJECTED & set(name) and name not in {".", ".."}),
            _bodies | st.lists(st.integers(), max_size=1),
            st.sets(st.sampled_from(SEED.environments)),
        ),
        max_size=15,
    )
)
def test_updates_over_http_equal_the_pure_rules(
    lawful: tuple[Running, httpx.Client],
    steps: list[tuple[str, object, set[str]]],
) -> None:
    server, http = lawful
    keys = server.admin.keys("Payments")
    for address, body, failing in steps:
        if failing:
            server.admin.add_faults(Fault("deploy-fails", environments=tuple(failing)))
        answer = http.put(f"/projects/Payments/jwks/{quote(address, safe='')}/", json=body)
        expected = apply_update(keys, address, body, frozenset(failing))
        if isinstance(expected, Failure):
            assert (answer.status_code, answer.json()["resultMessage"]) == (400, expected.message)
        else:
            assert answer.status_code == 200
            keys = expected
        assert server.admin.keys("Payments") == keys
