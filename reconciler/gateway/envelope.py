"""What every response has in common: a status, a JSON object, a verdict in one of two dialects."""

from __future__ import annotations

from enum import Enum

import msgspec
from msgspec import Struct

from reconciler.http.client import Response
from reconciler.http.redaction import Redact
from reconciler.http.retries import seconds


class Verdict(Enum):
    """What a response says of itself, whatever its status."""

    SUCCESS = "success"
    FAILURE = "failure"
    UNSAID = "unsaid"


class Envelope(Struct, frozen=True, rename="camel"):
    """The members that a response of either dialect may have besides what was asked for.

    Key material has no member here, so that it is skipped while the response is decoded.
    """

    status: object = None
    success: object = None
    error: object = None
    result_message: object = None
    message: object = None
    error_description: object = msgspec.field(default=None, name="error_description")
    retry_after: object = msgspec.field(default=None, name="retry_after")
    deployment_result: object = None

    @property
    def verdict(self) -> Verdict:
        """What the body says; a sign of failure outweighs any sign of success."""
        status, error = self.status, self.error
        word = status.strip().upper() if isinstance(status, str) else ""
        if (
            self.success is False
            or word in _FAILURE_WORDS
            or (isinstance(status, int) and status >= 400)
            or (isinstance(error, str) and error.strip())
            or isinstance(error, dict)
        ):
            return Verdict.FAILURE
        return Verdict.SUCCESS if self.success is True or word == "SUCCESS" else Verdict.UNSAID

    @property
    def text(self) -> str:
        """The gateway's message, whole; hostile text."""
        for value in (self.result_message, self.message, self.error_description, self.error):
            if isinstance(value, str) and value.strip():
                return value.strip()
        return ""

    def failed(self, response: Response) -> bool:
        """Whether the status or the body says failure."""
        return response.status >= 400 or self.verdict is Verdict.FAILURE

    def __repr__(self) -> str:
        """Without what came: it may repeat the token."""
        return f"Envelope({self.verdict})"


class Unintelligible(Struct, frozen=True):
    """A response whose body is no JSON object.

    Attributes:
        body: what it is, to stand after "with".
        fix: what to do about it.
    """

    body: str
    fix: str


_FAILURE_WORDS = frozenset({"FAILURE", "FAIL", "FAILED", "ERROR"})

_WRONG_SERVER = "Check that the URL is the Manager's, and that the ingress routes /apiops to it"


def open_envelope(response: Response) -> Envelope | Unintelligible:
    """The JSON object of a response; safe for any bytes."""
    try:
        return response.decode(Envelope)
    except RecursionError:
        return Unintelligible("JSON that is nested too deeply", _WRONG_SERVER)
    except msgspec.ValidationError:
        return Unintelligible("JSON that is not an object", _WRONG_SERVER)
    except ValueError:  # not JSON, not Unicode, a number of thousands of digits
        return _unintelligible(response)


def failure_message(response: Response, envelope: Envelope | Unintelligible, redact: Redact) -> str:
    """A failure in one phrase: the gateway's message where there is one, and the status."""
    if isinstance(envelope, Unintelligible):
        return f"HTTP {response.status} with {envelope.body}"
    message = redact(envelope.text)
    return f"{message} (HTTP {response.status})" if message else f"HTTP {response.status}"


def redirect_message(response: Response, redact: Redact) -> str:
    """A redirect in one phrase."""
    target = redact(response.header("location")) or "nowhere"
    return f"a redirect (HTTP {response.status}) to {target}, which is not followed"


def retry_after(response: Response, envelope: Envelope | Unintelligible) -> float | None:
    """Seconds the gateway asked to wait, in the header or else the body; None where it didn't."""
    if response.retry_after is not None or isinstance(envelope, Unintelligible):
        return response.retry_after
    return seconds(envelope.retry_after)


def _unintelligible(response: Response) -> Unintelligible:
    start = response.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return Unintelligible(
            "an empty body", "Check what stands between here and the Manager, such as a proxy"
        )
    if start.startswith(b"<") or "html" in response.header("content-type").lower():
        return Unintelligible("an HTML page instead of JSON", _WRONG_SERVER)
    return Unintelligible("a body that is not whole, valid JSON", _WRONG_SERVER)
