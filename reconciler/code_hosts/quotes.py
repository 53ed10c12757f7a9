"""How a host's words are repeated: on one line, short, and without our secrets in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

QUOTE_LIMIT = 500
"""The most characters of a message that are repeated."""


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """A message without the secrets, then clipped: a clipped secret could not be found."""
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""))}
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    text = re.sub(pattern, "[token]", text) if pattern else text
    text = " ".join(text.split())
    return text if len(text) <= QUOTE_LIMIT else f"{text[: QUOTE_LIMIT - 1]}…"


_WORDS = ("message", "error_description", "error", "errors")
_DEEPEST = 4


def said(parsed: object) -> str:
    """The words in an error's JSON, whichever host's form it has; "" where there are none."""
    for _ in range(_DEEPEST):
        if isinstance(parsed, str):
            return parsed
        if isinstance(parsed, dict):
            named = (parsed[name] for name in _WORDS if parsed.get(name))
            # GitLab puts the words of a wrong member below that member's name.
            parsed = next(named, next(iter(parsed.values()), None))
        elif isinstance(parsed, list):
            parsed = next(iter(parsed), None)
    return ""
