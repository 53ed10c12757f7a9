"""What a terminal gets that a file does not: colours and progress, where they are wanted."""

from __future__ import annotations

import io
import os
import re
import signal

import pytest
from workspace import DECLARED, CommandLine, Workspace, wait_until

from reconciler.cli.console import Console

COLOUR = re.compile(r"\x1b\[\d+(?:;\d+)*m")
APPLY = ("apply", "jwks", "--auto-approve")


def test_a_terminal_gets_colours(workspace: Workspace) -> None:
    assert COLOUR.search(workspace.run.terminal("plan", "jwks").out)


NO_COLOURS = {
    "--no-color": (("--no-color",), {}),
    "NO_COLOR": ((), {"NO_COLOR": "1"}),
    "TERM=dumb": ((), {"TERM": "dumb"}),
}


@pytest.mark.parametrize(("words", "variables"), NO_COLOURS.values(), ids=NO_COLOURS)
def test_a_terminal_gets_none_where_they_are_not_wanted(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variables: dict[str, str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    for command in (("plan", "jwks"), ("plan", "nowhere"), ("validate", "nowhere"), APPLY):
        ran = workspace.run.terminal(*command, *words)
        assert not COLOUR.search(ran.out), ran


def test_a_dumb_terminal_gets_no_escape_sequence_at_all(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")

    assert "\x1b" not in workspace.run.terminal(*APPLY).out


def test_where_they_are_forced_a_pipe_gets_colours_too(workspace: Workspace) -> None:
    for words in (("plan", "jwks"), APPLY):
        assert COLOUR.search(workspace.run(*words, FORCE_COLOR="1", TERM="dumb").out)
    assert COLOUR.search(workspace.run("validate", "nowhere", FORCE_COLOR="1").err)
    assert COLOUR.search(workspace.run("plan", "--nonsense", FORCE_COLOR="1").err)


def test_no_color_wins_over_force_color(workspace: Workspace) -> None:
    forced: dict[str, str] = {"FORCE_COLOR": "1"}
    for ran in (
        workspace.run("plan", "jwks", NO_COLOR="1", **forced),
        workspace.run("plan", "jwks", "--no-color", **forced),
        workspace.run("plan", "jwks", "--format", "json", **forced),
        workspace.run("plan", "jwks", FORCE_COLOR=""),
    ):
        assert "\x1b" not in ran.out + ran.err


def test_json_has_no_colours(workspace: Workspace) -> None:
    ran = workspace.run.terminal("plan", "jwks", "--format", "json")

    assert ran.document["digest"]


def test_an_empty_no_color_says_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "")

    assert COLOUR.search(workspace.run.terminal("plan", "jwks").out)


def test_without_a_terminal_there_are_no_colours(workspace: Workspace) -> None:
    for words in (("plan", "jwks", "-v"), APPLY, ("plan", "nowhere")):
        ran = workspace.run(*words)
        assert "\x1b" not in ran.out + ran.err


def test_a_failure_in_colour_where_nothing_was_understood(
    run: CommandLine,
) -> None:
    assert COLOUR.search(run.terminal("plan", "--nonsense").out)
    assert not COLOUR.search(run.terminal("plan", "--nonsense", "--no-color").out)


def test_progress_is_shown_on_a_terminal_and_leaves_no_line(workspace: Workspace) -> None:
    workspace.fault(kind="latency", method="PUT", seconds=0.3, times=10)

    ran = workspace.run.terminal(*APPLY)

    assert ran.code == 0
    assert "Applying" in ran.out
    assert "0/3" in ran.out
    assert "Applying" not in ran.out.rsplit("\x1b[2K", 1)[-1]


NO_PROGRESS = {"quiet": ("-q",), "verbose, where requests are traced": ("-v",)}


@pytest.mark.parametrize("words", NO_PROGRESS.values(), ids=NO_PROGRESS)
def test_progress_is_shown_only_where_nothing_else_scrolls(
    workspace: Workspace, words: tuple[str, ...]
) -> None:
    assert "Applying" not in workspace.run.terminal(*APPLY, *words).out


def test_without_a_terminal_there_is_no_progress(workspace: Workspace) -> None:
    workspace.fault(kind="latency", method="PUT", seconds=0.2, times=10)

    ran = workspace.run(*APPLY)

    assert "Applying" not in ran.out + ran.err


def test_long_lines_are_wrapped_for_the_terminal_alone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    on_terminal = workspace.run.terminal("plan", "jwks", "--no-color").out
    elsewhere = workspace.run("plan", "jwks").out

    notes = [line for line in on_terminal.splitlines() if line.startswith("note: ")]
    whole = [line for line in elsewhere.splitlines() if line.startswith("note: ")]
    assert max(map(len, notes)) <= 60 < max(map(len, whole))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_streams_will_do(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    description = "Ж \U0001f511"
    workspace.declare(Payments=[{"name": "kept", "description": description}])

    ran = workspace.run.shell("reconciler plan jwks; reconciler validate no/\u0436")

    assert "Traceback" not in ran.err
    assert "kept" in ran.out
    assert (description in ran.out) == (encoding == "utf-8")


def test_what_an_encoding_has_no_character_for_is_escaped() -> None:
    stream = io.BytesIO()
    console = Console(stdout=io.TextIOWrapper(stream, encoding="ascii"))

    console.result("durum-ö.db\n")

    assert (stream.getvalue(), console.unwritten) == (b"durum-\\xf6.db\n", [])


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_a_signal_at_the_question_ends_the_run(
    workspace: Workspace, number: signal.Signals, code: int
) -> None:
    master, slave = os.openpty()
    asked = b""
    try:
        with workspace.run.process("apply", "jwks", stdin=slave, stderr=slave) as process:
            while b"taken for yes" not in asked:
                asked += os.read(master, 65536)
            process.send_signal(number)
            process.wait(30)
    finally:
        os.close(slave)
        os.close(master)

    assert process.returncode == code
    assert workspace.requests("PUT") == []


def test_the_deadline_ends_the_question_too(workspace: Workspace) -> None:
    ran = workspace.run.terminal("apply", "jwks", "--deadline", "1")

    assert ran.code == 143
    assert "The deadline of 1 s ended the run" in ran.out
    assert workspace.requests("PUT") == []


def test_a_quiet_run_that_is_stopped_tells_what_was_not_tried(workspace: Workspace) -> None:
    workspace.declare(Payments=DECLARED["Payments"])
    workspace.fault(kind="latency", method="PUT", seconds=1.5, times=10)

    with workspace.run.process(*APPLY, "-q") as process:
        wait_until(lambda: bool(workspace.requests("PUT")), "the first update")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "not tried" in out
