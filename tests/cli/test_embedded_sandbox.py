"""The stand-in, as the user meets it: ``reconciler sandbox``, and ``--sandbox`` of the others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from workspace import DECLARED, LIVE, STEPS, TOKEN, CommandLine, Key, seed, write_manifests

STATE = Path(".reconciler/sandbox.db")


@pytest.fixture
def seeded(run: CommandLine) -> CommandLine:
    """A seed and manifests in the current folder."""
    seed_sandbox(run, LIVE)
    write_manifests(run.folder / "jwks", DECLARED)
    return run


def seed_sandbox(run: CommandLine, projects: Mapping[str, list[Key]], **members: object) -> None:
    (run.folder / "seed.yaml").write_text(json.dumps(seed(projects, **members)))


@contextmanager
def announced(run: CommandLine, *words: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A stand-in of its own; gives what it announced."""
    with run.process("sandbox", "seed.yaml", *words) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or not lines[-1].startswith("  State:"):
            lines.append(process.stdout.readline())
            assert lines[-1], process.communicate()
        yield process, lines


def exports(lines: list[str]) -> dict[str, str]:
    """What the announced line would set in a shell."""
    (line,) = (line for line in lines if line.startswith("  export "))
    return dict(pair.split("=", 1) for pair in line.split()[1:])


def state_of(environment: Mapping[str, str]) -> dict[str, Any]:
    with httpx.Client(trust_env=False, verify=False) as client:  # noqa: S501 plain HTTP on loopback
        state: dict[str, Any] = client.get(f"{environment['APINIZER_URL']}/sandbox/state").json()
    return state


def test_it_tells_how_to_use_it_and_ends_with_ctrl_c(seeded: CommandLine) -> None:
    with announced(seeded) as (process, lines):
        environment = exports(lines)
        assert environment["APINIZER_TOKEN"] == TOKEN
        applied = seeded("apply", "jwks", "--auto-approve", **environment)
        assert applied.code == 0, applied
        assert state_of(environment)["requests"]["PUT"] == STEPS
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (0, "", "")


def test_it_ends_with_sigterm_too(seeded: CommandLine) -> None:
    with announced(seeded) as (process, _):
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)

    assert process.returncode == 0


def test_its_state_is_kept_in_a_file_over_a_restart(seeded: CommandLine) -> None:
    words = ("--db", "state.db")
    for expected in ("Applied: ", "Nothing to do: "):
        with announced(seeded, *words) as (process, lines):
            ran = seeded("apply", "jwks", "--auto-approve", **exports(lines))
            assert f"\n{expected}" in f"\n{ran.out}"
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)

    seed_sandbox(seeded, {"Other": []})
    with announced(seeded, *words) as (process, lines):
        shown = [*lines, process.stdout.readline() if process.stdout else ""]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert "state.db was seeded from something else; remove it to start afresh" in "".join(shown)


def test_without_a_file_it_begins_anew(seeded: CommandLine) -> None:
    for _ in range(2):
        with announced(seeded) as (process, lines):
            ran = seeded("apply", "jwks", "--auto-approve", **exports(lines))
            assert "\nApplied: " in ran.out
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)

    assert not STATE.exists()


def test_it_rehearses_outages_dialects_and_shapes(seeded: CommandLine) -> None:
    (seeded.folder / "faults.yaml").write_text(
        json.dumps([{"kind": "deploy-fails", "environments": ["prod"]}])
    )
    words = ("--faults", "faults.yaml", "--dialect", "older", "--deployment", "environmentResults")
    with announced(seeded, *words, "--html-unknown", "--deploy-latency", "0.01") as (
        process,
        lines,
    ):
        ran = seeded("apply", "jwks", "--auto-approve", **exports(lines))
        assert ran.code == 0, ran
        assert state_of(exports(lines))["requests"]["PUT"] == STEPS + 1
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)


def test_a_taken_port_is_told(seeded: CommandLine) -> None:
    with announced(seeded) as (process, lines):
        port = exports(lines)["APINIZER_URL"].rsplit(":", 1)[1]
        ran = seeded("sandbox", "seed.yaml", "--port", port)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)

    assert ran.code == 64
    assert "Address already in use" in ran.err
    assert "Give another --port" in ran.err


def test_no_admin_keeps_the_back_stage_closed(seeded: CommandLine) -> None:
    with seeded.process("sandbox", "seed.yaml", "--no-admin") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        with httpx.Client(trust_env=False, verify=False) as client:  # noqa: S501 plain HTTP on loopback
            answer = client.get(f"{exports(lines)['APINIZER_URL']}/sandbox/state")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=10)

    assert answer.status_code == 404
    assert rest == ""


