"""Applies against a running sandbox, as the command does it, and every fact about them."""

from __future__ import annotations

import gc
import io
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fault_scenarios import Scenario
from fork_server_runs import until
from msgspec.structs import replace

from reconciler.cli.app import COLLECT_AFTER
from reconciler.cli.apply_run import ApplyOptions, apply_declared
from reconciler.cli.cancel import CancelToken
from reconciler.cli.console import Console
from reconciler.cli.failures import failure_of
from reconciler.cli.session import Session
from reconciler.core.model import LiveList, LiveProject
from reconciler.core.outcome import ResponseKind, RunResult, StepOutcome, UpdateResponse
from reconciler.core.plan import JwkFields
from reconciler.errors import AuthError, ReconcilerError
from reconciler.gateway.client import Gateway, GatewayReader, GatewayWriter, open_gateway
from reconciler.gateway.credentials import TokenCredentials
from reconciler.gateway.options import ClientOptions
from reconciler.reports import plan_json
from reconciler.reports.view import View
from reconciler.sandbox.request_log import SavedUpdate
from reconciler.sandbox.server import Options, Running, running

MAX_BODY = 200_000
"""What the gateway's client reads at most, so that a huge answer need not be huge."""
SHORT = 0.15
"""Read timeout in seconds where a fault sends no answer."""


@dataclass(frozen=True)
class Call:
    """One PUT as its sender saw it, and what it did on the server meanwhile."""

    project: str
    jwk: str
    body: JwkFields
    answer: UpdateResponse | None
    saved_updates: tuple[SavedUpdate, ...]
    denied: bool

    @property
    def deployed(self) -> bool:
        """Whether the sender was told that the key is on every gateway."""
        return (
            self.answer is not None
            and self.answer.kind is ResponseKind.ACCEPTED
            and self.answer.deployment.deployed is True
        )


@dataclass(frozen=True)
class Snapshot:
    """One list as its reader got it; None where it could not be read, or was denied."""

    project: str
    live: LiveProject | None
    denied: bool = False

    @property
    def read(self) -> bool:
        """Whether it could be read."""
        return self.live is not None


@dataclass
class Log:
    """Calls and snapshots in their order."""

    entries: list[Call | Snapshot] = field(default_factory=list)

    def of(self, project: str) -> list[Call | Snapshot]:
        return [entry for entry in self.entries if entry.project == project]

    @property
    def calls(self) -> list[Call]:
        return [entry for entry in self.entries if isinstance(entry, Call)]


class LoggedReader(GatewayReader):
    """A reader whose lists are noted."""

    def __init__(self, reader: GatewayReader, log: Log) -> None:
        self.reader = reader
        self.log = log

    def list_jwks(self, project: str) -> LiveList:
        try:
            live = self.reader.list_jwks(project)
        except ReconcilerError as error:
            self.log.entries.append(Snapshot(project, None, isinstance(error, AuthError)))
            raise
        self.log.entries.append(Snapshot(project, live if isinstance(live, LiveProject) else None))
        return live


class LoggedWriter(GatewayWriter):
    """A writer whose updates are noted, with what the server did during each."""

    def __init__(self, writer: GatewayWriter, log: Log, sandbox: Running) -> None:
        self.writer = writer
        self.log = log
        self.sandbox = sandbox

    def update(self, project: str, jwk: str, body: JwkFields) -> UpdateResponse:
        before = len(self.sandbox.admin.journal.saved_updates())
        answer, denied = None, False
        try:
            answer = self.writer.update(project, jwk, body)
        except AuthError:
            denied = True
            raise
        finally:
            saved_updates = self.sandbox.admin.journal.saved_updates()[before:]
            mine = tuple(
                effect for effect in saved_updates if effect.asked and effect.project == project
            )
            self.log.entries.append(Call(project, jwk, body, answer, mine, denied))
        return answer


