"""A long chain, two cycles and a swap over HTTP, whole and killed between any two updates."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.core.names import temporary_name
from reconciler.sandbox.seed import parse_seed
from reconciler.sandbox.server import Options, Running, running

CHAIN = 12
CYCLES = (("red", "green", "blue"), ("one", "two", "three"))
SWAP = ("old", "new")
UPDATES = CHAIN + sum(len(cycle) + 1 for cycle in CYCLES) + len(SWAP) + 1


def live_names() -> list[str]:
    return [f"chain-{place}" for place in range(CHAIN)] + [*CYCLES[0], *CYCLES[1], *SWAP]


def targets() -> dict[str, str]:
    found = {f"chain-{place}": f"chain-{place + 1}" for place in range(CHAIN)}
    for cycle in (*CYCLES, SWAP):
        found.update(zip(cycle, (*cycle[1:], cycle[0]), strict=True))
    return found


def seed() -> str:
    keys = [{"name": name, "kid": f"kid-of-{name}", "description": name} for name in live_names()]
    return json.dumps({"projects": [{"name": "P", "jwks": keys}]})


def manifest() -> str:
    """Hints for the chain, pinned kids for the cycles; one description changes on the way."""
    jwks: list[dict[str, object]] = []
    for old, new in targets().items():
        entry: dict[str, object] = {"name": new, "previousNames": [old]}
        if not old.startswith("chain"):
            entry["kid"] = f"kid-of-{old}"
        if old == "blue":
            entry["description"] = "It was blue."
        jwks.append(entry)
    document = {
        "apiVersion": "reconciler/v1",
        "kind": "Project",
        "metadata": {"name": "P"},
        "spec": {"jwks": jwks},
    }
    return json.dumps(document)


@pytest.fixture
def gateway() -> Iterator[Running]:
    with running(Options(parse_seed(seed()))) as sandbox:
        yield sandbox


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.yaml"
    path.write_text(manifest())
    return path


def command(gateway: Running, *words: str) -> subprocess.Popen[str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"APINIZER_URL": gateway.url, "APINIZER_TOKEN": gateway.tokens[0]}
    return subprocess.Popen(
        [sys.executable, "-m", "reconciler", *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def call(gateway: Running, *words: str) -> tuple[int, str]:
    with command(gateway, *words) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out + err


def puts(gateway: Running) -> int:
    return sum(request.method == "PUT" for request in gateway.requests)


def names_by_kid(gateway: Running) -> dict[str | None, str]:
    return {item.kid: item.name for item in gateway.admin.keys("P")}


def expected() -> dict[str | None, str]:
    return {f"kid-of-{old}": new for old, new in targets().items()}


def check_finished(gateway: Running, jwks: Path) -> None:
    assert names_by_kid(gateway) == expected()
    for item in gateway.admin.keys("P"):
        old = (item.kid or "").removeprefix("kid-of-")
        assert item.description == ("It was blue." if old == "blue" else old)
        assert {held.name for held in item.deployed} == {item.name}
    code, text = call(gateway, "plan", str(jwks), "--detailed-exitcode")
    assert (code, "Nothing to do" in text) == (0, True), text


def test_all_of_it_in_one_run(gateway: Running, jwks: Path) -> None:
    code, text = call(gateway, "apply", str(jwks), "--auto-approve")

    assert code == 0, text
    assert puts(gateway) == UPDATES
    assert text.count(".moving-") >= 3
    check_finished(gateway, jwks)


@pytest.mark.parametrize("done", [True, False], ids=["done, answer lost", "not done"])
@pytest.mark.parametrize("at", range(1, UPDATES + 1))
def test_killed_at_an_update_and_run_again(
    gateway: Running, jwks: Path, at: int, done: bool
) -> None:
    kind = "hang-after" if done else "hang"
    gateway.admin.add_faults({"kind": kind, "method": "PUT", "at": at})
    with command(gateway, "apply", str(jwks), "--auto-approve") as process:
        deadline = time.monotonic() + 30
        while puts(gateway) < at and time.monotonic() < deadline:
            time.sleep(0.005)  # looks for the update that hangs; it never waits for luck
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    gateway.admin.faults.clear()
    assert puts(gateway) == at
    assert set(names_by_kid(gateway)) == set(expected())

    code, text = call(gateway, "apply", str(jwks), "--auto-approve")

    assert code == 0, text
    check_finished_after_kill(gateway, at, done)


def check_finished_after_kill(gateway: Running, at: int, done: bool) -> None:
    assert names_by_kid(gateway) == expected()
    left = {temporary_name(name) for name in expected().values()}
    assert not left & set(names_by_kid(gateway).values())
    assert puts(gateway) == UPDATES + (0 if done else 1), at
