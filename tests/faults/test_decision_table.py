"""The decision table: total, and the same in the code and on the page that explains it."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from reconciler.core.model import LiveJwk
from reconciler.core.observation import DECISIONS, Decision, Observed, decide, observe
from reconciler.core.outcome import Outcome, ResponseKind
from reconciler.core.plan import JwkFields
from reconciler.sandbox.faults import KINDS
from reconciler.sandbox.seed import load_faults

PAGE = Path(__file__).parents[2] / "docs" / "outcomes.md"


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading of the page, without its head."""
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    return [cells[0], *cells[2:]]


def test_the_table_rules_on_everything_that_can_happen() -> None:
    for reply, lost, observed in product(ResponseKind, [False, True], Observed):
        assert decide(reply, observed, earlier_lost=lost) in Decision
    assert set(DECISIONS) == set(product(ResponseKind, [False, True]))


def test_the_page_has_the_same_table() -> None:
    head, *rows = table("The decision table")
    columns = [Observed(cell) for cell in head[2:]]
    assert set(columns) == set(Observed)
    documented = {
        (ResponseKind(reply), lost == "yes", observed): Decision(decision)
        for reply, lost, *decisions in rows
        for observed, decision in zip(columns, decisions, strict=True)
    }
    assert documented == {
        (reply, lost, observed): decision
        for (reply, lost), row in DECISIONS.items()
        for observed, decision in row.items()
    }


def test_the_page_explains_every_word_of_the_table() -> None:
    assert {row[0] for row in table("What an answer means")[1:]} == set(ResponseKind)
    assert {row[0] for row in table("What the list shows")[1:]} == set(Observed)
    assert {row[0] for row in table("What follows")[1:]} == set(Decision)


def test_the_page_explains_every_outcome() -> None:
    assert [row[0] for row in table("Outcomes")[1:]] == list(Outcome)


def test_the_page_lists_every_kind_of_fault_as_the_sandbox_knows_it() -> None:
    documented = {
        kind: (effect, options) for kind, effect, options, _ in table("Rehearse an outage")[1:]
    }
    assert documented == {
        name: (kind.effect, ", ".join(f"`{option}`" for option in kind.options).strip("`"))
        for name, kind in KINDS.items()
    }


def test_the_page_has_the_exit_codes_that_an_apply_can_end_with() -> None:
    codes = [int(row[0]) for row in table("Exit codes")[1:]]
    assert codes == [0, 1, 3, 4, 5, 64, 69, 77, 130, 143]


def test_only_the_list_or_a_first_answer_makes_a_save() -> None:
    saved = [
        (reply, lost, observed)
        for (reply, lost), row in DECISIONS.items()
        for observed, decision in row.items()
        if decision is Decision.SAVED
    ]
    assert {observed for _, _, observed in saved} == {Observed.AFTER, Observed.SAME}


def test_nothing_is_sent_again_unless_the_list_shows_that_it_had_no_effect() -> None:
    again = {
        observed
        for row in DECISIONS.values()
        for observed, word in row.items()
        if word is Decision.RETRY
    }
    assert again == {Observed.BEFORE, Observed.EQUIVALENT, Observed.SAME}


BEFORE, AFTER = JwkFields("a", "old"), JwkFields("b", "new")
OBSERVATIONS = {
    "the new fields": (
        [("1", "b", "new")],
        BEFORE,
        AFTER,
        Observed.AFTER,
        "the list shows `b` (id 1) as it should be",
    ),
    "the old fields": (
        [("1", "a", "old")],
        BEFORE,
        AFTER,
        Observed.BEFORE,
        "the list shows `a` (id 1) as it was",
    ),
    "fields that were not to change": (
        [("1", "a", "old")],
        BEFORE,
        BEFORE,
        Observed.SAME,
        "the list shows `a` (id 1) as it should be",
    ),
    "no description where null was": (
        [("1", "a", "")],
        JwkFields("a", None),
        AFTER,
        Observed.BEFORE,
        "the list shows `a` (id 1) as it was",
    ),
    "the old fields, the new name taken": (
        [("1", "a", "old"), ("2", "b", None)],
        BEFORE,
        AFTER,
        Observed.OCCUPIED,
        "`b` is now held by `b` (id 2)",
    ),
    "another name": (
        [("1", "x", "old")],
        BEFORE,
        AFTER,
        Observed.CHANGED,
        "the key that was `a` is now `x` (id 1)",
    ),
    "another name, the new one taken": (
        [("1", "x", "old"), ("2", "b", None)],
        BEFORE,
        AFTER,
        Observed.CHANGED,
        "the key that was `a` is now `x` (id 1); `b` is now held by `b` (id 2)",
    ),
    "another description": (
        [("1", "a", "theirs")],
        BEFORE,
        AFTER,
        Observed.CHANGED,
        "the key that was `a` has another description now: `a` (id 1)",
    ),
    "the new name, the description cut short": (
        [("1", "b", "ne")],
        BEFORE,
        AFTER,
        Observed.REWRITTEN,
        "sent 'new', stored 'ne'; declare `description: ne`, so that the next plan is empty",
    ),
    "the old fields, which trimming makes of the new ones": (
        [("1", "a", "old")],
        BEFORE,
        JwkFields("a", "old\n"),
        Observed.EQUIVALENT,
        "sent 'old\\n', stored 'old'; declare `description: old`, so that the next plan is empty",
    ),
    "no key any more": (
        [("2", "c", None)],
        BEFORE,
        AFTER,
        Observed.GONE,
        "the key that was `a` is gone",
    ),
    "another key in its place": (
        [("2", "b", None)],
        BEFORE,
        AFTER,
        Observed.GONE,
        "the key that was `a` is gone; `b` is now held by `b` (id 2)",
    ),
}


@pytest.mark.parametrize(
    ("keys", "before", "after", "observed", "words"), OBSERVATIONS.values(), ids=OBSERVATIONS
)
def test_what_a_list_shows(
    keys: list[tuple[str, str, str | None]],
    before: JwkFields,
    after: JwkFields,
    observed: Observed,
    words: str,
) -> None:
    jwks = [LiveJwk(name, description, identity) for identity, name, description in keys]
    seen = observe(jwks, ("id", "1"), before, after, reused=False)
    assert (seen.observed, seen.message) == (observed, words)


def test_a_name_that_was_given_on_is_not_taken_for_the_key_that_left_it() -> None:
    """Where neither id nor kid tells keys apart: a -> b, then c -> a."""
    jwks = [LiveJwk("b", "old"), LiveJwk("a", "old")]
    identity = ("name", "a", None, None)
    step = {"before": JwkFields("a", "old"), "after": JwkFields("b", "old")}
    assert observe(jwks, identity, **step, reused=True).observed is Observed.AFTER
    assert observe(jwks, identity, **step, reused=False).observed is Observed.OCCUPIED


def test_the_outage_on_the_page_can_be_rehearsed(tmp_path: Path) -> None:
    faults = PAGE.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "outage.yaml").write_text(faults, encoding="utf-8")
    kinds = [fault.kind for fault in load_faults(tmp_path / "outage.yaml")]
    assert kinds == ["reset-after", "deploy-fails", "latency"]


def test_the_page_links_to_nothing_that_is_not_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    root = PAGE.parents[1]
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (PAGE.parent / target).resolve().is_relative_to(root)
        assert (PAGE.parent / target).exists(), target
