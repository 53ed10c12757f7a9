"""Results whose texts mean something to a terminal, a pipeline or some format."""

from __future__ import annotations

from itertools import pairwise

from report_builders import change, plan, step_of

from reconciler.core.model import SourceLocation
from reconciler.core.ordering import order
from reconciler.core.outcome import Environment, Outcome, RunResult, StepOutcome
from reconciler.core.plan import PlanWarning, Refusal, RefusalCode, Unmanaged

HOSTILE_NAME = "evil\u202egnp\n::error::owned\x1b[2J ##vso[task.complete]"
HOSTILE = plan(
    changes=(
        change(
            "##[error]Project",
            HOSTILE_NAME,
            "a → b (applied)",
            "::set-output name=x::1",
            'say "hi"\t\\n and \U000e0041\u200b\ud800',
        ),
    ),
    refusals=(
        Refusal(
            RefusalCode.UNSAFE_LIST,
            "::stop-commands::x",
            HOSTILE_NAME,
            "line one\n::error::line two ##teamcity[buildStop]",
            "\u2066hint\u2069",
            SourceLocation("we\nird.yaml", 1),
        ),
    ),
    unmanaged=(Unmanaged("P", ""), Unmanaged("P", " leading"), Unmanaged("P", "\u0338x")),
    warnings=(PlanWarning("##[c]", "P", "\x07", "\r::debug::"),),
)

MARKUP = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "</code></td></table></style></title><svg onload=document.title='owned'>",
    "' onmouseover='document.title=1' x=\"",
    "javascript:document.title='owned'",
    "--><b>owned</b><!--",
    "@team fix #12, GH-12, org/repo#1 and !34 &5 ~bug %9.1 $6 [issue:1]",
    "www.evil.example http://evil.example mailto:a@b.example a@b.example",
    "[click](https://evil.example) ![x](//evil.example/x) <https://evil.example>",
    "`one` ``two`` ``` |pipe\\| \\`|",
    "\n\n# Owned\n| a | b |\n```\n---\n- [ ] x",
    "**bold** _it_ ~~no~~ :smile: $x^2$ 0123456789abcdef &lt;b&gt; &#64;team",
    '"]; click a "javascript:x" %% end',
    "]]> <!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]> &y;",
)
"""Texts that mean something in some format."""

_NASTY = [
    change(
        f"P{number} {text}",
        f"{number} {text}",
        f"{text} {number}",
        text,
        f"{text} {text}",
        detaches=number == 0,
    )
    for number, text in enumerate(MARKUP)
]
HOSTILE_MARKUP = plan(
    changes=_NASTY,
    refusals=[
        Refusal(
            RefusalCode.AMBIGUOUS,
            text,
            text,
            f"`{text}` could be {text}",
            text,
            SourceLocation(f"{text}.yaml", 3),
        )
        for text in MARKUP
    ],
    unmanaged=[Unmanaged(text, text) for text in MARKUP],
    warnings=[PlanWarning(text, text, text, text, SourceLocation(text, 1)) for text in MARKUP],
    steps=[
        *[step_of(item) for item in _NASTY],
        *order(
            [change("Chains", old, new) for old, new in pairwise((*MARKUP, MARKUP[0]))], MARKUP
        ).steps,
    ],
)

HOSTILE_OUTCOMES = RunResult(
    HOSTILE_MARKUP,
    tuple(
        StepOutcome(step_of(item), outcome, text, 2, (Environment(text, False, text),))
        for item, text, outcome in zip(_NASTY, MARKUP, [*Outcome, *Outcome, *Outcome], strict=False)
    ),
    "the gateway says: <script>document.title='owned'</script> @team",
)
