"""The command line as processes of its own, started in milliseconds, to be signalled at will."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fault_scenarios import Entry, Scenario

from reconciler.core.outcome import RunResult
from reconciler.reports import plan_json

PATIENCE = 60.0
"""Seconds after which something that should have happened long ago is given up."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: negative codes are signals."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> RunResult | None:
        """What its JSON says; None where it came to no result."""
        return plan_json.loads(self.out) if '"changes"' in self.out else None


@dataclass
class ForkServer:
    """Starts one command after the other."""

    process: subprocess.Popen[str]
    folder: Path
    environment: Mapping[str, str]

    @property
    def _request(self) -> IO[str]:
        assert self.process.stdin is not None
        return self.process.stdin

    def _answer(self) -> int:
        """The next number that the process says; fails where it says nothing for too long."""
        assert self.process.stdout is not None
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        assert line, "a command did not end in time"
        return int(line)

    def start(self, *argv: str) -> int:
        """Start a command; gives its process id."""
        order = {
            "argv": argv,
            "env": dict(self.environment),
            "out": str(self.folder / "out"),
            "err": str(self.folder / "err"),
        }
        self._request.write(json.dumps(order) + "\n")
        self._request.flush()
        return self._answer()

    def end(self) -> Ended:
        """Wait for the command that was started."""
        code = self._answer()
        texts = [
            path.read_text(encoding="utf-8") if path.exists() else ""
            for path in (self.folder / "out", self.folder / "err")
        ]
        return Ended(code, *texts)

    def run(self, *argv: str) -> Ended:
        """A command from its start to its end."""
        self.start(*argv)
        return self.end()

    def said(self, words: str) -> bool:
        """Whether the command said something on stderr so far."""
        path = self.folder / "err"
        return path.exists() and words in path.read_text(encoding="utf-8")


@contextmanager
def fork_server(folder: Path, environment: Mapping[str, str]) -> Iterator[ForkServer]:
    """A process to start commands from, in a folder for what they print."""
    script = Path(__file__).with_name("fork_server.py")
    root = Path(__file__).parents[2]
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        yield ForkServer(process, folder, environment)
        assert process.stdin is not None
        process.stdin.close()


def until(happened: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Wait for something; fails where it takes for ever."""
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.0005)


def write_manifests(scenario: Scenario, folder: Path) -> None:
    """An scenario as manifests; JSON is YAML."""
    folder.mkdir(exist_ok=True)
    for project, entries in scenario.projects.items():
        document = {
            "apiVersion": "reconciler/v1",
            "kind": "Project",
            "metadata": {"name": project},
            "spec": {"jwks": [_entry(entry, entries) for entry in entries]},
        }
        (folder / f"{project}.yaml").write_text(json.dumps(document), encoding="utf-8")


def _entry(entry: Entry, entries: Sequence[Entry]) -> dict[str, object]:
    names = {other.to for other in entries}
    hinted = entry.name != entry.to and (entry.kid is None or entry.name not in names)
    members = {
        "name": entry.to,
        "description": entry.describe,
        "kid": entry.kid,
        "previousNames": [entry.name] if hinted else None,
        "allowSourceDetach": True if entry.source != "GENERATE" else None,
    }
    return {name: value for name, value in members.items() if value is not None}
