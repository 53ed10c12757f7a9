"""A run that is killed or told to end, at any moment, is settled by the next one."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fault_harness import Harness, rigged
from fault_report_checks import on_every_gateway, seeded_id, unsettled
from fault_scenarios import small
from fork_server_runs import Ended, ForkServer, fork_server, until, write_manifests

from reconciler.core.outcome import Outcome, RunResult

pytestmark = pytest.mark.proof

KILLS = {signal.SIGKILL: 100, signal.SIGTERM: 50, signal.SIGINT: 50}
SHARD = 25
MOMENTS = [(number, shard) for number, kills in KILLS.items() for shard in range(kills // SHARD)]
CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}
LATENCY = 0.003
"""Seconds that the sandbox takes for a deployment, so that signals find a write in flight."""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with rigged(small(), deploy_latency=LATENCY) as harness:
        yield harness


@pytest.fixture
def runs(harness: Harness, tmp_path: Path) -> Iterator[ForkServer]:
    harness.sandbox.admin.reset()
    write_manifests(harness.scenario, tmp_path / "jwks")
    token = {"APINIZER_URL": harness.sandbox.url, "APINIZER_TOKEN": harness.sandbox.tokens[0]}
    with fork_server(tmp_path, token) as runs:
        yield runs


def apply(*more: str) -> tuple[str, ...]:
    return ("apply", "jwks", "--auto-approve", "--format", "json", *more)


def fault_cases(chance: random.Random) -> list[dict[str, Any]]:
    """A few deployments that fail, now and then."""
    return [
        {"kind": "deploy-fails", "at": chance.randint(1, 10), "times": chance.randint(1, 8)}
        for _ in range(chance.choice([0, 0, 1]))
    ]


@pytest.mark.parametrize(("number", "shard"), MOMENTS)
def test_killed_at_any_moment_the_next_run_settles_it(
    harness: Harness,
    runs: ForkServer,
    number: signal.Signals,
    shard: int,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(f"{number} {shard}")  # noqa: S311 - seeded on purpose
    journal = tmp_path / "journal"
    wrong = []
    for kill in range(SHARD):
        harness.sandbox.admin.reset()
        harness.sandbox.admin.add_faults(*fault_cases(chance))
        process = runs.start(*apply("--journal", str(journal)))
        requests = chance.randint(0, 20)
        until(lambda: ended(process) or asked(harness) >= requests)  # noqa: B023
        time.sleep(chance.random() * 2 * LATENCY)
        if not ended(process):
            with suppress(ProcessLookupError):  # it may have ended since that list
                os.kill(process, number)
        first = runs.end()
        said = [] if number is signal.SIGKILL else list(untrue(harness, first, CODES[number]))
        harness.sandbox.admin.faults.clear()
        second = runs.run(*apply("--journal", str(journal)))
        said += [] if second.code == 0 else [f"the next run ended with {second.code}: {second.err}"]
        said += unsettled(harness)
        said += [] if len(journal.read_bytes().splitlines()) == 1 else ["the journal still owes"]
        wrong += [f"kill {kill} after request {requests}: {', '.join(said)}"] if said else []
    record_property("cases", SHARD)
    assert "\n".join(wrong) == ""


def asked(harness: Harness) -> int:
    return len(harness.sandbox.requests)


def ended(process: int) -> bool:
    """Whether a process has ended; its parent has taken note, or is about to."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def untrue(harness: Harness, ended: Ended, code: int) -> Iterator[str]:
    """What a run that was told to end says wrongly, or does not say."""
    writes = [request for request in harness.sandbox.requests if request.method == "PUT"]
    if ended.code < 0:
        # The signal came before the program could take it, or when all was said.
        if writes and ended.result is None:
            yield f"it ended with {ended.code} and no report"
        return
    result = ended.result
    if result is None or result.outcomes is None:
        if writes:
            yield f"no report of {len(writes)} writes: {ended.out} {ended.err}"
        return
    allowed = {code, 0, 4} if result.stopped is None else {code}
    if ended.code not in allowed:
        yield f"the exit code is {ended.code}"
    if sum(outcome.attempts for outcome in result.outcomes) != len(writes):
        yield f"the report tells of other attempts than {len(writes)}"
    yield from (
        f"{outcome.step} is {outcome.outcome}: {outcome.message}"
        for outcome in result.settled
        if outcome.outcome not in {Outcome.APPLIED, Outcome.NOT_DEPLOYED, Outcome.NOT_TRIED}
    )
    yield from not_applied(harness, result)


