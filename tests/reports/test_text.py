from __future__ import annotations

import re
import subprocess
from html import unescape

import pytest
from ci_parsers import commands
from formats import RENDERERS
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from report_builders import change, plan, step_of
from report_cases import EVERY_OUTCOME, MIXED, RESULTS
from report_strategies import law, results, texts

from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.text import shell_command, shell_word
from reconciler.reports import escape
from reconciler.reports.descriptions import compared
from reconciler.reports.terminal import Terminal
from reconciler.reports.text import render
from reconciler.reports.verdict import Status, left_temporary, verdict

_SGR = re.compile(r"\x1b\[[0-9;]+m")

STATUSES = {
    Status.GOOD: ("nothing to do", "nothing declared", "applied"),
    Status.PENDING: ("mixed", "resend"),
    Status.BAD: ("refused", "every outcome", "cut short", "stopped at once", "kept going"),
}


@pytest.mark.parametrize("status", STATUSES)
def test_the_first_line_is_the_verdict(status: Status) -> None:
    for name in STATUSES[status]:
        assert verdict(RESULTS[name]).status is status
        assert render(RESULTS[name]).splitlines()[0] == verdict(RESULTS[name]).message


def test_counts_are_read_easily() -> None:
    many = plan(unchanged=2_000_000)
    many = replace(many, summary=replace(many.summary, unmanaged=1_000_000))
    message = "Nothing to do: 2,000,000 JWKs are as declared; 1,000,000 unmanaged."
    assert verdict(RunResult(many)).message == message
    assert verdict(RunResult(plan(unchanged=1))).message == "Nothing to do: 1 JWK is as declared."


def test_an_apply_stopped_before_anything_was_planned_is_incomplete() -> None:
    stopped = RunResult(plan(unchanged=2), (), "SIGTERM arrived")
    assert verdict(stopped).message == "Apply incomplete: nothing was written."


@law
@given(results(), st.sampled_from((-1, 0, 1)), st.sampled_from((0, 20, 100)))
def test_no_live_text_leaves_its_line_or_commands_a_pipeline(
    result: RunResult, verbosity: int, width: int
) -> None:
    shown = render(result, verbosity=verbosity, width=width)
    assert not commands(shown)
    assert all(line.isprintable() for line in shown.removesuffix("\n").split("\n"))


@law
@given(results())
def test_every_change_and_refusal_is_shown_whatever_their_order(result: RunResult) -> None:
    shown = render(RunResult(result.plan)).splitlines()
    assert sum(line.startswith("  ~ ") for line in shown) == len(result.plan.changes)
    assert sum(line.startswith("refused ") for line in shown) == len(result.plan.refusals)


@law
@given(results(), st.sampled_from((0, 80)))
def test_colour_only_paints_and_ascii_is_ascii(result: RunResult, width: int) -> None:
    painted = render(result, colour=True, width=width, verbosity=1)
    assert _SGR.sub("", painted) == render(result, width=width, verbosity=1)
    assert render(result, width=width, unicode=False, verbosity=1).isascii()


def test_without_unicode_arrows_are_drawn_in_ascii() -> None:
    assert "  ~ my-jwk -> partner-signing\n" in render(RunResult(MIXED), unicode=False)


def test_quiet_tells_the_verdict_and_failures_only() -> None:
    shown = render(EVERY_OUTCOME, verbosity=-1)
    assert "old-applied" not in shown
    assert "old-failed" in shown
    assert len(render(RunResult(MIXED), verbosity=-1).splitlines()) == 1


def test_names_written_from_right_to_left_have_a_word_between_them() -> None:
    # An arrow between them would be drawn with its sides exchanged.
    hebrew = plan(changes=(change("P", "מפתח", "חתימה", "ישן", "חדש"),))
    shown = render(RunResult(hebrew))
    assert "מפתח becomes חתימה" in shown
    assert '"ישן" becomes "חדש"' in shown


def test_every_key_to_send_again_is_named_in_one_command() -> None:
    changes = [change("P", f"a{number}", f"b{number}") for number in range(8)]
    pods = tuple(Environment(f"pod-{number}", True) for number in range(9))
    outcomes = [StepOutcome(step_of(item), Outcome.NOT_DEPLOYED, "", 1) for item in changes[1:]]
    first = StepOutcome(step_of(changes[0]), Outcome.APPLIED, "", 1, pods)
    shown = render(RunResult(plan(changes=changes), (first, *outcomes)))
    again = " ".join(f"--redeploy P/b{number}" for number in range(1, 8))
    assert f"reconciler apply {again}\n" in shown
    assert "deployed to pod-0, pod-1, pod-2, pod-3, pod-4 and 4 more" in shown


COPIED = (
    "$(touch x)",
    "with (paren)",
    "it's",
    '"quoted"',
    "back`tick`",
    "two  blanks",
    "a::b",
    "##vso[x]",
    "#x[",
    "pipe|d",
    "cafe\u0301",
    "no\xa0break",
    "zero\u200bwidth",
    "\u05d0\u05d1",
    "tab\tbed",
    "!history!",
    "~",
    "*",
    "<b>&amp;",
    "\U0001f511",
)
WORDS = ["reconciler", "apply", "my jwks/", "--server", "https://host/it's"]