@dataclass(frozen=True)
class Ran:
    """What one apply came to.

    Attributes:
        result: what its report says; None where it failed before there was any.
        said: what stood on stderr.
    """

    code: int
    result: RunResult | None
    log: Log
    said: str

    @property
    def outcomes(self) -> tuple[StepOutcome, ...]:
        return self.result.settled if self.result else ()

    def pending(self) -> tuple[str, ...]:
        """The keys of the ``--redeploy`` options that the report prints."""
        commands = [step.command for step in View(self.result).next_steps] if self.result else []
        words = [word for command in commands for word in shlex.split(command)]
        return tuple(word for word in words if word not in {"reconciler", "apply", "--redeploy"})


@dataclass
class Harness:
    """A sandbox and gateways to it that many runs share; nothing waits for real."""

    sandbox: Running
    patient: Gateway
    no_waits: Gateway
    scenario: Scenario

    @cached_property
    def seeded_ids(self) -> dict[tuple[str, str], str]:
        """The ``id`` of every key by its project and the name it began with."""
        seed = self.sandbox.admin.options.seed
        return {(row.name, key.name): key.id for row in seed.projects for key in row.jwks}

    @cached_property
    def course(self) -> tuple[tuple[str, str], ...]:
        """Method and project of every request of an undisturbed apply."""
        self.sandbox.admin.reset()
        self.apply()
        asked = self.sandbox.requests
        self.settle()
        self.sandbox.admin.reset()
        return tuple((request.method, request.path.split("/")[3]) for request in asked)

    def settle(self) -> None:
        """Wait until the sandbox is done with every request, also of a client that left."""
        until(lambda: not self.sandbox.admin.under_way)

    def apply(
        self,
        *,
        no_waits: bool = False,
        journal: Path | None = None,
        redeploy: tuple[str, ...] = (),
        parallelism: int = 1,
        keep_going: bool = False,
    ) -> Ran:
        """One apply, by the same functions that the command calls."""
        log, out, err = Log(), io.StringIO(), io.StringIO()
        console = Console(json=True, stdout=out, stderr=err)
        gateway = self.no_waits if no_waits else self.patient
        noted = replace(
            gateway,
            reader=LoggedReader(gateway.reader, log),
            writer=LoggedWriter(gateway.writer, log, self.sandbox),
        )
        options = ApplyOptions(
            auto_approve=True,
            no_input=True,
            keep_going=keep_going,
            redeploy=redeploy,
            journal=journal,
            references="off",  # what these tests count is lists of keys and updates
        )
        session = Session(noted, gateway.base_url, console, CancelToken(console.note), parallelism)
        try:
            code = apply_declared(self.scenario.declared(), options, session)
        except ReconcilerError as error:
            code = failure_of(error).exit_code
        text = out.getvalue()
        document = plan_json.loads(text) if text else None
        return Ran(code, document, log, err.getvalue())


@contextmanager
def rigged(scenario: Scenario, **options: Any) -> Iterator[Harness]:
    """A harness for a scenario; ``options`` are the sandbox's."""
    with ExitStack() as stack:
        stack.enter_context(_seldom_collected())
        sandbox = stack.enter_context(running(Options(scenario.seed(), **options)))
        patient = stack.enter_context(open_gateway(_settings(sandbox, 10.0)))
        no_waits = stack.enter_context(open_gateway(_settings(sandbox, SHORT)))
        yield Harness(sandbox, patient, no_waits, scenario)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for reference cycles as seldom as the program itself: a tenth of a run's time."""
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER)
    yield
    gc.set_threshold(*before)


def _settings(sandbox: Running, timeout: float) -> ClientOptions:
    return ClientOptions(
        base_url=sandbox.url,
        credentials=TokenCredentials(sandbox.tokens[0]),
        read_timeout=timeout,
        write_timeout=timeout,
        retry_budget=10**9,
        max_body=MAX_BODY,
        wait=lambda _seconds: False,
        jitter=lambda: 0.0,
    )
