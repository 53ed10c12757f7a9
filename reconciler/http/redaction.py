"""Keeps secrets and key material out of texts: whatever a server says, and whatever is printed."""

from __future__ import annotations

import re
from collections.abc import Callable

LIMIT = 500
"""The most characters of a server's message that are repeated."""

SHORTEST_SECRET = 8
"""A shorter secret stands in ordinary words, so that it can't be masked everywhere."""

Redact = Callable[[str], str]
"""How a server's message is repeated; live text in it is still not escaped."""

_SURROGATES = "[\ud800-\udfff]"

# What a message would hold if it repeated a private key: PEM (RFC 7468), and a JWK's private
# parameters (RFC 7518, 6.2.2, 6.3.2 and 6.4.1), also where the JSON was quoted once more. Each to
# its end, or to the message's where it is cut off.
_PEM = r"-----BEGIN [^-]*PRIVATE KEY[^-]*-----.*?(?:-----END [^-]*-----|\Z)"
_MEMBER = r"(?<=[\"'])(?:d|p|q|dp|dq|qi|k|r|t|privateKey\w*)"
_VALUE = r"\\*[\"']\s*:\s*\\*([\"']).*?(?:\1|\Z)"
_KEY_MATERIAL = (_PEM, _MEMBER + _VALUE)
_LONGEST_SEARCHED = 10_000
"""Characters of a message after which nobody will read it, so that looking for keys stays quick."""

_NAMED_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


def shorten(text: str) -> str:
    """A message in at most ``LIMIT`` characters that any encoding of Unicode can write.

    Without private keys, where it holds any.
    """
    text = text.strip()[:_LONGEST_SEARCHED]
    for pattern in _KEY_MATERIAL:
        text = re.sub(pattern, "[private key]", text, flags=re.DOTALL)
    text = re.sub(_SURROGATES, "\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 1]}…"


class Secrets:
    """The texts that must not be repeated, whoever says them; safe to use from many threads."""

    def __init__(self) -> None:
        # By all the ways to write a secret, as a regular expression: its longest run of letters
        # and digits, which no format escapes, and what stands in the secret's place.
        self._known: dict[str, tuple[str, str]] = {}

    def add(self, secret: str, label: str = "secret") -> None:
        """Have a secret replaced by ``[label]`` from now on, however a text has it written."""
        if not secret:
            return
        core = max(re.findall(r"[^\W_]*", secret), key=len)
        known = {**self._known, "".join(map(_spellings, secret)): (core, f"[{label}]")}
        # A new dictionary, as another thread may be going through the present one. A secret that
        # another one begins with comes after it.
        self._known = dict(sorted(known.items(), key=lambda item: -len(item[0])))

    def mask(self, text: str) -> str:
        """A text without the secrets."""
        found = {how: label for how, (core, label) in self._known.items() if core in text}
        if not found:
            return text
        labels = list(found.values())
        pattern = "|".join(f"({how})" for how in found)
        return re.sub(pattern, lambda match: labels[(match.lastindex or 1) - 1], text)

    def redact(self, text: str) -> str:
        """A server's message without the secrets and key material, shortened after that."""
        return shorten(self.mask(text))


def _spellings(char: str) -> str:
    r"""A character as it is, with backslashes, as an entity, as ``\uXXXX`` or percent-encoded."""
    if char.isalnum() and char.isascii():
        return char
    code = ord(char)
    percent = "".join(f"%{byte:02x}" for byte in char.encode(errors="replace"))
    ways = [
        rf"\\*{re.escape(char)}",
        f"&{_NAMED_ENTITIES.get(char, '')};",
        f"&#0*{code};",
        f"(?i:&#x0*{code:x};)",
        rf"(?i:\\+u{code:04x})",
        rf"(?i:\\+x{code:02x})",
        f"(?i:{percent})",
    ]
    if char == " ":
        ways.append(r"\+")
    return f"(?:{'|'.join(ways)})"
