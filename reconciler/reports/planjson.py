"""The plan JSON, format 1.0: the saved plan, ``--format json`` and the way back.

The text is pure ASCII, so that no control, bidi character or lone surrogate stands in a log; and it
holds no ``##``, which some pipelines would take for the start of a command.
"""

from __future__ import annotations

import json

from reconciler import __version__
from reconciler.core.canonical import Document, change_document, refusal_document, step_document
from reconciler.core.model import SourceLocation
from reconciler.core.outcome import StepOutcome
from reconciler.core.plan import PlanWarning, Summary
from reconciler.core.result import RunResult
from reconciler.errors import UsageError

FORMAT_VERSION = "1.0"
"""Major and minor: readers ignore what a newer minor adds, and refuse another major."""

MAX_SIZE = 512 * 1024 * 1024
"""The longest plan file that is read, in bytes (or characters): some 700,000 changes."""

_CHECKSUM = ',\n  "checksum": "'
_END = "\n}\n"
_AGAIN = "save the plan again with `reconciler plan --out FILE`"


def preamble() -> Document:
    """The members every JSON document of this program begins with."""
    return {
        "formatVersion": FORMAT_VERSION,
        "tool": {"name": "reconciler", "version": __version__},
    }


def document(result: RunResult) -> Document:
    """The plan JSON of a result, its members in the documented order."""
    plan = result.plan
    whole = preamble() | {
        "gateway": plan.gateway,
        "digest": plan.digest,
        "summary": _summary(plan.summary),
        "changes": [change_document(item) | _source(item.source) for item in plan.changes],
        "steps": [step_document(step) for step in plan.steps],
        "refusals": [refusal_document(item) | _source(item.source) for item in plan.refusals],
        "unmanaged": [{"project": item.project, "name": item.name} for item in plan.unmanaged],
        "warnings": [_warning(item) for item in plan.warnings],
    }
    if plan.inputs is not None:
        whole["inputs"] = {"manifests": plan.inputs.manifests, "live": plan.inputs.live}
    if result.outcomes is not None:
        whole["outcomes"] = [_outcome(item) for item in result.outcomes]
        whole["stopped"] = result.stopped
    return whole


def dumps(result: RunResult) -> str:
    """The plan JSON as text, with a checksum of all that stands before it as its last member."""
    body = encode(document(result)).removesuffix(_END)
    return f'{body}{_CHECKSUM}{_checksum(body.encode())}"{_END}'


def is_as_written(text: bytes) -> bool:
    """Whether not one byte of a plan file differs from what ``dumps`` wrote."""
    body, separator, rest = text.rpartition(_CHECKSUM.encode())
    return bool(separator) and rest == f'{_checksum(body)}"{_END}'.encode()


def _checksum(body: bytes) -> str:
    import hashlib

    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def encode(whole: Document) -> str:
    """One JSON document: each member on a line of its own, each item of a list too.

    ASCII only, ends with a line feed. Compared with full indentation it is a fifth of the lines,
    and many times faster to write; a changed key is one changed line.
    """
    members = (f"  {json.dumps(name)}: {_value(value)}" for name, value in whole.items())
    text = "{\n" + ",\n".join(members) + "\n}\n"
    return text.replace("##", "#\\u0023")


def loads(text: str | bytes) -> RunResult:
    """The result that ``dumps`` wrote; the digest is the one that stands there.

    Raises:
        UsageError: too long, no JSON, of another format, or a member is not as documented.
    """
    from reconciler.reports.planread import read_result

    if len(text) > MAX_SIZE:
        raise UsageError(
            f"the plan file is longer than {MAX_SIZE // 2**20} MiB",
            why="no plan this program writes is, and reading it could exhaust the memory",
            fix=_AGAIN,
        )
    return read_result(_parsed(text))


def _parsed(text: str | bytes) -> object:
    try:
        return json.loads(text.removeprefix("\ufeff") if isinstance(text, str) else text)
    except RecursionError:
        reason = "it is nested too deeply"
    except json.JSONDecodeError as error:
        broken_off = not error.doc[error.pos :].strip()
        reason = "it breaks off" if broken_off else "it can't be read"
        reason += f" at line {error.lineno}, column {error.colno}"
    except ValueError:
        reason = "it holds bytes or numbers no JSON document has"
    raise UsageError(
        f"the plan file is not a JSON document: {reason}",
        why="a plan that was cut short or edited can't be trusted in any part",
        fix=_AGAIN,
    )


def _value(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n    " + ",\n    ".join(map(json.dumps, value)) + "\n  ]"


def _summary(summary: Summary) -> Document:
    return {
        "rename": summary.rename,
        "describe": summary.describe,
        "renameAndDescribe": summary.rename_and_describe,
        "unchanged": summary.unchanged,
        "unmanaged": summary.unmanaged,
        "refused": summary.refused,
    }


def _source(place: SourceLocation | None) -> Document:
    if place is None:
        return {"source": None}
    return {"source": {"file": place.file, "line": place.line, "column": place.column}}


def _warning(warning: PlanWarning) -> Document:
    return {
        "code": warning.code,
        "project": warning.project,
        "name": warning.name,
        "message": warning.message,
    } | _source(warning.source)


def _outcome(outcome: StepOutcome) -> Document:
    return {
        "project": outcome.step.project,
        "jwk": outcome.step.jwk,
        "name": outcome.step.body.name,
        "outcome": outcome.outcome.value,
        "message": outcome.message,
        "attempts": outcome.attempts,
        "environments": [
            {"name": item.name, "deployed": item.deployed, "message": item.message}
            for item in outcome.environments
        ],
    }
