"""Hostile text in every field, through the gateway and the manifests, onto both streams."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from ci_parsers import commands

from reconciler.cli.console import Console
from reconciler.core.model import LiveJwk, LiveProject, Place
from reconciler.core.outcome import Environment, Outcome, StepOutcome
from reconciler.core.plan import Caution, Change, Fields, Plan, Refusal, RefusalCode, Step, Summary
from reconciler.core.result import Result
from reconciler.core.staleness import moved_on
from reconciler.errors import GatewayError, ManifestError, Problem
from reconciler.reports import planjson

if TYPE_CHECKING:
    from collections.abc import Callable

    from world import BuildWorld, Key, World

CORPUS: dict[str, str] = {
    "a terminal's clearing": "\x1b[2J\x1b[1;1Hgone",
    "a terminal's title": "\x1b]0;owned\x07",
    "a hyperlink": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "a sequence of 8 bits": "\x9b2Jgone",
    "backspaces": "good\b\b\b\bevil",
    "a carriage return": "evil\rgood",
    "a line of its own": "name\n::error file=x,line=1::owned",
    "a carriage return and a command": "x\r::add-mask::y",
    "a vertical tab": "x\v::error::y",
    "a form feed": "x\f::error::y",
    "a next line": "x\u0085::error::y",
    "a line separator": "x\u2028::error::y",
    "a paragraph separator": "x\u2029##vso[task.complete]y",
    "GitHub's command": "::error::owned",
    "GitHub's command after blanks": "   ::set-output name=x::y",
    "GitHub's command after what is drawn as nothing": "\u200b\u2060::warning::x",
    "GitHub's old command": "x ##[set-env name=PATH]evil",
    "GitHub's stopped commands": "::stop-commands::token",
    "Azure's command": "##vso[task.setvariable variable=x]evil",
    "Azure's command in capitals": "say ##VSO[task.uploadfile]/etc/passwd",
    "Azure's command with more signs": "###vso[task.setvariable variable=x]evil",
    "TeamCity's command": "##teamcity[buildStatus status='SUCCESS']",
    "GitLab's section": "section_start:1:x[collapsed=true]\r\x1b[0Kevil",
    "directions": "user\u202egpj.exe\u2066",
    "marks of direction": "a\u200e\u200f\u061cb",
    "nothing at all": "a\u200b\u200c\u200d\ufeffb",
    "soft hyphens": "a\u00adb",
    "tags": "a\U000e0041\U000e007fb",
    "variation selectors": "a\ufe0f\U000e0100b",
    "combining marks": "\u0301\u0489a" + "\u0300" * 50,
    "blanks of other widths": "a\u00a0\u2003\u3000\u2800b",
    "Hangul fillers": "a\u3164\uffa0\u115fb",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "Markdown": "**x** [y](javascript:alert(1)) ![z](//evil) `|` @team #1 !2",
    "a report's own words": 'a → b (deployed to prod)\n\nApplied: 9 renamed."',
    "a shell": "$(reboot) `reboot` ; reboot && 'x' \"y\"",
    "quotes and backslashes": "\"\\'\\\\\\n\\u0041",
    "a percent sign": "%0A%0D%25::error::",
    "digits of another script": "٣٤ ៣",
    "from right to left": "שלום مرحبا",
    "an emoji of several": "👩‍👩‍👧‍👦",
    "very long": "ab" * 120 + "::error::" + "x" * 6,
    "a private use": "\ue000\U000f0000",
    "no character": "\ufffe\U0001ffff",
    "YAML's words": "no: {null: [~, 012, 1e3]} # &a *a !!x",
}
SURROGATES = {
    "half a pair": "a\ud83d",
    "the other half": "\ude00b",
    "two halves in the wrong order": "\ude00\ud83d::error::",
}
"""These come through JSON's escapes only."""

_UNSEEN = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}


def harm(text: str, *, ascii_only: bool = False) -> list[str]:
    """What a text does to a terminal or a pipeline's log besides being read."""
    found = commands(text)
    found += [
        f"U+{ord(char):04X}"
        for char in sorted(set(text) - {"\n"})
        if unicodedata.category(char) in _UNSEEN or (ascii_only and not char.isascii())
    ]
    # Some readers of logs also end a line at these.
    return found + [line for line in text.splitlines() if line.lstrip().startswith("::")]


def test_most_of_the_corpus_would_do_harm() -> None:
    harmless = {name for name, text in CORPUS.items() if not harm(f"x\n{text}")}
    assert harmless == {
        "HTML",
        "Hangul fillers",
        "Markdown",
        "YAML's words",
        "a percent sign",
        "a report's own words",
        "a shell",
        "blanks of other widths",
        "combining marks",
        "digits of another script",
        "from right to left",
        "quotes and backslashes",
        "very long",
        "variation selectors",
    }


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate", "jwks"),
    ("plan", "jwks", "-v"),
    ("plan", "jwks", "-vv", "--format", "json"),
    ("apply", "jwks", "--auto-approve", "-v"),
    ("apply", "jwks", "--auto-approve", "--keep-going", "-q"),
    ("apply", "jwks", "--auto-approve", "--format", "json"),
    ("export", "-v"),
)


