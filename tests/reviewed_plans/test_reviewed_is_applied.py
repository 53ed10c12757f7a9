"""``apply --plan`` and ``--expect-digest``: what was reviewed is applied, or nothing is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.cli.app import main
from reconciler.sandbox.seed import parse_seed
from reconciler.sandbox.server import Options, Running, running

SEED = {
    "projects": [
        {
            "name": "P",
            "jwks": [
                {"name": "a", "kid": "1", "description": "old"},
                {"name": "b", "kid": "2"},
                {"name": "c", "kid": "3"},
            ],
        }
    ]
}
MANIFEST = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: P}
spec:
  jwks:
    - {name: a2, previousNames: [a], description: new}
    - {name: b}
"""


@pytest.fixture
def gateway() -> Iterator[Running]:
    with running(Options(parse_seed(json.dumps(SEED)))) as sandbox:
        yield sandbox


@pytest.fixture
def reviewed(gateway: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A saved plan, in the current folder, beside the manifest it was made from."""
    for name in [*os.environ]:
        if name.startswith("APINIZER") or name == "CI":
            monkeypatch.delenv(name)
    monkeypatch.setenv("APINIZER_URL", gateway.url)
    monkeypatch.setenv("APINIZER_TOKEN", gateway.tokens[0])
    monkeypatch.chdir(tmp_path)
    Path("jwks.yaml").write_text(MANIFEST)
    assert main(["plan", "jwks.yaml", "--out", "plan.json", "-q"]) == 0
    return Path("plan.json")


def apply(*options: str) -> int:
    return main(["apply", "jwks.yaml", "--auto-approve", *options])


def puts(gateway: Running) -> int:
    return sum(request.method == "PUT" for request in gateway.requests)


def edit(old: str, new: str) -> Callable[[Running], None]:
    def move(_gateway: Running) -> None:
        text = Path("jwks.yaml").read_text()
        assert old in text
        Path("jwks.yaml").write_text(text.replace(old, new))

    return move


def describe(name: str, description: str) -> Callable[[Running], None]:
    def move(gateway: Running) -> None:
        assert gateway.admin.change("P", name, description=description) is None

    return move


def rename(name: str, to: str) -> Callable[[Running], None]:
    def move(gateway: Running) -> None:
        assert gateway.admin.change("P", name, to=to) is None

    return move


def rewrite(change: Callable[[bytes], bytes]) -> Callable[[Running], None]:
    def move(_gateway: Running) -> None:
        plan = Path("plan.json")
        text = change(plan.read_bytes())
        assert text != plan.read_bytes()
        plan.write_bytes(text)

    return move


MOVED: dict[str, tuple[Callable[[Running], None], int, tuple[str, ...]]] = {
    "a description was edited in the manifest": (
        edit("new", "newer"),
        3,
        ("P/a2", 'after.description was "new", is "newer"', "The manifests changed"),
    ),
    "an entry was added to the manifest": (
        edit("{name: b}", "{name: b3, kid: '2'}"),
        3,
        ("P/b3: is newly changed", "The manifests changed"),
    ),
    "somebody described the key at the gateway": (
        describe("a", "foreign"),
        3,
        (
            'before.description was "old", is "foreign"',
            "Keys at the gateway changed",
        ),
    ),
    "somebody renamed the key at the gateway": (
        rename("a", "z"),
        3,
        ("P/a2: is no longer changed", "P/a2 (missing): is newly refused"),
    ),
    "both sides moved": (
        lambda gateway: [edit("new", "newer")(gateway), describe("a", "foreign")(gateway)][0],
        3,
        ("Both the manifests and the keys",),
    ),
    "the summary of the plan was edited": (
        rewrite(lambda text: text.replace(b'"unchanged": 1', b'"unchanged": 9')),
        3,
        ("was edited",),
    ),
    "the body of a step was edited": (
        rewrite(lambda text: text.replace(b'"description": "new"', b'"description": "nex"')),
        3,
        ("was edited",),
    ),
    "a blank of the plan was edited": (
        rewrite(lambda text: text.replace(b": ", b":  ", 1)),
        3,
        ("was edited",),
    ),
    "the plan is truncated": (rewrite(lambda text: text[:-20]), 64, ("not a JSON document",)),
    "the plan is of an unknown format": (
        rewrite(lambda text: text.replace(b'"1.0"', b'"2.0"', 1)),
        64,
        ("of format 2.0",),
    ),
    "the plan is missing": (
        lambda _gateway: Path("plan.json").unlink(),
        64,
        ("can't be read",),
    ),
}


@pytest.mark.parametrize("case", MOVED)
def test_nothing_is_written_when(
    case: str, gateway: Running, reviewed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    move, code, words = MOVED[case]
    move(gateway)
    capsys.readouterr()

    assert apply("--plan", str(reviewed)) == code

    printed = capsys.readouterr().err
    for word in words:
        assert word in printed
    assert puts(gateway) == 0


def test_a_plan_for_another_gateway_is_refused(
    gateway: Running, reviewed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(Options(parse_seed(json.dumps(SEED)))) as other:
        assert apply("--plan", str(reviewed), "--server", other.url) == 3
        assert puts(other) == 0

    assert "for another gateway" in capsys.readouterr().err
    assert puts(gateway) == 0


def test_every_byte_of_the_plan_counts(gateway: Running, reviewed: Path) -> None:
    whole = reviewed.read_bytes()
    for at in range(0, len(whole), 37):
        reviewed.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert apply("--plan", str(reviewed), "-q") in {3, 64}

    assert puts(gateway) == 0


def test_what_was_reviewed_is_applied(gateway: Running, reviewed: Path) -> None:
    assert apply("--plan", str(reviewed)) == 0

    assert [item.name for item in gateway.admin.keys("P")] == ["a2", "b", "c"]


def test_a_digest_alone_is_enough(gateway: Running, reviewed: Path) -> None:
    digest = json.loads(reviewed.read_text())["digest"]

    assert apply("--expect-digest", "sha256:" + "0" * 64) == 3
    assert apply("--expect-digest", "abc") == 64
    assert apply("--plan", str(reviewed), "--expect-digest", "sha256:" + "0" * 64) == 3
    assert puts(gateway) == 0
    assert apply("--plan", str(reviewed), "--expect-digest", digest) == 0


def test_a_key_that_is_only_sent_again_needs_a_review(gateway: Running, reviewed: Path) -> None:
    assert apply("--plan", str(reviewed), "--redeploy", "P/b") == 3
    assert puts(gateway) == 0


def test_show_renders_a_stale_plan(reviewed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert apply("--plan", str(reviewed)) == 0
    capsys.readouterr()

    assert main(["show", str(reviewed)]) == 0
    assert "a → a2" in capsys.readouterr().out


def test_show_says_that_a_plan_was_edited(
    reviewed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(reviewed)]) == 0
    assert "edited" not in capsys.readouterr().err

    reviewed.write_bytes(reviewed.read_bytes().replace(b'"new"', b'"nex"'))

    assert main(["show", str(reviewed)]) == 0
    assert "this plan was edited" in capsys.readouterr().err


def test_without_consent_the_plan_is_still_the_result(
    gateway: Running, reviewed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    assert main(["apply", "jwks.yaml", "--format", "json", "--report", "gitlab=g.json"]) == 5

    printed = capsys.readouterr()
    assert json.loads(printed.out)["digest"] == json.loads(reviewed.read_text())["digest"]
    assert "--auto-approve" in printed.err
    assert json.loads(Path("g.json").read_text())["update"] == 1
    assert puts(gateway) == 0


def test_two_reports_can_not_be_one_file(
    reviewed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reviewed.exists()

    assert main(["plan", "jwks.yaml", "--report", "json=x", "--report", "html=x"]) == 64
    assert "named twice" in capsys.readouterr().err


def test_a_dry_run_checks_what_was_reviewed_and_writes_nothing(
    gateway: Running, reviewed: Path
) -> None:
    assert apply("--plan", str(reviewed), "--dry-run") == 0
    edit("new", "newer")(gateway)
    assert apply("--plan", str(reviewed), "--dry-run") == 3
    assert puts(gateway) == 0
