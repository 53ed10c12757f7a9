"""Looks for planted secrets in every output, log and file of a test run; one found fails it."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

PLANTING = Path(__file__).parent / "injection"
sys.path.insert(0, str(PLANTING))

from inject import FIELD, FOUND_FOLDER  # noqa: E402
from inject import begin as begin_to_inject  # noqa: E402
from planted_secrets import find_secrets, masked  # noqa: E402 their folder is on the path by now

SECRET_FILES = {
    "seed.yaml": "a sandbox's seed lists its tokens",
    "sandbox.yaml": "the same, of the examples",
    "*.db": "a sandbox's database",
    "*.db-*": "what SQLite keeps beside it",
    "token": "what --token-file reads",
    "secret": "the same",
}
"""The files that rightly hold a secret, by their names, and why."""

INSTALLED = "site-packages"
"""The folder of installed programs: this one's own text names what its sandbox gives out."""


class Log(logging.Handler):
    """Sees every record that is logged, with its traceback."""

    def __init__(self, watch: SecretScan) -> None:
        super().__init__(logging.NOTSET)
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        self._watch.look(f"the log {record.name}", self.format(record))


class SecretScan:
    """Looks through everything that one pytest process, or a worker of its, brings forth.

    Attributes:
        outputs: how many texts were looked through.
        files: how many files.
        found: what was found and is not told yet.
        told: what was found, for the end of the run.
    """

    def __init__(self, config: pytest.Config) -> None:
        # Files that pytest removes before the end of the run could not be looked through there.
        assert config.getini("tmp_path_retention_policy") == "all"
        self.config = config
        self.outputs = 0
        self.files = 0
        self.found: list[str] = []
        self.told: list[str] = []
        self._looked_below: set[Path] = set()
        self._notes = Path(tempfile.mkdtemp(prefix="planted secrets-"))
        self._patch = pytest.MonkeyPatch()
        self._log = Log(self)

    def begin(self) -> None:
        """Inject, and look from now on."""
        begin_to_inject()
        path = [str(PLANTING), os.environ.get("PYTHONPATH", "")]
        self._patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
        self._patch.setenv(FOUND_FOLDER, str(self._notes))
        self._patch.setattr(FIELD, "look", self.look)
        self._look_at(subprocess.Popen, "communicate", "a process")
        self._look_at(pytest.CaptureFixture, "readouterr", "the streams")
        logging.getLogger().addHandler(self._log)

    def end(self) -> None:
        """Leave all as it was."""
        logging.getLogger().removeHandler(self._log)
        self._patch.undo()
        shutil.rmtree(self._notes)

    def look(self, where: str, content: str | bytes) -> None:
        """Look through one text."""
        self.outputs += 1
        self.found += [f"{where}: {one}" for one in find_secrets(content)]

    def look_below(self, folder: Path) -> None:
        """Look through all files below a folder that are not to hold a secret."""
        self._looked_below.add(folder)
        for where, inner, names in os.walk(folder):
            inner[:] = [
                name
                for name in inner
                if name != INSTALLED and Path(where, name) not in self._looked_below
            ]
            for name in names:
                path = Path(where, name)
                if path.is_file() and not path.is_symlink():
                    self._look_into(path)

    def _look_into(self, path: Path) -> None:
        if any(fnmatch(path.name, pattern) for pattern in SECRET_FILES):
            return
        self.files += 1
        try:
            content = path.read_bytes()
        except PermissionError:  # some tests take it away
            path.chmod(0o600)
            content = path.read_bytes()
        self.found += [f"{path}: {one}" for one in find_secrets(content)]

    def _look_at(self, kind: type, method: str, where: str) -> None:
        """Look at whatever pair of texts a method returns."""
        called = getattr(kind, method)

        def watched(*arguments: Any, **options: Any) -> Any:
            pair = called(*arguments, **options)
            for text in filter(None, pair):
                self.look(where, text)
            return pair

        self._patch.setattr(kind, method, watched)

    def _all_found(self) -> list[str]:
        """What was found since the last time, by other processes too."""
        for note in self._notes.iterdir():
            self.found += note.read_text(encoding="utf-8").splitlines()
            note.unlink()
        found, self.found = self.found, []
        return found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        """Look at what pytest captured, and fail the test that gave something away."""
        report = yield
        for title, text in report.sections:
            if title.endswith(f" {call.when}"):
                self.look(title, text)
        found = self._all_found()
        if found:
            self.told += [f"{item.nodeid}: {one}" for one in found]
            report.outcome = "failed"
            report.longrepr = "\n".join(["This test gave planted secrets away:", *found])
            report.sections = [(title, masked(text)) for title, text in report.sections]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look through the files, and fail the run where one holds what failed no test."""
        factory = self.config._tmp_path_factory  # type: ignore[attr-defined]
        if factory._basetemp is not None:  # asking for it would make one
            self.look_below(factory._basetemp)
        self.told += self._all_found()
        if hasattr(self.config, "workeroutput"):
            folders = [*map(str, self._looked_below)]
            self.config.workeroutput["planted secrets"] = (
                self.outputs,
                self.files,
                self.told,
                folders,
            )
        if self.told:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add up what a worker of pytest-xdist counted."""
        counted = getattr(node, "workeroutput", {}).get("planted secrets")
        if counted:
            self.outputs += counted[0]
            self.files += counted[1]
            self.told += counted[2]
            self._looked_below.update(map(Path, counted[3]))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what was looked through, and what was found."""
        for one in self.told:
            terminalreporter.write_line(f"planted secret: {one}", red=True)
        terminalreporter.write_line(
            f"planted secrets: {self.outputs:,} outputs and {self.files:,} files looked through, "
            f"{len(self.told) or 'none'} found"
        )

    def pytest_unconfigure(self) -> None:
        """Leave all as it was."""
        self.end()


def begin(config: pytest.Config) -> None:
    """SecretScan a test run."""
    watch = SecretScan(config)
    watch.begin()
    config.pluginmanager.register(watch, "planted secrets")
