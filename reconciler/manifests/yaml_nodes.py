"""YAML bytes to nodes that know their line and column, within limits.

libyaml composes by recursing in C: 200,000 opening brackets overflow its stack and end the
process. The composer calls ``descend_resolver`` before every node and ``ascend_resolver`` after it,
in its C form as in its Python form, so that is where depth and number of nodes are limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import yaml

from reconciler.errors import Problem
from reconciler.manifests.problems import FileError, location_of, problem_at
from reconciler.manifests.yaml_errors import (
    byte_order_mark_problem,
    encoding_problem,
    syntax_problem,
)

MAX_DEPTH = 32
"""Nested collections and values; a manifest needs 7. libyaml recurses in C and would crash."""

MAX_NODES = 500_000
"""Values of one file, aliases counted as often as they are used; at about 300 bytes each."""

TOO_DEEP = (
    f"nests deeper than {MAX_DEPTH} levels, which no manifest needs and a parser may not survive; "
    "flatten it"
)
TOO_MANY = (
    f"the file holds more than {MAX_NODES:,} values, counting an alias as often as it is used; "
    "split it, or write fewer aliases"
)

UNTAGGED = "untagged"
"""The tag of every node whose author wrote none; any other tag was written out."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MARK_INSIDE = re.compile(
    rb"(?<=[\r\n])\xef\xbb\xbf|\xef\xbb\xbf(?=---|apiVersion\b|kind\b|metadata\b|#|\{)"
)
"""A byte-order mark where a second file begins; within a text it is a zero-width space."""

_OTHER_ENCODINGS = {
    b"\xff\xfe": "UTF-16 or UTF-32",
    b"\xfe\xff": "UTF-16",
    b"\0\0\xfe\xff": "UTF-32",
}


class _LimitedResolver:
    """Replaces the resolver of a PyYAML loader: limits, and tags left for later."""

    file = ""
    _depth = 0
    _nodes = 0

    def resolve(self, _kind: type[yaml.Node], _value: Any, _implicit: Any) -> str:
        """Called for nodes without a tag, or with the bare ``!`` that says nothing."""
        return UNTAGGED

    def descend_resolver(self, parent: yaml.Node | None, _index: Any) -> None:
        """Called before each node, with the collection that it is part of."""
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH or self._nodes > MAX_NODES:
            message = TOO_DEEP if self._depth > MAX_DEPTH else TOO_MANY
            if parent is None:
                raise FileError(Problem(self.file, message))
            raise FileError(problem_at(location_of(parent, self.file), message))

    def ascend_resolver(self) -> None:
        """Called after each node."""
        self._depth -= 1


class PureLoader(_LimitedResolver, yaml.SafeLoader):
    """For a PyYAML that was built without libyaml."""


if yaml.__with_libyaml__:

    class NativeLoader(_LimitedResolver, yaml.CSafeLoader):
        """Six times faster than the pure one, with the same marks."""

    LOADER: type[PureLoader] | type[NativeLoader] = NativeLoader
else:  # pragma: no cover - the tests run the pure loader by name
    LOADER = PureLoader


def documents(
    raw: bytes, file: str, loader: type[PureLoader] | type[NativeLoader] = LOADER
) -> Iterator[yaml.Node]:
    """The root nodes of a file's documents, one at a time.

    Raises:
        FileError: the text is no YAML from some place on, or passes a limit.
    """
    for mark, encoding in _OTHER_ENCODINGS.items():
        if raw.startswith(mark):
            message = f"this is {encoding}, manifests are UTF-8; save the file as UTF-8"
            raise FileError(Problem(file, message, 1, 1))
    raw, mark_inside = _split_at_mark(raw.removeprefix(_BYTE_ORDER_MARK), file)
    try:
        parser = loader(raw)
        parser.file = file
        while parser.check_node():
            yield cast("yaml.Node", parser.get_node())
    except yaml.reader.ReaderError as error:
        raise FileError(encoding_problem(raw, file, str(error.reason))) from error
    except yaml.MarkedYAMLError as error:
        raise FileError(syntax_problem(error, raw, file)) from error
    except (ValueError, OverflowError) as error:  # PyYAML hands numbers in escapes on unchecked
        message = "a number in an escape or a directive is out of range; write the character itself"
        raise FileError(Problem(file, message)) from error
    if mark_inside is not None:
        raise FileError(mark_inside)


def _split_at_mark(raw: bytes, file: str) -> tuple[bytes, Problem | None]:
    """What stands before a byte-order mark inside a file, and the problem that it is."""
    found = _MARK_INSIDE.search(raw) if _BYTE_ORDER_MARK in raw else None
    if found is None:
        return raw, None
    before = raw[: found.start()]
    return before, byte_order_mark_problem(before, file)


def node_at(node: yaml.Node, *path: str | int) -> yaml.Node:
    """The node that keys and indexes lead to; of a key given twice the first.

    A key that is not there, such as one that was only read in part, leads to its mapping.
    """
    for step in path:
        if isinstance(step, int):
            node = node.value[step]
        else:
            pairs = node.value
            found = (value for key, value in pairs if key.value == step and key.tag == UNTAGGED)
            node = next(found, node)
    return node
