"""``reconciler references``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import structs

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.options import gateway_options, output_options
from reconciler.core.model import LiveProject
from reconciler.errors import PermissionDeniedError, RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions
    from reconciler.cli.session import Session
    from reconciler.core.model import LiveJwk
    from reconciler.core.references.model import NotChecked, Reference

Named = dict[str, list[str]]
"""The names of keys by project; none for all keys of it."""


@click.command(
    epilog="""\b
Examples:
  reconciler references                       every project the token may see
  reconciler references MyProject
  reconciler references MyProject/partner-signing --format json
"""
)
@click.argument("keys", metavar="[PROJECT[/NAME]]...", nargs=-1)
@gateway_options
@output_options
def references(keys: tuple[str, ...], target: ConnectionOptions, console: Console) -> int:
    """Show what on the gateway uses each key: scripts and JOSE policies of API proxies.

    Without arguments, all keys of all projects the token may see. Reads only. Nothing is planned
    here: what a rename would break, `plan` says.
    """
    from reconciler.cli.references import all_keys, find_uses
    from reconciler.cli.session import open_session
    from reconciler.core.references.effects import all_references
    from reconciler.core.references.model import ReferenceCheck, ReferenceMode

    with open_session(target, console) as session:
        named = _named(keys) or _all_projects(session)
        lists, unread = _lists(named, session, every=not keys)
        asked = {project: _asked(live, named[project]) for project, live in lists.items()}
        wanted = {project: all_keys(live) for project, live in lists.items()}
        found = find_uses(session, wanted)
    shown = [
        reference
        for project, live in lists.items()
        for reference in all_references(project, asked[project], live.jwks, found[project].uses)
    ]
    gaps = (*unread, *(gap for one in found.values() for gap in one.not_checked))
    for reference in shown:
        texts = (text for text in structs.astuple(reference) if isinstance(text, str))
        console.require_no_token(reference.project, reference.jwk or "", texts)
    proxies = sum(one.proxies for one in found.values())
    check = ReferenceCheck(ReferenceMode.BEST_EFFORT, proxies, gaps)
    if console.json:
        from reconciler.reports import plan_json
        from reconciler.reports.references import reference_members

        console.data(plan_json.encode(reference_members(shown, check)))
    else:
        console.result(_table(asked, shown, console))
    _note_gaps(gaps, console)
    return ExitCode.DONE


def _named(keys: tuple[str, ...]) -> Named:
    """What was asked for, in its order."""
    named: Named = {}
    whole = set()
    for key in keys:
        project, slash, name = key.partition("/")
        if not project or (slash and not name):
            message = f"{key!r} is neither PROJECT nor PROJECT/NAME"
            raise UsageError(message, fix="Give a project, or a project and a key's name")
        named.setdefault(project, [])
        if slash:
            named[project].append(name)
        else:
            whole.add(project)
    return named | {project: [] for project in whole}


def _all_projects(session: Session) -> Named:
    from reconciler.cli.parallel import in_parallel

    reader = session.gateway.reader
    (rows,) = in_parallel(lambda _all: reader.list_projects(), [""], 1, session.cancel).values()
    return {name: [] for name in sorted(row.name for row in rows)}


def _lists(
    named: Named, session: Session, *, every: bool
) -> tuple[dict[str, LiveProject], list[NotChecked]]:
    """The projects' lists, and which could not be had of ``every`` project there is.

    Raises:
        AuthError: the token may not read a project that was named.
        RefusedError: the list of a project that was named can't be relied on.
    """
    from reconciler.cli.planning import read_lists
    from reconciler.core.references.model import NotChecked

    lists, unread = {}, []
    for project, live in read_lists(list(named), session).items():
        if isinstance(live, LiveProject):
            lists[project] = live
        elif every:
            unread.append(NotChecked(project, None, live.message))
        else:
            error = PermissionDeniedError if live.denied else RefusedError
            raise error(live.message, why=f"Of {project} nothing can be said", fix=live.hint)
    return lists, unread


def _asked(live: LiveProject, names: list[str]) -> list[LiveJwk]:
    """The keys of a list that were asked for.

    Raises:
        RefusedError: one of them is not there.
    """
    from reconciler.reports import escape

    missing = sorted(set(names) - {jwk.name for jwk in live.jwks})
    if missing:
        raise RefusedError(
            f"missing: no live key is named {escape.subject(live.name, missing[0])}",
            why="Nobody can say what uses a key that is not there",
            fix=f"See the names with `reconciler export {escape.name(live.name)}`",
        )
    return [jwk for jwk in live.jwks if not names or jwk.name in names]


def _table(asked: Mapping[str, list[LiveJwk]], shown: list[Reference], console: Console) -> str:
    """The text for people: by project, the keys with users first."""
    from reconciler.reports.text_references import overview

    names = {project: [jwk.name for jwk in jwks] for project, jwks in asked.items()}
    return overview(names, shown, console.terminal)


def _note_gaps(gaps: tuple[NotChecked, ...], console: Console) -> None:
    from reconciler.core.references.refusals import gaps_in_words
    from reconciler.reports import escape
    from reconciler.reports.references import NOT_VISIBLE

    for gap in gaps:
        words = escape.terminal(gaps_in_words([gap]))
        console.note(f"warning: not looked at: {escape.name(gap.project)}: {words}")
    console.note(NOT_VISIBLE)
