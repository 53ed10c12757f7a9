"""Every output, and what its readers would make of it besides reading it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from xml.etree.ElementTree import ParseError, fromstring

from formats import RENDERERS
from hostile_corpus import harm
from markdown_reader import read
from mermaid_reader import read_flowchart
from msgspec.structs import replace
from page_reader import Page
from pipeline_parsers import azure, github, github_outputs, gitlab

from reconciler.cli.console import Console
from reconciler.core.outcome import RunResult
from reconciler.core.text import shell_command
from reconciler.errors import ReconcilerError
from reconciler.reports import html, junit, markdown, plan_json, problems, text
from reconciler.reports.annotations import azure as to_azure
from reconciler.reports.annotations import github as to_github
from reconciler.reports.annotations import gitlab as to_gitlab
from reconciler.reports.annotations.annotation import (
    Annotation,
    error_annotations,
    result_annotations,
)

Check = Callable[[str], list[str]]
"""What a text does that it should not."""

UNLIMITED = 10**9
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def in_a_log(shown: str) -> list[str]:
    """A terminal's, and those of all pipelines."""
    return harm(_COLOURS.sub("", shown))


def in_json(shown: str) -> list[str]:
    """Any reader's of JSON, and a log's."""
    json.loads(shown)
    return harm(shown, ascii_only=True)


def in_ascii(shown: str) -> list[str]:
    """A terminal's that knows nothing else."""
    return harm(shown, ascii_only=True)


def in_markdown(shown: str) -> list[str]:
    """Those of the hosts, and of a log it is printed to."""
    reading = read(shown)
    try:
        for _, chart in reading.fences:
            read_flowchart(chart)
    except ValueError as error:
        return [str(error)]
    return reading.dangers + harm(shown)


def in_a_page(shown: str) -> list[str]:
    """A browser's, and a log's."""
    page = Page(shown)
    return page.dangers + [one for one in page.texts if not one.isprintable()] + harm(shown)


def in_xml(shown: str) -> list[str]:
    """A reader's of JUnit, and a log's."""
    try:
        fromstring(shown.encode())  # noqa: S314 our own text, whatever names are in it
    except ParseError as error:
        return [str(error)]
    return harm(shown)


def in_github(shown: str) -> list[str]:
    """The runner's: nothing but annotations, each on its line."""
    found = [(line, github(line)) for line in shown.split("\n")[:-1]]
    wrong = [
        line
        for line, command in found
        if command is None
        or command.name not in {"error", "warning", "notice"}
        # All of ours have a title, which none of the hostile texts gives.
        or not {"title"} <= command.properties.keys() <= {"file", "line", "col", "title"}
    ]
    return wrong + _unseen(shown)


def in_azure(shown: str) -> list[str]:
    """The agent's: nothing but issues, each on its line, but for the one that counts the rest."""
    lines = shown.split("\n")[:-1]
    found = [(line, azure(line)) for line in lines]
    known = {"type", "sourcepath", "linenumber", "columnnumber"}
    wrong = [
        line
        for line, command in found
        if (
            not line.endswith("all of them stand in the log.")
            if command is None
            else command.name != "task.logissue" or not command.properties.keys() <= known
        )
    ]
    return wrong + _unseen(shown)


def _unseen(shown: str) -> list[str]:
    return [one for one in harm(shown) if one.startswith("U+")]


def in_gitlab(shown: str) -> list[str]:
    """GitLab's: one section, which is ours."""
    sections, rest = gitlab(shown)
    strange = [str(sections)] if sections not in ([], [("start", "ours"), ("end", "ours")]) else []
    return strange + in_a_log(rest)


Output = tuple[Callable[[RunResult], str], Check]
"""How a result is written, and who reads it."""


def _text(result: RunResult, **options: Any) -> str:
    command = shell_command(["reconciler", "apply", result.plan.gateway])
    return text.render(replace(result, command=command), **options)


