"""What to write into a manifest so that an entry finds its key; only what nobody would regret."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.core.confusables import appearance, where_different
from reconciler.core.model import DeclaredJwk, LiveJwk
from reconciler.core.names import name_fault
from reconciler.core.text import shell_word, yaml_escaped, yaml_scalar

_ALIKE = 0.6
"""How alike two names have to be; difflib's own measure for close matches."""
_MOST_COMPARED = 200
"""How many undeclared names a missing one is compared with, so that this stays quick."""
_WORDS = re.compile(r"[^\W_]+")


def unique_kids(live: Iterable[LiveJwk]) -> frozenset[str]:
    """The kids that exactly one live key has: only such a one says which key is meant."""
    counts = Counter(jwk.kid for jwk in live if jwk.kid is not None)
    return frozenset(kid for kid, count in counts.items() if count == 1)


def pin(key: LiveJwk, kids: Collection[str]) -> str | None:
    """The member that pins a live key; None where its ``kid`` does not tell it from others.

    Args:
        key: the live key.
        kids: those that exactly one live key has.
    """
    return f"`kid: {yaml_scalar(key.kid)}`" if key.kid is not None and key.kid in kids else None


def previous_names(key: LiveJwk) -> str:
    """The member that says the present name of a live key."""
    return f"`previousNames: [{yaml_scalar(key.name)}]`"


def for_missing(
    project: str, entry: DeclaredJwk, likely: LiveJwk | None, kids: Collection[str], *, shared: bool
) -> str:
    """What to do about an entry that no live key is.

    Args:
        project: the Apinizer project.
        entry: the declared JWK.
        likely: the undeclared live key that it most likely is; see ``likely_key``.
        kids: those that exactly one live key has.
        shared: another missing entry is likely to be the same key.
    """
    if likely is not None:
        seen = appearance(likely.name)
        for name in (entry.name, *entry.previous_names):
            if appearance(name) == seen:
                return _for_confusable(entry, name, likely)
    if entry.kid is not None:
        return "check `kid` against `reconciler export`, or remove the entry if the key is gone"
    if likely is not None:
        pinned = pin(likely, kids)
        doubt = ": others may be it too" if shared else ""
        return (
            f"`{likely.name}` is live and undeclared: add {previous_names(likely)}"
            f"{f', or pin {pinned}' if pinned else ''}, if it is this entry{doubt}"
        )
    return (
        "create the key in the Manager first, correct the name, or remove the entry; if the key "
        "has another name now, as after the revert of a rename that was applied, add the line "
        "`previousNames: [THE-NAME-IT-HAS-NOW]` "
        f"(`reconciler export {shell_word(project)}` shows the names)"
    )


def _for_confusable(entry: DeclaredJwk, name: str, likely: LiveJwk) -> str:
    apart = where_different(name, likely.name, "the manifest", "the live name")
    if name == entry.name and name_fault(likely.name) is None:
        advice = f"write the name as it is live: `name: {yaml_escaped(likely.name)}`"
    else:
        advice = f"if it is this entry, say `previousNames: [{yaml_escaped(likely.name)}]`"
    return f"the live key `{likely.name}` only looks like `{name}`: {apart}; {advice}"


def by_appearance(undeclared: Iterable[LiveJwk]) -> dict[str, LiveJwk]:
    """Undeclared live keys by what a hasty reader sees of their names."""
    return {appearance(jwk.name): jwk for jwk in undeclared}


def likely_key(
    entry: DeclaredJwk, undeclared: Sequence[LiveJwk], seen: Mapping[str, LiveJwk]
) -> LiveJwk | None:
    """The undeclared live key that a missing entry most likely is, if one stands out.

    That a key is the only one left says nothing: renaming it would take it from whoever uses it.

    Args:
        entry: the declared JWK.
        undeclared: the live keys that nothing declared is.
        seen: the same by their appearance.
    """
    for name in (entry.name, *entry.previous_names):
        if appearance(name) in seen:
            return seen[appearance(name)]
    if entry.kid is not None:
        return None
    compared = [jwk for jwk in undeclared if jwk.name not in entry.previous_names][:_MOST_COMPARED]
    described = [
        jwk for jwk in compared if entry.description and jwk.description == entry.description
    ]
    if len(described) == 1:
        return described[0]
    ranked = sorted(
        ((likeness, jwk) for jwk in compared if (likeness := _likeness(entry.name, jwk.name))),
        key=lambda item: -item[0],
    )
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return ranked[0][1]


def _likeness(name: str, other: str) -> float:
    """How alike two names are, from 0 for different ones to 1.

    Words that both hold say little: the keys of a team often end alike. So what is left without
    them has to be alike too.
    """
    whole = _ratio(name, other)
    if whole < _ALIKE:
        return 0
    words, others = _WORDS.findall(name.casefold()), _WORDS.findall(other.casefold())
    rest = "-".join(word for word in words if word not in others)
    other_rest = "-".join(word for word in others if word not in words)
    if rest and other_rest and _ratio(rest, other_rest) < _ALIKE:
        return 0
    return whole


def _ratio(name: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, name, other)
    if matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE:
        return 0
    return matcher.ratio()
