"""``apply --plan`` and ``--expect-digest``: what was reviewed is what is applied, or nothing is."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from msgspec import Struct

from reconciler.core.digest import plan_digest
from reconciler.core.plan import Plan
from reconciler.errors import StalePlanError, UsageError
from reconciler.reports import plan_json

EDITED = (
    "warning: this plan was edited since it was written; `apply --plan` would refuse it, and what "
    "it shows may never have been planned"
)

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_AGAIN = "Plan again, and have that plan reviewed"
_UNTOUCHED = "Nothing was written"


class Reviewed(Struct, frozen=True):
    """What somebody agreed to.

    Attributes:
        plan: the saved plan; None where only its digest is known.
        digest: what a fresh plan must have; None where anything may be applied.
    """

    plan: Plan | None = None
    digest: str | None = None


def read_reviewed(path: Path | None, digest: str | None) -> Reviewed:
    """Read what was reviewed; fails closed.

    Raises:
        UsageError: the digest is none, or the file is missing, truncated, or of an unknown format.
        StalePlanError: the file was edited, or is not of that digest.
    """
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise UsageError(
            "--expect-digest takes sha256: and 64 hexadecimal digits",
            why="Anything else could never agree with a plan",
            fix="Copy the digest from the reviewed plan",
        )
    if path is None:
        return Reviewed(digest=digest)
    plan = _read(path)
    if digest is not None and digest != plan.digest:
        raise StalePlanError(
            f"The plan {path} has the digest {plan.digest}, not the expected one",
            why=_UNTOUCHED,
            fix="Give the plan that was reviewed",
        )
    return Reviewed(plan, plan.digest)


def require_reviewed(reviewed: Reviewed, fresh: Plan) -> None:
    """Return only if a fresh plan does exactly what was reviewed.

    Raises:
        StalePlanError: it does not; says which keys differ, how, and which side moved.
    """
    if reviewed.digest is None or reviewed.digest == fresh.digest:
        return
    if reviewed.plan is None:
        raise StalePlanError(
            f"A fresh plan has the digest {fresh.digest}, not the expected one",
            why=f"Manifests or live keys changed since the review. {_UNTOUCHED}",
            fix=_AGAIN,
        )
    from reconciler.reports import plan_differences

    differing = plan_differences.differences(reviewed.plan, fresh)
    if reviewed.plan.gateway != fresh.gateway:
        raise StalePlanError(
            f"The reviewed plan is for another gateway: {differing[0]}",
            why=_UNTOUCHED,
            fix="Plan against this gateway, and have that plan reviewed",
        )
    raise StalePlanError(
        f"The plan is not the reviewed one any more: {'; '.join(differing)}",
        why=f"{plan_differences.what_changed(reviewed.plan, fresh)}. {_UNTOUCHED}",
        fix=_AGAIN,
    )


def _read(path: Path) -> Plan:
    text = read_plan_file(str(path))
    plan = plan_json.loads(text).plan
    digest = plan_digest(plan.gateway, plan.changes, plan.steps, plan.refusals)
    if digest != plan.digest or not plan_json.is_as_written(text):
        raise StalePlanError(
            f"The plan {path} was edited: it is not as it was written",
            why=f"What it holds now is not what was reviewed. {_UNTOUCHED}",
            fix="Give the file as `reconciler plan --out` wrote it",
        )
    return plan


def read_plan_file(name: str) -> bytes:
    """The bytes of a plan file, or of standard input for ``-``; one more than may be read at most.

    Raises:
        UsageError: it can't be read.
    """
    try:
        if name == "-":
            return sys.stdin.buffer.read(plan_json.MAX_SIZE + 1)
        with Path(name).open("rb") as stream:
            return stream.read(plan_json.MAX_SIZE + 1)
    except OSError as error:
        raise UsageError(
            f"The plan {name} can't be read: {error.strerror}",
            fix="Name a file that `reconciler plan --out FILE` wrote",
        ) from error