def not_applied(harness: Harness, result: RunResult) -> Iterator[str]:
    """What is told as applied, and is not."""
    for outcome in result.settled:
        step = outcome.step
        if outcome.outcome is Outcome.APPLIED and not step.temporary:
            entry = next(
                one for one in harness.scenario.projects[step.project] if one.to == step.change
            )
            identity = seeded_id(harness, step.project, entry.name)
            key = next(
                key for key in harness.sandbox.admin.keys(step.project) if key.id == identity
            )
            if key.name != step.body.name or not on_every_gateway(key):
                yield f"{step} is told as applied, but the key is {key}"


def test_the_write_in_flight_is_finished_and_no_other_is_started(
    harness: Harness, runs: ForkServer
) -> None:
    harness.sandbox.admin.add_faults({"kind": "latency", "method": "PUT", "seconds": 0.3})
    process = runs.start(*apply("--parallelism", "1"))
    until(lambda: "PUT" in {request.method for request in harness.sandbox.requests})
    os.kill(process, signal.SIGTERM)
    ended = runs.end()
    assert ended.code == 143
    assert "Stopping: the write in flight is finished" in ended.err
    methods = [request.method for request in harness.sandbox.requests]
    assert methods[-2:] == ["PUT", "GET"]
    assert methods.count("PUT") == 1
    assert ended.result is not None
    words = [outcome.outcome for outcome in ended.result.settled]
    assert words == [Outcome.APPLIED, *[Outcome.NOT_TRIED] * (len(words) - 1)]
    assert ended.result.stopped == "SIGTERM ended the run"


@pytest.mark.parametrize("number", CODES)
def test_a_third_signal_leaves_at_once_and_the_report_says_what_is_unknown(
    harness: Harness, runs: ForkServer, number: signal.Signals
) -> None:
    harness.sandbox.admin.add_faults({"kind": "hang", "method": "PUT"})
    process = runs.start(*apply("--parallelism", "1"))
    until(lambda: "PUT" in {request.method for request in harness.sandbox.requests})
    os.kill(process, number)
    until(lambda: runs.said("A third signal leaves at once"))
    os.kill(process, signal.SIGTERM)
    until(lambda: runs.said("SIGTERM too: still finishing the write in flight"))
    start = time.monotonic()
    os.kill(process, signal.SIGTERM)
    ended = runs.end()
    assert ended.code == CODES[number]
    assert time.monotonic() - start < 2
    assert ended.result is not None
    assert ended.result.stopped == f"{number.name} ended the run before its writes were finished"
    words = [outcome.outcome for outcome in ended.result.settled]
    assert words == [Outcome.UNKNOWN, *[Outcome.NOT_TRIED] * (len(words) - 1)]


@pytest.mark.parametrize("number", CODES)
def test_while_lists_are_read_one_signal_is_enough(
    harness: Harness, runs: ForkServer, number: signal.Signals
) -> None:
    harness.sandbox.admin.add_faults({"kind": "hang", "method": "GET"})
    process = runs.start(*apply())
    until(lambda: asked(harness) > 0)
    start = time.monotonic()
    os.kill(process, number)
    ended = runs.end()
    assert ended.code == CODES[number]
    assert time.monotonic() - start < 2
    assert f'"exitCode": {CODES[number]}' in ended.out


def test_a_deadline_while_lists_are_read_ends_the_run_promptly(
    harness: Harness, runs: ForkServer
) -> None:
    harness.sandbox.admin.add_faults({"kind": "hang", "method": "GET"})
    start = time.monotonic()
    ended = runs.run(*apply("--deadline", "0.2"))
    assert ended.code == 143
    assert time.monotonic() - start < 3
    assert "The deadline of 0.2 s ended the run" in ended.err


def test_a_deadline_during_a_write_lets_it_finish(harness: Harness, runs: ForkServer) -> None:
    harness.sandbox.admin.add_faults({"kind": "latency", "method": "PUT", "seconds": 1.2})
    ended = runs.run(*apply("--deadline", "0.7", "--parallelism", "1"))
    assert ended.code == 143
    assert ended.result is not None
    assert ended.result.stopped == "The deadline of 0.7 s ended the run"
    words = [outcome.outcome for outcome in ended.result.settled]
    assert words == [Outcome.APPLIED, *[Outcome.NOT_TRIED] * (len(words) - 1)]
