"""Tokens and key material that a gateway plants wherever it can, with every log switched on.

Every other test looks for planted secrets too; here are more faults, and a token that formats
escape.
"""

from __future__ import annotations

import base64
import html
import logging
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from planted_secrets import MARK, PLANTED_SECRET
from workspace import BuildWorkspace, CommandLine, Workspace

from reconciler.cli.console import Console
from reconciler.core import planner
from reconciler.http.redaction import Secrets, shorten

TOKEN = "eyJ0_tok3n.of+the/planted~*tests<&>|=="
PASSWORD = f"p4ssw0rd of the+{MARK}/tests"
SECRETS = (PLANTED_SECRET, TOKEN, PASSWORD)

LIVE = {
    "Pay": [
        {"name": "a", "kid": "k1", "description": f"echoes {TOKEN} <&>"},
        {"name": "b", "kid": "k2"},
        {"name": "named-eyJ0", "kid": "k3"},
    ],
    "Ship": [{"name": "c", "kid": "k4", "description": f"{TOKEN}"}],
}
DECLARED = {
    "Pay": [{"name": "x", "previousNames": ["a"]}, {"name": "y", "previousNames": ["b"]}],
    "Ship": [{"name": "c", "description": "Ships."}],
}
SEED = {
    "projects": [{"name": name, "jwks": jwks} for name, jwks in LIVE.items()],
    "tokens": [{"token": TOKEN}],
    "clients": [{"username": "ci", "password": PASSWORD, "token": TOKEN, "expiresAfter": 4}],
}
FORMATS = ("json", "markdown", "html", "junit", "gitlab")