def copied(shown: str, name: str) -> str:
    """The command in a report, as a reader copies it."""
    if name == "html":
        found = re.findall("<p><code[^>]*>(reconciler apply .*?)</code></p>", shown)
        return unescape(found[0])
    if name == "markdown":
        (line,) = [line for line in shown.splitlines() if "reconciler apply" in line]
        fence = re.findall("`+", line.strip())[0]
        return line.strip().removeprefix(fence).removesuffix(fence).strip()
    (line,) = [line for line in shown.splitlines() if "reconciler apply" in line]
    return line.strip()


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
@pytest.mark.parametrize("jwk", COPIED)
def test_a_command_to_copy_is_exact_in_every_report(name: str, jwk: str) -> None:
    item = change("P", "a", jwk)
    outcome = StepOutcome(step_of(item), Outcome.NOT_DEPLOYED, "", 1)
    result = RunResult(plan(changes=(item,)), (outcome,), command=shell_command(WORDS))
    shown = render(result) if name == "text" else RENDERERS[name].render(result)

    script = f"reconciler() {{ printf '%s\\0' reconciler \"$@\"; }}; {copied(shown, name)}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, text=True)
    assert done.stdout.split("\0")[:-1] == [*WORDS, "--redeploy", f"P/{jwk}"]


@given(texts(20))
def test_no_report_has_to_change_a_word_for_a_shell(text: str) -> None:
    assert escape.terminal(f"x {shell_word(text)}") == f"x {shell_word(text)}"


def test_a_long_command_is_never_cut() -> None:
    changes = [change("P", f"a{number}", "b" * 200 + str(number)) for number in range(100)]
    outcomes = tuple(StepOutcome(step_of(item), Outcome.NOT_DEPLOYED, "", 1) for item in changes)
    shown = RENDERERS["markdown"].render(RunResult(plan(changes=changes), outcomes))
    assert shown.count("--redeploy") == 100
    assert f"P/{'b' * 200}99`" in shown


def test_a_key_sent_again_is_counted_as_such() -> None:
    resend = RESULTS["resend"]
    result = replace(
        resend, outcomes=tuple(StepOutcome(s, Outcome.APPLIED, "", 1) for s in resend.plan.steps)
    )
    assert verdict(result).message.startswith("Applied: 1 deployed again;")
    assert "settled (sent again unchanged)" in render(result)


@pytest.mark.parametrize(
    ("last", "waiting"),
    [
        (Outcome.APPLIED, 0),
        (Outcome.NOT_DEPLOYED, 0),
        (Outcome.UNKNOWN, 0),
        (Outcome.FAILED, 1),
        (Outcome.NOT_TRIED, 1),
    ],
)
def test_a_key_waits_under_its_temporary_name_until_its_last_step_is_saved(
    last: Outcome, waiting: int
) -> None:
    first, second, third = RESULTS["cycle with temporary"].plan.steps
    kinds = ((first, Outcome.NOT_DEPLOYED), (second, Outcome.APPLIED), (third, last))
    outcomes = tuple(StepOutcome(step, kind, "", 1) for step, kind in kinds)
    assert len(left_temporary(outcomes)) == waiting


@pytest.mark.proof
def test_ten_thousand_changes_are_all_listed() -> None:
    many = plan(changes=[change("P", f"a{number}", f"b{number}") for number in range(10_000)])
    assert render(RunResult(many)).count("\n  ~ ") == 10_000


def test_descriptions_too_long_for_a_line_stand_below_each_other() -> None:
    long = plan(changes=(change("P", "a", "a", "x" * 60, "y" * 60),))
    shown = render(RunResult(long), width=100)
    assert f'      description "{"x" * 60}"\n                → "{"y" * 60}"\n' in shown


LONG = "The quick brown fox jumps over the lazy dog and then rests under the old oak tree. "
PAIRS = {
    "short ones stay whole": ("a", "b", '"a"', '"b"'),
    "none is distinguished from an empty one": (None, "", "(none)", '""'),
    "a difference at the end is seen": (
        f"{LONG}One.",
        f"{LONG}Two.",
        '…"e old oak tree. One."',
        '…"e old oak tree. Two."',
    ),
    "a difference in the middle is seen": (
        f"{LONG}one {LONG}",
        f"{LONG}two {LONG}",
        '…"e old oak tree. one The quick brown"…',
        '…"e old oak tree. two The quick brown"…',
    ),
    "a long new one is cut, and says its length": (
        None,
        "x" * 1234,
        "(none)",
        f'"{"x" * 38}"… (1,234 characters)',
    ),
    "an end that both have is no end of the shorter one": (
        "ab" * 30,
        "ab" * 31,
        '…"abababababababab"',
        '…"ababababababababab"',
    ),
}


@pytest.mark.parametrize("case", PAIRS)
def test_descriptions_side_by_side(case: str) -> None:
    before, after, old, new = PAIRS[case]
    assert compared(before, after, 40, "…") == (old, new)


@law
@given(st.none() | texts(120), st.none() | texts(120), st.integers(20, 120))
def test_descriptions_that_differ_are_seen_to_differ(
    before: str | None, after: str | None, width: int
) -> None:
    old, new = compared(before, after, width, "…")
    assert (old == new) == (before == after)


@law
@given(texts(80), texts(20), texts(20), texts(80))
def test_a_difference_amid_long_text_is_seen(head: str, one: str, other: str, tail: str) -> None:
    before, after = head * 3 + one + tail * 3, head * 3 + other + tail * 3
    old, new = compared(before, after, 20, "…")
    assert (old == new) == (before == after)


def test_a_message_is_wrapped_only_to_a_width() -> None:
    assert Terminal().wrap("a " * 200, "", "") == ["a " * 200]
    assert max(map(len, Terminal(width=40).wrap("a " * 200, "> ", "  "))) <= 40
