from __future__ import annotations

import re

import pytest
from hypothesis import given
from markdown_reader import read
from msgspec.structs import replace
from report_builders import change, plan
from report_cases import MANY, MIXED
from report_strategies import law, marked_texts, results

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.plan import Refusal, RefusalCode, Step
from reconciler.errors import ManifestError, Problem, ReconcilerError
from reconciler.reports.markdown import SMALLEST_LIMIT, render, render_error


@pytest.mark.parametrize("limit", [SMALLEST_LIMIT, 20_000, 60_000])
def test_many_changes_are_cut_visibly_between_rows(limit: int) -> None:
    shown = render(MANY, limit=limit)
    assert limit * 0.8 < len(shown) <= limit
    omitted = re.search(r"\n… ([\d,]+) more changes; see the JSON report.\n", shown)
    assert omitted is not None
    reading = read(shown)
    assert len(reading.rows) - 1 + int(omitted[1].replace(",", "")) == 2_000
    assert all(len(row) == 5 for row in reading.rows)
    assert reading.dangers == []


@law
@given(results(marked_texts()))
def test_the_limit_holds_whatever_is_reported(result: RunResult) -> None:
    shown = render(result, limit=SMALLEST_LIMIT)
    assert len(shown) <= SMALLEST_LIMIT
    assert read(shown).dangers == []


def long(number: int) -> str:
    return f"{number} " + "`\U000e0041" * 2_000


def test_the_limit_holds_for_texts_of_any_length() -> None:
    huge = [change(long(1), long(2), long(number), long(3), long(4)) for number in range(9)]
    steps = [Step(long(1), long(2), item.after, item.name, temporary=True) for item in huge]
    whole = replace(
        plan(
            changes=huge,
            steps=steps,
            refusals=[
                Refusal(
                    RefusalCode.MISSING,
                    long(5),
                    long(6),
                    long(7),
                    long(8),
                    SourceLocation(long(9), 1),
                )
            ],
        ),
        gateway=long(10),
        digest=long(11),
    )
    outcome = StepOutcome(steps[0], Outcome.UNKNOWN, long(12), 1, (Environment(long(1), True),))
    for result in (RunResult(whole), RunResult(whole, (outcome,), long(13))):
        for limit in (SMALLEST_LIMIT, 60_000):
            shown = render(result, limit=limit)
            assert len(shown) <= limit
            assert read(shown).dangers == []
    failure = ReconcilerError(long(1), why=long(2), fix=long(3))
    problems = ManifestError([Problem(long(1), long(2))] * 99)
    for error in (failure, problems):
        assert len(render_error(error, limit=SMALLEST_LIMIT, key=long(4))) <= SMALLEST_LIMIT


def test_where_room_is_short_refusals_and_failures_come_before_changes() -> None:
    refusals = [
        Refusal(RefusalCode.MISSING, "P", f"name-{number}", "gone", "find it")
        for number in range(50)
    ]
    shown = render(RunResult(replace(MANY.plan, refusals=tuple(refusals))), limit=SMALLEST_LIMIT)
    assert shown.count("- **missing**") == 50
    assert "more changes; see the JSON report." in shown


def test_a_limit_below_what_is_always_shown_is_refused() -> None:
    with pytest.raises(ValueError, match="needs room for 8,000 characters"):
        render(RunResult(MIXED), limit=SMALLEST_LIMIT - 1)
