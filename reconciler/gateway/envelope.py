"""What every answer has in common: a status, a JSON object, a verdict in one of two dialects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from reconciler.gateway.quotes import Quote
from reconciler.gateway.retry import seconds


class Received(Struct, frozen=True):
    """One whole answer, before anything is made of it.

    Attributes:
        status: the HTTP status.
        content_type: the header's value; empty where there is none.
        body: decoded from its content coding, whole.
        retry_after: seconds from the ``Retry-After`` header (RFC 9110, 10.2.3), never negative.
        location: the ``Location`` header's value.
    """

    status: int
    content_type: str = ""
    body: bytes = b""
    retry_after: float | None = None
    location: str = ""

    def __repr__(self) -> str:
        """Without the body: it may hold key material."""
        return f"Received({self.status}, {len(self.body)} bytes)"


class Verdict(Enum):
    """What an answer says of itself, whatever its status."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNSAID = "unsaid"


class Envelope(Struct, frozen=True):
    """An answer whose body is a JSON object.

    Attributes:
        status: the HTTP status.
        verdict: what the body says; a sign of failure outweighs any sign of success.
        message: the gateway's words, whole; hostile text.
        members: the whole object.
    """

    status: int
    verdict: Verdict
    message: str
    members: Mapping[str, object]

    @property
    def failed(self) -> bool:
        """Whether the status or the body says failure."""
        return self.status >= 400 or self.verdict is Verdict.FAILURE

    def __repr__(self) -> str:
        """Without what came: it may hold key material."""
        return f"Envelope({self.status}, {self.verdict})"


class Unintelligible(Struct, frozen=True):
    """An answer whose body is no JSON object.

    Attributes:
        body: what it is, to stand after "with".
        fix: what to do about it.
    """

    body: str
    fix: str


_FAILURE_WORDS = frozenset({"FAILURE", "FAIL", "FAILED", "ERROR"})
_MESSAGE_MEMBERS = ("resultMessage", "message", "error_description", "error")

_WRONG_SERVER = "Check that the URL is the Manager's, and that the ingress routes /apiops to it"


def open_envelope(received: Received) -> Envelope | Unintelligible:
    """The JSON object of an answer; safe for any bytes."""
    try:
        members = json.loads(received.body)
    except RecursionError:
        return Unintelligible("JSON that is nested too deeply", _WRONG_SERVER)
    except ValueError:  # not JSON, not Unicode, a number of thousands of digits
        return _unintelligible(received)
    if not isinstance(members, dict):
        return Unintelligible("JSON that is not an object", _WRONG_SERVER)
    return Envelope(received.status, _verdict(members), _message(members), members)


def failure_words(received: Received, envelope: Envelope | Unintelligible, quote: Quote) -> str:
    """A failure in one phrase: the gateway's words where there are any, and the status."""
    if isinstance(envelope, Unintelligible):
        return f"HTTP {received.status} with {envelope.body}"
    message = quote(envelope.message)
    return f"{message} (HTTP {received.status})" if message else f"HTTP {received.status}"


def redirect_words(received: Received, quote: Quote) -> str:
    """A redirect in one phrase."""
    target = quote(received.location) or "nowhere"
    return f"a redirect (HTTP {received.status}) to {target}, which is not followed"


def wait_asked_for(received: Received, envelope: Envelope | Unintelligible) -> float | None:
    """Seconds the gateway asked to wait, in the header or else the body; None where it didn't."""
    if received.retry_after is not None or isinstance(envelope, Unintelligible):
        return received.retry_after
    return seconds(envelope.members.get("retry_after"))


def _unintelligible(received: Received) -> Unintelligible:
    start = received.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return Unintelligible(
            "an empty body", "Check what stands between here and the Manager, such as a proxy"
        )
    if start.startswith(b"<") or "html" in received.content_type.lower():
        return Unintelligible("an HTML page instead of JSON", _WRONG_SERVER)
    return Unintelligible("a body that is not whole, valid JSON", _WRONG_SERVER)


def _verdict(members: Mapping[str, object]) -> Verdict:
    status, success, error = (members.get(name) for name in ("status", "success", "error"))
    word = status.strip().upper() if isinstance(status, str) else ""
    if (
        success is False
        or word in _FAILURE_WORDS
        or (isinstance(status, int) and status >= 400)
        or (isinstance(error, str) and error.strip())
        or isinstance(error, dict)
    ):
        return Verdict.FAILURE
    return Verdict.SUCCESS if success is True or word == "SUCCESS" else Verdict.UNSAID


def _message(members: Mapping[str, object]) -> str:
    for name in _MESSAGE_MEMBERS:
        words = members.get(name)
        if isinstance(words, str) and words.strip():
            return words.strip()
    return ""
