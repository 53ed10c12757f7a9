"""Secrets that nobody may meet again, and how to find them however they are spelled.

Every process of the tests loads this, so that it imports next to nothing.
"""

from __future__ import annotations

from binascii import b2a_base64

MARK = "k3y" + "Le4kz"  # in two pieces, so that a copy of this file is no find
"""What every stretch of a planted secret holds: letters and digits, which no format escapes."""

PLANTED_SECRET = "".join(MARK + letter for letter in "ABCD")
"""Key material that is none: any 17 characters of it hold the mark."""

DEFAULT_TOKEN = "sandbox-" + "token"
"""The token of seeds that name none."""

FALSE_KEY = "FAKE PRIVATE KEY " + "of the sandbox"
"""What the sandbox answers to whoever reads one key, which nothing here ever does."""


def spellings(secret: str) -> set[bytes]:
    """The ways a text of letters and digits might be written somewhere."""
    plain = secret.encode()
    wide = secret.encode("utf-16-le")
    hexadecimal = {plain.hex().encode(), plain.hex().upper().encode()}
    return {plain, wide[:-1], *hexadecimal, *_in_base64(plain)}


def _in_base64(plain: bytes) -> set[bytes]:
    """What Base64 makes of a text at each of its three alignments, whatever stands around it."""
    found = set()
    for before in range(3):
        encoded = b2a_base64(b"\0" * before + plain, newline=False)
        whole = (before + len(plain)) // 3 * 4
        # The first characters also depend on what stands before.
        found.add(encoded[(0, 2, 3)[before] : whole])
    return found | {text.translate(bytes.maketrans(b"+/", b"-_")) for text in found}


NAMED = (
    ("the planted secret", MARK),
    ("the default token", DEFAULT_TOKEN),
    ("a key read", FALSE_KEY),
)
NEEDLES = tuple((name, form) for name, secret in NAMED for form in sorted(spellings(secret)))
_AROUND = 60
_WRAPPED = 1_000_000
"""The longest text that is also looked through with its lines joined, as a terminal wraps them."""


def find_secrets(content: str | bytes) -> list[str]:
    """What a text gives away, and what stands before it; the secret itself is not repeated."""
    data = content.encode(errors="surrogatepass") if isinstance(content, str) else content
    found = _found(data)
    return found if found or len(data) > _WRAPPED else _found(b"".join(data.split()))


def _found(data: bytes) -> list[str]:
    return [
        f"{name} at byte {place}, after {_shown(data[max(place - _AROUND, 0) : place])!r}"
        for name, form in NEEDLES
        if (place := data.find(form)) >= 0
    ]


def masked(text: str) -> str:
    """A text without what was found in it, so that a report does not repeat it."""
    for name, secret in NAMED:
        text = text.replace(secret, f"[{name}]")
    return text


def _shown(before: bytes) -> str:
    return masked(before.decode(errors="replace"))
