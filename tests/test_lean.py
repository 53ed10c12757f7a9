"""What a run may cost, in counts rather than seconds, so that a busy machine can't disagree."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from benchmarks.dataset import Dataset
from benchmarks.served import Served, serving
from reconciler.cli.app import main

HEAVY = frozenset({"asyncio", "deepdiff", "jinja2", "jsonschema", "starlette", "uvicorn"})
"""What no run without a terminal, a sandbox or a fault to explain has any use for."""

NO_GATEWAY = HEAVY | {"httpx", "httpcore", "ssl", "tenacity"}
NO_MANIFEST = NO_GATEWAY | {"yaml"}
NO_PARSER = NO_MANIFEST | {"click", "json", "dataclasses", "inspect"}

DATASET = Dataset(projects=3, keys=40, changes=2)
LISTS, WRITES = 3, 6

COMMANDS: dict[str, tuple[list[str], frozenset[str], int, int]] = {
    "--version": (["--version"], NO_PARSER, 5, 40),
    "--help": (["--help"], NO_PARSER, 5, 40),
    "schema": (["schema"], NO_GATEWAY, 25, 180),
    "show": (["show", "plan.json"], NO_MANIFEST, 44, 158),
    "validate": (["validate", "manifests"], NO_GATEWAY, 45, 198),
    "plan": (["plan", "manifests"], HEAVY, 104, 404),
    "apply": (["apply", "manifests", "--auto-approve"], HEAVY, 116, 414),
}
"""Per command: its words, what it must not load, and the most modules it may load, of this package
and in all, beyond those of a bare Python."""

RUN = "from reconciler.cli.app import run; run()"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server of prepared bytes, and the manifests that belong to it."""
    monkeypatch.chdir(tmp_path)
    DATASET.write_manifests(tmp_path / "manifests")
    with serving(DATASET.write_lists(tmp_path / "lists.json")) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def loaded(code: str, *words: str) -> set[str]:
    """The modules that a fresh Python loads for a command line."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, *words],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    lines = (line for line in ran.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_loads_only_what_it_uses(command: str) -> None:
    words, forbidden, own, whole = COMMANDS[command]
    if command == "show":
        assert main(["plan", "manifests", "--out", "plan.json"]) == 0
    modules = loaded(RUN, *words) - loaded("pass")
    packages = {name.partition(".")[0] for name in modules}
    ours = [name for name in modules if name.partition(".")[0] == "reconciler"]
    assert packages & forbidden == set()
    assert len(ours) <= own, sorted(ours)
    assert len(modules) <= whole, sorted(modules)


@pytest.mark.parametrize(
    ("words", "due"),
    [
        pytest.param(
            ["plan", "--references", "off"], {"GET": LISTS}, id="plan: one list per project"
        ),
        pytest.param(
            ["plan"], {"GET": 2 * LISTS}, id="plan with renames: one list of API proxies more"
        ),
        pytest.param(
            ["apply", "--auto-approve", "--references", "off"],
            {"GET": 3 * LISTS, "PUT": WRITES},
            id="apply: one list more before and one after, and one update per change",
        ),
    ],
)
def test_requests_are_as_many_as_promised(
    words: list[str], due: dict[str, int], served: Served
) -> None:
    assert main([*words, "manifests"]) == 0
    assert served.reset() == due


@pytest.mark.usefixtures("served")
def test_a_list_is_decoded_by_its_type_only() -> None:
    counted = calls(["plan", "manifests"])
    assert counted["json/__init__.py:loads", "resultList"] == 0


@pytest.mark.proof
def test_twice_the_keys_take_twice_the_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["plan", "--help"])
    counted = []
    for keys in (1000, 2000):
        dataset = Dataset(projects=2, keys=keys // 2, changes=keys // 20)
        folder = dataset.write_manifests(tmp_path / str(keys))
        with serving(dataset.write_lists(tmp_path / f"{keys}.json")) as server:
            for name, value in server.environment.items():
                monkeypatch.setenv(name, value)
            counted.append(calls(["plan", str(folder)]).total())
    small, large = counted
    assert large / small <= 2.05
    assert (large - small) / 1000 <= CALLS_PER_KEY


CALLS_PER_KEY = 200
"""The most calls, of functions in Python and in C, that planning may take per declared key."""


def calls(words: list[str]) -> Counter[tuple[str, str]]:
    """What a command calls, in all its threads.

    Returns:
        How often, by function and by what ``json.loads`` was given.
    """
    found: Counter[tuple[str, str]] = Counter()

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        if event not in {"call", "c_call"}:
            return
        code = frame.f_code
        kind = ""
        if event == "call" and code.co_name == "loads":
            kind = "resultList" if "resultList" in str(frame.f_locals.get("s", "")) else ""
        found["/".join(Path(code.co_filename).parts[-2:]) + f":{code.co_name}", kind] += 1

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        assert main(words) == 0
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return found
