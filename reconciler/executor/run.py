"""All projects of a plan, side by side; within one, one write at a time.

A project whose list is no longer the one the plan was made from is not touched, and a project
stops at its first step that is not saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from reconciler.core.model import LiveProject
from reconciler.core.outcome import StepOutcome
from reconciler.core.plan import Plan
from reconciler.executor.context import ExecutionContext, Halt
from reconciler.executor.project import ProjectRun


class Execution(Struct, frozen=True):
    """What a run came to.

    Attributes:
        outcomes: one per step of the plan, in its order.
        stale: per project that was left alone because its list had moved on, how it differs.
        errors: what ended the run early, in the order it came up; one that is no
            ``ReconcilerError`` is a bug.
    """

    outcomes: tuple[StepOutcome, ...]
    stale: Mapping[str, tuple[str, ...]]
    errors: tuple[Exception, ...]


def execute(
    plan: Plan, planned: Mapping[str, LiveProject], tools: ExecutionContext, *, parallelism: int
) -> Execution:
    """Send every step of a plan and find out what became of each.

    Args:
        plan: projects with a refusal have no steps in it.
        planned: the lists the plan was made from, for every project with steps.
        tools: what to read and write with.
        parallelism: how many projects at a time.
    """
    halt = Halt(tools.pace)
    runs = [
        ProjectRun(tuple(steps), planned[project], tools, halt)
        for project, steps in groupby(plan.steps, key=attrgetter("project"))
    ]

    def run(project: ProjectRun) -> list[StepOutcome]:
        try:
            return project.run()
        except Exception as error:  # noqa: BLE001 a bug in one project must not lose the others' report
            halt.add(error)
            return project.broken(error)

    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="project") as pool:
        outcomes = [outcome for part in pool.map(run, runs) for outcome in part]
    stale = {run.project: run.stale for run in runs if run.stale}
    return Execution(tuple(outcomes), stale, halt.errors)
