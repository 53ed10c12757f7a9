"""Who uses the renamed keys, asked once more just before a project's first write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.references import find_uses, keys_to_find
from reconciler.core.references.check import harmful
from reconciler.core.references.model import ReferenceMode
from reconciler.core.references.refusals import described, gaps_in_words
from reconciler.reports import escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.cli.planning import Planned
    from reconciler.cli.session import Session


def second_check(planned: Planned, session: Session) -> Callable[[str], tuple[str, ...]]:
    """What says, just before a project's first write, which references appeared since the plan.

    Returns:
        A function from a project to one sentence per reason not to write to it; safe to call from
        the threads that apply.
    """
    entries = {project.name: project for project in planned.declared}
    running = len({step.project for step in planned.plan.steps})
    threads = max(1, session.parallelism // max(1, running))

    def check(project: str) -> tuple[str, ...]:
        before = planned.uses.get(project)
        if before is None:
            return ()
        changes = [change for change in planned.plan.changes if change.project == project]
        after = find_uses(session, {project: keys_to_find(changes)}, threads)[project]
        given = (changes, entries[project], planned.lists[project])
        new = harmful(*given, after) - harmful(*given, before)
        reasons = [f"{described(one)} uses the name `{one.jwk}` now" for one in new]
        gaps = [gap for gap in after.not_checked if gap not in before.not_checked]
        if gaps and planned.mode is ReferenceMode.REQUIRED:
            reasons.append(f"who uses its keys can't be read any more: {gaps_in_words(gaps)}")
        elif gaps:
            session.console.note(
                f"warning: {escape.name(project)}: not looked at before the first write: "
                f"{escape.terminal(gaps_in_words(gaps))}"
            )
        return tuple(sorted(reasons))

    return check
