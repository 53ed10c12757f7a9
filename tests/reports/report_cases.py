"""Results the tests of all formats are made with: one for each thing a reader may meet."""

from __future__ import annotations

from hostile_cases import HOSTILE, HOSTILE_MARKUP, HOSTILE_OUTCOMES, MARKUP
from report_builders import PAYMENTS, change, plan, step_of

from reconciler.core.model import SourceLocation
from reconciler.core.names import temporary_name
from reconciler.core.ordering import order
from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.plan import JwkFields, PlanWarning, Refusal, RefusalCode, Step, Unmanaged
from reconciler.errors import GatewayError, ManifestError, Problem, ReconcilerError

LONG = (
    "Signs the access tokens that we issue to partners of the wholesale channel, and nothing else; "
    "ask the platform team before you change anything about it, and tell the partners {} ahead."
)

RENAME = change("Payments", "my-jwk", "partner-signing")
DESCRIBE = change("Payments", "refund-encryption", "refund-encryption", None, "Encrypts refunds.")
BOTH = change(
    "Wholesale", "k1", "wholesale-signing", LONG.format("a week"), LONG.format("a month"), line=21
)

MIXED = plan(
    changes=(RENAME, DESCRIBE, BOTH),
    unmanaged=(Unmanaged("Payments", "legacy"), Unmanaged("Wholesale", "test key")),
    warnings=(
        PlanWarning(
            "hint-names-live-key",
            "Payments",
            "refund-encryption",
            "previousNames holds `legacy`, which is the name of another live key; remove the hint",
            SourceLocation(PAYMENTS, 14, 24),
        ),
    ),
    unchanged=3,
)

REFUSED = plan(
    changes=(BOTH,),
    refusals=(
        Refusal(
            RefusalCode.PROJECT_UNREADABLE,
            "Billing",
            None,
            "the gateway refused the list: Project (Billing) is not found or user does not have "
            "privilege to access it!",
            "check the project's name and that the token may see it",
            SourceLocation("manifests/billing.yaml", 4, 9),
        ),
        Refusal(
            RefusalCode.MISSING,
            "Payments",
            "partner-signing",
            "no live key is named `partner-signing`, `my-jwk`; nothing here creates keys",
            "create the key in the Manager, or correct the name; did you mean `my-jwk-2`?",
            SourceLocation(PAYMENTS, 7, 13),
        ),
    ),
)

_A = change("Payments", "b", "a", line=5)
_B = change("Payments", "a", "b", line=9)
_WAITING = Step("Payments", "b", JwkFields(temporary_name("a"), ""), "a", temporary=True)
CYCLE = plan(
    changes=(_A, _B),
    steps=(
        _WAITING,
        step_of(_B),
        Step("Payments", temporary_name("a"), _A.after, "a"),
    ),
)

_MOVES = [change("Payments", old, new, line=5) for old, new in ("cd", "bc", "ab")]
CHAIN = plan(changes=sorted(_MOVES, key=lambda item: item.name), steps=order(_MOVES, "abcd").steps)

DETACH = plan(
    changes=(
        change("Payments", "rotating", "rotating", "", "Comes from our vault.", detaches=True),
    ),
    unchanged=1,
)

RESEND = plan(
    steps=(Step("Payments", "settled", JwkFields("settled", "As it is."), "settled"),), unchanged=4
)

