"""The README's commands run as they stand there, and what it shows is what is in the files."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from workspace import SECONDS, BuildWorkspace

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"#.*\bexit (\d+)")
TRIED = "Try it here, without a gateway"
"""Where the commands begin that work on the examples; others name files that nobody has."""


@dataclass(frozen=True)
class Command:
    """One line of a shell.

    Attributes:
        tried: whether it works on the examples.
    """

    words: tuple[str, ...]
    code: int
    tried: bool


def commands() -> list[Command]:
    """Every line of the README's shell blocks."""
    found = []
    start = README.index(TRIED)
    for fence in FENCE.finditer(README):
        for line in fence["text"].splitlines() if fence["kind"] == "sh" else ():
            exits = EXIT.search(line)
            words = tuple(shlex.split(line, comments=True))
            found.append(Command(words, int(exits[1]) if exits else 0, fence.start() > start))
    return found


def test_the_first_commands_are_the_demo_and_the_tests() -> None:
    assert [command.words for command in commands()[:2]] == [("make", "demo"), ("make", "test")]


def test_every_make_command_is_a_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = {command.words[1] for command in commands() if command.words[:1] == ("make",)}

    assert named >= {"demo", "test"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_the_commands_run_one_after_the_other_on_the_examples(build: BuildWorkspace) -> None:
    from reconciler.sandbox.seed import load_seed
    from reconciler.sandbox.server import Options, running

    workspace = build()
    shutil.copytree(ROOT / "examples", workspace.folder / "examples")
    tried = [
        command for command in commands() if command.words[:1] == ("reconciler",) and command.tried
    ]
    assert len(tried) > 5
    with running(Options(load_seed(ROOT / "examples" / "sandbox.yaml"))) as sandbox:
        environment = {"APINIZER_URL": sandbox.url, "APINIZER_TOKEN": sandbox.tokens[0]}
        for command in tried:
            ran = workspace.run(*command.words[1:], **environment)
            assert ran.code == command.code, (command, ran)


OPTIONS = [command.words for command in commands() if command.words[:1] == ("reconciler",)]


@pytest.mark.parametrize("words", OPTIONS, ids=" ".join)
def test_every_command_and_option_exists(words: tuple[str, ...], build: BuildWorkspace) -> None:
    help_text = build().run(words[1], "--help").out

    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert all(option in help_text for option in options)


def test_the_demo_goes_the_whole_way(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    program = tmp_path / "bin" / "reconciler"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n')
    program.chmod(0o755)

    ran = subprocess.run(
        ["sh", "examples/demo.sh"],
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"},
        cwd=tmp_path,
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    stages = ("\nValid: ", "\nRefused: ", "\nPlan: ", "\nApplied: ", "\nNothing to do: ")
    places = [ran.stdout.index(stage) for stage in stages]
    assert places == sorted(places)
    assert {path.name for path in tmp_path.iterdir()} == {"bin", "examples"}


def test_make_demo_runs_that_script_with_the_installed_program() -> None:
    makefile = (ROOT / "Makefile").read_text()

    (recipe,) = re.findall(r"^demo:.*\n\t(.*)$", makefile, re.MULTILINE)
    assert "sh examples/demo.sh" in recipe
    assert "$(BIN)" in recipe


def test_the_manifest_shown_is_the_example() -> None:
    example = (ROOT / "examples" / "manifests" / "payments.yaml").read_text(encoding="utf-8")
    blocks = [fence["text"] for fence in FENCE.finditer(README) if fence["kind"] == "yaml"]

    first = example.splitlines()[0]
    assert [block for block in blocks if block.startswith(first)] == [example]


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_exit_codes_are_those_of_the_program() -> None:
    from reconciler.cli.exit_codes import PRECEDENCE, ExitCode

    table = README[README.index("## Exit codes") :].split("\n\n")[1]
    rows = [row.split("|")[1] for row in table.splitlines()[2:]]
    assert {int(code) for row in rows for code in row.split(",")} == set(ExitCode)
    order = re.search(r"the first of ([\d, ]+)\.", README)
    assert order is not None
    assert [int(code) for code in order[1].split(",")] == list(PRECEDENCE)


def test_every_command_has_its_row() -> None:
    from reconciler.cli.help import COMMANDS

    assert [name for name in COMMANDS if f"| `reconciler {name}" not in README] == []


def test_ci_runs_what_the_readme_says() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"


def test_make_test_checks_everything() -> None:
    makefile = (ROOT / "Makefile").read_text()

    (recipe,) = re.findall(r"^test:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    for part in ("ruff check", "ruff format --check", "mypy", "pytest", "--cov"):
        assert part in recipe