EMBEDDED = ("--sandbox", "seed.yaml")


def test_the_embedded_one_keeps_its_state_between_commands(seeded: CommandLine) -> None:
    planned = seeded("plan", "jwks", *EMBEDDED)
    applied = seeded("apply", "jwks", *EMBEDDED, "--auto-approve")
    again = seeded("plan", "jwks", *EMBEDDED, "--detailed-exitcode")
    exported = seeded("export", "Payments", *EMBEDDED)

    assert (planned.code, applied.code, again.code, exported.code) == (0, 0, 0, 0)
    assert again.out.startswith("Nothing to do")
    assert "partner-signing" in exported.out
    assert (seeded.folder / STATE).exists()
    assert planned.err + applied.err + again.err == ""


def test_plans_call_it_by_one_name_so_that_digests_agree(seeded: CommandLine) -> None:
    one, other = (seeded("plan", "jwks", *EMBEDDED, "--format", "json").document for _ in range(2))

    assert one["gateway"] == "sandbox"
    assert one["digest"] == other["digest"]


def test_a_seed_that_changed_is_warned_about_and_not_used(seeded: CommandLine) -> None:
    seeded("apply", "jwks", *EMBEDDED, "--auto-approve")
    seed_sandbox(seeded, {**LIVE, "Added": []})

    ran = seeded("plan", "jwks", *EMBEDDED)

    assert ran.code == 0
    assert ran.out.startswith("Nothing to do")
    assert ran.err == (
        f"warning: {STATE} was seeded from something else than seed.yaml is now; "
        f"remove {STATE} to start afresh\n"
    )


def test_the_same_seed_in_other_words_is_not_warned_about(seeded: CommandLine) -> None:
    seeded("plan", "jwks", *EMBEDDED)
    path = seeded.folder / "seed.yaml"
    path.write_text(f"# a remark\n{path.read_text()}\n")

    assert seeded("plan", "jwks", *EMBEDDED).err == ""


def test_the_server_of_the_environment_gives_way_to_it(seeded: CommandLine) -> None:
    variables = {"APINIZER_URL": "https://manager.example.com", "APINIZER_TOKEN": "real-token"}

    ran = seeded("plan", "jwks", *EMBEDDED, **variables)

    assert (ran.code, ran.err) == (0, "")
    assert "Gateway: sandbox" in ran.out


def test_it_takes_no_proxy(seeded: CommandLine) -> None:
    ran = seeded("plan", "jwks", *EMBEDDED, HTTP_PROXY="http://127.0.0.1:9")

    assert ran.code == 0


def test_it_rehearses_the_outages_of_its_seed(seeded: CommandLine) -> None:
    fault = {"kind": "foreign-change", "method": "GET", "at": 2, "project": "Quiet", "name": "calm"}
    seed_sandbox(seeded, LIVE, faults=[{**fault, "description": "By somebody else."}])
    write_manifests(
        seeded.folder / "calmer", {"Quiet": [{"name": "calmer", "previousNames": ["calm"]}]}
    )

    ran = seeded("apply", "calmer", *EMBEDDED, "--auto-approve")

    assert ran.code == 3
    assert "the project changed since it was planned" in ran.out


def test_a_token_of_the_environment_is_not_needed_and_not_read(seeded: CommandLine) -> None:
    assert seeded("plan", "jwks", *EMBEDDED, APINIZER_TOKEN="").code == 0


def test_a_project_the_first_token_may_not_see_is_refused(seeded: CommandLine) -> None:
    seed_sandbox(seeded, LIVE, tokens=[{"token": TOKEN, "projects": ["Quiet"]}])

    ran = seeded("plan", "jwks", *EMBEDDED)

    assert ran.code == 5
    assert ran.out.count("project-unreadable") == 2


WITHOUT = """\
import sys
sys.modules["starlette"] = None
from reconciler.cli.app import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "words", [("plan", "jwks", *EMBEDDED), ("sandbox", "seed.yaml")], ids=["embedded", "command"]
)
def test_without_its_parts_installed_it_says_how_to_get_them(
    seeded: CommandLine, words: tuple[str, ...]
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT, *words],
        cwd=seeded.folder,
        text=True,
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (64, "")
    assert "The sandbox is not installed: the package starlette" in ran.stderr
    assert "pip install 'apinizer-jwk-reconciler[sandbox]'" in ran.stderr
