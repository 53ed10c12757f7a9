"""Plan, show, ask, write, verify: what ``apply`` does."""

from __future__ import annotations

import os
import re
import select
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from msgspec import Struct
from msgspec.structs import replace

from reconciler.cli.exit_codes import ExitCode, worst
from reconciler.cli.failures import failure_of
from reconciler.cli.loading import load_manifests
from reconciler.cli.planning import (
    Planned,
    Resends,
    make_plan,
    named_keys,
    optional_journal,
)
from reconciler.cli.reports import write_reports
from reconciler.cli.reviewed import Reviewed, read_reviewed, require_reviewed
from reconciler.cli.second_check import second_check
from reconciler.cli.session import open_session
from reconciler.core.outcome import Outcome, RunResult
from reconciler.core.text import shell_command
from reconciler.errors import RefusedError
from reconciler.executor.context import ExecutionContext, NoRecorder
from reconciler.executor.run import Execution, execute
from reconciler.reports import escape
from reconciler.reports.formatting import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from reconciler.cli.cancel import CancelToken
    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions
    from reconciler.cli.reports import Report
    from reconciler.cli.session import Session
    from reconciler.core.model import DeclaredProject
    from reconciler.core.plan import Plan, Step
    from reconciler.core.planner import Key
    from reconciler.journal.journal import Journal

_ERASE_LINE = "\x1b[1A\x1b[2K"
"""Up one line, and erase it."""

_POLL_SECONDS = 0.1
"""After so long a signal or the deadline is noticed while an answer is awaited."""


class ApplyOptions(Struct, frozen=True):
    """How to apply.

    Attributes:
        paths: the manifests.
        auto_approve: do not ask.
        no_input: never ask; refuse instead.
        keep_going: apply the projects without refusals though others are refused.
        redeploy: ``PROJECT/NAME`` of unchanged keys to send again.
        journal: where to remember what was written; a dry run only reads it.
        plan: a saved plan; apply only if a fresh one does the same.
        expect_digest: the same from a digest alone.
        reports: what to write besides.
        dry_run: only plan; neither ask nor write.
        references: how to ask who uses the keys that are renamed.
        command: what was called, as for a shell, where it has to be called again.
    """

    paths: tuple[str, ...] = ()
    auto_approve: bool = False
    no_input: bool = False
    keep_going: bool = False
    redeploy: tuple[str, ...] = ()
    journal: Path | None = None
    plan: Path | None = None
    expect_digest: str | None = None
    reports: tuple[Report, ...] = ()
    dry_run: bool = False
    references: str = "best-effort"
    command: str = "reconciler apply"


def run_apply(options: ApplyOptions, connection: ConnectionOptions, console: Console) -> int:
    """Apply, report, and return the exit code."""
    reviewed = read_reviewed(options.plan, options.expect_digest)
    declared = load_manifests(options.paths, console)
    with open_session(connection, console) as session:
        return apply_declared(declared, options, session, reviewed)


def apply_declared(
    declared: Sequence[DeclaredProject],
    options: ApplyOptions,
    session: Session,
    reviewed: Reviewed | None = None,
) -> int:
    """Apply what is declared, report, and return the exit code.

    Once the first update may have been sent, nothing keeps the report from being printed: signals
    are only noted from then on.

    Args:
        declared: what the manifests declare; ``options.paths`` is not read.
        options: what to do.
        session: what to do it with.
        reviewed: what somebody agreed to; None for anything.
    """
    console = session.console
    asked = named_keys(options.redeploy, declared)
    expected = reviewed.digest if reviewed is not None else None
    with optional_journal(options.journal, session.name, read_only=options.dry_run) as journal:
        resends = Resends(asked | _resent_keys(reviewed), journal, expected)
        planned = make_plan(
            declared,
            session,
            resends,
            references=options.references,
            with_inputs=bool(options.reports or console.json or expected),
        )
        if reviewed is not None:
            require_reviewed(reviewed, planned.plan)
        try:
            result, codes = _carry_out(planned, options, session, journal)
        except RefusedError as refusal:
            # Nobody agreed: what they would have had to agree to is still the result.
            result = RunResult(planned.plan, command=options.command)
            write_reports(options.reports, result, console)
            if console.json:
                console.plan(result)
            console.printed.append(refusal)
            console.print_error(refusal)
            return refusal.exit_code
        result = replace(result, command=options.command)
        write_reports(options.reports, result, console)
        console.plan(result)
        _note_pending_deployments(journal, console)
    return worst(codes)


def command_line(options: ApplyOptions, connection: ConnectionOptions) -> str:
    """The command to call again; it never held a secret."""
    paths = (path if path == "-" else re.sub("^-", "./-", path) for path in options.paths)
    arguments = ["reconciler", "apply", *paths]
    for option, value in (
        ("--sandbox", connection.sandbox),
        ("--server", None if connection.sandbox else connection.server),
        ("--token-file", connection.token_file),
        ("--ca-file", connection.ca_file),
        ("--journal", options.journal),
        ("--references", {"best-effort": None}.get(options.references, options.references)),
    ):
        if value is not None:
            arguments += [option, str(value)]
    return shell_command(arguments)


