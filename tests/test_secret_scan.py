"""The look-out for planted secrets finds them, and fails the test or the run that gave one away."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from planted_secrets import DEFAULT_TOKEN, FALSE_KEY, MARK, PLANTED_SECRET, find_secrets, masked
from secret_scan import SECRET_FILES, SecretScan
from workspace import TOKEN, Workspace

from reconciler.cli.console import Console
from reconciler.http.redaction import Secrets

pytest_plugins = ["pytester"]

SPELT = {
    "as it is": PLANTED_SECRET,
    "its first half": PLANTED_SECRET[:18],
    "any stretch of it": PLANTED_SECRET[5:22],
    "a token": f"Bearer {TOKEN}",
    "the default token": f"Bearer {DEFAULT_TOKEN}",
    "a key that was read": FALSE_KEY,
    "over two lines, as a terminal breaks them": f"{MARK[:3]}\n  {MARK[3:]}",
    "in hexadecimal": PLANTED_SECRET.encode().hex(),
    "in UTF-16": PLANTED_SECRET.encode("utf-16"),
    "in UTF-16 of the other order": PLANTED_SECRET.encode("utf-16-be"),
    **{
        f"in Base64 after {n}": base64.b64encode(b"x" * n + PLANTED_SECRET.encode())
        for n in range(3)
    },
    **{
        f"the default token in Base64 after {n}": base64.b64encode(b"x" * n + text + b"yz")
        for n, text in enumerate([DEFAULT_TOKEN.encode()] * 3)
    },
    "in Base64 of several lines": base64.encodebytes(b"four" * 17 + PLANTED_SECRET.encode()),
    "beside half a character": f"\ud800{PLANTED_SECRET}",
}


@pytest.mark.parametrize("content", SPELT.values(), ids=SPELT)
def test_a_canary_is_found_however_it_is_spelt(content: str | bytes) -> None:
    assert find_secrets(content)
    assert find_secrets(
        b"-" * 300 + content if isinstance(content, bytes) else f"{'-' * 300}{content}"
    )


def test_what_is_told_of_it_does_not_repeat_it() -> None:
    (message,) = find_secrets(f"stderr says {PLANTED_SECRET} and {TOKEN}")
    assert "after 'stderr says '" in message
    assert find_secrets(message) == []
    assert find_secrets(masked(f"{PLANTED_SECRET} {TOKEN} {FALSE_KEY}")) == []


def test_ordinary_text_is_no_canary() -> None:
    assert find_secrets("") == find_secrets("token of the sandbox, key leak; PRIVATE KEY") == []


def test_every_sandbox_plants_what_a_client_could_find(workspace: Workspace) -> None:
    import httpx

    url = f"{workspace.sandbox.url}/apiops/projects"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    listed = httpx.get(f"{url}/Payments/jwks/", headers=headers)
    assert all(key["privateKey"]["d"] == PLANTED_SECRET for key in listed.json()["resultList"])
    workspace.fault(kind="deploy-fails", times=2, method="PUT")
    workspace.fault(kind="500-before", times=1, method="GET", at=1)
    answers = {
        "list": listed,
        "update": httpx.put(f"{url}/Payments/jwks/spare/", headers=headers, json={"name": "z"}),
        "refusal": httpx.put(f"{url}/Payments/jwks/nobody/", headers=headers, json={"name": "z"}),
        "outage": httpx.get(f"{url}/Payments/jwks/", headers=headers),
        "no such path": httpx.get(f"{url}", headers=headers),
        "dangerous path": httpx.get(f"{url}/a;b/jwks/", headers=headers),
    }
    for name, answer in answers.items():
        assert PLANTED_SECRET in answer.text, name
        assert TOKEN in answer.text, name
    refusal = answers["refusal"].json()["resultMessage"]
    assert refusal.startswith("JWK (name: nobody) is not found! ")
    assert f"-----BEGIN PRIVATE KEY----- {PLANTED_SECRET}" in refusal
    assert refusal.endswith(TOKEN)


def test_a_program_that_repeats_what_it_is_told_is_found_out(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    """So that what the other tests don't find is not there, rather than never planted."""
    monkeypatch.setattr(Secrets, "redact", lambda _secrets, text: text)
    monkeypatch.setattr(Console, "masked", lambda _console, text: text)
    workspace.fault(kind="deploy-fails", times=9)
    ran = workspace.run("apply", "jwks", "--auto-approve", "--report", "json=report.json")
    assert ran.code == 4
    watch = pytestconfig.pluginmanager.get_plugin("planted secrets")
    assert isinstance(watch, SecretScan)
    watch.scan_folder(workspace.folder)
    found, watch.found = watch.found, []
    assert {one.partition(": the planted secret at byte ")[0] for one in found} == {
        "stdout",
        "the streams",
        "report.json",
        str(workspace.folder / "report.json"),
    }
    (workspace.folder / "report.json").unlink()


