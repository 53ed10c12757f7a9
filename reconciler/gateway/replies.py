"""What the answer to an update means, in whatever dialect it comes."""

from __future__ import annotations

from msgspec.structs import replace

from reconciler.core.outcome import Answer, Deployment, Reply
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
_BY_STATUS: tuple[tuple[int, int, Reply], ...] = (
    (100, 199, Reply.LOST),
    (300, 399, Reply.REJECTED),
    (408, 408, Reply.LOST),  # the server gave up on a request that it may have read
    (429, 429, Reply.THROTTLED),
    (500, 999, Reply.LOST),
)


def read_update(received: Received, quote: Quote = clip) -> Answer:
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
    return Answer(
        reply,
        _message(reply, received, envelope, quote),
        _deployment(reply, envelope, quote),
        received.status,
        wait_asked_for(received, envelope),
    )


def _reply(status: int, envelope: Envelope | Unintelligible) -> Reply:
    for first, last, reply in _BY_STATUS:
        if first <= status <= last:
            return reply
    if isinstance(envelope, Unintelligible):
        return Reply.REJECTED if status >= 400 else Reply.LOST
    if envelope.failed:
        return Reply.LOST if _deployment_failed(envelope) else Reply.REJECTED
    return Reply.ACCEPTED if envelope.verdict is Verdict.SUCCESS else Reply.LOST


def _deployment_failed(envelope: Envelope) -> bool:
    """Whether a failure is about the deployment, so that the key may have been saved."""
    if isinstance(envelope.members.get("deploymentResult"), dict):
        return True
    return says_deployment_failed(envelope.message)


def _deployment(reply: Reply, envelope: Envelope | Unintelligible, quote: Quote) -> Deployment:
    if isinstance(envelope, Unintelligible) or reply not in {Reply.ACCEPTED, Reply.LOST}:
        return Deployment(None)
    result = envelope.members.get("deploymentResult")
    deployment = read_deployment(result, quote)
    if reply is Reply.LOST:
        failed = envelope.failed and _deployment_failed(envelope)
        return replace(deployment, deployed=False) if failed else Deployment(None)
    if result is None and says_deployment_failed(envelope.message):
        return Deployment(False, message=quote(envelope.message))
    return deployment


def _message(
    reply: Reply, received: Received, envelope: Envelope | Unintelligible, quote: Quote
) -> str:
    if 300 <= received.status < 400:
        return redirect_words(received, quote)
    if reply is Reply.ACCEPTED and isinstance(envelope, Envelope):
        return quote(envelope.message)
    return failure_words(received, envelope, quote)
