from __future__ import annotations

import json

import pytest
from ci_parsers import commands
from hypothesis import given
from hypothesis import strategies as st
from report_strategies import law, texts

from reconciler.errors import (
    GatewayError,
    ManifestError,
    Problem,
    ReconcilerError,
    UsageError,
)
from reconciler.reports.plan_json import encode
from reconciler.reports.problems import error_members, render_error

GATEWAY = GatewayError(
    "the gateway does not answer",
    why="without its lists there is nothing to compare with",
    fix="check --server and the network",
)
MANIFESTS = ManifestError(
    [
        Problem("a.yaml", "`name` is empty; give the JWK a name", 3, 5),
        Problem("C:\\b.yaml", "unknown member `descripton`; did you mean `description`?", 10, 1),
        Problem("c.yaml", "the file is empty; remove it or declare a project in it"),
    ]
)


def test_a_failure_says_what_why_and_what_to_do() -> None:
    assert render_error(GATEWAY) == (
        "error: the gateway does not answer\n"
        "  without its lists there is nothing to compare with\n"
        "  → check --server and the network\n"
    )


def test_what_a_failure_does_not_know_it_leaves_out() -> None:
    assert render_error(UsageError("no such option")) == "error: no such option\n"


def test_a_long_sentence_is_wrapped_to_the_width() -> None:
    assert render_error(UsageError("one two three four"), width=20) == (
        "error: one two three\n  four\n"
    )


def test_problems_stand_on_a_line_each_and_are_counted_last() -> None:
    assert render_error(MANIFESTS, width=20) == (
        "a.yaml:3:5: `name` is empty; give the JWK a name\n"
        "C:\\b.yaml:10:1: unknown member `descripton`; did you mean `description`?\n"
        "c.yaml: the file is empty; remove it or declare a project in it\n"
        "error: 3 problems in the manifests; no gateway was asked\n"
    )


def test_colour_and_characters_are_the_readers() -> None:
    assert "\x1b[1;31merror\x1b[0m: the gateway" in render_error(GATEWAY, colour=True)
    assert "\x1b[1ma.yaml:3:5\x1b[0m: `name`" in render_error(MANIFESTS, colour=True)
    assert "  -> check --server" in render_error(GATEWAY, unicode=False)


def test_a_failure_as_json() -> None:
    document = json.loads(encode(error_members(GATEWAY)))
    assert list(document) == ["formatVersion", "tool", "error", "problems"]
    assert document["error"] == {
        "exitCode": 69,
        "what": "the gateway does not answer",
        "why": "without its lists there is nothing to compare with",
        "fix": "check --server and the network",
    }
    assert document["problems"] == []


def test_problems_as_json() -> None:
    document = json.loads(encode(error_members(MANIFESTS)))
    places = [(item["file"], item["line"], item["column"]) for item in document["problems"]]
    assert places == [("a.yaml", 3, 5), ("C:\\b.yaml", 10, 1), ("c.yaml", None, None)]
    assert document["error"]["exitCode"] == 65


@law
@given(st.builds(Problem, texts(), texts(), st.sampled_from([0, 3])))
def test_hostile_problems_stay_on_their_lines(problem: Problem) -> None:
    error = ManifestError([problem])
    assert render_error(error).count("\n") == 2
    assert not commands(render_error(error))
    assert json.loads(encode(error_members(error)))["problems"][0]["message"] == problem.message


@pytest.mark.parametrize("wide", [0, 30])
@law
@given(what=texts().filter(bool), why=texts(), fix=texts())
def test_hostile_failures_command_nobody(wide: int, what: str, why: str, fix: str) -> None:
    shown = render_error(ReconcilerError(what, why=why, fix=fix), width=wide)
    assert not commands(shown)
    assert all(line.isprintable() for line in shown.removesuffix("\n").split("\n"))
