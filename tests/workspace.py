"""A running sandbox, a folder of manifests, and the command line between them."""

from __future__ import annotations

import io
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from planted_secrets import MARK

if TYPE_CHECKING:
    from reconciler.sandbox.server import Running

Key = dict[str, Any]
"""One JWK, as a seed or a manifest words it."""

TOKEN = f"token-of-the-tests-{MARK}"
PROGRAM = [sys.executable, "-m", "reconciler"]
SECONDS = 30
"""How long anything awaited may take before the test fails."""

LIVE: dict[str, list[Key]] = {
    "Partners": [{"name": "acme", "kid": "a1"}, {"name": "globex", "kid": "g1"}],
    "Payments": [
        {"name": "my-jwk", "kid": "k1", "description": "Signs."},
        {"name": "encryption", "kid": "k2"},
        {"name": "kept", "kid": "k3", "description": "As it is."},
        {"name": "spare", "kid": "k4"},
    ],
    "Quiet": [{"name": "calm", "kid": "c1"}],
}
DECLARED: dict[str, list[Key]] = {
    "Partners": [{"name": "acme-verification", "previousNames": ["acme"], "description": "ACME."}],
    "Payments": [
        {"name": "partner-signing", "previousNames": ["my-jwk"]},
        {"name": "encryption", "description": "Encrypts."},
        {"name": "kept", "description": "As it is."},
    ],
    "Quiet": [{"name": "calm"}],
}
STEPS = 3
"""How many updates ``DECLARED`` takes on ``LIVE``."""


@dataclass(frozen=True)
class Ran:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The whole of stdout as one JSON document."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def seed(projects: Mapping[str, list[Key]] = LIVE, **members: object) -> dict[str, object]:
    """A seed; as JSON, which YAML includes, it is a seed's file."""
    rows = [{"name": name, "jwks": jwks} for name, jwks in projects.items()]
    return {"projects": rows, "tokens": [{"token": TOKEN}], **members}


def manifest(project: str, jwks: list[Key]) -> str:
    """A manifest in JSON, which YAML includes."""
    return json.dumps(
        {
            "apiVersion": "reconciler/v1",
            "kind": "Project",
            "metadata": {"name": project},
            "spec": {"jwks": jwks},
        },
        ensure_ascii=False,  # YAML does not take JSON's pairs of escapes for one character
    )


def write_manifests(folder: Path, projects: Mapping[str, list[Key]]) -> None:
    """One file per project."""
    folder.mkdir(exist_ok=True)
    for name, jwks in projects.items():
        (folder / f"{name}.yaml").write_text(manifest(name, jwks), encoding="utf-8")


@dataclass(frozen=True)
class CommandLine:
    """Calls the program in this process, or as one of its own, in an empty folder."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str, stdin: str = "", **environment: str) -> Ran:
        """Call it in this process, with more variables than there are."""
        from reconciler.cli.app import main

        with self.monkeypatch.context() as patch:
            patch.setattr(
                sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
            )
            for name, value in environment.items():
                patch.setenv(name, value)
            code = main(words)
        printed = self.capture.readouterr()
        return Ran(code, printed.out, printed.err)

    @contextmanager
    def process(self, *words: str, **streams: Any) -> Iterator[subprocess.Popen[str]]:
        """Call it as a process of its own."""
        defaults = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        streams = {**defaults, "stderr": subprocess.PIPE, **streams}
        with subprocess.Popen([*PROGRAM, *words], text=True, cwd=self.folder, **streams) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def shell(self, script: str) -> Ran:
        """Call a line of a shell, in which ``reconciler`` is the program."""
        line = f'reconciler() {{ "$PYTHON" -m reconciler "$@"; }}\n{script}'
        done = subprocess.run(
            ["sh", "-c", line],
            env={**os.environ, "PYTHON": sys.executable},
            cwd=self.folder,
            text=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def terminal(
        self, *words: str, answers: tuple[tuple[str, str], ...] = (), **streams: Any
    ) -> Ran:
        """Call it on a terminal; all it prints there comes as ``out``.

        Args:
            words: the command line.
            answers: what to type when which text has appeared, in this order.
            streams: those that are no terminal.
        """
        master, slave = os.openpty()
        try:
            terminal = {"stdin": slave, "stdout": slave, "stderr": slave}
            with self.process(*words, **{**terminal, **streams}) as process:
                os.close(slave)
                slave = -1
                text = _converse(master, list(answers))
                process.wait(SECONDS)
        finally:
            os.close(master)
            if slave >= 0:
                os.close(slave)
        return Ran(process.returncode, text.replace("\r\n", "\n"), "")


def _converse(master: int, answers: list[tuple[str, str]]) -> str:
    seen, text, deadline = b"", "", time.monotonic() + SECONDS
    while select.select([master], [], [], max(deadline - time.monotonic(), 0))[0]:
        try:
            piece = os.read(master, 65536)
        except OSError:  # how Linux says that nobody has the other end open any more
            break
        if not piece:
            break
        seen += piece
        text = seen.decode(errors="replace")
        if answers and answers[0][0] in text:
            os.write(master, answers.pop(0)[1].encode())
    assert not answers, f"never asked: {answers[0][0]}\n{text}"
    return text


@dataclass(frozen=True)
class Workspace:
    """What a test of the command line lives in.

    Attributes:
        run: calls the program; the environment names the sandbox and its token.
        folder: the current folder.
        manifests: the folder of manifests in it.
    """

    sandbox: Running
    run: CommandLine
    folder: Path
    manifests: Path

    def declare(self, **projects: list[Key]) -> None:
        """Replace all manifests."""
        for path in self.manifests.iterdir():
            path.unlink()
        write_manifests(self.manifests, projects)

    def fault(self, **members: object) -> None:
        """Arm one outage."""
        self.sandbox.admin.add_faults(members)

    def state(self) -> object:
        """The truth about all keys."""
        return self.sandbox.admin.state()["projects"]

    def names(self, project: str) -> list[str]:
        """The live names of a project, in the list's order."""
        return [key.name for key in self.sandbox.admin.keys(project)]

    def requests(self, method: str | None = None) -> list[tuple[str, str]]:
        """Method and path, below ``/apiops``, of all requests so far."""
        return [
            (request.method, request.path.removeprefix("/apiops"))
            for request in self.sandbox.requests
            if method in {None, request.method}
        ]

    def forget(self) -> None:
        """Count requests anew."""
        self.sandbox.admin.journal.clear()


BuildWorkspace = Callable[..., Workspace]
"""``build(seed=…, manifests=…, **options of the sandbox)``."""


def wait_until(reached: Callable[[], bool], what: str) -> None:
    """Look for something that another process does."""
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.005)


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
