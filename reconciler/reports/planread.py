"""From a parsed plan JSON back to the result it was written from; every member is checked."""

from __future__ import annotations

import re

from reconciler.core.model import SourceLocation
from reconciler.core.outcome import Environment, Outcome, StepOutcome
from reconciler.core.plan import (
    Action,
    Change,
    Effect,
    Inputs,
    JwkFields,
    Plan,
    PlanWarning,
    Refusal,
    RefusalCode,
    Step,
    Summary,
    Unmanaged,
)
from reconciler.core.result import RunResult
from reconciler.errors import UsageError
from reconciler.reports import members as read
from reconciler.reports.members import MemberError, Object

_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})")
_MAJOR = 1
_WHY = "what can't be read whole can't be shown or compared truly"
_FIX = "save the plan again with `reconciler plan --out FILE`"


def read_result(parsed: object) -> RunResult:
    """The result a parsed plan JSON tells of; unknown members are ignored.

    Raises:
        UsageError: another major format, a missing member, one of a wrong type, or no plan at all.
    """
    try:
        document = read.as_object(parsed)
        _check_version(read.text(document, "formatVersion"))
        _check_is_plan(document)
        plan = _plan(document)
        if document.get("outcomes") is None:
            return RunResult(plan)
        outcomes = _outcomes(document, plan.steps)
        return RunResult(plan, outcomes, read.optional_text(document, "stopped"))
    except MemberError as error:
        raise UsageError(
            f"the plan file is not a plan: {error.path or 'it'} {error.wrong}", why=_WHY, fix=_FIX
        ) from None


def _check_version(version: str) -> None:
    match = _VERSION.fullmatch(version)
    if not match:
        raise MemberError("formatVersion", 'is not of the form "1.0"')
    if int(match[1]) != _MAJOR:
        raise UsageError(
            f"the plan file is of format {version}, and this program reads format {_MAJOR}",
            why="members of another format may mean other things",
            fix="use the release of reconciler that wrote it, or save the plan again with this one",
        )


def _check_is_plan(document: Object) -> None:
    if "error" in document and "changes" not in document:
        raise UsageError(
            "the file is the report of a run that failed before it had a plan",
            why="there are no changes in it to show or to compare",
            fix="mend what its `error` member says and save the plan again",
        )


def _plan(document: Object) -> Plan:
    return Plan(
        gateway=read.text(document, "gateway"),
        digest=read.text(document, "digest"),
        summary=read.nested(document, "summary", _summary),
        changes=read.items(document, "changes", _change),
        steps=read.items(document, "steps", _step),
        refusals=read.items(document, "refusals", _refusal),
        unmanaged=read.items(document, "unmanaged", _unmanaged),
        warnings=read.items(document, "warnings", _warning),
        inputs=read.optional(document, "inputs", _inputs),
    )


def _inputs(item: Object) -> Inputs:
    return Inputs(read.text(item, "manifests"), read.text(item, "live"))


def _summary(item: Object) -> Summary:
    return Summary(
        rename=read.count(item, "rename"),
        describe=read.count(item, "describe"),
        rename_and_describe=read.count(item, "renameAndDescribe"),
        unchanged=read.count(item, "unchanged"),
        unmanaged=read.count(item, "unmanaged"),
        refused=read.count(item, "refused"),
    )


def _change(item: Object) -> Change:
    return Change(
        project=read.text(item, "project"),
        name=read.text(item, "name"),
        before=read.nested(item, "before", _fields),
        after=read.nested(item, "after", _fields),
        actions=read.words(item, "actions", Action),
        effects=read.words(item, "effects", Effect),
        id=read.optional_text(item, "id"),
        kid=read.optional_text(item, "kid"),
        source=read.optional(item, "source", _place),
    )


def _fields(item: Object) -> JwkFields:
    return JwkFields(read.text(item, "name"), read.optional_text(item, "description"))


def _place(item: Object) -> SourceLocation:
    column = read.count(item, "column") if "column" in item else 1
    return SourceLocation(read.text(item, "file"), read.count(item, "line"), column)


def _step(item: Object) -> Step:
    body = read.nested(item, "body", _fields)
    return Step(
        project=read.text(item, "project"),
        jwk=read.text(item, "jwk"),
        body=body,
        change=read.text(item, "change") if "change" in item else body.name,
        temporary=read.flag(item, "temporary") if "temporary" in item else False,
    )


def _refusal(item: Object) -> Refusal:
    return Refusal(
        code=read.word(item, "code", RefusalCode),
        project=read.text(item, "project"),
        name=read.optional_text(item, "name"),
        message=read.text(item, "message"),
        hint=read.text(item, "hint"),
        source=read.optional(item, "source", _place),
    )


def _unmanaged(item: Object) -> Unmanaged:
    return Unmanaged(read.text(item, "project"), read.text(item, "name"))


def _warning(item: Object) -> PlanWarning:
    return PlanWarning(
        code=read.text(item, "code"),
        project=read.text(item, "project"),
        name=read.text(item, "name"),
        message=read.text(item, "message"),
        source=read.optional(item, "source", _place),
    )


def _environment(item: Object) -> Environment:
    return Environment(
        read.text(item, "name"), read.flag(item, "deployed"), read.text(item, "message")
    )


def _outcomes(document: Object, steps: tuple[Step, ...]) -> tuple[StepOutcome, ...]:
    by_names = {(step.project, step.jwk, step.body.name): step for step in steps}

    def outcome(item: Object) -> StepOutcome:
        names = (read.text(item, "project"), read.text(item, "jwk"), read.text(item, "name"))
        if names not in by_names:
            raise MemberError("", "is of a step that does not stand in the plan")
        return StepOutcome(
            step=by_names[names],
            outcome=read.word(item, "outcome", Outcome),
            message=read.text(item, "message"),
            attempts=read.count(item, "attempts"),
            environments=read.items(item, "environments", _environment),
        )

    return read.items(document, "outcomes", outcome)
