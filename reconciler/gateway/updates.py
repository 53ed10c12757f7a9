"""What the response to an update means, in whatever dialect it comes."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from reconciler.core.outcome import Deployment, ResponseKind, UpdateResponse
from reconciler.gateway.deployment import read_deployment, says_deployment_failed
from reconciler.gateway.envelope import (
    Envelope,
    Unintelligible,
    Verdict,
    failure_message,
    open_envelope,
    redirect_message,
    retry_after,
)
from reconciler.gateway.permissions import raise_where_lacking
from reconciler.http.client import Response
from reconciler.http.redaction import Redact, shorten

# First and last status, and what they mean whatever the body says.
_BY_STATUS: tuple[tuple[int, int, ResponseKind], ...] = (
    (100, 199, ResponseKind.LOST),
    (300, 399, ResponseKind.REJECTED),
    (408, 408, ResponseKind.LOST),  # the server gave up on a request that it may have read
    (429, 429, ResponseKind.THROTTLED),
    (500, 999, ResponseKind.LOST),
)


def read_update(
    response: Response, redact: Redact = shorten, names: Collection[str] = ()
) -> UpdateResponse:
    """The meaning of the response to an update.

    A 2xx whose body does not say success is lost, not accepted: only the list can tell what
    became of the update. So is a failure that is about the deployment, as it follows the saving.

    Args:
        response: the response.
        redact: how the gateway's messages are repeated.
        names: of the project and the key, which its messages may repeat.

    Raises:
        AuthError: the token or a permission is lacking; the update was not made.
    """
    envelope = open_envelope(response)
    raise_where_lacking(response, envelope, "the update", redact)
    kind = _kind(response, envelope, names)
    return UpdateResponse(
        kind,
        _message(kind, response, envelope, redact),
        _deployment(kind, response, envelope, redact, names),
        response.status,
        retry_after(response, envelope),
    )


def _kind(
    response: Response, envelope: Envelope | Unintelligible, names: Collection[str]
) -> ResponseKind:
    for first, last, kind in _BY_STATUS:
        if first <= response.status <= last:
            return kind
    if isinstance(envelope, Unintelligible):
        return ResponseKind.REJECTED if response.status >= 400 else ResponseKind.LOST
    if envelope.failed(response):
        return ResponseKind.LOST if _is_about_deployment(envelope, names) else ResponseKind.REJECTED
    success = envelope.verdict is Verdict.SUCCESS
    return ResponseKind.ACCEPTED if success else ResponseKind.LOST


def _is_about_deployment(envelope: Envelope, names: Collection[str]) -> bool:
    """Whether a failure is about the deployment, so that the key may have been saved."""
    if isinstance(envelope.deployment_result, dict):
        return True
    return says_deployment_failed(envelope.text, names)


def _deployment(
    kind: ResponseKind,
    response: Response,
    envelope: Envelope | Unintelligible,
    redact: Redact,
    names: Collection[str],
) -> Deployment:
    may_be_saved = kind in {ResponseKind.ACCEPTED, ResponseKind.LOST}
    if isinstance(envelope, Unintelligible) or not may_be_saved:
        return Deployment(None)
    deployment = read_deployment(envelope.deployment_result, redact)
    if kind is ResponseKind.LOST:
        failed = envelope.failed(response) and _is_about_deployment(envelope, names)
        return replace(deployment, deployed=False) if failed else Deployment(None)
    if envelope.deployment_result is None and says_deployment_failed(envelope.text, names):
        return Deployment(False, message=redact(envelope.text))
    return deployment


def _message(
    kind: ResponseKind, response: Response, envelope: Envelope | Unintelligible, redact: Redact
) -> str:
    if 300 <= response.status < 400:
        return redirect_message(response, redact)
    if kind is ResponseKind.ACCEPTED and isinstance(envelope, Envelope):
        return redact(envelope.text)
    return failure_message(response, envelope, redact)
