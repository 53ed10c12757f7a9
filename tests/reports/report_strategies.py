"""Hypothesis strategies: hostile texts, and results of any shape a plan file can hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.plan import (
    Action,
    Change,
    Effect,
    JwkFields,
    Plan,
    PlanWarning,
    Refusal,
    RefusalCode,
    Step,
    Summary,
    Unmanaged,
)

T = TypeVar("T")

law = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How laws are tried here: whole results are costly to draw, and machines may be busy."""

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")

_COMMANDS = (
    *("::", ":", "::error::", "##", "#", "##[", "##[group]", "##vso[", "##VSO[task.x]"),
    *("##teamcity[", "\n", "\r", "\t", " ", "\x1b[0K", "section_start:1:a", "\u202e"),
    *("\u200b", "\u00a0", "\\", '"', "→", "\U000e0041", "\ud800", "\u0338"),
)


def texts(max_size: int = 40) -> st.SearchStrategy[str]:
    """Any text a JSON document can hold: lone surrogates too, but no unjoined pairs of them."""
    characters = st.characters(codec=None, exclude_categories=())
    free = st.text(characters, max_size=max_size)
    pieces = st.one_of(st.sampled_from(_COMMANDS), st.text(characters, max_size=4))
    built = st.lists(pieces, max_size=8).map("".join)
    return st.one_of(free, built).filter(lambda text: not _PAIR.search(text))


_MARKUP = (
    *("`", "``", "|", "\\|", "<b>", "</td>", "<script>", "-->", "&amp;", "&#64;", "&"),
    *("]]>", "@team", "#12", "!1", "www.a.example", "https://a.example", "a@b.example"),
    *("[a](b)", "*", "_", ":smile:", "0123456789", "deadbeef", "word", " word ", "(", ")"),
    *(",", "'", "  ", "1. ", "- ", "# ", "> ", "$", "%%", '"]', "end", ";"),
)


def marked_texts() -> st.SearchStrategy[str]:
    """Texts made of what Markdown, HTML, XML and Mermaid take for markup, and any text."""
    pieces = st.one_of(st.sampled_from(_MARKUP), st.sampled_from(_COMMANDS), texts(3))
    built = st.lists(pieces, max_size=8).map("".join).filter(lambda text: not _PAIR.search(text))
    return st.one_of(built, texts())


_counts = st.integers(0, 2**53)


def _some(items: st.SearchStrategy[object], size: int = 3) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(items, max_size=size).map(tuple)


def _made(kind: Callable[..., T], *members: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    # ``builds`` would evaluate the annotations, whose names are imported for mypy alone.
    return st.tuples(*members).map(lambda values: kind(*values))


def _plans(words: st.SearchStrategy[str]) -> st.SearchStrategy[Plan]:
    maybe = st.none() | words
    places = _made(SourceLocation, words, _counts, _counts)
    fields = _made(JwkFields, words, maybe)
    changes = st.builds(
        lambda project, before, after, actions, effects, identity, kid, source: Change(
            project=project,
            name=after.name,
            before=before,
            after=after,
            actions=actions,
            effects=effects,
            id=identity,
            kid=kid,
            source=source,
        ),
        words,
        fields,
        fields,
        st.sampled_from(((Action.RENAME,), (Action.DESCRIBE,), tuple(Action))),
        st.sampled_from(((), (Effect.REDEPLOYS,), tuple(Effect))),
        maybe,
        maybe,
        st.none() | places,
    )
    steps = st.lists(
        _made(Step, words, words, fields, words, st.booleans()),
        max_size=4,
        unique_by=lambda step: (step.project, step.jwk, step.body.name),
    ).map(tuple)
    refusals = _made(
        Refusal, st.sampled_from(RefusalCode), words, maybe, words, words, st.none() | places
    )
    return _made(
        Plan,
        words,
        words,
        _made(Summary, *[_counts] * 6),
        _some(changes),
        steps,
        _some(refusals),
        _some(_made(Unmanaged, words, words)),
        _some(_made(PlanWarning, words, words, words, words, st.none() | places)),
    )


@st.composite
def results(draw: st.DrawFn, words: st.SearchStrategy[str] | None = None) -> RunResult:
    """Results planned, applied and stopped; not all of them could come from a real run.

    Args:
        draw: given by Hypothesis.
        words: what names, descriptions and messages are drawn from; any text by default.
    """
    words = texts() if words is None else words
    plan = draw(_plans(words))
    if draw(st.booleans()):
        return RunResult(plan)
    environments = _made(Environment, words, st.booleans(), words)
    reached = [step for step in plan.steps if draw(st.booleans())]
    outcomes = tuple(
        StepOutcome(
            step,
            draw(st.sampled_from(Outcome)),
            draw(words),
            draw(st.integers(0, 9)),
            tuple(draw(st.lists(environments, max_size=2))),
        )
        for step in reached
    )
    return RunResult(plan, outcomes, draw(st.none() | words))