def _carry_out(
    planned: Planned, options: ApplyOptions, session: Session, journal: Journal | None
) -> tuple[RunResult, list[int]]:
    plan = planned.plan
    codes = planned.codes
    if options.dry_run or (plan.refusals and not options.keep_going):
        return RunResult(plan), codes
    if not plan.steps:
        return RunResult(plan, outcomes=()), codes
    if not session.console.json:
        session.console.plan(RunResult(plan))
        session.console.result("\n")
    if not options.auto_approve:
        _require_consent(plan, session.console, session.cancel, no_input=options.no_input)
    session.cancel.finish_updates()
    execution = _execute(planned, session, journal)
    codes += _codes(execution, session.cancel)
    return RunResult(plan, execution.outcomes, _stopped(execution, session.cancel)), codes


def _require_consent(plan: Plan, console: Console, cancel: CancelToken, *, no_input: bool) -> None:
    """Return only if somebody wants the plan to be applied.

    Raises:
        RefusedError: nobody can be asked, or the answer was not yes.
        InterruptedRunError: a signal or the deadline came before an answer.
    """
    in_pipeline = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    updates = counted(len(plan.steps), "update")
    if no_input or in_pipeline or not (sys.stdin.isatty() and console.stderr.isatty()):
        raise RefusedError(
            f"Nobody can be asked whether to send {updates}",
            why="Without a terminal the answer is never taken to be yes",
            fix="Review the plan, then add --auto-approve",
        )
    console.preview(RunResult(plan))
    projects = counted(len({step.project for step in plan.steps}), "project")
    console.stderr.write(
        f"\nSend {updates} to {plan.gateway}, {projects}? Only 'yes' is taken for yes: "
    )
    console.stderr.flush()
    # A signal that came just before a blocking read would be handled only after it.
    while not select.select([sys.stdin], [], [], _POLL_SECONDS)[0]:
        cancel.check()
    if sys.stdin.readline().strip() != "yes":
        raise RefusedError("Not applied: the answer was not yes", why="Nothing was written")


def _execute(planned: Planned, session: Session, journal: Journal | None) -> Execution:
    gateway = session.gateway
    with _progress(session.console, len(planned.plan.steps)) as on_sent:
        context = ExecutionContext(
            reader=gateway.reader,
            writer=gateway.writer,
            wait_before_retry=gateway.retries.wait_before_retry,
            wait_turned_away=gateway.retries.wait_turned_away,
            is_cancelled=session.cancel.is_cancelled,
            is_abandoned=session.cancel.is_abandoned,
            on_sent=on_sent,
            recorder=journal or NoRecorder(),
            appeared=second_check(planned, session),
        )
        return execute(planned.plan, planned.lists, context, parallelism=session.parallelism)


def _stopped(execution: Execution, cancel: CancelToken) -> str | None:
    if cancel.error is not None:
        return cancel.error.what
    return next((str(failure_of(error)) for error in execution.errors), None)


def _codes(execution: Execution, cancel: CancelToken) -> Iterator[int]:
    if cancel.error is not None:
        yield cancel.error.exit_code
    yield from (failure_of(error).exit_code for error in execution.errors)
    for outcome in execution.outcomes:
        if outcome.step.project in execution.changed_lists:
            yield ExitCode.STALE
        elif outcome.outcome is not Outcome.APPLIED:
            yield ExitCode.INCOMPLETE


def _resent_keys(reviewed: Reviewed | None) -> frozenset[Key]:
    """The keys that a reviewed plan sends though nothing differs."""
    if reviewed is None or reviewed.plan is None:
        return frozenset()
    changed = {(change.project, change.name) for change in reviewed.plan.changes}
    return frozenset(
        (step.project, step.jwk)
        for step in reviewed.plan.steps
        if (step.project, step.change) not in changed
    )


def _note_pending_deployments(journal: Journal | None, console: Console) -> None:
    for one in journal.pending if journal is not None else ():
        console.note(
            f"warning: the deployment of {escape.name(one.names[0])} in project "
            f"{escape.name(one.project)} stays pending; the journal remembers it until an apply "
            "that declares the key settles it"
        )


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[Step], None]]:
    """Count the steps that were sent, in a bar on a terminal that is gone in the end."""
    is_dumb = os.environ.get("TERM") == "dumb"
    if console.verbosity != 0 or is_dumb or not console.stderr.isatty():
        yield lambda _step: None
        return
    lock = threading.Lock()
    with click.progressbar(
        length=total, label="Applying", show_pos=True, show_eta=False, file=console.stderr
    ) as bar:

        def advance(_step: Step) -> None:
            with lock:
                bar.update(1)

        yield advance
    console.stderr.write(_ERASE_LINE)
