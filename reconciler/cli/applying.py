"""Plan, show, ask, write, verify: the way of ``apply``."""

from __future__ import annotations

import os
import shlex
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from reconciler.cli.exit_codes import ExitCode, worst
from reconciler.cli.failures import failure_of
from reconciler.core.outcome import Outcome, RunResult
from reconciler.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reconciler.cli.cancel import CancelToken
    from reconciler.cli.connection import Connection
    from reconciler.cli.console import Console
    from reconciler.cli.options import ConnectionOptions
    from reconciler.cli.planning import Planned
    from reconciler.cli.reports import Report
    from reconciler.cli.reviewed import Reviewed
    from reconciler.core.model import DeclaredProject, LiveProject
    from reconciler.core.plan import Step
    from reconciler.executor.run import Execution
    from reconciler.journal.journal import Journal


_ERASE_LINE = "\x1b[1A\x1b[2K"
"""Up one line, and erase it."""


class ApplyOptions(Struct, frozen=True):
    """What one apply was told to do.

    Attributes:
        paths: the manifests.
        auto_approve: do not ask.
        no_input: never ask; refuse instead.
        keep_going: apply the projects without refusals though others are refused.
        redeploy: ``PROJECT/NAME`` of unchanged keys to send again.
        journal: where to remember what was written.
        plan: a saved plan; apply only if a fresh one does the same.
        expect_digest: the same from a digest alone.
        reports: what to write besides.
        dry_run: only plan; neither ask nor write.
    """

    paths: tuple[str, ...]
    auto_approve: bool
    no_input: bool
    keep_going: bool
    redeploy: tuple[str, ...]
    journal: Path | None
    plan: Path | None
    expect_digest: str | None
    reports: tuple[Report, ...]
    dry_run: bool = False


class ApplyContext(Struct, frozen=True):
    """What an apply works with, once its gateway is open.

    Attributes:
        parallelism: how many projects at a time.
        command: what was called, as for a shell, for where it has to be called again.
    """

    connection: Connection
    console: Console
    stop: CancelToken
    parallelism: int
    command: str = "reconciler apply"


def run_apply(options: ApplyOptions, target: ConnectionOptions, console: Console) -> int:
    """Apply, report, and give the exit code."""
    from reconciler.cli.cancel import CancelToken
    from reconciler.cli.connection import connect
    from reconciler.cli.planning import load_manifests
    from reconciler.cli.reviewed import read_reviewed

    reviewed = read_reviewed(options.plan, options.expect_digest)
    declared = load_manifests(options.paths)
    stop = CancelToken(console.note)
    with stop.listening(target.deadline), connect(target, console, stop) as connection:
        command = _command(options, target)
        means = ApplyContext(connection, console, stop, target.parallelism, command)
        return apply_declared(declared, options, means, reviewed)


def apply_declared(
    declared: Sequence[DeclaredProject],
    options: ApplyOptions,
    means: ApplyContext,
    reviewed: Reviewed | None = None,
) -> int:
    """Apply what is declared, report, and give the exit code.

    Once the first write may have been sent, nothing keeps the report from being told: signals are
    only noted from then on.

    Args:
        declared: what the manifests declare; ``options.paths`` is not read.
        options: what to do.
        means: what to do it with.
        reviewed: what somebody agreed to; None for anything.
    """
    from reconciler.cli.planning import make_plan
    from reconciler.cli.reports import write_reports
    from reconciler.cli.reviewed import require_reviewed

    named = _named(options.redeploy, declared)
    told = bool(options.reports or means.console.json)
    with _journal(options, means.connection) as journal:
        planned = make_plan(
            declared,
            means.connection,
            means.parallelism,
            means.stop,
            lambda lists: named | _pending(journal, lists),
            fingerprinted=told or (reviewed is not None and reviewed.digest is not None),
        )
        if reviewed is not None:
            require_reviewed(reviewed, planned.reviewable)
        try:
            result, codes = _run_command(planned, options, means, journal)
        except RefusedError as refusal:
            # Nobody agreed: what they would have had to agree to is still the result.
            write_reports(options.reports, RunResult(planned.plan), means.console)
            if means.console.json:
                means.console.plan(RunResult(planned.plan), means.command)
            means.console.told.append(refusal)
            means.console.complain(refusal)
            return refusal.exit_code
        write_reports(options.reports, result, means.console)
        means.console.plan(result, means.command)
        _note_pending_deployments(journal, means.console)
    return worst(codes)


