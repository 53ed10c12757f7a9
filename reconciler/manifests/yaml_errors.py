"""The YAML parser's errors, in words an author can act on."""

from __future__ import annotations

import re

import yaml

from reconciler.core.text import visible
from reconciler.errors import Problem
from reconciler.manifests.problems import ticked

_NOT_ALLOWED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters no YAML stream may hold (YAML 1.1, 5.1)."""

_TAB = "a tab indents this line, and YAML allows spaces only; replace the tab with spaces"
_INDENTATION = (
    "the structure breaks here; check that this line is indented like its neighbours and that the "
    "brackets and quotes before it are closed"
)
_MESSAGES = {
    "found a tab": _TAB,
    "mapping values are not allowed": (
        "a colon can't stand here; check the indentation of this line, and quote a value that "
        "holds a colon and a space"
    ),
    "sequence entries are not allowed": (
        "a list item can't begin here; put `-` on a line of its own, indented below its member"
    ),
    " expected ':'": (
        "this line has no colon after its key; write `key: value`, and indent the further lines of "
        "a text"
    ),
    "unexpected end of stream": "the file ends inside a quoted text; close the quotation mark",
    "unexpected document": (
        "`---` or `...` stands inside a quoted text; close the quotation mark before it"
    ),
    " expected ',' or": "a comma or a closing bracket is missing before this place; add it",
    "undefined alias": (
        "this alias has no anchor before it; define the anchor (`&name`) first, or quote the text"
    ),
    "duplicate anchor": "this anchor was defined before in the document; rename one of the two",
    "unknown escape": (
        "unknown escape in a double-quoted text; write `\\\\` for a backslash, or use single quotes"
    ),
    "character escape code": "this escape is no character; write the character itself",
    "hexdecimal": "an escape lacks hexadecimal digits; write `\\\\` for a backslash",
    "escape sequence of": "an escape lacks hexadecimal digits; write `\\\\` for a backslash",
    "undefined tag handle": "tags such as `!name!value` are not allowed in manifests; remove it",
    " expected <document start>": (
        "a second document begins without `---`; add the line `---`, or indent this like the text "
        "before it"
    ),
    " expected": _INDENTATION,
}
"""By a part of the parser's message, the first that fits; libyaml and PyYAML word them alike."""


def syntax_problem(error: yaml.MarkedYAMLError, raw: bytes, file: str) -> Problem:
    """The problem for what the parser reports, at the place it reports."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Problem(file, _unknown(str(error.problem)))
    line, column = mark.line + 1, mark.column + 1
    reported = f"{error.context or ''} {error.problem or ''}"
    if "cannot start any token" in reported:
        return Problem(file, _no_token(raw, line, column), line, column)
    message = next((text for part, text in _MESSAGES.items() if part in reported), None)
    context, begun = error.context_mark, ""
    if context is not None and context.line + 1 != line:
        begun = f" (it belongs to what begins on line {context.line + 1})"
    return Problem(file, (message or _unknown(reported)) + begun, line, column)


def encoding_problem(raw: bytes, file: str, reason: str) -> Problem:
    """The problem for bytes that are no text YAML allows, at the first bad byte."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode()
        message = (
            f"the byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8, which is the "
            "only encoding manifests may have"
        )
        return _after(before, file, message)
    bad = _NOT_ALLOWED.search(text)
    if bad is None:
        return Problem(file, _unknown(reason))
    message = (
        f"the character U+{ord(bad[0]):04X} is not allowed in YAML; remove it, or write it as an "
        "escape in a double-quoted text"
    )
    return _after(text[: bad.start()], file, message)


def byte_order_mark_problem(before: bytes, file: str) -> Problem:
    """The problem for a byte-order mark inside a file, which stands after ``before``."""
    message = (
        "a byte-order mark (U+FEFF) stands inside the file, as where files that begin with one are "
        "put together; save each as UTF-8 without it, or remove the character"
    )
    return _after(before.decode(errors="replace"), file, message)


def _unknown(reported: str) -> str:
    return f"this is not YAML: {visible(reported.strip())}; correct it"


def _no_token(raw: bytes, line: int, column: int) -> str:
    lines = raw.decode(errors="replace").splitlines()
    character = lines[line - 1][column - 1 : column] if line <= len(lines) else ""
    if character == "\t":
        return _TAB
    return f"a value can't begin with {ticked(character)}; put the value in quotes"


def _after(before: str, file: str, message: str) -> Problem:
    """A problem that stands where a file's first part ends."""
    line_start = before.rfind("\n") + 1
    return Problem(file, message, before.count("\n") + 1, len(before) - line_start + 1)
