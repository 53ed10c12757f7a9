"""GitLab's report of an infrastructure plan: three counts, which a merge request shows."""

from __future__ import annotations

import json

from reconciler.core.outcome import RunResult
from reconciler.errors import ReconcilerError


def render(result: RunResult) -> str:
    """How many JWKs the plan changes; nothing is ever created or deleted."""
    return _counts(len(result.plan.changes))


def render_error(_error: ReconcilerError) -> str:
    """The counts of a run that came to no plan: all zero."""
    return _counts(0)


def _counts(update: int) -> str:
    counts = {"create": 0, "update": update, "delete": 0}
    return json.dumps(counts, separators=(",", ":")) + "\n"
