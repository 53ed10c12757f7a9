"""Reading the JSON report of any command: a plan, what became of it, or why there is none."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from reconciler.core.model import Count
from reconciler.core.outcome import RunResult
from reconciler.errors import ManifestError, Problem, ReconcilerError, UsageError
from reconciler.reports import plan_json


class ValidProject(Struct, frozen=True):
    """One project of valid manifests, and how many JWKs it declares."""

    name: str
    jwks: Count


class ValidManifests(Struct, frozen=True):
    """What ``validate`` found in order."""

    projects: tuple[ValidProject, ...]


class _Error(Struct, rename="camel"):
    what: str
    exit_code: int = 1
    why: str = ""
    fix: str = ""


class _Problem(Struct):
    file: str
    message: str
    line: int | None = None
    column: int | None = None


class _Failure(Struct):
    error: _Error
    problems: tuple[_Problem, ...] = ()


def loads(text: bytes) -> RunResult | ReconcilerError | ValidManifests:
    """What a JSON report tells.

    Raises:
        UsageError: too long, no JSON, of another format, or a member is not as documented.
    """
    members = plan_json.read_document(text)
    try:
        if "error" in members and "changes" not in members:
            return _failure(msgspec.convert(members, _Failure))
        if "projects" in members and "changes" not in members:
            return msgspec.convert(members, ValidManifests)
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise UsageError(
            "the report is not as this program writes it",
            why="what can't be read whole can't be told truly",
            fix="give the file as `--report json=FILE` or `--format json` wrote it",
        ) from None
    return plan_json.result_of(members)


def _failure(failure: _Failure) -> ReconcilerError:
    if failure.problems:
        return ManifestError(
            [
                Problem(item.file, item.message, item.line or 0, item.column or 0)
                for item in failure.problems
            ]
        )
    error = failure.error
    return ReconcilerError(error.what, why=error.why, fix=error.fix)