_NAMES = ("applied", "not-deployed", "failed", "unknown", "conflict", "not-tried")
_EVERY = tuple(
    change("Payments", f"old-{name}", f"new-{name}", "", "New." if name == "applied" else "")
    for name in _NAMES
)
_MESSAGES = {
    Outcome.APPLIED: ("", 1, (Environment("prod", True), Environment("test", True))),
    Outcome.NOT_DEPLOYED: (
        "the gateway saved the key, but its deployment failed in 1 of 2 environments",
        3,
        (Environment("prod/gateway-1", False, "connection refused"), Environment("test", True)),
    ),
    Outcome.FAILED: ("the gateway says: JWK (name: new-failed) is already exist!", 1, ()),
    Outcome.UNKNOWN: ("no answer within 120 s, and the list could not be read after it", 1, ()),
    Outcome.CONFLICT: ("the key is now named `other`, which this run did not send", 1, ()),
    Outcome.NOT_TRIED: ("the project's steps end at the first one that is not clear", 0, ()),
}
EVERY_OUTCOME = RunResult(
    plan(changes=_EVERY),
    tuple(
        StepOutcome(step_of(item), outcome, *_MESSAGES[outcome])
        for item, outcome in zip(_EVERY, Outcome, strict=True)
    ),
)

ALL_APPLIED = RunResult(
    MIXED,
    tuple(
        StepOutcome(step, Outcome.APPLIED, "", 1, (Environment("prod", True),))
        for step in MIXED.steps
    ),
)

CUT_SHORT = RunResult(
    CYCLE,
    (StepOutcome(_WAITING, Outcome.APPLIED, "", 2),),
    "SIGTERM arrived; the update in flight was finished and read back first",
)

HALF_WAY = RunResult(
    CHAIN,
    (
        StepOutcome(
            CHAIN.steps[0],
            Outcome.APPLIED,
            "",
            1,
            (Environment("prod", True), Environment("test", True)),
        ),
        StepOutcome(
            CHAIN.steps[1], Outcome.FAILED, "the gateway says: JWK (name: c) is already exist!", 1
        ),
    ),
)

MANY = RunResult(
    plan(
        changes=[
            change(
                f"Project {number % 20}",
                f"key-{number}",
                f"renamed-{number}",
                f"Key number {number}.",
                f"Signing key number {number} of the team.",
                line=number + 1,
            )
            for number in sorted(range(2_000), key=lambda number: (number % 20, number))
        ],
        unchanged=300,
    )
)
"""Two thousand changes; too long for a golden file."""

ERRORS: dict[str, ReconcilerError] = {
    "invalid manifests": ManifestError(
        [
            Problem("a.yaml", "`name` is empty; give the JWK a name", 3, 5),
            Problem("a.yaml", "unknown member `descripton`; did you mean `description`?", 9, 7),
            Problem("b/c.yaml", "the file is empty; remove it or declare a project in it"),
        ]
    ),
    "no gateway": GatewayError(
        "the gateway https://manager.example.com/apiops does not answer",
        why="without its lists there is nothing to compare with",
        fix="check --server and the network",
    ),
    "hostile problems": ManifestError([Problem(text, text, 1, 1) for text in MARKUP]),
    "hostile failure": GatewayError(MARKUP[0], why=MARKUP[6], fix=MARKUP[7]),
}
"""Failures that leave no result, by what a reader sees."""

RESULTS: dict[str, RunResult] = {
    "nothing to do": RunResult(plan(unchanged=12, unmanaged=(Unmanaged("Payments", "legacy"),))),
    "nothing declared": RunResult(plan()),
    "mixed": RunResult(MIXED),
    "refused": RunResult(REFUSED),
    "cycle with temporary": RunResult(CYCLE),
    "chain": RunResult(CHAIN),
    "sourced detach": RunResult(DETACH),
    "resend": RunResult(RESEND),
    "hostile names": RunResult(HOSTILE),
    "hostile markup": RunResult(HOSTILE_MARKUP),
    "hostile outcomes": HOSTILE_OUTCOMES,
    "half way": HALF_WAY,
    "applied": ALL_APPLIED,
    "every outcome": EVERY_OUTCOME,
    "cut short": CUT_SHORT,
    "kept going": RunResult(
        REFUSED, tuple(StepOutcome(step, Outcome.APPLIED, "", 1) for step in REFUSED.steps)
    ),
    "stopped at once": RunResult(CYCLE, (), "the token was rejected (401): Token was expired!"),
}
"""By what a reader sees; the names of the golden files."""
