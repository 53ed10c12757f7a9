"""Reading a saved plan's bytes, in bounded memory."""

from __future__ import annotations

import sys
from pathlib import Path

from reconciler.errors import UsageError

EDITED = (
    "warning: this plan was edited since it was written; `apply --plan` would refuse it, and what "
    "it shows may never have been planned"
)


def read_plan_file(name: str) -> bytes:
    """The bytes of a plan file, or of standard input for ``-``; one more than may be read at most.

    Raises:
        UsageError: it can't be read.
    """
    from reconciler.reports.plan_json import MAX_SIZE

    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_SIZE + 1)
        with Path(name).open("rb") as stream:
            return stream.read(MAX_SIZE + 1)
    except OSError as error:
        raise UsageError(
            f"The plan {name} can't be read: {error.strerror}",
            fix="Name a file that `reconciler plan --out FILE` wrote",
        ) from error
