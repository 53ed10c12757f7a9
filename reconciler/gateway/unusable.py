"""What to raise where the gateway gave no answer that is of use."""

from __future__ import annotations

from reconciler.errors import GatewayError
from reconciler.gateway.authorised import TOO_MANY
from reconciler.gateway.envelope import failure_message, open_envelope
from reconciler.http.client import Result
from reconciler.http.failures import Cause, TransportFailure
from reconciler.http.redaction import Redact

_FIXES = {
    Cause.UNSENT: "Check the URL, the name server, the proxy variables and the firewall",
    Cause.LOST: (
        "Run again; if it stays so, raise --timeout or --request-deadline, and look into the "
        "Manager's log"
    ),
    Cause.DENIED: (
        "Put the right user name and password into the proxy's variable; nothing more was sent "
        "through it, as accounts are locked after a few wrong ones"
    ),
    Cause.UNUSABLE: (
        "Check that the URL is the Manager's, and what the ingress in front of it answers"
    ),
    Cause.UNTRUSTED: (
        "Check that it is an https:// port at all, and what stands between, such as a proxy or a "
        "firewall that intercepts TLS"
    ),
}
_TURNED_AWAY = (
    "Give requests more time with --request-deadline, send fewer at a time with --parallelism, or "
    "have the limit of requests raised"
)


def no_usable_answer(result: Result, subject: str, redact: Redact) -> GatewayError:
    """What to raise where the run can't go on without ``subject``."""
    if isinstance(result, TransportFailure):
        fix, message = result.fix or _FIXES[result.cause], redact(result.message)
    else:
        fix = _TURNED_AWAY if result.status == TOO_MANY else _FIXES[Cause.LOST]
        message = failure_message(result, open_envelope(result), redact)
    return GatewayError(
        f"The gateway gave no usable answer to {subject}: {message}",
        why="Nothing can be said about what is not known",
        fix=fix,
    )
