"""What the executor sends again, and what never, to a gateway that keeps to a script."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from reconciler.core.identity import Identity
from reconciler.core.model import (
    DeclaredJwk,
    DeclaredProject,
    LiveJwk,
    LiveList,
    LiveProject,
    SourceLocation,
    UnusableList,
)
from reconciler.core.outcome import (
    Deployment,
    Environment,
    Outcome,
    ResponseKind,
    StepOutcome,
    UpdateResponse,
)
from reconciler.core.plan import JwkFields, Step
from reconciler.core.planner import make_plan
from reconciler.errors import AuthError, GatewayError, UsageError
from reconciler.executor.context import ExecutionContext
from reconciler.executor.run import Execution, execute
from reconciler.executor.write import MAX_PUTS

PLACE = SourceLocation("jwks.yaml", 1)
GONE = Deployment(None)
FAILED = Deployment(False, (Environment("prod", False, "no route"),), "prod failed")
TRUE = Deployment(True, (Environment("prod", True),))

DEPLOYED = UpdateResponse(ResponseKind.ACCEPTED, "", TRUE)
SAVED_ONLY = UpdateResponse(ResponseKind.ACCEPTED, "", FAILED)
SILENT = UpdateResponse(ResponseKind.ACCEPTED, "", GONE)
LOST = UpdateResponse(ResponseKind.LOST, "a reset", GONE)
FAILURE = UpdateResponse(ResponseKind.LOST, "the deployment failed", FAILED)
THROTTLED = UpdateResponse(ResponseKind.THROTTLED, "slow down", GONE, 429, 7.0)
UNSENT = UpdateResponse(ResponseKind.UNSENT, "no connection", GONE)
REJECTED = UpdateResponse(ResponseKind.REJECTED, "not allowed", GONE, 400)

EMPTY = UpdateResponse(ResponseKind.LOST, "HTTP 204 with an empty body", GONE, 204)
UNREADABLE = UpdateResponse(ResponseKind.LOST, "breaks the rules", GONE, unreadable=True)

Try = tuple[UpdateResponse | Exception, bool]
"""What a PUT is answered, and whether it is saved."""


@dataclass
class Script:
    """A gateway with one project that answers PUT after PUT as it is told, then as it should."""

    tries: list[Try]
    names: list[str] = field(default_factory=lambda: ["a", "z"])
    between: Callable[[Script], None] = lambda _script: None
    faults: dict[int, Exception | UnusableList] = field(default_factory=dict)
    patience: int = 99
    cancelled: threading.Event = field(default_factory=threading.Event)
    stores: Callable[[str | None], str | None] = lambda description: description

    def __post_init__(self) -> None:
        self.jwks = {
            name: LiveJwk(name, id=f"id-{name}", source_type="GENERATE") for name in self.names
        }
        self.log: list[str] = []
        self.waits: list[float | None] = []
        self.lists = 0

    def list_jwks(self, project: str) -> LiveList:
        self.lists += 1
        self.log.append("list")
        fault = self.faults.get(self.lists)
        if isinstance(fault, Exception):
            raise fault
        return fault or LiveProject(project, tuple(self.jwks.values()))

    def update(self, project: str, jwk: str, body: JwkFields) -> UpdateResponse:
        assert project == "P"
        self.log.append(f"{jwk} -> {body.name}")
        answer, saved = self.tries.pop(0) if self.tries else (DEPLOYED, True)
        if saved:
            self.change(jwk, body.name, body.description)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def change(self, name: str, to: str, description: str | None) -> None:
        stored = self.stores(description)
        self.jwks[to] = replace(self.jwks.pop(name), name=to, description=stored)

    def pause(self, _attempt: int, retry_after: float | None) -> bool:
        self.waits.append(retry_after)
        self.between(self)
        return len(self.waits) <= self.patience

    def context(self, **members: Any) -> ExecutionContext:
        defaults = {"on_sent": lambda _step: None}
        return ExecutionContext(
            reader=self,
            writer=self,
            wait_before_retry=self.pause,
            wait_turned_away=lambda seconds, times: self.pause(times, seconds),
            is_cancelled=self.cancelled.is_set,
            **{**defaults, **members},
        )


def run(
    script: Script,
    declared: Sequence[DeclaredJwk],
    redeploy: Sequence[str] = (),
    progress: Callable[[Step], None] = lambda _step: None,
) -> Execution:
    live = LiveProject("P", tuple(script.jwks.values()))
    project = DeclaredProject("P", tuple(declared), PLACE)
    again = [("P", name) for name in redeploy]
    plan = make_plan("https://host/apiops", [project], {"P": live}, again)
    assert not plan.refusals
    return execute(plan, {"P": live}, script.context(on_sent=progress), parallelism=1)


def entry(name: str, *previous: str, description: str | None = None) -> DeclaredJwk:
    return DeclaredJwk(name, PLACE, description, previous)


RENAME = [entry("b", "a")]
"""One rename: a -> b."""

PUT, AGAIN = "a -> b", "b -> b"
CASES: dict[str, tuple[list[Try], list[str], Outcome]] = {
    "deployed at once": ([(DEPLOYED, True)], [PUT], Outcome.APPLIED),
    "answered without a word": ([(EMPTY, True)] * 9, [PUT, "list"], Outcome.NOT_DEPLOYED),
    "answered by what nobody can read": (
        [(UNREADABLE, True)] * 9,
        [PUT, "list"],
        Outcome.NOT_DEPLOYED,
    ),
    "answered without a word, and without an effect at first": (
        [(EMPTY, False), (DEPLOYED, True)],
        [PUT, "list", PUT],
        Outcome.APPLIED,
    ),
    "lost before it had an effect": (
        [(LOST, False), (DEPLOYED, True)],
        [PUT, "list", PUT],
        Outcome.APPLIED,
    ),
    "lost after it had its effect": (
        [(LOST, True), (DEPLOYED, True)],
        [PUT, "list", AGAIN],
        Outcome.APPLIED,
    ),
    "lost twice, the second time after its effect": (
        [(LOST, False), (LOST, True), (DEPLOYED, True)],
        [PUT, "list", PUT, "list", AGAIN],
        Outcome.APPLIED,
    ),
    "not deployed at first": (
        [(SAVED_ONLY, True), (DEPLOYED, True)],
        [PUT, "list", AGAIN],
        Outcome.APPLIED,
    ),
    "never deployed": (
        [(SAVED_ONLY, True)] * 9,
        [PUT, *["list", AGAIN] * 4, "list"],
        Outcome.NOT_DEPLOYED,
    ),
    "a failure that is about the deployment": (
        [(FAILURE, True)] * 9,
        [PUT, *["list", AGAIN] * 4, "list"],
        Outcome.NOT_DEPLOYED,
    ),
    "silent about the deployment": ([(SILENT, True)], [PUT], Outcome.NOT_DEPLOYED),
    "silent when sent again": (
        [(SAVED_ONLY, True), (SILENT, True)],
        [PUT, "list", AGAIN],
        Outcome.NOT_DEPLOYED,
    ),
    "rejected when sent again": (
        [(SAVED_ONLY, True), (REJECTED, False)],
        [PUT, "list", AGAIN],
        Outcome.NOT_DEPLOYED,
    ),
    "always lost, never saved": (
        [(LOST, False)] * 9,
        [PUT, *["list", PUT] * 4, "list"],
        Outcome.FAILED,
    ),
    "always lost, saved by the last try": (
        [*[(LOST, False)] * 4, (LOST, True)],
        [PUT, *["list", PUT] * 4, "list"],
        Outcome.NOT_DEPLOYED,
    ),
    "throttled": ([(THROTTLED, False)], [PUT, "list", PUT], Outcome.APPLIED),
    "no connection at first": ([(UNSENT, False)] * 2, [PUT, PUT, PUT], Outcome.APPLIED),
    "never a connection": ([(UNSENT, False)] * 9, [PUT] * 5, Outcome.FAILED),
    "rejected": ([(REJECTED, False)], [PUT], Outcome.FAILED),
    "rejected after a lost try without effect": (
        [(LOST, False), (REJECTED, False)],
        [PUT, "list", PUT, "list"],
        Outcome.FAILED,
    ),
    "rejected because the lost try had its effect late": (
        [(LOST, False), (REJECTED, True)],
        [PUT, "list", PUT, "list", AGAIN],
        Outcome.APPLIED,
    ),
    "accepted without an effect": ([(DEPLOYED, False)], [PUT], Outcome.CONFLICT),
    "rejected, yet there": ([(REJECTED, True)], [PUT], Outcome.CONFLICT),
}


@pytest.mark.parametrize(("tries", "requests", "outcome"), CASES.values(), ids=CASES)
def test_what_is_sent_for_one_rename(
    tries: list[Try], requests: list[str], outcome: Outcome
) -> None:
    script = Script(list(tries))
    (settled,) = run(script, RENAME).outcomes
    assert script.log == ["list", *requests, "list"]
    assert settled.outcome is outcome
    assert settled.attempts == sum("->" in request for request in requests) <= MAX_PUTS


def test_environments_are_told_by_name_where_an_answer_named_them() -> None:
    for answer in (SAVED_ONLY, FAILURE):
        (settled,) = run(Script([(answer, True)] * 9), RENAME).outcomes
        assert settled.environments == FAILED.environments
        assert settled.message == "prod failed"


def test_what_the_gateway_asks_to_wait_is_passed_on() -> None:
    script = Script([(THROTTLED, False), (LOST, False)])
    run(script, RENAME)
    assert script.waits == [7.0, None]


def test_without_budget_nothing_is_sent_again_but_the_list_is_asked() -> None:
    script = Script([(LOST, True)], patience=0)
    settled = run(script, [*RENAME, entry("y", "z")]).outcomes
    assert script.log == ["list", PUT, "list", "z -> y", "list"]
    assert [one.outcome for one in settled] == [Outcome.NOT_DEPLOYED, Outcome.APPLIED]


def test_an_update_that_is_always_turned_away_is_not_tried() -> None:
    script = Script([(THROTTLED, False)] * 9, patience=3)
    (settled,) = run(script, RENAME).outcomes
    assert (settled.outcome, settled.attempts) == (Outcome.NOT_TRIED, 4)
    assert settled.message == "the gateway takes no more requests for now: slow down"


REWRITTEN: dict[str, tuple[str, str | None]] = {
    "blanks at the end are cut": ("New. ", "New."),
    "line ends are changed": ("one\ntwo", "one\r\ntwo"),
    "a long text is cut short": ("x" * 300, "x" * 255),
}


@pytest.mark.parametrize(("sent", "stored"), REWRITTEN.values(), ids=REWRITTEN)
def test_a_server_that_stores_another_text_is_said_to_do_so(sent: str, stored: str) -> None:
    script = Script([], stores=lambda _description: stored)
    (settled,) = run(script, [entry("b", "a", description=sent)]).outcomes
    assert settled.outcome is Outcome.FAILED
    assert f"sent {sent!r}, stored {stored!r}" in settled.message
    (advice,) = re.findall(r"`(description: .*)`", settled.message)
    assert yaml.safe_load(advice) == {"description": stored}
    assert "somebody else" not in settled.message


TRIMMED: dict[str, tuple[list[Try], int, Outcome]] = {
    "accepted": ([], 1, Outcome.FAILED),
    "not deployed": ([(SAVED_ONLY, True)] * 9, 5, Outcome.NOT_DEPLOYED),
    "lost, then accepted": ([(LOST, False)], 2, Outcome.FAILED),
    "rejected": ([(REJECTED, False)], 1, Outcome.FAILED),
    "never a connection": ([(UNSENT, False)] * 9, 5, Outcome.FAILED),
}
"""Answers to an update that a server which trims makes of it what was there before."""


@pytest.mark.parametrize(("tries", "attempts", "outcome"), TRIMMED.values(), ids=TRIMMED)
def test_an_update_that_a_server_trims_to_nothing_new(
    tries: list[Try], attempts: int, outcome: Outcome
) -> None:
    script = Script(list(tries), stores=lambda text: text and text.strip())
    script.change("a", "a", "New.")
    (settled,) = run(script, [entry("a", description="New. ")]).outcomes
    assert (settled.outcome, settled.attempts) == (outcome, attempts)
    assert "somebody else" not in settled.message
    is_saved = not tries or tries[0][1] or len(tries) < attempts
    assert ("declare `description: New.`" in settled.message) is is_saved


def test_a_cycle_goes_on_where_a_server_trims_what_it_is_sent() -> None:
    script = Script([], ["a", "b"], stores=lambda text: text and text.strip())
    script.jwks["a"] = replace(script.jwks["a"], kid="1", description="A ")
    script.jwks["b"] = replace(script.jwks["b"], kid="2", description="B ")
    pinned = [
        DeclaredJwk("b", PLACE, previous_names=("a",), kid="1"),
        DeclaredJwk("a", PLACE, previous_names=("b",), kid="2"),
    ]
    settled = run(script, pinned).outcomes
    assert {name: jwk.kid for name, jwk in script.jwks.items()} == {"a": "2", "b": "1"}
    assert "somebody else" not in str(settled)


SAME: dict[str, tuple[list[Try], int, Outcome]] = {
    "deployed": ([(DEPLOYED, True)], 1, Outcome.APPLIED),
    "not deployed": ([(SAVED_ONLY, True)] * 9, 5, Outcome.NOT_DEPLOYED),
    "lost, then deployed": ([(LOST, False)], 2, Outcome.APPLIED),
    "rejected": ([(REJECTED, False)], 1, Outcome.FAILED),
    "rejected after a lost try": ([(LOST, False), (REJECTED, False)], 2, Outcome.NOT_DEPLOYED),
    "throttled nine times": ([(THROTTLED, False)] * 9, 10, Outcome.APPLIED),
    "never a connection": ([(UNSENT, False)] * 9, 5, Outcome.FAILED),
}


@pytest.mark.parametrize(("tries", "attempts", "outcome"), SAME.values(), ids=SAME)
def test_an_unchanged_key_that_is_only_deployed_again(
    tries: list[Try], attempts: int, outcome: Outcome
) -> None:
    script = Script(list(tries))
    (settled,) = run(script, [entry("a")], redeploy=["a"]).outcomes
    assert (settled.outcome, settled.attempts) == (outcome, attempts)
    assert {request for request in script.log if "->" in request} == {"a -> a"}


def foreign(**changed: str) -> Callable[[Script], None]:
    """Somebody else changes the key once, whatever its name is by then."""

    def change(script: Script) -> None:
        name = next(name for name, jwk in script.jwks.items() if jwk.id == "id-a")
        jwk = replace(script.jwks.pop(name), **changed)
        script.jwks[jwk.name] = jwk

    return change


@pytest.mark.parametrize("first", [(SAVED_ONLY, True), (LOST, True), (LOST, False)])
@pytest.mark.parametrize("changed", [{"name": "theirs"}, {"description": "theirs"}])
def test_a_foreign_change_between_two_tries_is_not_overwritten(
    first: Try, changed: dict[str, str]
) -> None:
    script = Script([first], between=foreign(**changed))
    (settled,) = run(script, RENAME).outcomes
    assert settled.outcome is Outcome.CONFLICT
    assert script.log == ["list", PUT, "list", "list"]
    kept = next(jwk for jwk in script.jwks.values() if jwk.id == "id-a")
    assert all(getattr(kept, member) == value for member, value in changed.items())


STOPS: dict[str, tuple[Exception, Outcome]] = {
    "the token is rejected": (AuthError("no token"), Outcome.FAILED),
    "the certificate is not trusted": (GatewayError("no trust"), Outcome.FAILED),
}


@pytest.mark.parametrize(("error", "outcome"), STOPS.values(), ids=STOPS)
def test_an_error_ends_the_run_and_what_was_sent_is_still_read_back(
    error: Exception, outcome: Outcome
) -> None:
    script = Script([(DEPLOYED, True), (error, False)])
    ran = run(script, [*RENAME, entry("x", "z")])
    assert [one.outcome for one in ran.outcomes] == [Outcome.APPLIED, outcome]
    assert ran.errors == (error,)
    assert script.log[-1] == "list"


def test_a_list_that_cannot_be_read_back_leaves_nothing_applied() -> None:
    script = Script([], faults={2: GatewayError("gone"), 3: GatewayError("gone")})
    ran = run(script, RENAME)
    assert [one.outcome for one in ran.outcomes] == [Outcome.UNKNOWN]
    assert "the list could not be read back: gone" in ran.outcomes[0].message


GONE_LIST = GatewayError("gone")
DOUBTFUL = UnusableList("P", "unsafe-list", "two keys in one", "look")
UNREAD: dict[str, tuple[dict[int, Exception | UnusableList], list[Outcome], str]] = {
    "the last list": ({3: GONE_LIST}, [Outcome.UNKNOWN] * 3, ""),
    "the list after the temporary name": (
        {2: GONE_LIST},
        [Outcome.APPLIED, Outcome.NOT_TRIED, Outcome.NOT_TRIED],
        "the run was stopped: gone",
    ),
    "that list, for this project only": (
        {2: DOUBTFUL},
        [Outcome.APPLIED, Outcome.NOT_TRIED, Outcome.NOT_TRIED],
        "a temporary name was not seen on its key: two keys in one",
    ),
    "that list and the last list": (
        {2: GONE_LIST, 3: GONE_LIST},
        [Outcome.UNKNOWN, Outcome.NOT_TRIED, Outcome.NOT_TRIED],
        "an earlier step of this project did not go through",
    ),
}


@pytest.mark.parametrize(("faults", "outcomes", "reason"), UNREAD.values(), ids=UNREAD)
def test_a_swap_in_which_a_list_cannot_be_read(
    faults: dict[int, Exception | UnusableList], outcomes: list[Outcome], reason: str
) -> None:
    script = Script([], names=["a", "b"], faults=faults)
    swap = [
        DeclaredJwk("a", PLACE, kid="kb"),
        DeclaredJwk("b", PLACE, kid="ka"),
    ]
    script.jwks = {
        name: LiveJwk(name, id=f"id-{name}", source_type="GENERATE", kid=f"k{name}")
        for name in "ab"
    }
    ran = run(script, swap)
    assert [one.outcome for one in ran.outcomes] == outcomes
    assert {one.message for one in ran.outcomes if one.outcome is Outcome.NOT_TRIED} <= {reason}


def test_a_list_in_doubt_before_the_first_write_means_no_write() -> None:
    fault = UnusableList("P", "unsafe-list", "two keys in one", "look")
    script = Script([], faults={1: fault})
    ran = run(script, RENAME)
    assert [one.outcome for one in ran.outcomes] == [Outcome.NOT_TRIED]
    assert "two keys in one" in ran.outcomes[0].message
    assert script.log == ["list"]


def test_a_list_in_doubt_after_a_lost_answer_means_unknown() -> None:
    fault = UnusableList("P", "unsafe-list", "two keys in one", "look")
    script = Script([(LOST, True)], faults={2: fault, 3: fault})
    (settled,) = run(script, RENAME).outcomes
    assert (settled.outcome, script.log) == (Outcome.UNKNOWN, ["list", PUT, "list", "list"])


def test_a_stopped_run_verifies_the_write_in_flight_and_starts_no_other() -> None:
    script = Script([(LOST, True)])
    both = [*RENAME, entry("y", "z")]
    settled = run(script, both, progress=lambda _step: script.cancelled.set()).outcomes
    assert [one.outcome for one in settled] == [Outcome.APPLIED, Outcome.NOT_TRIED]
    halting = Script([(LOST, True)], between=lambda script: script.cancelled.set())
    settled = run(halting, both).outcomes
    assert [one.outcome for one in settled] == [Outcome.NOT_DEPLOYED, Outcome.NOT_TRIED]
    assert halting.log == ["list", PUT, "list"]


def test_a_run_stopped_before_its_first_write_reads_nothing() -> None:
    script = Script([])
    script.cancelled.set()
    assert [one.outcome for one in run(script, RENAME).outcomes] == [Outcome.NOT_TRIED]
    assert script.log == []


def test_a_bug_is_told_without_the_values_it_happened_with() -> None:
    script = Script([(DEPLOYED, True), (ValueError("planted secret"), False)])
    ran = run(script, [*RENAME, entry("y", "z")])
    settled = [(one.outcome, one.message) for one in ran.outcomes]
    words = "a bug of this program: ValueError"
    assert settled == [(Outcome.UNKNOWN, words)] * 2
    assert "planted secret" not in repr(ran.outcomes)
    assert [type(error) for error in ran.errors] == [ValueError]


def test_after_a_bug_what_was_never_sent_is_not_tried() -> None:
    script = Script([(ValueError("planted secret"), False)])
    ran = run(script, [*RENAME, entry("y", "z")])
    assert [one.outcome for one in ran.outcomes] == [Outcome.UNKNOWN, Outcome.NOT_TRIED]
    assert script.log == ["list", PUT]


@dataclass
class Forgetful:
    """A recorder that fails when it is to remember one kind of thing."""

    kind: str
    seen: list[str] = field(default_factory=list)

    def note(self, kind: str) -> None:
        self.seen.append(kind)
        if kind == self.kind:
            raise UsageError("no room")

    def sending(self, step: Step, identity: Identity, before: JwkFields) -> None:
        assert before.name == step.jwk
        assert identity == ("id", f"id-{step.jwk}")
        self.note("sending")

    def answered(self, _step: Step, *, deployed: bool) -> None:
        assert deployed
        self.note("answered")

    def settled(self, outcome: StepOutcome) -> None:
        assert outcome.outcome is Outcome.APPLIED
        self.note("settled")


FORGETTING: dict[str, list[Outcome]] = {
    "sending": [Outcome.NOT_TRIED, Outcome.NOT_TRIED],
    "answered": [Outcome.APPLIED, Outcome.NOT_TRIED],
    "settled": [Outcome.APPLIED, Outcome.APPLIED],
}


@pytest.mark.parametrize(("kind", "outcomes"), FORGETTING.items())
def test_what_cannot_be_remembered_ends_the_run_and_loses_no_outcome(
    kind: str, outcomes: list[Outcome]
) -> None:
    script = Script([])
    live = LiveProject("P", tuple(script.jwks.values()))
    project = DeclaredProject("P", (*RENAME, entry("y", "z")), PLACE)
    plan = make_plan("https://host/apiops", [project], {"P": live})
    context = script.context(recorder=Forgetful(kind))
    ran = execute(plan, {"P": live}, context, parallelism=1)
    assert [one.outcome for one in ran.outcomes] == outcomes
    assert {str(error) for error in ran.errors} == {"no room."}
