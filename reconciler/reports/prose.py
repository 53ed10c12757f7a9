"""Sentences in which code stands between backticks, taken apart for sinks that can set code."""

from __future__ import annotations

import re
from collections.abc import Iterator

# An opening backtick follows a blank or a bracket, a closing one precedes a blank or punctuation,
# so that a backtick inside a name does not count as one of the sentence's own.
_CODE = re.compile(r"(?:^|(?<= )|(?<= \())`([^`]+)`(?=[,.;:!?)]*(?: |$))")


def parts(text: str) -> Iterator[tuple[bool, str]]:
    """The text's parts in their order: whether each is code, and its text without backticks.

    Prose after code begins with punctuation or a blank, and ends with a blank, or a blank and an
    opening bracket, before code. None is empty.
    """
    for number, part in enumerate(_CODE.split(text)):
        if part:
            yield number % 2 == 1, part