def spellings(secret: str) -> set[bytes]:
    """A secret as it might be written somewhere."""
    forms = {secret, quote(secret, safe=""), secret[: len(secret) // 2]}
    encoded = {base64.b64encode(secret.encode()).rstrip(b"=")}
    return {form.encode() for form in forms} | encoded


FORBIDDEN = {form for secret in SECRETS for form in spellings(secret)}


def leaked(text: str | bytes) -> set[bytes]:
    """The secrets that a text gives away, also to somebody who takes its escaping back."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    plain = html.unescape(said)
    contents = [one.encode(errors="replace") for one in (said, plain, plain.replace("\\", ""))]
    return {form for form in FORBIDDEN if any(form in content for content in contents)}


@pytest.fixture
def workspace(build: BuildWorkspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    planted = build(SEED, DECLARED, injected_secret=PLANTED_SECRET, inject_into_messages=True)
    monkeypatch.setenv("APINIZER_TOKEN", TOKEN)
    return planted


@pytest.fixture
def leaks(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> Callable[..., set[bytes]]:
    """What a command line gave away: on its streams, in logs and in the files it wrote."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "uvicorn", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)

    def found(*texts: str) -> set[bytes]:
        said = set().union(*map(leaked, texts), leaked(caplog.text))
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        return said.union(*(leaked(path.read_bytes()) for path in files))

    return found


def reports() -> list[str]:
    return [word for name in FORMATS for word in ("--report", f"{name}=report.{name}")]


COMMANDS: dict[str, tuple[str, ...]] = {
    "plan": ("plan", "jwks", "-vv"),
    "plan as JSON": ("plan", "jwks", "--format", "json", "--out", "plan.json", *reports()),
    "apply": ("apply", "jwks", "--auto-approve", "-vv", "--journal", "journal", *reports()),
    "apply as JSON": ("apply", "jwks", "--auto-approve", "--format", "json"),
    "apply that nobody is asked for": ("apply", "jwks"),
    "export": ("export", "-v"),
    "export to files": ("export", "Pay", "--out", "live"),
    "validate": ("validate", "jwks", "-v"),
}
FAULT_HANDLERS: dict[str, tuple[dict[str, object], ...]] = {
    "nothing": (),
    "a denied list": ({"kind": "unauthorized", "at": 2},),
    "a denied update": ({"kind": "unauthorized", "method": "PUT"},),
    "a failing gateway": ({"kind": "500-before", "method": "GET", "times": 9},),
    "lost answers": ({"kind": "500-after", "method": "PUT", "times": 9},),
    "pages": ({"kind": "html", "method": "PUT", "times": 9},),
    "deployments that fail": ({"kind": "deploy-fails", "times": 99},),
    "a stranger": ({"kind": "foreign-change", "project": "Pay", "name": "b", "to": "y"},),
    "a stranger in between": (
        {"kind": "foreign-change", "method": "PUT", "project": "Pay", "name": "b", "to": "q"},
    ),
    "throttling": ({"kind": "429", "times": 99, "header": True},),
    "garbage": ({"kind": "garbage", "at": 2},),
}


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("fault", FAULT_HANDLERS)
def test_no_command_gives_anything_away(
    workspace: Workspace,
    fault: str,
    leaks: Callable[..., set[bytes]],
    record_property: Callable[[str, object], None],
) -> None:
    for name, words in COMMANDS.items():
        workspace.sandbox.admin.reset()
        workspace.sandbox.admin.add_faults(*FAULT_HANDLERS[fault])
        ran = workspace.run(*words)
        assert ran.out + ran.err, name
        assert leaks(ran.out, ran.err) == set(), name
    record_property("cases", len(COMMANDS))


def test_the_canary_is_where_a_client_could_find_it(workspace: Workspace) -> None:
    import httpx

    url, headers = f"{workspace.sandbox.url}/apiops/projects/Pay/jwks/", {"Authorization": TOKEN}
    listed = httpx.get(url, headers=headers).text
    assert PLANTED_SECRET in listed
    assert TOKEN in listed
    failed = httpx.put(f"{url}nobody/", headers=headers, json={"name": "z"})
    assert failed.status_code == 400
    assert PLANTED_SECRET in failed.json()["resultMessage"]


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("fault", ["nothing", "a denied update", "a failing gateway"])
def test_a_password_and_the_tokens_it_is_given_stay_here(
    workspace: Workspace,
    fault: str,
    leaks: Callable[..., set[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("APINIZER_TOKEN")
    workspace.sandbox.admin.add_faults(*FAULT_HANDLERS[fault])
    login = {"APINIZER_USERNAME": "ci", "APINIZER_PASSWORD": PASSWORD}
    ran = workspace.run("apply", "jwks", "--auto-approve", "-vv", *reports(), **login)
    issued = set(workspace.sandbox.tokens) - {TOKEN}
    assert issued
    said = ran.out + ran.err
    assert not [token for token in issued if token in said]
    # This token is not this run's, so nobody could know that the description repeats one.
    assert {form for form in leaks(said) if form not in spellings(TOKEN)} == set()


@pytest.mark.usefixtures("no_waits")
def test_a_rejected_password_stays_here(
    workspace: Workspace, leaks: Callable[..., set[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APINIZER_TOKEN")
    login = {"APINIZER_USERNAME": "nobody", "APINIZER_PASSWORD": PASSWORD}
    ran = workspace.run("plan", "jwks", "-vv", "--format", "json", *reports(), **login)
    assert ran.code == 77
    assert leaks(ran.out, ran.err) == set()


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_bug_gives_nothing_away(
    workspace: Workspace,
    output: str,
    leaks: Callable[..., set[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def plan_projects(*values: object, **named: object) -> None:
        raise ValueError(f"{values} {named} {PLANTED_SECRET} {TOKEN}")

    monkeypatch.setattr(planner, "plan_projects", plan_projects)
    ran = workspace.run("plan", "jwks", "-vv", "--format", output, "--report", "json=report.json")
    assert ran.code == 1
    assert "A bug of this program: ValueError" in ran.err
    assert "Traceback" not in ran.out + ran.err
    assert leaks(ran.out, ran.err) == set()


def test_a_bug_during_the_writes_gives_nothing_away(
    workspace: Workspace, leaks: Callable[..., set[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.executor.write import Write

    def take(*_values: object) -> bool:
        raise ValueError(f"{PLANTED_SECRET} {TOKEN}")

    monkeypatch.setattr(Write, "take", take)
    ran = workspace.run("apply", "jwks", "--auto-approve", "-vv")
    assert ran.code == 1
    assert "a bug of this program: ValueError" in ran.out
    assert leaks(ran.out, ran.err) == set()


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ünïcode-t0ken"])
def test_a_token_that_cannot_be_used_is_not_repeated(
    run: CommandLine, token: str, tmp_path: Path
) -> None:
    (tmp_path / "jwks.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: P}\n"
        "spec: {jwks: [{name: a}]}\n",
        encoding="utf-8",
    )
    (tmp_path / "secret").write_text(token, encoding="utf-8")
    for words, environment in (
        (("--token-file", "secret"), {}),
        ((), {"APINIZER_TOKEN": token}),
        ((), {"APINIZER_TOKEN_FILE": "secret"}),
    ):
        ran = run(
            "plan", "jwks.yaml", "--server", "http://127.0.0.1:9", "-vv", *words, **environment
        )
        assert ran.code in {64, 77}
        assert not token or token not in ran.out + ran.err


def test_verbose_means_lines_of_requests_and_no_headers(workspace: Workspace) -> None:
    ran = workspace.run("plan", "jwks", "-vvv", "--references", "off")
    traced = [line for line in ran.err.splitlines() if line.startswith("GET ")]
    assert len(traced) == 2
    assert "uthorization" not in ran.err
    assert "earer" not in ran.err
    assert not logging.getLogger("httpx").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("httpcore").isEnabledFor(logging.DEBUG)


PRIVATE = {
    "PEM": f"no -----BEGIN PRIVATE KEY-----\n{PLANTED_SECRET}\n-----END PRIVATE KEY----- for you",
    "PEM of another sort": f"no -----BEGIN EC PRIVATE KEY-----{PLANTED_SECRET}"
    "-----END EC PRIVATE KEY-----",
    "PEM that is cut off": f"no -----BEGIN RSA PRIVATE KEY----- {PLANTED_SECRET}",
    "a JWK": f'no {{"kty":"RSA","n":"public","d":"{PLANTED_SECRET}","e":"AQAB"}}',
    "a JWK in JSON in JSON": f'no {{\\"k\\": \\"{PLANTED_SECRET}\\"}}',
    "a JWK that is cut off": f'no {{"kty":"oct","k":"{PLANTED_SECRET}',
    "a mapping as Python or Java print it": f"no {{'dp': '{PLANTED_SECRET}'}}",
    "another member": f'no {{"privateKeyPem": "{PLANTED_SECRET}"}}',
    "far behind": f'no {"x" * 600} "d":"{PLANTED_SECRET}"',
    "very far behind": f'no {"x" * 20_000} "d":"{PLANTED_SECRET}"',
}


@pytest.mark.parametrize("text", PRIVATE.values(), ids=PRIVATE)
def test_private_keys_in_messages_are_not_repeated(text: str) -> None:
    said = shorten(text)
    assert leaked(said) == set()
    assert said.startswith("no ")
    assert len(said) <= 500


def test_messages_that_only_speak_of_keys_are_repeated() -> None:
    message = 'JWK (name: d) has no PRIVATE KEY; kid "d", "k": 3 -----BEGIN PUBLIC KEY----- x'
    assert shorten(message) == message


SPELT = {
    "as it is": TOKEN,
    "in HTML": html.escape(TOKEN),
    "in numbers": "".join(f"&#{ord(char)};" if char in "_.<&" else char for char in TOKEN),
    "in hexadecimal numbers": TOKEN.replace("<", "&#x3C;").replace("_", "&#x5f;"),
    "with backslashes": TOKEN.replace("_", "\\_").replace("*", "\\*").replace(".", "\\."),
    "in a URL": quote(TOKEN, safe=""),
    "in JSON": TOKEN.replace("<", "\\u003c").replace("&", "\\u0026"),
}


@pytest.mark.parametrize("text", SPELT.values(), ids=SPELT)
def test_a_secret_is_masked_however_it_is_escaped(text: str) -> None:
    secrets = Secrets()
    secrets.add(TOKEN)
    assert secrets.mask(f"say {text}, {text}!") == "say [secret], [secret]!"


def test_what_only_resembles_a_secret_is_left_alone() -> None:
    secrets = Secrets()
    secrets.add("abcd/efgh")
    text = "abcd efgh abcd-efgh ABCD/EFGH"
    assert secrets.mask(text) == text


def test_a_short_secret_is_not_masked_everywhere() -> None:
    console = Console()
    console.mask("short")
    assert console.masked("short") == "short"
