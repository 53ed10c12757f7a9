"""Everything that may be wrong before any work: one clear message, the right code, no traces."""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import socket
import ssl
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from workspace import (
    DECLARED,
    BuildWorkspace,
    CommandLine,
    Ran,
    Workspace,
    files_below,
    seed,
    wait_until,
)

PLAN = ("plan", "jwks")
APPLY = ("apply", "jwks", "--auto-approve")


def as_it_is(_workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
    """Nothing is out of the ordinary."""


def environment(**variables: str | None) -> Callable[[Workspace, pytest.MonkeyPatch], None]:
    def prepare(_workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
        for name, value in variables.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)

    return prepare


def file(name: str, content: str | bytes = "") -> Callable[[Workspace, pytest.MonkeyPatch], None]:
    def prepare(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
        path = workspace.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return prepare


def folder(name: str) -> Callable[[Workspace, pytest.MonkeyPatch], None]:
    def prepare(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
        (workspace.folder / name).mkdir(parents=True)

    return prepare


def answered_with(kind: str) -> Callable[[Workspace, pytest.MonkeyPatch], None]:
    def prepare(workspace: Workspace, _patch: pytest.MonkeyPatch) -> None:
        workspace.fault(kind=kind, times=1000)

    return prepare


def nobody_listens(_workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        patch.setenv("APINIZER_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")


def both(
    *preparations: Callable[[Workspace, pytest.MonkeyPatch], None],
) -> Callable[[Workspace, pytest.MonkeyPatch], None]:
    def prepare(workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
        for preparation in preparations:
            preparation(workspace, patch)

    return prepare


@dataclass(frozen=True)
class Case:
    """A command line that comes to nothing.

    Attributes:
        messages: what stderr says is wrong, and what to do.
    """

    code: int
    words: tuple[str, ...]
    messages: tuple[str, ...]
    prepare: Callable[[Workspace, pytest.MonkeyPatch], None] = as_it_is


# The tests may run as root, whom no permission stops: what can't be written lies below a file,
# or where no file can be made by anybody.
ACCESS = {
    "a wrong token": Case(
        77,
        PLAN,
        ("denied the list of project", "Give a valid token of this very gateway"),
        environment(APINIZER_TOKEN="a-token-nobody-issued"),
    ),
    "no token": Case(
        77, PLAN, ("There is no token", "Set APINIZER_TOKEN"), environment(APINIZER_TOKEN=None)
    ),
    "an empty token is none": Case(
        77, PLAN, ("There is no token", "--token-file FILE"), environment(APINIZER_TOKEN=" \n")
    ),
    "a token that no header can carry": Case(
        77,
        PLAN,
        ("The token is empty or holds", "Give the token alone"),
        environment(APINIZER_TOKEN="two\nlines"),
    ),
    "a user name without a password": Case(
        64,
        PLAN,
        ("APINIZER_PASSWORD",),
        environment(APINIZER_TOKEN=None, APINIZER_USERNAME="somebody"),
    ),
    "a token file that does not exist": Case(
        64,
        (*PLAN, "--token-file", "no.txt"),
        ("that --token-file names can't be read: No such file", "give the path of a file, not"),
    ),
    "a token file that is a folder": Case(
        64,
        (*PLAN, "--token-file", "jwks"),
        ("that --token-file names can't be read: Is a directory", "Check its path and perm"),
    ),
    "an empty token file": Case(
        77,
        (*PLAN, "--token-file", "token.txt"),
        ("that --token-file names holds no token", "Put the token in it"),
        file("token.txt", "\n"),
    ),
    "a token file that is something else": Case(
        77,
        (*PLAN, "--token-file", "photo.png"),
        ("that --token-file names holds no token", "Put the token in it"),
        file("photo.png", b"\x89PNG\xff"),
    ),
}
GATEWAY = {
    "no gateway is named": Case(
        64,
        PLAN,
        ("There is no gateway to talk to", "--server https://", "APINIZER_URL", "--sandbox"),
        environment(APINIZER_URL=None),
    ),
    "both a server and a sandbox": Case(
        64,
        (*PLAN, "--server", "https://a.example", "--sandbox", "seed.yaml"),
        ("--server and --sandbox exclude each other", "Give one of the two"),
        environment(APINIZER_URL=None),
    ),
    "both, also where the environment names a server": Case(
        64,
        (*PLAN, "--server", "https://a.example", "--sandbox", "seed.yaml"),
        ("--server and --sandbox exclude each other", "Give one of the two"),
    ),
    "a URL without a scheme": Case(
        64, (*PLAN, "--server", "manager.example.com"), ("https://", "Write it like")
    ),
    "nobody listens there": Case(69, PLAN, ("no usable answer", "Check the URL"), nobody_listens),
    "a web page instead of JSON": Case(
        69, PLAN, ("an HTML page instead of JSON", "Check that the URL is"), answered_with("html")
    ),
    "an answer that is cut": Case(
        69, PLAN, ("no usable answer", "Run again"), answered_with("cut-body")
    ),
    "garbage": Case(
        69, PLAN, ("not whole, valid JSON", "Check that the URL is"), answered_with("garbage")
    ),
    "JSON too deep to be read": Case(
        69, PLAN, ("nested too deeply", "Check that the URL is"), answered_with("deep")
    ),
    "a CA file that does not exist": Case(
        64, (*PLAN, "--ca-file", "no.pem"), ("no.pem", "Give a readable file of PEM certificates")
    ),
    "a CA file without certificates": Case(
        64,
        (*PLAN, "--ca-file", "no.pem"),
        ("it holds no certificate in PEM form", "Give a readable file of PEM certificates"),
        file("no.pem", "hello"),
    ),
    "a proxy variable that is no URL": Case(
        64,
        (*PLAN, "--server", "https://manager.example.com"),
        (
            "HTTPS_PROXY holds no usable URL of a proxy",
            "Write it like http://proxy.example.com:3128",
        ),
        environment(HTTPS_PROXY="ftp://proxy.example.com"),
    ),
    "a name no name server knows": Case(
        69,
        (*PLAN, "--server", "http://manager.invalid"),
        ("warning: The gateway's URL is plain http://", "no usable answer", "Check the URL"),
    ),
    "a timeout that is no number": Case(64, (*PLAN, "--timeout", "soon"), ("--timeout", "--help")),
    "a timeout of nothing": Case(64, (*PLAN, "--timeout", "0"), ("--timeout", "--help")),
    "a timeout that is not a number": Case(64, (*PLAN, "--timeout", "nan"), ("--timeout", "nan")),
    "a timeout for ever": Case(64, (*PLAN, "--timeout", "inf"), ("--timeout", "inf")),
    "a deadline no timer can take": Case(64, (*PLAN, "--deadline", "1e12"), ("--deadline",)),
    "a deadline that is not a number": Case(64, (*PLAN, "--deadline", "nan"), ("--deadline",)),
    "no projects at a time": Case(64, (*PLAN, "--parallelism", "0"), ("--parallelism",)),
}
SANDBOX = {
    "a seed that does not exist": Case(
        64, (*PLAN, "--sandbox", "no.yaml"), ("no.yaml",), environment(APINIZER_URL=None)
    ),
    "a seed with a mistake": Case(
        64,
        (*PLAN, "--sandbox", "seed.yaml"),
        ("The sandbox can't start", "seed.yaml"),
        file("seed.yaml", "projcts: []"),
    ),
    "a seed without a token": Case(
        64,
        (*PLAN, "--sandbox", "seed.yaml"),
        ("seed.yaml lists no token", "`tokens`"),
        file("seed.yaml", "tokens: []"),
    ),
    "a state that is no folder": Case(
        64,
        (*PLAN, "--sandbox", "seed.yaml"),
        ("can't keep its state in .reconciler/sandbox.db", "Run where this user may write"),
        both(file("seed.yaml", json.dumps(seed())), file(".reconciler", "in the way")),
    ),
    "a state that is no database": Case(
        64,
        (*PLAN, "--sandbox", "seed.yaml"),
        ("The sandbox can't start", ".reconciler/sandbox.db"),
        both(
            file("seed.yaml", json.dumps(seed())),
            file(".reconciler/sandbox.db", "in the way" * 1000),
        ),
    ),
    "the sandbox command without a seed": Case(64, ("sandbox",), ("SEED.yaml", "--help")),
    "the sandbox command with a seed that does not exist": Case(
        64, ("sandbox", "no.yaml"), ("The sandbox can't start", "no.yaml")
    ),
    "the sandbox command with faults of an unknown kind": Case(
        64,
        ("sandbox", "seed.yaml", "--faults", "faults.yaml"),
        ("The sandbox can't start", "earthquake"),
        both(file("seed.yaml", json.dumps(seed())), file("faults.yaml", "[{kind: earthquake}]")),
    ),
    "the sandbox command with a database below a file": Case(
        64,
        ("sandbox", "seed.yaml", "--db", "jwks/Quiet.yaml/state.db"),
        ("The sandbox can't start", "jwks/Quiet.yaml/state.db"),
        file("seed.yaml", json.dumps(seed())),
    ),
    "the sandbox command with a latency that is not a number": Case(
        64, ("sandbox", "seed.yaml", "--deploy-latency", "nan"), ("--deploy-latency",)
    ),
}
OUTPUT = {
    "--out below a file": Case(
        64, (*PLAN, "--out", "jwks/Quiet.yaml/plan.json"), ("plan.json can't be written", "Create")
    ),
    "--out where the kernel alone makes files": Case(
        64, (*PLAN, "--out", "/proc/plan.json"), ("/proc/plan.json can't be written", "Create")
    ),
    "--out that is a folder": Case(
        64, (*PLAN, "--out", "jwks"), ("jwks is a folder", "Name a file in it")
    ),
    "--out with a name no file system takes": Case(
        64, (*PLAN, "--out", "x" * 300), ("can't be written", "name a file")
    ),
    "a report below a file": Case(
        64, (*APPLY, "--report", "json=jwks/Quiet.yaml/r.json"), ("can't be written", "Create")
    ),
    "a report in a folder that does not exist": Case(
        64, (*APPLY, "--report", "json=reports/r.json"), ("can't be written", "Create the folder")
    ),
    "a report that is a folder": Case(
        64, (*APPLY, "--report", "json=jwks"), ("jwks is a folder", "Name a file in it")
    ),
    "a report without a file": Case(64, (*APPLY, "--report", "json="), ("--report", "FORMAT=FILE")),
    "a report without a format": Case(
        64, (*APPLY, "--report", "r.json"), ("--report", "FORMAT=FILE")
    ),
    "a report in an unknown format": Case(
        64, (*APPLY, "--report", "pdf=r.pdf"), ("--report", "FORMAT=FILE", "json")
    ),
    "an export into a file": Case(
        64, ("export", "--out", "jwks/Quiet.yaml"), ("can't be made", "Name a folder")
    ),
    "an export below a file": Case(
        64, ("export", "--out", "jwks/Quiet.yaml/out"), ("can't be made", "Name a folder")
    ),
    "an export where the kernel alone makes files": Case(
        64, ("export", "--out", "/proc/exported"), ("can't be made", "Name a folder")
    ),
    "an export onto a folder": Case(
        64,
        ("export", "Quiet", "--out", "out", "--force"),
        ("out/Quiet.yaml can't be written", "name a file"),
        folder("out/Quiet.yaml"),
    ),
    "a report on a plan where nothing is planned": Case(
        64, ("validate", "jwks", "--report", "gitlab=r.json"), ("--report", "nothing is planned")
    ),
    "a journal that is a folder": Case(
        64, (*APPLY, "--journal", "jwks"), ("The journal jwks can't be opened", "Name a file")
    ),
    "a journal of something else": Case(
        64, (*APPLY, "--journal", "jwks/Quiet.yaml"), ("jwks/Quiet.yaml", "journal")
    ),
}
MANIFESTS = {
    "an empty folder": Case(
        65, ("plan", "empty"), ("empty", "no manifest found", "name the folder"), folder("empty")
    ),
    "an empty file": Case(
        65, ("plan", "e.yaml"), ("e.yaml", "no manifest found", "write"), file("e.yaml")
    ),
    "a file that is a folder": Case(
        65,
        ("plan", "f.yaml"),
        ("f.yaml", "no manifest found", "name the folder"),
        folder("f.yaml"),
    ),
    "a path that does not exist": Case(
        65, ("plan", "no/where"), ("no/where", "check the path's spelling")
    ),
    "an empty path": Case(65, ("plan", ""), ("a path is empty", "variable")),
    "standard input with nothing in it": Case(65, ("plan", "-"), ("<stdin>", "no manifest found")),
}
LINES = {
    "an unknown command": Case(64, ("exprot",), ("exprot", "Did you mean export?")),
    "an unknown command like no other": Case(64, ("zzz",), ("zzz", "See `reconciler --help`")),
    "an unknown option": Case(
        64, (*PLAN, "--paralelism", "3"), ("--paralelism", "--parallelism", "plan --help")
    ),
    "an unknown option before the command": Case(64, ("--verbose", "plan"), ("--verbose",)),
    "-q and -v together": Case(64, (*PLAN, "-q", "-v"), ("-q and -v exclude each other", "--help")),
    "an unknown format": Case(64, (*PLAN, "--format", "yaml"), ("--format", "json")),
    "a plan file that does not exist": Case(
        64, ("show", "no.json"), ("no.json can't be read", "reconciler plan --out FILE")
    ),
    "a plan file that is a folder": Case(64, ("show", "jwks"), ("jwks can't be read",)),
    "a plan file of something else": Case(
        64,
        ("show", "p.json"),
        ("not a JSON document", "reconciler plan --out"),
        file("p.json", "x"),
    ),
    "a plan file that was cut": Case(
        64,
        ("show", "p.json"),
        ("breaks off", "reconciler plan --out"),
        file("p.json", '{"formatVersion": "1.0",'),
    ),
    "a plan file of a format to come": Case(
        64, ("show", "p.json"), ("format",), file("p.json", '{"formatVersion": "2.0"}')
    ),
    "an export of a project that does not exist": Case(
        5, ("export", "Nowhere"), ("Nowhere", "can't be exported", "Check the project's name")
    ),
    "nobody can be asked": Case(5, ("apply", "jwks"), ("Nobody can be asked", "--auto-approve")),
    "in a pipeline nobody is asked": Case(
        5, ("apply", "jwks"), ("Nobody can be asked", "--auto-approve"), environment(CI="true")
    ),
}
CASES = {**ACCESS, **GATEWAY, **SANDBOX, **OUTPUT, **MANIFESTS, **LINES}


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def check_printed(ran: Ran, case: Case) -> None:
    assert ran.code == case.code, ran
    assert len(re.findall(r"^error\b", ran.err, re.MULTILINE)) == 1, ran.err
    assert "Traceback" not in ran.err
    assert "bug of this program" not in ran.err
    for words in case.messages:
        assert words in flat(ran.err), ran.err


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_wrong_is_told_once_and_leaves_no_trace(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    case.prepare(workspace, monkeypatch)
    files, before = files_below(workspace.folder), workspace.state()

    ran = workspace.run(*case.words)

    check_printed(ran, case)
    # What needs consent shows the plan it needs it for; all else has no result.
    assert ran.out == "" or case.words[0] == "apply"
    assert files_below(workspace.folder) == files
    assert workspace.state() == before
    assert workspace.requests("PUT") == []


WITH_A_FORMAT = {
    title: case
    for title, case in CASES.items()
    if case.words[0] in {"plan", "apply", "show", "export"} and "yaml" not in case.words
}


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("case", WITH_A_FORMAT.values(), ids=WITH_A_FORMAT)
def test_where_json_is_asked_for_it_is_told_as_one_document(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, case: Case
) -> None:
    case.prepare(workspace, monkeypatch)

    ran = workspace.run(*case.words, "--format", "json")

    check_printed(ran, case)
    if "nobody can" in case_name(case) or "nobody is asked" in case_name(case):
        assert "digest" in ran.document, "what nobody agreed to is still the result"
    else:
        assert ran.document["error"]["exitCode"] == case.code


def case_name(case: Case) -> str:
    return next(title for title, known in CASES.items() if known is case)


def test_a_list_with_a_name_twice_is_refused(build: BuildWorkspace) -> None:
    twins = [{"name": "twin", "kid": "1"}, {"name": "twin", "kid": "2"}]
    project = {"name": "P", "allowDuplicates": True, "jwks": twins}
    declared = {"P": [{"name": "new", "previousNames": ["twin"]}]}
    workspace = build({**seed(), "projects": [project]}, declared)
    before = workspace.state()

    applied = workspace.run(*APPLY)
    exported = workspace.run("export", "P", "--out", "out")

    assert (applied.code, exported.code) == (5, 5)
    assert "2 live keys have the name `twin`" in flat(applied.out)
    assert "rename or remove all but one of them" in flat(applied.out)
    assert "2 live keys have the name `twin`" in flat(exported.err)
    assert workspace.state() == before
    assert not (workspace.folder / "out").exists()


def test_a_project_that_does_not_exist_is_refused(workspace: Workspace) -> None:
    workspace.declare(Nowhere=[{"name": "any"}])

    ran = workspace.run(*APPLY)

    assert ran.code == 5
    assert "refused Nowhere: project-unreadable" in ran.out
    assert "Check the project's name" in flat(ran.out)
    assert workspace.requests("PUT") == []


class Lists(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"status": "SUCCESS", "resultList": [{"name": "calm"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Keep quiet."""


class TlsServer(ThreadingHTTPServer):
    context: ssl.SSLContext

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, address = super().get_request()
        connection.settimeout(10)
        try:
            return self.context.wrap_socket(connection, server_side=True), address
        except OSError:  # a client that does not trust the certificate leaves
            connection.close()
            raise


@contextmanager
def tls_server(authority: trustme.CA) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with TlsServer(("127.0.0.1", 0), Lists) as server:
        server.context = context
        server.daemon_threads = False
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield f"https://localhost:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


@pytest.mark.usefixtures("no_waits")
def test_a_certificate_nobody_vouches_for(workspace: Workspace) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(workspace.folder / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(str(workspace.folder / "another.pem"))
    workspace.declare(Quiet=DECLARED["Quiet"])
    with tls_server(authority) as url:
        strange = workspace.run(*PLAN, "--server", url)
        wrong = workspace.run(*PLAN, "--server", url, "--ca-file", "another.pem")
        right = workspace.run(*PLAN, "--server", url, "--ca-file", "ca.pem")
        named = workspace.run(*PLAN, "--server", url, SSL_CERT_FILE="ca.pem")

    for ran in (strange, wrong):
        check_printed(ran, Case(69, PLAN, ("no trusted TLS connection", "--ca-file")))
    assert (right.code, named.code) == (0, 0), right.err + named.err


ASKED = "Only 'yes' is taken for yes"
ANSWERS = {"no": "no\n", "y": "y\n", "Yes": "Yes\n", "nothing": "\n", "the end": "\x04"}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_any_answer_but_yes_is_no(workspace: Workspace, answer: str) -> None:
    before = workspace.state()

    ran = workspace.run.terminal("apply", "jwks", answers=((ASKED, answer),))

    assert ran.code == 5, ran
    assert "Not applied: the answer was not yes" in ran.out
    assert "Traceback" not in ran.out
    assert workspace.state() == before
    assert workspace.requests("PUT") == []


NEVER_ASKED = {
    "--no-input": (("--no-input",), {}),
    "CI=true": ((), {"CI": "true"}),
    "CI=1": ((), {"CI": "1"}),
}


@pytest.mark.parametrize(("words", "variables"), NEVER_ASKED.values(), ids=NEVER_ASKED)
def test_on_a_terminal_too_a_pipeline_is_not_asked(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variables: dict[str, str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    ran = workspace.run.terminal("apply", "jwks", *words)

    assert ran.code == 5
    assert "Nobody can be asked" in ran.out
    assert ASKED not in ran.out
    assert workspace.requests("PUT") == []


GONE = {
    "plan": ("plan jwks", "true", 0),
    "plan in JSON": ("plan jwks --format json", "true", 0),
    "plan, the first line": ("plan jwks", "head -n 1", 0),
    "help": ("--help", "true", 0),
    "help of a command": ("plan --help", "true", 0),
    "the version": ("--version", "true", 0),
    "schema": ("schema", "true", 0),
    "a failure in JSON": ("plan nowhere --format json", "true", 65),
}


@pytest.mark.parametrize(("words", "reader", "code"), GONE.values(), ids=GONE)
def test_a_reader_that_has_gone_is_no_failure(
    workspace: Workspace, words: str, reader: str, code: int
) -> None:
    ran = workspace.run.shell(f"{{ reconciler {words}; echo $? >code; }} | {reader}")

    assert (workspace.folder / "code").read_text() == f"{code}\n"
    assert "Traceback" not in ran.err
    assert "bug" not in ran.err


def test_an_apply_goes_on_though_its_reader_has_gone(workspace: Workspace) -> None:
    ran = workspace.run.shell(
        "{ reconciler apply jwks --auto-approve --report json=r.json; echo $? >code; } | true"
    )

    assert ran.err == ""
    assert (workspace.folder / "code").read_text() == "0\n"
    report = json.loads((workspace.folder / "r.json").read_text())
    assert {item["outcome"] for item in report["outcomes"]} == {"applied"}


CLOSED = {
    "stdin": ("reconciler validate jwks <&-", 0),
    "stdin that is to be read": ("reconciler validate - <&-", 65),
    "stdin of an apply": ("reconciler apply jwks <&-", 5),
    "stdout": ("reconciler plan jwks >&-", 0),
    "stdout of JSON": ("reconciler plan jwks --format json >&-", 64),
    "stdout of validate in JSON": ("reconciler validate jwks --format json >&-", 64),
    "stdout of a failure in JSON": ("reconciler validate nowhere --format json >&-", 65),
    "stdout of an apply in JSON": ("reconciler apply jwks --auto-approve --format json >&-", 64),
    "stdout of an export": ("reconciler export Payments >&-", 64),
    "stdout of a plan that is saved there": ("reconciler plan jwks --out - >&-", 64),
    "the null device": ("reconciler validate jwks --format json >/dev/null", 0),
    "stderr": ("reconciler plan jwks 2>&-", 0),
    "stderr of a failure": ("reconciler plan nowhere 2>&-", 65),
    "all": ("reconciler validate jwks <&- >&- 2>&-", 0),
}


@pytest.mark.parametrize(("script", "code"), CLOSED.values(), ids=CLOSED)
def test_a_closed_stream_is_no_bug(workspace: Workspace, script: str, code: int) -> None:
    ran = workspace.run.shell(script)

    assert ran.code == code, ran
    assert "Traceback" not in ran.err
    assert "bug" not in ran.err


full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")

FULL = {
    "plan": ("plan jwks", 64),
    "plan with changes pending": ("plan jwks --detailed-exitcode", 64),
    "plan in JSON": ("plan jwks --format json", 64),
    "validate": ("validate jwks", 64),
    "validate in JSON": ("validate jwks --format json", 64),
    "a failure keeps its code": ("plan nowhere --format json", 65),
    "refused": ("apply jwks", 5),
    "version": ("--version", 64),
    "help": ("--help", 64),
    "help of a command": ("plan --help", 64),
    "schema": ("schema", 64),
    "export": ("export Payments", 64),
}


@full_disk
@pytest.mark.parametrize(("words", "code"), FULL.values(), ids=FULL)
def test_a_full_disk_below_stdout_is_told(workspace: Workspace, words: str, code: int) -> None:
    ran = workspace.run.shell(f"reconciler {words} >/dev/full")

    assert ran.code == code, ran
    assert "Traceback" not in ran.err
    assert "bug" not in ran.err
    assert "No space left on device" in ran.err or code == 65


@full_disk
def test_a_report_that_does_not_fit_keeps_nothing_else_back(workspace: Workspace) -> None:
    reports = ("--report", "json=/dev/full", "--report", "json=whole.json")

    ran = workspace.run(*APPLY, *reports)

    assert ran.code == 64
    assert "/dev/full can't be written: No space left on device" in ran.err
    assert "Applied" in ran.out
    outcomes = json.loads((workspace.folder / "whole.json").read_text())["outcomes"]
    assert {item["outcome"] for item in outcomes} == {"applied"}


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    """As on a full disk, for files alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_pipe_that_does_not_wait_gets_everything(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, unbuffered: str
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    workspace.declare(Payments=[{"name": f"key-{number}"} for number in range(3000)])
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)

    with workspace.run.process("plan", "jwks", "--format", "json", stdout=write_end) as process:
        os.close(write_end)
        wait_until(lambda: size_of_pipe(read_end) >= 65536, "a full pipe")
        with os.fdopen(read_end, "rb") as pipe:
            document = json.load(pipe)

    assert process.returncode == 5
    assert len(document["refusals"]) == 3000


def size_of_pipe(descriptor: int) -> int:
    """How many bytes wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4), sys.byteorder)


def test_a_plan_that_does_not_fit_leaves_the_earlier_one_as_it_was(workspace: Workspace) -> None:
    (workspace.folder / "plan.json").write_text("the earlier one")
    files = files_below(workspace.folder)

    with no_file_may_grow():
        ran = workspace.run(*PLAN, "--out", "plan.json")

    assert ran.out.startswith("Plan: ")
    check_printed(ran, Case(64, PLAN, ("plan.json can't be written: File too large",)))
    assert files_below(workspace.folder) == files


def test_a_failure_whose_report_does_not_fit_keeps_its_code(workspace: Workspace) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")

    ran = workspace.run("plan", "nowhere", "--report", "json=/dev/full")

    assert ran.code == 65
    assert "check the path's spelling" in ran.err


def test_help_is_no_failure(run: CommandLine) -> None:
    assert run("--help").code == run("apply", "-h").code == run("--version").code == 0


def test_nothing_at_all_is_wrong_usage_and_shows_the_help(run: CommandLine) -> None:
    ran = run()

    assert ran.code == 64
    assert "Exit codes:" in ran.err


HIDDEN = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl"


@pytest.mark.parametrize("token", [HIDDEN, HIDDEN * 9, f"secret/{HIDDEN}", f"Bearer {HIDDEN}"])
@pytest.mark.parametrize("words", [("--token-file", "TOKEN"), ()])
def test_a_token_given_instead_of_its_file_is_not_shown(
    words: tuple[str, ...], token: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APINIZER_TOKEN")
    if not words:
        monkeypatch.setenv("APINIZER_TOKEN_FILE", token)

    ran = workspace.run(*PLAN, "-v", *(word.replace("TOKEN", token) for word in words))

    assert ran.code == 64
    assert "give the path of a file, not the token itself" in flat(ran.err)
    assert "eyJ" not in ran.out + ran.err


ENCODED: dict[str, tuple[str, str]] = {
    "a byte-order mark": ("{}", "utf-8-sig"),
    "CR LF": ("{}\r\n", "utf-8"),
    "UTF-16 of PowerShell": ("{}\r\n", "utf-16"),
    "UTF-16, big endian": ("\ufeff{}\n", "utf-16-be"),
    "blank lines around it": ("\n\n  {}\t\n\n", "utf-8"),
}


@pytest.mark.parametrize(("text", "encoding"), ENCODED.values(), ids=ENCODED.keys())
def test_a_token_file_is_read_however_it_was_written(
    text: str, encoding: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = text.format(os.environ["APINIZER_TOKEN"])
    (workspace.folder / "token").write_bytes(content.encode(encoding))
    monkeypatch.delenv("APINIZER_TOKEN")

    assert workspace.run(*PLAN, "--token-file", "token").code == 0


@pytest.mark.parametrize(
    "content", ["two\nlines", f"Bearer {HIDDEN}", f'"{HIDDEN} "', "sécret", "t\x00oken"]
)
def test_a_malformed_token_in_a_file_is_no_matter_of_usage(
    content: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace.folder / "token.txt").write_text(content, encoding="utf-8")
    monkeypatch.delenv("APINIZER_TOKEN")

    ran = workspace.run(*PLAN, "--token-file", "token.txt")

    assert ran.code == 77
    assert "Give the token alone" in flat(ran.err)
    assert content not in ran.out + ran.err
    assert HIDDEN not in ran.out + ran.err
