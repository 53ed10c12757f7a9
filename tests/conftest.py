"""What every test may rely on: a clean environment, and workspaces to try the command line in."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import secret_scan
from hypothesis import settings
from inject import FIELD
from workspace import DECLARED, TOKEN, BuildWorkspace, CommandLine, Key, Workspace, write_manifests
from workspace import seed as default_seed

ALTERING = (
    "APINIZER_",
    "BITBUCKET_",
    "BUILD_",
    "CHANGE_",
    "CI",
    "GITHUB_",
    "GITLAB_",
    "JENKINS_",
    "RECONCILER_",
    "SYSTEM_",
    "TF_BUILD",
)
"""How variables begin that alter what the program does, or how."""

ALTERING_NAMES = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "SSL_CERT_FILE", "SSL_CERT_DIR")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


settings.register_profile("test", derandomize=True, database=None, deadline=None)
settings.register_profile("fuzz", deadline=None, print_blob=True)
# Loaded before any test's own settings are made from it: the same cases in every run of the tests.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


def pytest_configure(config: pytest.Config) -> None:
    """Inject secrets into every sandbox, and look for them in all that the tests produce."""
    secret_scan.begin(config)


@pytest.fixture(scope="module", autouse=True)
def disabled(request: pytest.FixtureRequest) -> Iterator[None]:
    """Plant nothing where the sandbox's own answers are tested, word by word."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.parent.name == "sandbox":
            patch.setattr(FIELD, "disabled", True)
        yield


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(ALTERING) or name in ALTERING_NAMES or name.upper() in PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The program, called in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return CommandLine(tmp_path, monkeypatch, capsys)


@pytest.fixture
def build(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[BuildWorkspace]:
    from reconciler.sandbox.seed import read_seed
    from reconciler.sandbox.server import Options, running

    with ExitStack() as stack:

        def built(
            seed: dict[str, object] | None = None,
            manifests: Mapping[str, list[Key]] = DECLARED,
            **options: Any,
        ) -> Workspace:
            chosen = Options(read_seed(seed or default_seed()), **options)
            sandbox = stack.enter_context(running(chosen))
            monkeypatch.setenv("APINIZER_URL", sandbox.url)
            monkeypatch.setenv("APINIZER_TOKEN", TOKEN)
            write_manifests(run.folder / "jwks", manifests)
            return Workspace(sandbox, run, run.folder, run.folder / "jwks")

        yield built


@pytest.fixture
def workspace(build: BuildWorkspace) -> Workspace:
    """The usual one: three projects, of which two are to change."""
    return build()


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program wait for nothing before it tries again."""
    from reconciler.cli.cancel import CancelToken

    monkeypatch.setattr(CancelToken, "wait", lambda cancel, _seconds: cancel.is_cancelled())


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Laws are proofs: Hypothesis draws many cases for each."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.proof)
            item.add_marker(pytest.mark.law)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many cases the tests went through that try many of them in a loop."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        name = report.nodeid.partition("::")[0]
        counts[name] += sum(int(n) for word, n in report.user_properties if word == "cases")
    for name, count in sorted(counts.items()):
        if count:
            terminalreporter.write_line(f"{name}: {count:,} cases")