def _run_command(
    planned: Planned, options: ApplyOptions, means: ApplyContext, journal: Journal | None
) -> tuple[RunResult, list[int]]:
    plan = planned.plan
    codes: list[int] = [ExitCode.REFUSED] if plan.refusals else []
    if options.dry_run or (plan.refusals and not options.keep_going):
        return RunResult(plan), codes
    if not plan.steps:
        return RunResult(plan, outcomes=()), codes
    _ask(planned, options, means.console)
    means.stop.finish_updates()
    execution = _execute(planned, means, journal)
    codes += _codes(execution, means.stop)
    return RunResult(plan, execution.outcomes, _stopped(execution, means.stop)), codes


def _ask(planned: Planned, options: ApplyOptions, console: Console) -> None:
    from reconciler.cli.confirm import require_consent

    if not console.json:
        console.plan(RunResult(planned.plan))
        console.result("\n")
    require_consent(
        planned.plan, console, auto_approve=options.auto_approve, no_input=options.no_input
    )


def _execute(planned: Planned, means: ApplyContext, journal: Journal | None) -> Execution:
    from reconciler.executor.context import ExecutionContext, NoRecorder
    from reconciler.executor.run import execute

    with _progress(means.console, len(planned.plan.steps)) as progress:
        gateway = means.connection.gateway
        context = ExecutionContext(
            reader=gateway.reader,
            writer=gateway.writer,
            wait_before_retry=gateway.retries.wait_before_retry,
            is_cancelled=means.stop.is_cancelled,
            on_sent=progress,
            recorder=journal or NoRecorder(),
        )
        return execute(planned.plan, planned.lists, context, parallelism=means.parallelism)


def _stopped(execution: Execution, stop: CancelToken) -> str | None:
    if stop.error is not None:
        return stop.error.what
    return next((str(failure_of(error)) for error in execution.errors), None)


def _codes(execution: Execution, stop: CancelToken) -> Iterator[int]:
    if stop.error is not None:
        yield stop.error.exit_code
    yield from (failure_of(error).exit_code for error in execution.errors)
    for outcome in execution.outcomes:
        if outcome.step.project in execution.changed_lists:
            yield ExitCode.STALE
        elif outcome.outcome is not Outcome.APPLIED:
            yield ExitCode.INCOMPLETE


def _named(
    redeploy: Sequence[str], declared: Sequence[DeclaredProject]
) -> frozenset[tuple[str, str]]:
    """The keys of ``--redeploy``, by project and declared name."""
    known = {(project.name, entry.name) for project in declared for entry in project.jwks}
    named = set()
    for value in redeploy:
        project, _, name = value.partition("/")
        if (project, name) not in known:
            raise UsageError(
                f"--redeploy {value}: no manifest declares this key",
                why="Only declared keys are ever written to",
                fix="Give PROJECT/NAME with the name that the manifest declares",
            )
        named.add((project, name))
    return frozenset(named)


def _journal(
    options: ApplyOptions, connection: Connection
) -> AbstractContextManager[Journal | None]:
    if options.journal is None or options.dry_run:
        return nullcontext()
    from reconciler.journal.journal import open_journal

    return open_journal(options.journal, connection.name)


def _pending(
    journal: Journal | None, lists: Mapping[str, LiveProject]
) -> frozenset[tuple[str, str]]:
    """The keys an earlier run may have left on some gateways as they were, by their live name."""
    if journal is None:
        return frozenset()
    return frozenset(
        (project, name) for project, live in lists.items() for name in journal.pending_names(live)
    )


def _note_pending_deployments(journal: Journal | None, console: Console) -> None:
    from reconciler.reports import escape

    for one in journal.pending if journal is not None else ():
        console.note(
            f"warning: the deployment of {escape.name(one.names[0])} in project "
            f"{escape.name(one.project)} stays pending; the journal remembers it until an apply "
            "that declares the key settles it"
        )


def _command(options: ApplyOptions, target: ConnectionOptions) -> str:
    """The command to call again; it never held a secret."""
    words = ["reconciler", "apply", *options.paths]
    for option, value in (
        ("--sandbox", target.sandbox),
        ("--server", None if target.sandbox else target.server),
        ("--token-file", target.token_file),
        ("--ca-file", target.ca_file),
        ("--journal", options.journal),
    ):
        if value is not None:
            words += [option, str(value)]
    return shlex.join(words)


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Callable[[Step], None]]:
    """Count the steps that were sent, in a bar on a terminal."""
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
