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
        self._watch.scan(f"the log {record.name}", self.format(record))


class SecretScan:
    """Looks through everything that one pytest process, or a worker of its, brings forth.

    Attributes:
        outputs: how many texts were looked through.
        files: how many files.
        found: what was found since the last report.
        all_found: what was found, for the end of the run.
    """

    def __init__(self, config: pytest.Config) -> None:
        # Files that pytest removes before the end of the run could not be looked through there.
        assert config.getini("tmp_path_retention_policy") == "all"
        self.config = config
        self.outputs = 0
        self.files = 0
        self.found: list[str] = []
        self.all_found: list[str] = []
        self._scanned_folders: set[Path] = set()
        self._notes = Path(tempfile.mkdtemp(prefix="planted secrets-"))
        self._patch = pytest.MonkeyPatch()
        self._log = Log(self)

    def begin(self) -> None:
        """Inject, and scan from now on."""
        begin_to_inject()
        path = [str(PLANTING), os.environ.get("PYTHONPATH", "")]
        self._patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
        self._patch.setenv(FOUND_FOLDER, str(self._notes))
        self._patch.setattr(FIELD, "scan", self.scan)
        self._scan_report(subprocess.Popen, "communicate", "a process")
        self._scan_report(pytest.CaptureFixture, "readouterr", "the streams")
        logging.getLogger().addHandler(self._log)

    def end(self) -> None:
        """Leave all as it was."""
        logging.getLogger().removeHandler(self._log)
        self._patch.undo()
        shutil.rmtree(self._notes)

    def scan(self, where: str, content: str | bytes) -> None:
        """Look through one text."""
        self.outputs += 1
        self.found += [f"{where}: {one}" for one in find_secrets(content)]

    def scan_folder(self, folder: Path) -> None:
        """Look through all files below a folder that are not to hold a secret."""
        self._scanned_folders.add(folder)
        for where, inner, names in os.walk(folder):
            inner[:] = [
                name
                for name in inner
                if name != INSTALLED and Path(where, name) not in self._scanned_folders
            ]
            for name in names:
                path = Path(where, name)
                if path.is_file() and not path.is_symlink():
                    self._scan_file(path)

    def _scan_file(self, path: Path) -> None:
        if any(fnmatch(path.name, pattern) for pattern in SECRET_FILES):
            return
        self.files += 1
        try:
            content = path.read_bytes()
        except PermissionError:  # some tests take it away
            path.chmod(0o600)
            content = path.read_bytes()
        self.found += [f"{path}: {one}" for one in find_secrets(content)]

    def _scan_report(self, kind: type, method: str, where: str) -> None:
        """Look at whatever pair of texts a method returns."""
        called = getattr(kind, method)

        def watched(*arguments: Any, **options: Any) -> Any:
            pair = called(*arguments, **options)
            for text in filter(None, pair):
                self.scan(where, text)
            return pair

        self._patch.setattr(kind, method, watched)

    def _found_by_all_processes(self) -> list[str]:
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
                self.scan(title, text)
        found = self._found_by_all_processes()
        if found:
            self.all_found += [f"{item.nodeid}: {one}" for one in found]
            report.outcome = "failed"
            report.longrepr = "\n".join(["This test gave planted secrets away:", *found])
            report.sections = [(title, masked(text)) for title, text in report.sections]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look through the files, and fail the run where one holds what failed no test."""
        factory = self.config._tmp_path_factory  # type: ignore[attr-defined]
        if factory._basetemp is not None:  # asking for it would make one
            self.scan_folder(factory._basetemp)
        self.all_found += self._found_by_all_processes()
        if hasattr(self.config, "workeroutput"):
            folders = [*map(str, self._scanned_folders)]
            self.config.workeroutput["planted secrets"] = (
                self.outputs,
                self.files,
                self.all_found,
                folders,
            )
        if self.all_found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add up what a worker of pytest-xdist counted."""
        counted = getattr(node, "workeroutput", {}).get("planted secrets")
        if counted:
            self.outputs += counted[0]
            self.files += counted[1]
            self.all_found += counted[2]
            self._scanned_folders.update(map(Path, counted[3]))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what was looked through, and what was found."""
        for one in self.all_found:
            terminalreporter.write_line(f"planted secret: {one}", red=True)
        terminalreporter.write_line(
            f"planted secrets: {self.outputs:,} outputs and {self.files:,} files looked through, "
            f"{len(self.all_found) or 'none'} found"
        )

    def pytest_unconfigure(self) -> None:
        """Leave all as it was."""
        self.end()


def begin(config: pytest.Config) -> None:
    """SecretScan a test run."""
    watch = SecretScan(config)
    watch.begin()
    config.pluginmanager.register(watch, "planted secrets")
