"""Counts and lists in English, and messages that hold code between backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.core.outcome import Environment

# An opening backtick follows a blank or a bracket, a closing one precedes a blank or punctuation,
# so that a backtick inside a name does not count as one of the message's own.
_CODE = r"(?:^|(?<= )|(?<= \())`([^`]+)`(?=[,.;:!?)]*(?: |$))"


def deployed_in_words(environment: Environment) -> str:
    """Whether an environment got the key."""
    if environment.deployed is None:
        return "not known to be deployed"
    return "deployed" if environment.deployed else "NOT deployed"


def counted(count: int, noun: str) -> str:
    """``1 step``, ``1,200 steps``; the noun's plural ends in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def nonzero(*counts: tuple[int, str]) -> list[str]:
    """``3 renamed`` for each count that is not zero."""
    return [f"{count:,} {label}" for count, label in counts if count]


def code_parts(message: str) -> Iterator[tuple[bool, str]]:
    """The parts of a message in their order: whether each is code, and its text without backticks.

    Text after code begins with punctuation or a blank. Text before code ends with a blank, or with
    a blank and an opening bracket. No part is empty.
    """
    for number, part in enumerate(re.split(_CODE, message)):
        if part:
            yield number % 2 == 1, part
