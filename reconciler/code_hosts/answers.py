"""What a code host's answer without a success means: its own words, limits, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.http.client import Response, Result
from reconciler.http.failures import TransportFailure
from reconciler.http.retries import http_date, seconds

_DEFAULT_LIMIT_SECONDS = 60.0
"""What GitHub's documentation asks to wait where a limit names no time."""
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
"""Headers that hold the moment a limit ends, in seconds since the epoch: GitHub's and GitLab's."""
_MESSAGE_MEMBERS = ("message", "error_description", "error", "field", "code", "errors")
"""Where hosts put their words; GitHub gives a reason as a field's name and a code."""
_DEEPEST_MESSAGE = 5
_MOST_REASONS = 5

_MOVED = (
    "answers that what was asked for is elsewhere",
    "A token is never sent on to another address",
    "The repository was renamed or moved: give --repository and --host-url as they are now",
)
_ADVICE = {
    **dict.fromkeys((301, 302, 303, 307, 308), _MOVED),
    410: (
        "answers that this is gone for good",
        "There is nothing to comment on",
        "Check that the pull request still exists and that its repository has comments enabled",
    ),
    422: (
        "does not take the comment as it is",
        "The comment was not written",
        "Read its reasons: a locked or archived pull request takes no comments, for instance",
    ),
}
"""By status: what the host does, why that matters, what to do."""


def advice(response: Response, now: float) -> tuple[str, str, str] | None:
    """What is wrong, why it matters and what to do, where the status alone tells; else None."""
    if is_rate_limited(response):
        wait = retry_after(response, now)
        return (
            "lets this token make no more requests for now",
            "The comment may be missing or out of date",
            f"Run again in {wait or 0:.0f} s, or with a token that fewer jobs share",
        )
    return _ADVICE.get(response.status)


def error_message(response: Response) -> str:
    """The words in an error's JSON, whichever host's form it has; "" where there are none.

    The first are the host's message; the reasons that it lists follow in brackets.
    """
    try:
        found = response.decode(object)
    except (ValueError, RecursionError):
        return ""
    message = next(_words(found), "")
    listed = found.get("errors") if isinstance(found, dict) else None
    reasons = [
        words
        for item in (listed if isinstance(listed, list) else [])[:_MOST_REASONS]
        if (words := " ".join(_words(item))) not in {"", message}
    ]
    return f"{message} ({'; '.join(reasons)})" if message and reasons else message


def _words(found: object, depth: int = _DEEPEST_MESSAGE) -> Iterator[str]:
    """The texts of an error's members, those that hold words first."""
    if isinstance(found, str):
        yield from [found] if found else []
    elif depth and isinstance(found, list):
        yield from _words(next(iter(found), None), depth - 1)
    elif depth and isinstance(found, dict):
        named = [found[name] for name in _MESSAGE_MEMBERS if found.get(name)]
        # GitLab puts the message about a wrong member below that member's name.
        for item in named or list(found.values())[:1]:
            yield from _words(item, depth - 1)


def is_rate_limited(response: Response) -> bool:
    """Whether a rate limit kept the request from being carried out.

    429 (RFC 6585), or GitHub's 403 for a limit; any other 403 is about permissions.
    """
    if response.status != 403:
        return response.status == 429
    headers: Mapping[str, str] = response.headers
    spent = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    return spent or b"secondary rate limit" in response.body


def retry_after(result: Result, now: float) -> float | None:
    """Seconds to wait before a request is sent again; None where the host asks for none."""
    if isinstance(result, TransportFailure):
        return None
    if result.retry_after is not None or not is_rate_limited(result):
        return result.retry_after
    for name in _RESETS:
        moment = seconds(result.header(name))
        if moment is not None:
            now = http_date(result.header("date")) or now
            return max(moment - now, 0.0) + 1.0  # headers have no fractions of a second
    return _DEFAULT_LIMIT_SECONDS
