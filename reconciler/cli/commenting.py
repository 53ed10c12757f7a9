"""A plan's report, sized for its host, and put where the pull request is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.code_hosts.model import LIMITS, SHOWS_HTML, Action, DeniedError, Posted

if TYPE_CHECKING:
    from reconciler.cli.console import Console
    from reconciler.code_hosts.environment import Wanted
    from reconciler.code_hosts.model import Host, PullRequest
    from reconciler.core.outcome import RunResult

_LONGEST_EVENT = 16 * 1024 * 1024

_TOLD = {
    Action.CREATED: "Posted the comment",
    Action.UPDATED: "Updated the comment",
    Action.UNCHANGED: "The comment says so already",
    Action.NOTHING: "Nothing to tell, and no comment to update",
    Action.FORBIDDEN: "No comment was posted",
}


class Comment(Struct, frozen=True):
    """What to post.

    Attributes:
        result: what to tell.
        wanted: where, as far as the command line says.
        key: tells comments apart; None for the gateway's URL.
        always: whether to create the comment also where there is nothing to tell.
        ca_file: the only certificates to trust.
    """

    result: RunResult
    wanted: Wanted
    key: str | None
    always: bool
    ca_file: Path | None


def post(comment: Comment, console: Console) -> None:
    """Find out where, post or update the comment, and tell what became of it.

    Raises:
        UsageError: there is no pull request, or something is not usable.
        AccessError: there is no token, or it is rejected.
        GatewayError: the host is of no use.
    """
    from reconciler.code_hosts.addresses import plain_http_warning
    from reconciler.code_hosts.environment import find_pull_request

    target = find_pull_request(comment.wanted, os.environ, _event())
    warning = plain_http_warning(target.api)
    if warning is not None:
        console.note(f"warning: {warning}")
    try:
        posted = _posted(comment, target, console)
    except DeniedError as denied:
        posted = Posted(Action.FORBIDDEN, message=denied.message)
    _tell(posted, console)


def _posted(comment: Comment, target: PullRequest, console: Console) -> Posted:
    from reconciler.cli.cancel import CancelToken
    from reconciler.code_hosts.comments import post_or_update
    from reconciler.code_hosts.line import Pace
    from reconciler.code_hosts.threads import open_thread
    from reconciler.code_hosts.tokens import find_proof
    from reconciler.reports import markdown

    proof = find_proof(target.host, os.environ)
    for secret in proof.secrets:
        console.conceal(secret)
    plan = comment.result.plan
    key = plan.gateway if comment.key is None else comment.key
    marker = markdown.marker(key, html=target.host in SHOWS_HTML)
    text = console.masked(_sized(comment.result, key, target.host))
    stop = CancelToken(console.note)
    pace = Pace(wait=stop.wait, trace=console.trace)
    with (
        stop.listening(None),
        open_thread(target, proof, ca_file=comment.ca_file, pace=pace) as thread,
    ):
        return post_or_update(thread, marker, text, first=comment.always or _tells(comment.result))


def _tells(result: RunResult) -> bool:
    """Whether there is anything to look at for those who review."""
    plan = result.plan
    return bool(plan.changes or plan.steps or plan.refusals or plan.warnings)


def _sized(result: RunResult, key: str, host: Host) -> str:
    """The report, in no more characters than the host takes, however it counts them."""
    from reconciler.reports import markdown

    limit = LIMITS[host]
    html = host in SHOWS_HTML
    text = markdown.render(result, limit=limit, key=key, html=html)
    if len(text.encode("utf-16-le")) // 2 <= limit:
        return text
    return markdown.render(result, limit=limit // 2, key=key, html=html)


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


def _tell(posted: Posted, console: Console) -> None:
    from reconciler.reports import escape, plan_json

    sentence = _TOLD[posted.action]
    reason = escape.terminal(posted.message)
    if posted.action is Action.FORBIDDEN:
        console.note(f"warning: {sentence}: {reason}. This token may not write comments.")
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
    elif console.verbosity >= 0 and posted.action is not Action.FORBIDDEN:
        where = f": {escape.terminal(posted.url)}" if posted.url else ""
        console.result(f"{sentence}{where}\n")
