"""The question before the first write."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from reconciler.core.outcome import RunResult
from reconciler.errors import RefusedError
from reconciler.reports.formatting import counted

if TYPE_CHECKING:
    from reconciler.cli.console import Console
    from reconciler.core.plan import Plan


def require_consent(plan: Plan, console: Console, *, auto_approve: bool, no_input: bool) -> None:
    """Return only if somebody wants the plan to be applied.

    Raises:
        RefusedError: nobody can be asked, or the answer was not yes.
    """
    if auto_approve:
        return
    if no_input or _in_pipeline() or not (sys.stdin.isatty() and console.stderr.isatty()):
        raise RefusedError(
            f"Nobody can be asked whether to send {counted(len(plan.steps), 'update')}",
            why="Without a terminal the answer is never taken to be yes",
            fix="Review the plan, then add --auto-approve",
        )
    console.preview(RunResult(plan))
    projects = len({step.project for step in plan.steps})
    console.stderr.write(
        f"\nSend {len(plan.steps)} update{'s' if len(plan.steps) != 1 else ''} to {plan.gateway}, "
        f"{projects} project{'s' if projects != 1 else ''}? Only 'yes' is taken for yes: "
    )
    console.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        raise RefusedError("Not applied: the answer was not yes", why="Nothing was written")


def _in_pipeline() -> bool:
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}
