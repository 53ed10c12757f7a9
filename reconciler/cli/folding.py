"""Long output of a run, folded where the pipeline's log can do so."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from reconciler.reports.annotations.ci_system import GITLAB, CISystem

if TYPE_CHECKING:
    from reconciler.core.outcome import RunResult


def folded(text: str, result: RunResult, pipeline: CISystem) -> str:
    """A result's text, its long part folded where the log can do so; a bad one stays open."""
    if pipeline is not GITLAB:
        return text
    from reconciler.reports.annotations import gitlab
    from reconciler.reports.verdict import Status, verdict

    return gitlab.folded(
        text,
        title="Details",
        name=f"reconciler_{secrets.token_hex(4)}",
        moment=int(time.time()),
        collapsed=verdict(result).status is not Status.BAD,
    )
