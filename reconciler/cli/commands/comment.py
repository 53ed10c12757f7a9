"""``reconciler comment``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.options import output_options, request_deadline_option

if TYPE_CHECKING:
    from reconciler.cli.console import Console
    from reconciler.code_hosts.hosts import HostRow
    from reconciler.code_hosts.model import Posted, PullRequest
    from reconciler.code_hosts.runs import RunOrder
    from reconciler.core.outcome import RunResult
    from reconciler.errors import ReconcilerError
    from reconciler.http.client import TransportOptions
    from reconciler.reports.saved_report import ValidManifests

    Saved = RunResult | ReconcilerError | ValidManifests

_LONGEST_EVENT = 16 * 1024 * 1024

MESSAGES = {
    "created": "Posted the comment",
    "updated": "Updated the comment",
    "unchanged": "The comment says so already",
    "nothing": "Nothing to report, and no comment to update",
    "forbidden": "No comment was posted",
    "newer": "The comment is of a newer run than this one, and stays",
    "no-pull-request": "This run is of no pull request, so nothing was posted",
}
"""By the action that a host's comments came to."""


@click.command(
    epilog="""\b
Examples:
  reconciler comment plan.json                 in a pipeline of a pull request
  reconciler comment plan.json --key staging   one comment per stage
  reconciler comment apply.json --if-any       after a merge: to the pull request it came with
  reconciler comment plan.json --host bitbucket --host-url https://git.example.com
                               --repository KEYS/jwks --pull-request 7

\b
Token, from the environment only, with the permission to write comments:
  GitHub     GITHUB_TOKEN or GH_TOKEN
  GitLab     GITLAB_TOKEN (a job's own CI_JOB_TOKEN may not write them)
  Bitbucket  BITBUCKET_TOKEN, and BITBUCKET_USERNAME where it is no access token
  Azure      SYSTEM_ACCESSTOKEN (the step's env has to map it), or AZURE_DEVOPS_EXT_PAT
"""
)
@click.argument("planfile", metavar="REPORT")
@click.option(
    "--host",
    type=click.Choice(["github", "gitlab", "bitbucket", "azure"]),
    help="Where the pull request is; else what the pipeline's environment says.",
)
@click.option(
    "--repository",
    metavar="R",
    help="OWNER/NAME; for GitLab a path or an id; for Azure PROJECT/NAME.",
)
@click.option("--pull-request", metavar="N", type=click.IntRange(min=1), help="Its number.")
@click.option("--host-url", metavar="URL", help="Of a self-hosted one, or of its API.")
@click.option(
    "--key",
    metavar="KEY",
    help="Tells comments about several plans apart.  [default: the gateway's URL]",
)
@click.option(
    "--always", is_flag=True, help="Also create the comment where there is nothing to tell."
)
@click.option(
    "--if-any", is_flag=True, help="Where the run is of no pull request: say so, and exit with 0."
)
@click.option(
    "--ca-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="PEM file of authorities to trust besides the system's; also SSL_CERT_FILE.",
)
@request_deadline_option
@output_options
def comment(
    planfile: str,
    host: str | None,
    repository: str | None,
    pull_request: int | None,
    host_url: str | None,
    key: str | None,
    always: bool,
    if_any: bool,
    ca_file: Path | None,
    request_deadline: float,
    console: Console,
) -> int:
    """Post a report to a pull or merge request, and keep that one comment up to date.

    REPORT is what `plan --out` or, of validate, plan and apply, `--report json=FILE` wrote, also of
    a run that failed; or - for standard input. A comment of an earlier run is updated, also when
    nothing is to change any more, and that of a newer run stays; where there is none, one is
    created only if there is something to tell. In a run of a branch it is the pull request that
    the commit was merged with. A token that may not write comments, as in a pipeline of a fork, is
    a warning and no failure.
    """
    from reconciler.code_hosts.addresses import plain_http_warning
    from reconciler.code_hosts.detect import PullRequestOptions, find_pull_request
    from reconciler.code_hosts.model import Action, DeniedError, Host, NoPullRequestError, Posted
    from reconciler.http.client import TransportOptions

    saved = _read(planfile, console)
    order = _file_order(planfile)
    options = PullRequestOptions(Host(host) if host else None, host_url, repository, pull_request)
    try:
        request = find_pull_request(options, os.environ, _event())
        warning = plain_http_warning(request.api)
        if warning is not None:
            console.note(f"warning: {warning}")
        transport = TransportOptions(
            ca_file=ca_file,
            request_deadline=request_deadline,
            trace=console.trace,
            warn=lambda text: console.note(f"warning: {text}"),
        )
        posted = _post(request, saved, key, order, transport, console, always=always)
    except DeniedError as denied:
        posted = Posted(Action.FORBIDDEN, message=denied.message)
    except NoPullRequestError as error:
        if not if_any:
            raise
        posted = Posted(Action.NO_PULL_REQUEST, message=error.what)
    _print(posted, console)
    return ExitCode.DONE


def _read(name: str, console: Console) -> Saved:
    from reconciler.cli.reviewed import EDITED, read_plan_file
    from reconciler.core.outcome import RunResult
    from reconciler.reports import plan_json, saved_report

    text = read_plan_file(name)
    saved = saved_report.loads(text)
    if isinstance(saved, RunResult) and not plan_json.is_as_written(text):
        console.note(EDITED)
    return saved


