"""How other people's words are repeated: short, and without our secrets in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

QUOTE_LIMIT = 500
"""The most characters of a message that are repeated."""

Quote = Callable[[str], str]
"""How a message is repeated; live text in it is still not escaped."""

_SURROGATES = "[\ud800-\udfff]"

# What a message would hold if it repeated a private key: PEM (RFC 7468), and a JWK's private
# parameters (RFC 7518, 6.2.2, 6.3.2 and 6.4.1), also where the JSON was quoted once more. Each to
# its end, or to the message's where it is cut off.
_PEM = r"-----BEGIN [^-]*PRIVATE KEY[^-]*-----.*?(?:-----END [^-]*-----|\Z)"
_MEMBER = r"(?<=[\"'])(?:d|p|q|dp|dq|qi|k|r|t|privateKey\w*)"
_VALUE = r"\\*[\"']\s*:\s*\\*([\"']).*?(?:\1|\Z)"
_KEY_MATERIAL = (_PEM, _MEMBER + _VALUE)
_LOOKED_AT = 10_000
"""Characters of a message after which nobody will read it, so that looking for keys stays quick."""


def clip(text: str) -> str:
    """A message in at most ``QUOTE_LIMIT`` characters that any encoding of Unicode can write.

    Without private keys, where it holds any.
    """
    text = text.strip()[:_LOOKED_AT]
    for pattern in _KEY_MATERIAL:
        text = re.sub(pattern, "[private key]", text, flags=re.DOTALL)
    text = re.sub(_SURROGATES, "\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= QUOTE_LIMIT else f"{text[: QUOTE_LIMIT - 1]}…"


class Secrets:
    """The texts that must not be repeated, whoever says them; safe to use from many threads."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}

    def add(self, secret: str, label: str) -> None:
        """Have a secret, in its plain and its URL-encoded forms, replaced by ``[label]``."""
        forms = {secret, quote(secret, safe=""), quote_plus(secret)}
        # A new dictionary, as another thread may be going through the present one.
        self._labels = {**self._labels, **dict.fromkeys(forms, f"[{label}]")}

    def quote(self, text: str) -> str:
        """A message without the secrets, then clipped: a clipped secret could not be found."""
        labels = self._labels
        if labels:
            longest_first = sorted(labels, key=len, reverse=True)
            pattern = "|".join(re.escape(form) for form in longest_first)
            text = re.sub(pattern, lambda found: labels[found[0]], text)
        return clip(text)