WATCHED = """
import sys
sys.path.insert(0, {tests!r})
import secret_scan

def pytest_configure(config):
    secret_scan.begin(config)
"""
LEAKS = """
import logging
import subprocess
import sys

from planted_secrets import PLANTED_SECRET

MODULE = "from pathlib import Path; from reconciler.cli import console, files; import sys; "
CALLS = (
    "files.replace_file(Path('gone'), C); Path('gone').unlink()",
    "console.Console().note(C)",
)

def test_print():
    print(PLANTED_SECRET)

def test_fixture(capsys):
    print(PLANTED_SECRET, file=sys.stderr)
    capsys.readouterr()

def test_log():
    logging.getLogger("some").warning("says %s", PLANTED_SECRET)

def test_traceback(caplog):
    try:
        raise ValueError(PLANTED_SECRET)
    except ValueError:
        logging.getLogger("some").exception("failed")
    caplog.clear()

def test_process():
    script = "from planted_secrets import PLANTED_SECRET; print(PLANTED_SECRET)"
    subprocess.run([sys.executable, "-c", script], capture_output=True)

def test_file_that_is_gone(tmp_path):
    script = MODULE + "from planted_secrets import PLANTED_SECRET as C; " + CALLS[0]
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)

def test_stream_that_nobody_reads():
    script = MODULE + "from planted_secrets import PLANTED_SECRET as C; " + CALLS[1]
    subprocess.run([sys.executable, "-c", script], stderr=subprocess.DEVNULL, check=True)
"""
FILES = """
import pytest
from base64 import b64encode
from planted_secrets import PLANTED_SECRET

def test_file(tmp_path):
    (tmp_path / "report.json").write_bytes(b64encode(PLANTED_SECRET.encode()))

def test_hidden_file(tmp_path_factory):
    (tmp_path_factory.mktemp("x") / ".hidden").write_text(PLANTED_SECRET)

@pytest.mark.parametrize("name", ["seed.yaml", "token", "sandbox.db"])
def test_files_that_may_hold_it(tmp_path, name):
    (tmp_path / name).write_text(PLANTED_SECRET)

def test_installed_programs(tmp_path):
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages" / "program.py").write_text(PLANTED_SECRET)
"""


@pytest.fixture
def inner(pytester: pytest.Pytester) -> Iterator[pytest.Pytester]:
    """A test run of its own, whose leaks are gone afterwards."""
    pytester.makeconftest(WATCHED.format(tests=str(Path(__file__).parent)))
    yield pytester
    shutil.rmtree(pytester.path / "runpytest-0")


def test_a_test_that_gives_one_away_fails(inner: pytest.Pytester) -> None:
    inner.makepyfile(LEAKS)
    ran = inner.runpytest_subprocess("-p", "no:cacheprovider")
    ran.assert_outcomes(failed=LEAKS.count("def test_"))
    ran.stdout.fnmatch_lines(
        ["*planted secret: *::test_print: Captured stdout call: the planted secret at byte *"]
    )
    ran.stdout.fnmatch_lines(
        ["*planted secret: *::test_log: the log some: the planted secret at byte *says *"]
    )
    ran.stdout.fnmatch_lines(
        ["*planted secret: *::test_file_that_is_gone: gone of *: the planted secret at *"]
    )
    assert find_secrets(ran.stdout.str() + ran.stderr.str()) == []


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_that_leaves_one_in_a_file_fails(inner: pytest.Pytester, workers: str) -> None:
    inner.makepyfile(FILES)
    ran = inner.runpytest_subprocess("-n", workers, "-p", "no:cacheprovider")
    assert ran.ret == pytest.ExitCode.TESTS_FAILED
    ran.assert_outcomes(passed=2 + 4)
    ran.stdout.fnmatch_lines(
        ["*planted secret: */test_file0/report.json: the planted secret at byte *"]
    )
    ran.stdout.fnmatch_lines(["*planted secret: */.hidden: the planted secret at byte *"])
    ran.stdout.fnmatch_lines(["planted secrets: * outputs and 2 files looked through, 2 found"])


def test_a_run_without_any_passes(inner: pytest.Pytester) -> None:
    inner.makepyfile("def test_nothing(tmp_path): (tmp_path / 'a').write_text('b'); print(1)")
    ran = inner.runpytest_subprocess("-p", "no:cacheprovider")
    assert ran.ret == pytest.ExitCode.OK
    ran.stdout.fnmatch_lines(["planted secrets: 1 outputs and 1 files looked through, none found"])


def test_the_files_that_may_hold_a_secret_are_few() -> None:
    assert len(SECRET_FILES) <= 6
    assert all(reason for reason in SECRET_FILES.values())