def _file_order(name: str) -> RunOrder:
    """When the report was made: what tells older runs from newer ones where no pipeline does."""
    from reconciler.code_hosts.runs import RunOrder

    try:
        moment = Path(name).stat().st_mtime if name != "-" else time.time()
    except OSError:
        moment = time.time()
    return RunOrder("time", (int(moment),))


def _post(
    request: PullRequest,
    saved: Saved,
    key: str | None,
    order: RunOrder,
    transport: TransportOptions,
    console: Console,
    *,
    always: bool,
) -> Posted:
    from reconciler.cli.cancel import CancelToken
    from reconciler.code_hosts.comments import post_or_update
    from reconciler.code_hosts.credentials import find_credentials
    from reconciler.code_hosts.hosts import HOSTS, host_retries, open_comments
    from reconciler.code_hosts.runs import find_run
    from reconciler.reports import comment_lines

    credentials = find_credentials(request.host, os.environ)
    for secret in credentials.secrets:
        console.mask(secret)
    row = HOSTS[request.host]
    run = find_run(os.environ, _event())
    order = run.order or order
    about = comment_lines.about(key or "", run.commit, run.name, run.url)
    hidden = comment_lines.order_line(order.series, order.numbers, html=row.shows_html)
    key = _key(saved) if key is None else key
    marker = comment_lines.marker(key, html=row.shows_html)
    report = _sized(saved, key, row, "\n\n".join(filter(None, (about, hidden))))
    stop = CancelToken(console.note)
    with (
        stop.listening(None),
        open_comments(request, credentials, host_retries(stop.wait), transport) as comments,
    ):
        return post_or_update(
            comments,
            marker,
            console.masked(report),
            first=always or _is_worth(saved),
            is_newer=lambda text: comment_lines.is_newer(text, order.series, order.numbers),
        )


def _key(saved: Saved) -> str:
    """What tells the comment from others where nobody says so: the gateway's URL.

    Raises:
        UsageError: the report is of a run that asked no gateway.
    """
    from reconciler.core.outcome import RunResult
    from reconciler.errors import UsageError

    if isinstance(saved, RunResult):
        return saved.plan.gateway
    raise UsageError(
        "The report names no gateway",
        why="Nothing tells which comment it belongs to",
        fix="Give --key KEY, the same as for the plan's comment",
    )


def _is_worth(saved: Saved) -> bool:
    """Whether there is anything to look at for those who review."""
    from reconciler.core.outcome import RunResult
    from reconciler.errors import ReconcilerError

    if not isinstance(saved, RunResult):
        return isinstance(saved, ReconcilerError)
    plan = saved.plan
    return bool(plan.changes or plan.steps or plan.refusals or plan.warnings)


def _sized(saved: Saved, key: str, host: HostRow, about: str) -> str:
    """The report, in no more characters than the host takes, however it counts them."""
    text = _rendered(saved, host.limit, key, about, html=host.shows_html)
    if len(text.encode("utf-16-le")) // 2 <= host.limit:
        return text
    return _rendered(saved, host.limit // 2, key, about, html=host.shows_html)


def _rendered(saved: Saved, limit: int, key: str, about: str, *, html: bool) -> str:
    from reconciler.core.outcome import RunResult
    from reconciler.errors import ReconcilerError
    from reconciler.reports import markdown

    if isinstance(saved, RunResult):
        return markdown.render(saved, limit=limit, key=key, html=html, about=about)
    if isinstance(saved, ReconcilerError):
        return markdown.render_error(saved, limit=limit, key=key, html=html, about=about)
    jwks = sum(project.jwks for project in saved.projects)
    return markdown.render_valid(len(saved.projects), jwks, key=key, html=html, about=about)


def _event() -> str:
    """What the runner's file about the event holds; "" where there is none to read."""
    path = os.environ.get("GITHUB_EVENT_PATH")
    if not path:
        return ""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(_LONGEST_EVENT).decode("utf-8", "replace")
    except OSError:
        return ""


def _print(posted: Posted, console: Console) -> None:
    from reconciler.code_hosts.model import Action
    from reconciler.reports import escape, plan_json

    message = MESSAGES[posted.action]
    reason = escape.terminal(posted.message)
    if posted.action is Action.FORBIDDEN:
        console.note(f"warning: {message}: {reason}. This token may not write comments.")
    if posted.action is Action.NEWER:
        console.note(f"warning: {message}: {escape.terminal(posted.url)}")
    if posted.superseded:
        console.note(
            f"warning: {posted.superseded} more of our comments were found, as where two runs "
            "meet; they refer to the first one now"
        )
    if console.json:
        document = {
            "action": posted.action.value,
            "url": posted.url or None,
            "message": posted.message,
            "superseded": posted.superseded,
        }
        console.result(plan_json.encode({"comment": document}))
    elif console.verbosity >= 0 and posted.action not in {Action.FORBIDDEN, Action.NEWER}:
        where = f": {escape.terminal(posted.url)}" if posted.url else ""
        console.result(f"{message}{where}\n")
