"""All projects of a plan in parallel; within one, one update at a time.

A project whose list is no longer the one the plan was made from is not touched, and a project
stops at its first step that is not saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import wait
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from reconciler.core.model import LiveProject
from reconciler.core.outcome import StepOutcome
from reconciler.core.plan import Plan
from reconciler.executor.context import ExecutionContext, RunErrors
from reconciler.executor.parallel import start_all
from reconciler.executor.project import ProjectRun

_POLL_SECONDS = 0.1
"""After so long a signal is noticed while projects are awaited."""


class Execution(Struct, frozen=True):
    """What a run came to.

    Attributes:
        outcomes: one per step of the plan, in its order.
        changed_lists: per project that was left alone because its list had changed since it was
            planned, how it differs.
        errors: what ended the run early, in the order it came up; one that is no
            ``ReconcilerError`` is a bug.
    """

    outcomes: tuple[StepOutcome, ...]
    changed_lists: Mapping[str, tuple[str, ...]]
    errors: tuple[Exception, ...]


def execute(
    plan: Plan,
    planned: Mapping[str, LiveProject],
    context: ExecutionContext,
    *,
    parallelism: int,
) -> Execution:
    """Send every step of a plan and find out what became of each.

    Args:
        plan: projects with a refusal have no steps in it.
        planned: the lists the plan was made from, for every project with steps.
        context: what to read and write with.
        parallelism: how many projects at a time.
    """
    errors = RunErrors()
    runs = [
        ProjectRun(tuple(steps), planned[project], context, errors)
        for project, steps in groupby(plan.steps, key=attrgetter("project"))
    ]

    def run(project: ProjectRun) -> list[StepOutcome]:
        try:
            return project.run()
        except Exception as error:  # noqa: BLE001 a bug in one project must not lose the others' report
            errors.add(error)
            return project.outcomes_after_bug(error)

    futures = start_all(run, runs, parallelism)
    # A signal that came just before a wait is handled after it.
    while wait(futures, _POLL_SECONDS).not_done and not context.is_abandoned():
        pass
    outcomes = tuple(
        outcome
        for project, future in zip(runs, futures, strict=True)
        for outcome in (future.result() if future.done() else project.outcomes_when_abandoned())
    )
    changed = {run.project: run.list_changes for run in runs if run.list_changes}
    return Execution(outcomes, changed, errors.all())
