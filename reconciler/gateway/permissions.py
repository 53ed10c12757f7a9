"""Which responses say that a token or a permission is lacking, however they say it."""

from __future__ import annotations

import re
from enum import Enum

from reconciler.errors import AuthError, PermissionDeniedError
from reconciler.gateway.envelope import Envelope, Unintelligible, failure_message
from reconciler.http.client import Response
from reconciler.http.redaction import Redact


class Lacking(Enum):
    """What a response says is lacking."""

    TOKEN = "a valid token"  # noqa: S105 - a description
    PERMISSION = "a permission"


_ERROR_CODES = {
    "invalid_token": Lacking.TOKEN,
    "unauthorized": Lacking.TOKEN,
    "access_denied": Lacking.PERMISSION,
    "forbidden": Lacking.PERMISSION,
    "insufficient_scope": Lacking.PERMISSION,
}
# Matched against the whole message, and never across a parenthesis, since messages repeat names
# in parentheses, and a name may say anything.
_MESSAGES = (
    (r"token (?:is not valid|is invalid|(?:was|is|has) expired)[^()]*", Lacking.TOKEN),
    (r"empty key\b[^()]*", Lacking.TOKEN),
    (
        r"(?:the )?user (?:does not|doesn't) have (?:the )?(?:required )?permissions?\b[^()]*",
        Lacking.PERMISSION,
    ),
    (r"access (?:is )?denied[^()]*", Lacking.PERMISSION),
)
_FIXES = {
    Lacking.TOKEN: "Give a valid token of this very gateway, or a user name and password",
    Lacking.PERMISSION: (
        "Have the token's owner granted SECRETS with MANAGE and DEPLOY_UNDEPLOY in the project "
        "(older versions: ROLE_API_SECURITY and ROLE_DEPLOY_UNDEPLOY_PROXIES)"
    ),
}


def lacking(response: Response, envelope: Envelope | Unintelligible) -> Lacking | None:
    """What a response says is lacking; None where it says nothing of the kind."""
    named = _named(response, envelope) if isinstance(envelope, Envelope) else None
    if response.status in {401, 403}:
        return named or (Lacking.TOKEN if response.status == 401 else Lacking.PERMISSION)
    return named if response.status < 500 else None


def raise_where_lacking(
    response: Response, envelope: Envelope | Unintelligible, subject: str, redact: Redact
) -> None:
    """Raise the AuthError a response calls for, if it does."""
    what = lacking(response, envelope)
    if what is not None:
        denied = PermissionDeniedError if what is Lacking.PERMISSION else AuthError
        raise denied(
            f"The gateway denied {subject} for lack of {what.value}: "
            f"{failure_message(response, envelope, redact)}",
            why="Nothing more can be done with this access",
            fix=_FIXES[what],
        )


def _named(response: Response, envelope: Envelope) -> Lacking | None:
    if not envelope.failed(response):
        return None
    code = envelope.error
    if isinstance(code, str) and code.strip().lower() in _ERROR_CODES:
        return _ERROR_CODES[code.strip().lower()]
    for pattern, what in _MESSAGES:
        if re.fullmatch(pattern, envelope.text, re.IGNORECASE):
            return what
    return None