def meets(world: World, *faults: dict[str, object]) -> list[str]:
    """What harm the commands do on either stream."""
    found = []
    for words in COMMANDS:
        world.sandbox.admin.reset()
        world.sandbox.admin.add_faults(*faults)
        ran = world.run(*words)
        assert "Traceback" not in ran.err
        as_json = "json" in words
        # A manifest on stdout is YAML, for a file; its own quoting is its reader's matter.
        out = "" if words[0] == "export" else ran.out
        found += [f"{words}: {one}" for one in harm(out, ascii_only=as_json) + harm(ran.err)]
        if as_json:
            json.loads(ran.out)
    return found


def live(text: str) -> list[Key]:
    """Keys with a text in all their fields."""
    return [
        {
            "name": text,
            "kid": text,
            "id": text,
            "description": text,
            "sourceType": "URL",
            "sourceUrl": text,
            "sourceId": text,
        },
        {"name": "plain", "kid": "k2", "description": text, "id": f"2{text[1:]}"},
        {"name": "other", "kid": "k3"},
        {"name": "third", "kid": "k4"},
    ]


DECLARED = {
    "P": [
        {"name": "renamed", "previousNames": ["plain"], "kid": "k2"},
        {"name": "described", "previousNames": ["other"], "description": "d"},
        {"name": "third", "description": "e"},
    ]
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_what_the_gateway_says_is_only_read(
    build: BuildWorld, text: str, record_property: Callable[[str, object], None]
) -> None:
    environments = [text, "prod"]
    projects = [{"name": "P", "jwks": live(text)}, {"name": text, "jwks": []}]
    world = build({"projects": projects, "environments": environments}, DECLARED)
    world.run.monkeypatch.setenv("APINIZER_TOKEN", "sandbox-token")
    wrong = meets(world)
    wrong += meets(world, {"kind": "deploy-fails", "times": 99})
    foreign = {"kind": "foreign-change", "project": "P", "name": "other", "to": f"{text[:200]}2"}
    wrong += meets(world, {**foreign, "method": "PUT", "at": 2})
    wrong += meets(world, {**foreign, "at": 2, "description": text})
    record_property("cases", 4 * len(COMMANDS))
    assert wrong == []


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_what_the_manifests_say_is_only_read(
    build: BuildWorld, text: str, record_property: Callable[[str, object], None]
) -> None:
    """Most are refused as names, and the refusal repeats them; the others meet the gateway's."""
    entries: list[dict[str, Any]] = [
        {"name": text, "previousNames": ["my-jwk"], "description": text},
        {"name": "x", "previousNames": [text], "kid": text},
        {"name": "encryption", "description": text, text: text},
    ]
    wrong = []
    for entry in entries:
        world = build(None, {"Payments": [entry]})
        wrong += meets(world)
    world = build(None, {"Payments": [{"name": "encryption", "description": text}]})
    wrong += meets(world)
    for member in ("kind", "apiVersion"):
        (world.manifests / "odd.yaml").write_text(
            json.dumps({member: text, text: {}, "metadata": {"name": text}}, ensure_ascii=False),
            encoding="utf-8",
        )
        wrong += meets(world)
    record_property("cases", 6 * len(COMMANDS))
    assert wrong == []


def whole(text: str) -> Result:
    """A result with a text in every field there is."""
    before, after = Fields(text, text), Fields(f"{text}2", None)
    place = Place(text, 3)
    step = Step(text, text, after, text)
    change = Change(text, f"{text}2", before, after, (), (), text, text, place)
    plan = Plan(
        gateway=text,
        digest=text,
        summary=Summary(rename=1),
        changes=(change,),
        steps=(step,),
        refusals=(Refusal(RefusalCode.MISSING, f"{text}3", text, text, text, place),),
        warnings=(Caution(text, text, text, text, place),),
    )
    told = Environment(text, False, text)
    outcomes = [StepOutcome(step, outcome, text, 2, (told,)) for outcome in Outcome]
    return Result(plan, (outcomes[1],), text)


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("text", (CORPUS | SURROGATES).values(), ids=CORPUS | SURROGATES)
def test_every_field_of_a_result_is_only_read(
    text: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console(json=output == "json", verbosity=1)
    console.plan(whole(text))
    console.plan(Result(whole(text).plan))
    printed = capsys.readouterr()
    assert harm(printed.out, ascii_only=output == "json") == []
    assert printed.err == ""
    if output == "json":
        assert planjson.loads(planjson.dumps(whole(text))) == whole(text)


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("text", (CORPUS | SURROGATES).values(), ids=CORPUS | SURROGATES)
def test_every_failure_is_only_read(
    text: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console(json=output == "json")
    console.error(GatewayError(text, why=text, fix=text))
    console.error(ManifestError([Problem(f"{text}:1:1", text)]))
    Console(verbosity=2).trace(f"GET {text} 200")
    printed = capsys.readouterr()
    assert harm(printed.out, ascii_only=output == "json") == []
    assert harm(printed.err) == []


@pytest.mark.parametrize("text", SURROGATES.values(), ids=SURROGATES)
def test_what_a_list_differs_by_can_be_told(text: str) -> None:
    before = LiveProject("P", (LiveJwk("a", text, "1"),))
    after = LiveProject("P", (LiveJwk(text, None, "1"),))
    assert len(moved_on(before, after)) == 1
