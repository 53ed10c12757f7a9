"""Which names the gateway can address, and the temporary names that cycles go through.

The rules follow from the update's URL, ``…/jwks/{jwkName}/``: a name that a servlet stack cuts,
decodes twice or resolves as a dot segment (RFC 3986, 5.2.4) would address nothing, or another key.
"""

from __future__ import annotations

import re
from hashlib import sha256

MAX_LENGTH = 255
"""The longest name, in characters."""

PATH_BREAKERS = "/\\;%?#"
"""Characters that servers reject or cut a path segment at, percent-encoded or not."""

_CONTROL = r"\x00-\x1f\x7f-\x9f"
_INVISIBLE = r"\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"

# Nearly every name: nothing below needs a look at it, or to be compiled for it.
_ORDINARY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+=~:-]*")
_TEMPORARY = re.compile(r"\.moving-[0-9a-f]{10}\Z")
_UNADDRESSABLE = rf"[{re.escape(PATH_BREAKERS)}{_CONTROL}\ud800-\udfff]"
_FAULTS = (
    (r"\A\.{1,2}\Z", "is a dot segment, which URLs resolve away"),
    (r"\A | \Z", "begins or ends with a space"),
    (rf"[{re.escape(PATH_BREAKERS)}]", "holds one of / \\ ; % ? #"),
    (rf"[{_CONTROL}]", "holds a control character"),
    (rf"[{_INVISIBLE}]", "holds an invisible or direction-changing character"),
    (r"[\ud800-\udfff]", "holds half of a surrogate pair"),
)


def name_fault(name: str) -> str | None:
    """Why a name may not be declared, as the rest of a sentence; None for a good name."""
    if not name:
        return "is empty"
    if len(name) > MAX_LENGTH:
        return f"is {len(name)} characters long, {MAX_LENGTH} are allowed"
    if _ORDINARY.fullmatch(name):
        return None
    for pattern, fault in _FAULTS:
        if re.search(pattern, name):
            return fault
    return None


def is_addressable(name: str) -> bool:
    """Whether an update of a live key with this name can be sent at all.

    Laxer than ``name_fault``: an ugly live name, such as one with a zero-width space, can still be
    renamed away from.
    """
    if _ORDINARY.fullmatch(name):
        return True
    return bool(name) and name not in {".", ".."} and not re.search(_UNADDRESSABLE, name)


def temporary_name(target: str) -> str:
    """The name a key waits under, in a cycle of renames, until ``target`` is free.

    It depends on the target alone, so that a later run recognises a key left under it and completes
    the rename. Never longer than ``MAX_LENGTH``; two targets never share one.
    """
    suffix = f".moving-{sha256(target.encode()).hexdigest()[:10]}"
    return target[: MAX_LENGTH - len(suffix)] + suffix


def looks_temporary(name: str) -> bool:
    """Whether a name has the form of a temporary name, of whatever target."""
    return _TEMPORARY.search(name) is not None
