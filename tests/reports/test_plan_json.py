from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import cast

import pytest
from ci_parsers import commands
from hostile_cases import HOSTILE
from hypothesis import given
from report_builders import plan
from report_cases import CUT_SHORT, EVERY_OUTCOME, MIXED, RESULTS
from report_strategies import law, results

from reconciler import __version__
from reconciler.core.outcome import RunResult
from reconciler.core.plan import Action, Effect, RefusalCode
from reconciler.errors import UsageError
from reconciler.reports import plan_json

Json = dict[str, object]

CONTRACT = """
{"formatVersion": "1.0", "tool": {"name": "reconciler", "version": "…"},
 "gateway": "https://host/apiops", "digest": "sha256:…",
 "summary": {"rename": 1, "describe": 0, "renameAndDescribe": 1, "unchanged": 3, "unmanaged": 2,
             "refused": 0},
 "changes": [{"project": "MyProject", "name": "partner-signing", "previousName": "my-jwk",
              "actions": ["rename", "describe"], "id": null, "kid": "key-id-1",
              "before": {"name": "my-jwk", "description": "…"},
              "after": {"name": "partner-signing", "description": "…"},
              "effects": ["redeploys", "detachesSource"], "source": {"file": "…", "line": 7}}],
 "steps": [{"project": "MyProject", "jwk": "my-jwk",
            "body": {"name": "partner-signing", "description": "…"}}],
 "refusals": [{"code": "missing", "project": "…", "name": "…", "message": "…", "hint": "…",
               "source": {"file": "…", "line": 9}}],
 "unmanaged": [{"project": "…", "name": "…"}], "warnings": []}
"""


@law
@given(results())
def test_what_was_saved_is_read_back_and_its_text_is_harmless(result: RunResult) -> None:
    text = plan_json.dumps(result)
    assert plan_json.loads(text) == result
    whole = json.loads(text)
    assert whole.pop("checksum").startswith("sha256:")
    assert whole == json.loads(json.dumps(plan_json.document(result)))
    assert plan_json.is_as_written(text.encode())
    assert not plan_json.is_as_written(text.replace(":", ": ", 1).encode())
    assert all(" " <= char <= "~" or char == "\n" for char in text)
    assert not commands(text)


def test_the_members_stand_in_the_documented_order() -> None:
    documented = list(json.loads(CONTRACT))
    assert list(plan_json.document(RunResult(MIXED))) == documented
    assert list(plan_json.document(EVERY_OUTCOME)) == [*documented, "outcomes", "stopped"]


def test_each_listed_thing_has_its_documented_members_in_order() -> None:
    example = json.loads(CONTRACT)
    document = json.loads(plan_json.dumps(RunResult(HOSTILE)))
    assert list(document["changes"][0]) == list(example["changes"][0])
    assert list(document["refusals"][0]) == list(example["refusals"][0])
    assert list(document["steps"][0]) == [
        "project",
        "jwk",
        "body",
        "change",
        "temporary",
        "effects",
    ]
    assert document["summary"].keys() == example["summary"].keys()
    assert list(document["warnings"][0]) == ["code", "project", "name", "message", "source"]


def test_a_key_that_keeps_its_name_has_no_previous_name() -> None:
    document = json.loads(plan_json.dumps(RunResult(MIXED)))
    assert [item["previousName"] for item in document["changes"]] == ["my-jwk", None, "k1"]


def test_an_outcome_names_its_step_and_environments() -> None:
    outcome = json.loads(plan_json.dumps(EVERY_OUTCOME))["outcomes"][1]
    assert outcome == {
        "project": "Payments",
        "jwk": "old-not-deployed",
        "name": "new-not-deployed",
        "outcome": "not-deployed",
        "message": "the gateway saved the key, but its deployment failed in 1 of 2 environments",
        "attempts": 3,
        "environments": [
            {"name": "prod/gateway-1", "deployed": False, "message": "connection refused"},
            {"name": "test", "deployed": True, "message": ""},
        ],
    }


def test_why_an_apply_stopped_is_told_only_of_an_apply() -> None:
    assert plan_json.document(CUT_SHORT)["stopped"] == CUT_SHORT.stopped
    assert "stopped" not in plan_json.document(RunResult(CUT_SHORT.plan))


def test_the_tool_says_its_version() -> None:
    document = plan_json.document(RunResult(MIXED))
    assert document["tool"] == {"name": "reconciler", "version": __version__}


def test_a_changed_key_is_a_changed_line() -> None:
    lines = plan_json.dumps(RunResult(MIXED)).splitlines()
    assert sum('"previousName"' in line for line in lines) == len(MIXED.changes)


def test_the_documented_example_is_read() -> None:
    read = plan_json.loads(CONTRACT).plan
    assert read.changes[0].actions == tuple(Action)
    assert read.changes[0].effects == tuple(Effect)
    assert str(read.changes[0].source) == "…:7:1"
    assert read.steps[0].change == "partner-signing"
    assert not read.steps[0].temporary
    assert read.refusals[0].code is RefusalCode.MISSING


READABLE: dict[str, Callable[[str], str | bytes]] = {
    "bytes": lambda text: text.encode(),
    "a byte order mark": lambda text: "\ufeff" + text,
    "a byte order mark in bytes": lambda text: text.encode("utf-8-sig"),
    "what PowerShell's > writes": lambda text: text.encode("utf-16"),
    "a newer minor": lambda text: text.replace('"1.0"', '"1.7"'),
    "unknown members": lambda text: text.replace('"digest"', '"later": {"a": [1]}, "digest"'),
    "an unknown member named by a lone surrogate": lambda text: text.replace(
        '"hint"', r'"\ud800": "\ud800", "hint"'
    ),
}


