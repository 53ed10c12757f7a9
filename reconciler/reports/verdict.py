"""The one sentence every report begins with; it holds counts only, so it is safe in every sink."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from reconciler.core.outcome import Outcome, RunResult
from reconciler.core.plan import Plan
from reconciler.reports.tally import Tally, tally
from reconciler.reports.wording import counted, nonzero


class Tone(StrEnum):
    """How a verdict is to be taken."""

    GOOD = "good"
    PENDING = "pending"
    BAD = "bad"


class Verdict(Struct, frozen=True):
    """What it all came to.

    Attributes:
        sentence: one line of plain text, ending with a full stop.
        tone: how to take it.
    """

    sentence: str
    tone: Tone


# What the steps that are not simply applied came to, as counts are worded.
_SHORTFALLS = (
    (Outcome.NOT_DEPLOYED, "saved but not deployed"),
    (Outcome.FAILED, "failed"),
    (Outcome.UNKNOWN, "unknown"),
    (Outcome.CONFLICT, "in conflict"),
    (Outcome.NOT_TRIED, "not tried"),
)


def verdict(result: RunResult) -> Verdict:
    """Tell a result in one sentence, or two."""
    if result.outcomes is not None and result.settled:
        return _applied(result)
    if result.plan.refusals:
        return Verdict(_refused(result.plan, "is"), Tone.BAD)
    if result.stopped is not None:
        return Verdict("Apply incomplete: nothing was written.", Tone.BAD)
    if result.plan.steps or result.plan.changes:
        return Verdict(_planned(result.plan), Tone.PENDING)
    return Verdict(_nothing(result.plan), Tone.GOOD)


def _planned(plan: Plan) -> str:
    summary = plan.summary
    known = {(change.project, change.name) for change in plan.changes}
    resent = sum((step.project, step.change) not in known for step in plan.steps)
    deeds = nonzero(
        (summary.rename, "to rename"),
        (summary.describe, "to describe"),
        (summary.rename_and_describe, "to rename and describe"),
        (resent, "to deploy again"),
    )
    rest = nonzero((summary.unchanged, "unchanged"), (summary.unmanaged, "unmanaged"))
    return "; ".join(filter(None, (f"Plan: {', '.join(deeds)}", *rest))) + ". Nothing is refused."


def _nothing(plan: Plan) -> str:
    unchanged, unmanaged = plan.summary.unchanged, plan.summary.unmanaged
    rest = f"; {unmanaged} unmanaged" if unmanaged else ""
    if not unchanged:
        return f"Nothing to do: no JWK is declared{rest}."
    verb = "is" if unchanged == 1 else "are"
    return f"Nothing to do: {counted(unchanged, 'JWK')} {verb} as declared{rest}."


def _refused(plan: Plan, verb: str) -> str:
    reasons = counted(len(plan.refusals), "reason")
    where = counted(len(plan.refused_projects), "project")
    return f"Refused: {reasons} in {where}; nothing {verb} written there."


def _applied(result: RunResult) -> Verdict:
    counts = tally(result)
    label = "Applied" if counts.complete else "Apply incomplete"
    sentences = [f"{label}: {_happened(counts)}."]
    if result.plan.refusals:
        sentences.append(_refused(result.plan, "was"))
    good = counts.complete and not result.plan.refusals
    return Verdict(" ".join(sentences), Tone.GOOD if good else Tone.BAD)


def _happened(counts: Tally) -> str:
    done = nonzero(
        (counts.renamed, "renamed"),
        (counts.described, "described"),
        (counts.both, "renamed and described"),
        (counts.resent, "deployed again"),
    )
    if counts.complete:
        return f"{', '.join(done)}; read back, and deployed everywhere the gateway named"
    short = nonzero(*((counts.steps.get(kind, 0), words) for kind, words in _SHORTFALLS))
    waiting = nonzero((counts.waiting, "left under a temporary name"))
    updates = counted(sum(counts.steps.values()), "update")
    return "; ".join(
        (
            ", ".join(done) or "nothing is done",
            f"of {updates}, {', '.join(short)}",
            *waiting,
        )
    )
