"""Which answers say that access is lacking, however they say it."""

from __future__ import annotations

import re
from enum import Enum

from reconciler.errors import AccessError
from reconciler.gateway.envelope import Envelope, Received, Unintelligible, failure_words
from reconciler.gateway.quotes import Quote


class Denial(Enum):
    """What kind of access an answer says is lacking."""

    TOKEN = "a valid token"  # noqa: S105 - words
    PERMISSION = "a permission"


_DENIAL_CODES = {
    "invalid_token": Denial.TOKEN,
    "unauthorized": Denial.TOKEN,
    "access_denied": Denial.PERMISSION,
    "forbidden": Denial.PERMISSION,
    "insufficient_scope": Denial.PERMISSION,
}
# Matched against the whole message, and never across a parenthesis, since messages repeat names
# in parentheses, and a name may say anything.
_DENIAL_MESSAGES = (
    (r"token (?:is not valid|is invalid|(?:was|is|has) expired)[^()]*", Denial.TOKEN),
    (r"empty key\b[^()]*", Denial.TOKEN),
    (
        r"(?:the )?user (?:does not|doesn't) have (?:the )?(?:required )?permissions?\b[^()]*",
        Denial.PERMISSION,
    ),
    (r"access (?:is )?denied[^()]*", Denial.PERMISSION),
)
_DENIAL_FIXES = {
    Denial.TOKEN: "Give a valid token of this very gateway, or a user name and password",
    Denial.PERMISSION: (
        "Have the token's owner granted SECRETS with MANAGE and DEPLOY_UNDEPLOY in the project "
        "(older versions: ROLE_API_SECURITY and ROLE_DEPLOY_UNDEPLOY_PROXIES)"
    ),
}


def denial(received: Received, envelope: Envelope | Unintelligible) -> Denial | None:
    """Which access an answer says is lacking; None where it says nothing of the kind."""
    said = _said_denial(envelope) if isinstance(envelope, Envelope) else None
    if received.status in {401, 403}:
        return said or (Denial.TOKEN if received.status == 401 else Denial.PERMISSION)
    return said if received.status < 500 else None


def stop_where_denied(
    received: Received, envelope: Envelope | Unintelligible, subject: str, quote: Quote
) -> None:
    """Raise the AccessError an answer calls for, if it does."""
    lacking = denial(received, envelope)
    if lacking is not None:
        raise AccessError(
            f"The gateway denied {subject} for lack of {lacking.value}: "
            f"{failure_words(received, envelope, quote)}",
            why="Nothing more can be done with this access",
            fix=_DENIAL_FIXES[lacking],
        )


def _said_denial(envelope: Envelope) -> Denial | None:
    if not envelope.failed:
        return None
    code = envelope.members.get("error")
    if isinstance(code, str) and code.strip().lower() in _DENIAL_CODES:
        return _DENIAL_CODES[code.strip().lower()]
    for pattern, lacking in _DENIAL_MESSAGES:
        if re.fullmatch(pattern, envelope.message, re.IGNORECASE):
            return lacking
    return None