def _printed(result: RunResult, *, as_json: bool) -> str:
    stdout = io.StringIO()
    Console(json=as_json, verbosity=1, stdout=stdout).plan(result)
    return stdout.getvalue()


def _folded(result: RunResult) -> str:
    shown = text.render(result, verbosity=1)
    return to_gitlab.folded(shown, title="Details", name="ours", moment=1, collapsed=True)


def _lines(
    commands: Callable[[Sequence[Annotation]], object], annotations: Sequence[Annotation]
) -> str:
    lines = commands(annotations)
    return "".join(f"{line}\n" for line in lines)  # type: ignore[attr-defined]


def _outputs_file(result: RunResult) -> str:
    values = {"digest": result.plan.digest.replace("\ud83d", "?").replace("\ude00", "?")}
    return to_github.outputs(values, "end-of-it")


def in_outputs(shown: str) -> list[str]:
    """The runner's of a step's outputs."""
    return [name for name in github_outputs(shown) if name != "digest"]


REPORTS: dict[str, Output] = {
    "text": (partial(_text, verbosity=0), in_a_log),
    "quiet text": (partial(_text, verbosity=-1), in_a_log),
    "verbose text": (partial(_text, verbosity=1), in_a_log),
    "text in colours, 40 columns wide": (partial(_text, colour=True, width=40), in_a_log),
    "text in ASCII": (partial(_text, unicode=False, verbosity=1), in_ascii),
    "the console's text": (partial(_printed, as_json=False), in_a_log),
    "the console's JSON": (partial(_printed, as_json=True), in_json),
    "saved plan": (plan_json.dumps, in_json),
    **{
        f"{name} report": (RENDERERS[name].render, check)
        for name, check in {
            "json": in_json,
            "markdown": in_markdown,
            "html": in_a_page,
            "junit": in_xml,
            "gitlab": in_json,
        }.items()
    },
    "comment without HTML": (
        lambda one: markdown.render(one, limit=UNLIMITED, key=one.plan.gateway, html=False),
        in_markdown,
    ),
    "GitHub's commands": (
        lambda one: _lines(to_github.commands, [*result_annotations(one)]),
        in_github,
    ),
    "Azure's commands": (
        lambda one: _lines(to_azure.commands, [*result_annotations(one)]),
        in_azure,
    ),
    "GitLab's sections": (_folded, in_gitlab),
    "GitHub's outputs": (_outputs_file, in_outputs),
}
"""What a plan or an apply may be shown in."""


def _failure(error: ReconcilerError, *, as_json: bool) -> str:
    stdout = io.StringIO()
    Console(json=as_json, stdout=stdout, stderr=io.StringIO()).error(error)
    return stdout.getvalue()


def _complaint(error: ReconcilerError) -> str:
    stderr = io.StringIO()
    Console(stderr=stderr).error(error)
    return stderr.getvalue()


FAILURES: Mapping[str, tuple[Callable[[ReconcilerError], str], Check]] = {
    "stderr": (_complaint, in_a_log),
    "stderr in colours": (partial(problems.render_error, colour=True, width=40), in_a_log),
    "stderr in ASCII": (partial(problems.render_error, unicode=False), in_ascii),
    "stdout's JSON": (partial(_failure, as_json=True), in_json),
    "json report": (RENDERERS["json"].render_error, in_json),
    "markdown report": (markdown.render_error, in_markdown),
    "comment": (lambda one: markdown.render_error(one, key=one.what, html=False), in_markdown),
    "html report": (html.render_error, in_a_page),
    "junit report": (junit.render_error, in_xml),
    "gitlab report": (RENDERERS["gitlab"].render_error, in_json),
    "GitHub's commands": (
        lambda one: _lines(to_github.commands, [*error_annotations(one)]),
        in_github,
    ),
    "Azure's commands": (
        lambda one: _lines(to_azure.commands, [*error_annotations(one)]),
        in_azure,
    ),
}
"""What a failure may be shown in."""
