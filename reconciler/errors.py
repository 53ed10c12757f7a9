"""Every error this program raises on purpose, with the exit code each one ends in.

::

    ReconcilerError
    ├── UsageError            64   the command line or its environment is wrong
    ├── ManifestError         65   the manifests are not valid; carries all problems
    ├── GatewayError          69   unreachable, unintelligible or failing
    ├── AuthError             77   token missing or rejected, or permission denied
    │   └── PermissionDeniedError  the token is valid, but may not do this
    ├── RefusedError           5   something may not be done, and nothing was
    ├── StalePlanError         3   the plan is not the reviewed one any more
    └── InterruptedRunError  130   a signal ended the run; 143 for SIGTERM and the deadline

An error carries its facts and builds its text from them: what is wrong, why it matters, what to do.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class ReconcilerError(Exception):
    """A foreseen failure.

    Args:
        what: what is wrong, one sentence without a full stop at its end.
        why: why it matters, one sentence; may be empty.
        fix: what the reader can do about it, one sentence; may be empty.
    """

    exit_code: int = 1

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        sentences = (self.what, self.why, self.fix)
        return " ".join(f"{text.rstrip('.')}." for text in sentences if text)


class UsageError(ReconcilerError):
    """The command line, an option's file or the environment can't be used as it is."""

    exit_code = 64


class Problem(Struct, frozen=True):
    """One thing wrong in a manifest.

    Attributes:
        file: the manifest, as a message calls it.
        message: what is wrong and what to do, one line of plain text.
        line: counts from 1; 0 where only the file is known.
        column: counts from 1; 0 where only the file is known.
    """

    file: str
    message: str
    line: int = 0
    column: int = 0

    @property
    def location(self) -> str:
        """``file:line:column``, or just ``file`` where no line is to blame."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def __str__(self) -> str:
        return f"{self.location}: {self.message}"


class ManifestError(ReconcilerError):
    """The manifests are not valid.

    Args:
        problems: everything that is wrong in all files, in the order a reader meets it.
    """

    exit_code = 65

    def __init__(self, problems: Sequence[Problem]) -> None:
        count = len(problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the manifests")
        self.problems = tuple(problems)


class GatewayError(ReconcilerError):
    """The gateway can't be reached, or what it answers can't be understood or relied on."""

    exit_code = 69


class AuthError(ReconcilerError):
    """The token is missing, rejected or expired, or its owner lacks a permission."""

    exit_code = 77


class PermissionDeniedError(AuthError):
    """The token is valid, but may not do this; other projects may be within its reach."""


class RefusedError(ReconcilerError):
    """The run was refused before anything was written."""

    exit_code = 5


class StalePlanError(ReconcilerError):
    """What would be applied is not what was reviewed."""

    exit_code = 3


class InterruptedRunError(ReconcilerError):
    """A signal or the deadline ended the run.

    Args:
        what: which of them.
        exit_code: 130 for SIGINT, 143 for SIGTERM and the deadline.
        fix: what to do next.
    """

    exit_code = 130

    def __init__(self, what: str, *, exit_code: int, fix: str = "") -> None:
        super().__init__(what, fix=fix)
        self.exit_code = exit_code
