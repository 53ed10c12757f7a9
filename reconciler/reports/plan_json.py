"""The plan JSON, format 1.0: the saved plan, ``--format json``, the JSON report, and reading it.

The text is pure ASCII, so that no control, bidi character or lone surrogate stands in a log; and it
holds no ``##``, which some pipelines would take for the start of a command.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

import msgspec
from msgspec import Struct, field

from reconciler import __version__
from reconciler.core.digest import Document, document_of
from reconciler.core.model import Count, DeclaredProject
from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.plan import (
    Change,
    Inputs,
    Plan,
    PlanWarning,
    Refusal,
    Step,
    Summary,
    Unmanaged,
)
from reconciler.core.references.model import Reference, ReferenceCheck
from reconciler.errors import ReconcilerError, UsageError
from reconciler.reports.problems import error_members, validity_members
from reconciler.reports.references import reference_members

FORMAT_VERSION = "1.0"
"""Major and minor: readers ignore what a newer minor adds, and refuse another major."""

MAX_SIZE = 512 * 1024 * 1024
"""The longest plan file that is read, in bytes (or characters): some 700,000 changes."""

_VERSION = re.compile(r"(\d{1,6})\.\d{1,6}")
_MAJOR = "1"
_CHECKSUM = ',\n  "checksum": "'
_END = "\n}\n"
_SAVE_AGAIN = "save the plan again with `reconciler plan --out FILE`"


class _OutcomeRecord(Struct):
    """What became of one step, which ``project``, ``jwk`` and ``name`` address."""

    project: str
    jwk: str
    name: str
    outcome: Outcome
    message: str
    attempts: Count
    environments: tuple[Environment, ...]


class _PlanDocument(Struct):
    """The members of a plan JSON that are read; ``outcomes`` and ``stopped`` only of an apply."""

    gateway: str
    digest: str
    summary: Summary
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...]
    unmanaged: tuple[Unmanaged, ...]
    warnings: tuple[PlanWarning, ...]
    inputs: Inputs | None = None
    references: tuple[Reference, ...] = ()
    reference_check: ReferenceCheck | None = field(default=None, name="referenceCheck")
    outcomes: tuple[_OutcomeRecord, ...] | None = None
    stopped: str | None = None


def render(result: RunResult) -> str:
    """The plan JSON, with its outcomes where it was applied."""
    return dumps(result)


def render_error(error: ReconcilerError) -> str:
    """A failure that left no result."""
    return encode(error_members(error))


def render_valid(projects: Sequence[DeclaredProject]) -> str:
    """Valid manifests."""
    return encode(validity_members(projects))


def document(result: RunResult) -> Document:
    """The plan JSON of a result, its members in the documented order."""
    plan = result.plan
    edited: Document = {"edited": True} if result.edited else {}
    whole: Document = {**_preamble(), **edited, "gateway": plan.gateway, "digest": plan.digest}
    whole["summary"] = document_of(plan.summary)
    for name in ("changes", "steps", "refusals", "unmanaged", "warnings"):
        whole[name] = [document_of(item) for item in getattr(plan, name)]
    if plan.reference_check is not None:
        whole |= reference_members(plan.references, plan.reference_check)
    if plan.inputs is not None:
        whole["inputs"] = document_of(plan.inputs)
    if result.outcomes is not None:
        whole["outcomes"] = [document_of(_record(item)) for item in result.outcomes]
        whole["stopped"] = result.stopped
    return whole


def dumps(result: RunResult) -> str:
    """The plan JSON as text, ended by a checksum of all before it, unless that was edited."""
    body = _text(document(result)).removesuffix(_END)
    end = _END if result.edited else f'{_CHECKSUM}{_checksum(body.encode())}"{_END}'
    return body + end


def encode(members: Document) -> str:
    """A JSON document that is no plan: it begins with the format and the tool, then ``members``."""
    return _text(_preamble() | members)


def is_as_written(text: bytes) -> bool:
    """Whether not one byte of a plan file differs from what ``dumps`` wrote."""
    body, separator, rest = text.rpartition(_CHECKSUM.encode())
    return bool(separator) and rest == f'{_checksum(body)}"{_END}'.encode()


def loads(text: str | bytes) -> RunResult:
    """The result that ``dumps`` wrote; the digest is the one that stands there.

    Unknown members are ignored; those that may be null may also be left out.

    Raises:
        UsageError: too long, no JSON, of another format, or a member is not as documented.
    """
    members = read_document(text)
    if "error" in members and "changes" not in members:
        raise UsageError(
            "the file is the report of a run that failed before it had a plan",
            why="there are no changes in it to show or to compare",
            fix="mend what its `error` member says and save the plan again",
        )
    return result_of(members)


def read_document(text: str | bytes) -> Document:
    """The members of any JSON document that this program writes, of a format it can read.

    Raises:
        UsageError: too long, no JSON, or of another format.
    """
    if len(text) > MAX_SIZE:
        raise UsageError(
            f"the plan file is longer than {MAX_SIZE // 2**20} MiB",
            why="no plan this program writes is, and reading it could exhaust the memory",
            fix=_SAVE_AGAIN,
        )
    parsed = _parsed(text)
    if not isinstance(parsed, dict):
        raise _no_plan("it is not an object")
    version = parsed.get("formatVersion")
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        missing = "is missing" if version is None else 'is not of the form "1.0"'
        raise _no_plan(f"formatVersion {missing}")
    if match[1] != _MAJOR:
        raise UsageError(
            f"the plan file is of format {version}, and this program reads format {_MAJOR}",
            why="members of another format may mean other things",
            fix="use the release of reconciler that wrote it, or save the plan again with this one",
        )
    return parsed


def result_of(members: Document) -> RunResult:
    """The result in the members of a plan JSON.

    Raises:
        UsageError: a member is not as documented.
    """
    try:
        return _result(_converted(members))
    except msgspec.ValidationError as error:
        raise _no_plan(_described(str(error))) from None


def _preamble() -> Document:
    return {
        "formatVersion": FORMAT_VERSION,
        "tool": {"name": "reconciler", "version": __version__},
    }


def _record(outcome: StepOutcome) -> _OutcomeRecord:
    step = outcome.step
    return _OutcomeRecord(
        step.project,
        step.jwk,
        step.body.name,
        outcome.outcome,
        outcome.message,
        outcome.attempts,
        outcome.environments,
    )


def _text(whole: Document) -> str:
    """One JSON document: each member on a line of its own, each item of a list too.

    ASCII only, ends with a line feed. Compared with full indentation it is a fifth of the lines,
    and many times faster to write; a changed key is one changed line.
    """
    members = (f"  {json.dumps(name)}: {_value(value)}" for name, value in whole.items())
    text = "{\n" + ",\n".join(members) + _END
    return text.replace("##", "#\\u0023")


def _value(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"


def _checksum(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _parsed(text: str | bytes) -> object:
    try:
        return json.loads(text.removeprefix("\ufeff") if isinstance(text, str) else text)
    except RecursionError:
        reason = "it is nested too deeply"
    except json.JSONDecodeError as error:
        ends_early = not error.doc[error.pos :].strip()
        reason = "it breaks off" if ends_early else "it can't be read"
        reason += f" at line {error.lineno}, column {error.colno}"
    except ValueError:
        reason = "it holds bytes or numbers no JSON document has"
    raise UsageError(
        f"the plan file is not a JSON document: {reason}",
        why="a plan that was cut short or edited can't be trusted in any part",
        fix=_SAVE_AGAIN,
    )


def _converted(members: Document) -> _PlanDocument:
    """The members with their types checked.

    Raises:
        msgspec.ValidationError: one is missing or of a wrong type; the error says where.
    """
    try:
        return msgspec.convert(members, _PlanDocument)
    except UnicodeEncodeError:
        pass
    # msgspec can't compare a text that holds a lone surrogate with what it knows. A member of such
    # a name is unknown; a value of it is wrong, and without the surrogate msgspec says where.
    text = json.dumps(members)
    try:
        return msgspec.convert(json.loads(text, object_pairs_hook=_plainly_named), _PlanDocument)
    except UnicodeEncodeError:
        text = json.dumps(members, ensure_ascii=False)
        return msgspec.convert(json.loads(text.encode(errors="replace")), _PlanDocument)


def _plainly_named(pairs: Sequence[tuple[str, object]]) -> Document:
    return {name.encode(errors="replace").decode(): value for name, value in pairs}


def _result(read: _PlanDocument) -> RunResult:
    plan = Plan(**{name: getattr(read, name) for name in Plan.__struct_fields__})
    if read.outcomes is None:
        return RunResult(plan)
    steps = {(step.project, step.jwk, step.body.name): step for step in plan.steps}
    outcomes = []
    for index, item in enumerate(read.outcomes):
        step = steps.get((item.project, item.jwk, item.name))
        if step is None:
            raise _no_plan(f"outcomes[{index}] is of a step that does not stand in the plan")
        outcomes.append(
            StepOutcome(step, item.outcome, item.message, item.attempts, item.environments)
        )
    return RunResult(plan, tuple(outcomes), read.stopped)


def _described(fault: str) -> str:
    """What msgspec says about a value, the path first, without its ``$``."""
    what, _, path = fault.partition(" - at `$.")
    return f"{path.removesuffix('`')}: {what}" if path else what


def _no_plan(fault: str) -> UsageError:
    return UsageError(
        f"the plan file is not a plan: {fault}",
        why="what can't be read whole can't be shown or compared truly",
        fix=_SAVE_AGAIN,
    )
