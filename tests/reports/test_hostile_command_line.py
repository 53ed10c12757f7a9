"""Hostile text in every field, through the gateway and the manifests, onto both streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hostile_corpus import CORPUS, SURROGATES, harm

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
