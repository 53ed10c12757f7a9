"""What an answer says about waiting: rate limits as each host words them, in seconds."""

from __future__ import annotations

import math
from datetime import UTC
from email.utils import parsedate_to_datetime

from reconciler.code_hosts.edge import Answer

_UNSAID = 60.0
"""What GitHub's documentation asks to wait where a limit names no time."""
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")
"""Headers that hold the moment a limit ends, in seconds since the epoch: GitHub's and GitLab's."""


def is_limited(answer: Answer) -> bool:
    """Whether a rate limit kept the request from being carried out.

    429 (RFC 6585), or GitHub's 403 for a limit; any other 403 is about permissions.
    """
    if answer.status != 403:
        return answer.status == 429
    spent = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    return spent or b"secondary rate limit" in answer.body


def wait_asked_for(answer: Answer, now: float) -> float | None:
    """Seconds to wait before a request is sent again; None where the answer asks for none."""
    asked = _retry_after(answer.headers.get("retry-after", ""), now)
    if asked is not None or not is_limited(answer):
        return asked
    for name in _RESETS:
        moment = _number(answer.headers.get(name, ""))
        if moment is not None:
            return max(moment - now, 0.0) + 1.0  # the clocks may differ by a little
    return _UNSAID


def _retry_after(header: str, now: float) -> float | None:
    """RFC 9110, 10.2.3: seconds or an HTTP-date."""
    number = _number(header)
    if number is not None:
        return number
    try:
        date = parsedate_to_datetime(header)
        return max((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(number, 0.0) if math.isfinite(number) else None
