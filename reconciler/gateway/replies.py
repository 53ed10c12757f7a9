"""What the answer to an update means, in whatever dialect it comes."""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.core.outcome import Deployment, ResponseKind, UpdateResponse
from reconciler.gateway.denials import stop_where_denied
from reconciler.gateway.deployment import read_deployment, says_deployment_failed
from reconciler.gateway.envelope import (
    Envelope,
    Received,
    Unintelligible,
    Verdict,
    failure_words,
    open_envelope,
    redirect_words,
    wait_asked_for,
)
from reconciler.gateway.quotes import Quote, clip

# First and last status, and what they mean whatever the body says.
_BY_STATUS: tuple[tuple[int, int, ResponseKind], ...] = (
    (100, 199, ResponseKind.LOST),
    (300, 399, ResponseKind.REJECTED),
    (408, 408, ResponseKind.LOST),  # the server gave up on a request that it may have read
    (429, 429, ResponseKind.THROTTLED),
    (500, 999, ResponseKind.LOST),
)


def read_update(received: Received, quote: Quote = clip) -> UpdateResponse:
    """The meaning of the answer to an update.

    A 2xx whose body does not say success is lost, not accepted: only the list can tell what
    became of the update. So is a failure that is about the deployment, as it follows the saving.

    Args:
        received: the answer.
        quote: how the gateway's words are repeated.

    Raises:
        AccessError: the token or a permission is lacking; the update was not made.
    """
    envelope = open_envelope(received)
    stop_where_denied(received, envelope, "the update", quote)
    reply = _reply(received.status, envelope)
    return UpdateResponse(
        reply,
        _message(reply, received, envelope, quote),
        _deployment(reply, envelope, quote),
        received.status,
        wait_asked_for(received, envelope),
    )


def _reply(status: int, envelope: Envelope | Unintelligible) -> ResponseKind:
    for first, last, reply in _BY_STATUS:
        if first <= status <= last:
            return reply
    if isinstance(envelope, Unintelligible):
        return ResponseKind.REJECTED if status >= 400 else ResponseKind.LOST
    if envelope.failed:
        return ResponseKind.LOST if _deployment_failed(envelope) else ResponseKind.REJECTED
    return ResponseKind.ACCEPTED if envelope.verdict is Verdict.SUCCESS else ResponseKind.LOST


def _deployment_failed(envelope: Envelope) -> bool:
    """Whether a failure is about the deployment, so that the key may have been saved."""
    if isinstance(envelope.members.get("deploymentResult"), dict):
        return True
    return says_deployment_failed(envelope.message)


def _deployment(
    reply: ResponseKind, envelope: Envelope | Unintelligible, quote: Quote
) -> Deployment:
    if isinstance(envelope, Unintelligible) or reply not in {
        ResponseKind.ACCEPTED,
        ResponseKind.LOST,
    }:
        return Deployment(None)
    result = envelope.members.get("deploymentResult")
    deployment = read_deployment(result, quote)
    if reply is ResponseKind.LOST:
        failed = envelope.failed and _deployment_failed(envelope)
        return replace(deployment, deployed=False) if failed else Deployment(None)
    if result is None and says_deployment_failed(envelope.message):
        return Deployment(False, message=quote(envelope.message))
    return deployment


def _message(
    reply: ResponseKind, received: Received, envelope: Envelope | Unintelligible, quote: Quote
) -> str:
    if 300 <= received.status < 400:
        return redirect_words(received, quote)
    if reply is ResponseKind.ACCEPTED and isinstance(envelope, Envelope):
        return quote(envelope.message)
    return failure_words(received, envelope, quote)