@pytest.mark.parametrize("kind", READABLE)
def test_a_plan_is_read_with(kind: str) -> None:
    text = plan_json.dumps(RESULTS["refused"])
    assert plan_json.loads(READABLE[kind](text)) == RESULTS["refused"]


NOT_JSON: dict[str, tuple[str | bytes, str]] = {
    "an empty file": ("", "it breaks off at line 1, column 1"),
    "a truncated plan": (plan_json.dumps(RunResult(MIXED))[:-3], "it breaks off"),
    "a log": ("Plan: 2 to rename", "it can't be read at line 1, column 1"),
    "bytes of no encoding": (b"\xff\xff{}", "bytes or numbers"),
    "a number without end": ("1" * 5000, "bytes or numbers"),
    "a deep nest": ("[" * 200_000, "nested too deeply"),
}


@pytest.mark.parametrize("kind", NOT_JSON)
def test_what_is_no_json_document_is_refused(kind: str) -> None:
    if kind == "a deep nest" and sys.version_info >= (3, 14):
        pytest.skip("this Python's JSON reader stops at a depth of its own")
    text, reason = NOT_JSON[kind]
    with pytest.raises(UsageError, match=reason) as caught:
        plan_json.loads(text)
    assert caught.value.why
    assert "reconciler plan --out" in caught.value.fix


def test_a_plan_file_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_json, "MAX_SIZE", 2**20)
    with pytest.raises(UsageError, match="longer than 1 MiB"):
        plan_json.loads(" " * (2**20 + 1))


def _member(path: str, value: object) -> Callable[[Json], None]:
    """Set (or with ... delete) the member at a dotted path."""

    def edit(document: Json) -> None:
        *steps, last = path.split(".")
        target: object = document
        for step in steps:
            target = target[int(step)] if isinstance(target, list) else cast("Json", target)[step]
        if value is ...:
            del cast("Json", target)[last]
        else:
            cast("Json", target)[last] = value

    return edit


WRONG: dict[str, tuple[Callable[[Json], None], str]] = {
    "another major": (_member("formatVersion", "2.0"), "is of format 2.0"),
    "a version that is none": (_member("formatVersion", "one"), "formatVersion is not of the form"),
    "no version": (_member("formatVersion", ...), "formatVersion is missing"),
    "no changes": (_member("changes", ...), "missing required field `changes`"),
    "changes of another type": (_member("changes", {}), "changes: Expected `array`"),
    "a change of another type": (_member("changes", [1]), r"changes\[0\]: Expected `object`"),
    "no digest": (_member("digest", ...), "missing required field `digest`"),
    "a negative count": (_member("summary.rename", -1), "summary.rename: Expected `int` >= 0"),
    "a negative line": (
        _member("changes.0.source.line", -1),
        r"changes\[0\].source.line: Expected `int` >= 0",
    ),
    "a column past what JSON readers keep": (
        _member("changes.0.source.column", 2**53 + 1),
        r"changes\[0\].source.column: Expected `int` <= ",
    ),
    "a lone surrogate for a list": (_member("warnings", "\ud800"), "warnings: Expected `array`"),
    "a lone surrogate for an action": (
        _member("changes.0.actions", ["\ud800"]),
        r"changes\[0\].actions\[0\]: Invalid enum value",
    ),
    "a count that is a truth": (_member("summary.rename", True), "summary.rename: Expected `int`"),
    "a count that is left out": (_member("summary.refused", ...), "summary: .* field `refused`"),
    "a fraction": (_member("steps.0.body", 1.5), r"steps\[0\].body: Expected `object`"),
    "a name of another type": (
        _member("changes.1.after.name", 7),
        r"changes\[1\].after.name: Expected `str`",
    ),
    "a null that may not be": (_member("unmanaged.0.name", None), r"unmanaged\[0\].name: Expected"),
    "an unknown action": (
        _member("changes.0.actions", ["delete"]),
        r"changes\[0\].actions\[0\]: Invalid enum value 'delete'",
    ),
    "an unknown outcome": (
        _member("outcomes.0.outcome", "fine"),
        r"outcomes\[0\].outcome: Invalid enum value 'fine'",
    ),
    "an outcome of no step": (_member("outcomes.0.jwk", "other"), r"outcomes\[0\] is of a step"),
    "an environment without a result": (
        _member("outcomes.0.environments", [{"name": "a", "deployed": "yes", "message": ""}]),
        r"outcomes\[0\].environments\[0\].deployed: Expected `bool . null`",
    ),
    "outcomes that are no list": (_member("outcomes", "none"), "outcomes: Expected `array"),
    "a temporary mark of another type": (
        _member("steps.0.temporary", 1),
        "temporary: Expected `bool`",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_not_as_documented_is_refused_by_its_path(kind: str) -> None:
    edit, reason = WRONG[kind]
    document = json.loads(plan_json.dumps(RESULTS["applied"]))
    edit(document)
    with pytest.raises(UsageError, match=reason):
        plan_json.loads(json.dumps(document))


@pytest.mark.parametrize("text", ["[]", "null", '"plan"', "1"])
def test_a_document_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="it is not an object"):
        plan_json.loads(text)


def test_the_report_of_a_failure_is_told_apart_from_a_plan() -> None:
    text = plan_json.encode({"error": {"what": "x"}})
    with pytest.raises(UsageError, match="failed before it had a plan"):
        plan_json.loads(text)


def test_only_an_apply_can_be_stopped() -> None:
    with pytest.raises(ValueError, match="only an apply"):
        RunResult(plan(), None, "stopped")
