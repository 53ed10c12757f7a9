"""What script policies will get for each old name of a plan: nothing, or another key."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.plan import Change, Plan
from reconciler.reports import escape

_AT_ONCE = 20
"""How many names one message holds; all of them are named."""


def script_notes(plan: Plan) -> Iterator[str]:
    """What a script gets for each name that a key leaves, in messages of a few names each.

    Nothing is known of the scripts themselves.
    """
    renamed = [change for change in plan.changes if change.previous_name is not None]
    if not renamed:
        return
    takers = {(change.project, change.name): change for change in renamed}
    single = len({change.project for change in renamed}) == 1
    nothing, another = [], []
    for change in renamed:
        old = _code(change, change.before.name, single=single)
        taker = takers.get((change.project, change.before.name))
        if taker is None:
            nothing.append(old)
        else:
            present = _code(taker, taker.before.name, single=True)
            another.append(f"for {old} the key that is {present} now")
    example = escape.quoted(renamed[0].before.name)
    yield (
        f"Script policies find a key by its name, as in `environment_jwkMap.get({example})`: "
        "change such code together with the name."
    )
    for names in _parts(nothing):
        yield f"After this they get nothing (null) for {', '.join(names)}."
    for names in _parts(another):
        yield f"After this they get ANOTHER key, silently: {'; '.join(names)}."


def _code(change: Change, name: str, *, single: bool) -> str:
    return f"`{escape.name(name) if single else escape.subject(change.project, name)}`"


def _parts(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]
