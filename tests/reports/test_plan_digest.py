from __future__ import annotations

import hashlib
import json

from hypothesis import given
from msgspec.structs import replace
from report_cases import CYCLE, MIXED, REFUSED
from report_strategies import law, results

from reconciler.core.digest import plan_digest
from reconciler.core.model import SourceLocation
from reconciler.core.outcome import RunResult
from reconciler.core.plan import Plan
from reconciler.reports import plan_json


def _digest(plan: Plan) -> str:
    return plan_digest(plan.gateway, plan.changes, plan.steps, plan.refusals)


@law
@given(results())
def test_anybody_can_check_it_with_the_plan_json_alone(result: RunResult) -> None:
    document = json.loads(plan_json.dumps(result))
    for item in (*document["changes"], *document["refusals"]):
        del item["source"]
    members = {name: document[name] for name in ("gateway", "changes", "steps", "refusals")}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    assert _digest(result.plan) == f"sha256:{digest}"


def test_where_things_are_declared_does_not_count() -> None:
    moved = replace(
        REFUSED,
        changes=tuple(replace(item, source=None) for item in REFUSED.changes),
        refusals=tuple(
            replace(item, source=SourceLocation("b.yaml", 1)) for item in REFUSED.refusals
        ),
    )
    assert _digest(moved) == REFUSED.digest


def test_whatever_is_sent_or_refused_counts() -> None:
    first, *others = MIXED.changes
    variants = (
        MIXED,
        replace(MIXED, gateway="https://other.example.com/apiops"),
        replace(MIXED, changes=(replace(first, kid=None), *others)),
        replace(MIXED, steps=MIXED.steps[::-1]),
        replace(MIXED, refusals=REFUSED.refusals),
        CYCLE,
    )
    assert len({_digest(plan) for plan in variants}) == len(variants)
