"""Which keys a script uses by their names: a rule on its tokens, not a run of it.

A script uses a key where it mentions ``environment_jwkMap`` and holds the key's name, outside of
comments, as a whole string literal or as a property of that map.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from reconciler.core.references.tokens import Kind, Language, Token, tokens, unescaped

KEY_MAP = "environment_jwkMap"
"""The variable in which scripts find the keys, by their names."""

_UNICODE_ESCAPE = re.compile(r"\\u+(?:(?P<unit>[0-9a-fA-F]{4})|\{(?P<point>[0-9a-fA-F]{1,6})\})")

_BEFORE, _AFTER = 2, 5
"""How many tokens around one matter."""

_NOTHING = Token(Kind.SIGN)
_GIVES_NO_KEY = frozenset({"size", "isEmpty", "hashCode", "equals"})
_CALLED_WITHOUT_BRACKETS = frozenset({"get", "getAt", "getOrDefault"})
_COMPARISONS = frozenset({"==", "!=", "===", "!=="})
_AS_CONDITION = _COMPARISONS | {"&&", "?"}


class ScriptUse(Struct, frozen=True):
    """What a script has to do with keys.

    Attributes:
        names: of the names looked for, those that it holds.
        unclear: whether it also, or only, finds keys in a way that doesn't show their names.
    """

    names: frozenset[str] = frozenset()
    unclear: bool = False


def script_use(script: str, language: Language | None, names: Collection[str]) -> ScriptUse:
    """What a script has to do with keys.

    Args:
        script: the whole of it, valid or not.
        language: None where it is not known; then it is read as either.
        names: those to look for.
    """
    if KEY_MAP not in script and not _mentions_escaped(script):
        return ScriptUse()
    if _is_plain(script, names):
        return ScriptUse()
    uses = [
        _use(tokens(script, each), names)
        for each in ([language] if language is not None else Language)
    ]
    return ScriptUse(
        frozenset().union(*(use.names for use in uses)), any(use.unclear for use in uses)
    )


def _mentions_escaped(script: str) -> bool:
    return "\\u" in script and KEY_MAP in _UNICODE_ESCAPE.sub(
        lambda found: unescaped(found[0]), script
    )


_PLAIN_LOOKUP = re.compile(
    KEY_MAP
    + r"""\s*(?:\??\.\s*get\s*\(\s*(?:"[^"\\$\r\n]*"|'[^'\\\r\n]*')\s*\)"""
    + r"""|\[\s*(?:"[^"\\$\r\n]*"|'[^'\\\r\n]*')\s*\])"""
)
"""A lookup that is clear wherever it stands, in a comment too."""


def _is_plain(script: str, names: Collection[str]) -> bool:
    """Whether a script surely uses none of the names, as seen without its tokens.

    Most are: they look up other keys, and without escapes a name would stand there as it is.
    """
    if "\\" in script or "$/" in script or any(name in script for name in names):
        return False
    return KEY_MAP not in _PLAIN_LOOKUP.sub("", script)


def _use(script: Iterable[Token], names: Collection[str]) -> ScriptUse:
    maps = {KEY_MAP}
    held: set[str] = set()
    mentioned = unclear = False
    for window in _windows(script):
        token, after = window[_BEFORE], window[_BEFORE + 1]
        if token.kind is Kind.LITERAL:
            if token.text == KEY_MAP:  # such as binding.getVariable("environment_jwkMap")
                mentioned = unclear = True
            elif token.text in names and not _is_concatenated(window[_BEFORE - 1], after):
                held.add(token.text)
        elif token.kind is Kind.UNREADABLE:
            unclear = True
        elif token.kind is Kind.NAME and token.text in maps:
            mentioned = True
            around = list(window)
            name = _property(around[_BEFORE + 1 :])
            if name is not None and name in names:
                held.add(name)
            alias = _alias(around)
            if alias:
                maps.add(alias)
            unclear = unclear or not (alias or _is_clear(around))
    return ScriptUse(frozenset(held), unclear) if mentioned else ScriptUse()


def _windows(script: Iterable[Token]) -> Iterator[deque[Token]]:
    """Each token with those around it; one and the same window, which moves on."""
    window = deque([_NOTHING] * (_BEFORE + 1 + _AFTER), maxlen=_BEFORE + 1 + _AFTER)
    for number, token in enumerate(script):
        window.append(token)
        if number >= _AFTER:
            yield window
    for _ in range(_AFTER):
        window.append(_NOTHING)
        yield window


def _is_concatenated(before: Token, after: Token) -> bool:
    return _is_sign(before, "+", "+=") or _is_sign(after, "+")


def _is_sign(token: Token, *signs: str) -> bool:
    return token.kind is Kind.SIGN and token.text in signs


def _closes(token: Token, signs: str) -> bool:
    return token.kind is Kind.SIGN and token.text[:1] in signs and bool(token.text)


def _is_member_sign(token: Token) -> bool:
    return _is_sign(token, ".", "?.", "*.", "[", "?[")


def _property(after: Sequence[Token]) -> str | None:
    """The name in ``map.name``."""
    if _is_sign(after[0], ".", "?.", "*.") and after[1].kind is Kind.NAME:
        return None if _is_sign(after[2], "(") else after[1].text
    return None


def _alias(around: Sequence[Token]) -> str:
    """The variable that the map itself is assigned to."""
    target, assigned = around[:_BEFORE]
    is_bare = not _is_member_sign(around[_BEFORE + 1])
    return target.text if is_bare and _is_sign(assigned, "=") and target.kind is Kind.NAME else ""


def _is_clear(around: Sequence[Token]) -> bool:
    """Whether this mention of the map shows which key is meant, or that none is."""
    after = around[_BEFORE + 1 :]
    if _is_sign(after[0], "[", "?["):
        return _is_literal_up_to(after[1:], "]")
    if _is_sign(after[0], ".", "?.", "*."):
        return _is_clear_member(after[1:])
    return _is_condition(around)


def _is_literal_up_to(after: Sequence[Token], ends: str) -> bool:
    return after[0].kind is Kind.LITERAL and _closes(after[1], ends)


def _is_clear_member(after: Sequence[Token]) -> bool:
    """Whether what follows the dot is a name, or a call with a literal."""
    member, following = after[:2]
    if member.kind is Kind.LITERAL:  # map."name"
        return True
    if _is_sign(member, "["):  # map?.["name"]
        return _is_literal_up_to(after[1:], "]")
    if member.kind is not Kind.NAME:
        return False
    if _closes(following, "(") or following.text == "{":
        is_literal = following.text == "(" and _is_literal_up_to(after[2:], "),")
        return member.text in _GIVES_NO_KEY or is_literal
    if member.text in _CALLED_WITHOUT_BRACKETS:
        return following.same_line and following.kind is Kind.LITERAL
    return True


def _is_condition(around: Sequence[Token]) -> bool:
    """Whether the map is only asked whether it is there, or for one literal name."""
    first, before = around[:_BEFORE]
    after = around[_BEFORE + 1]
    if before.kind is Kind.NAME:
        return before.text == "typeof" or (before.text == "in" and first.kind is Kind.LITERAL)
    is_alone = first.text in {"if", "while"} and _is_sign(before, "(") and _closes(after, ")")
    is_compared = _is_sign(before, "!", *_COMPARISONS) or _is_sign(after, *_AS_CONDITION)
    return is_alone or is_compared
