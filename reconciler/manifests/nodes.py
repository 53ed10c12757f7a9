"""YAML bytes to nodes that know their line and column, within bounds.

libyaml composes by recursing in C: 200,000 opening brackets overflow its stack and end the
process. The composer calls ``descend_resolver`` before every node and ``ascend_resolver`` after it,
in its C form as in its Python form, so that is where depth and number of nodes are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import yaml

from reconciler.core.model import SourceLocation
from reconciler.manifests.findings import FileFault, Finding, whole_file
from reconciler.manifests.limits import MAX_DEPTH, MAX_NODES
from reconciler.manifests.syntax import syntax_fault, unreadable_text

UNTAGGED = "untagged"
"""The tag of every node whose author wrote none; any other tag was written out."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = {
    b"\xff\xfe": "UTF-16 or UTF-32",
    b"\xfe\xff": "UTF-16",
    b"\0\0\xfe\xff": "UTF-32",
}


class _TooMuch(Exception):  # noqa: N818 - a signal between the composer's hooks and documents()
    """A bound was passed; carries the collection that was being filled, where there is one."""

    def __init__(self, message: str, parent: yaml.Node | None) -> None:
        super().__init__(message)
        self.message = message
        self.parent = parent


class _Bounded:
    """Replaces the resolver of a PyYAML loader: bounds, and tags left for later."""

    _depth = 0
    _nodes = 0

    def resolve(self, _kind: type[yaml.Node], _value: Any, _implicit: Any) -> str:
        """Called for nodes without a tag, or with the bare ``!`` that says nothing."""
        return UNTAGGED

    def descend_resolver(self, parent: yaml.Node | None, _index: Any) -> None:
        """Called before each node."""
        self._depth += 1
        self._nodes += 1
        if self._depth > MAX_DEPTH:
            raise _TooMuch(too_deep(), parent)
        if self._nodes > MAX_NODES:
            raise _TooMuch(too_many(), parent)

    def ascend_resolver(self) -> None:
        """Called after each node."""
        self._depth -= 1


class PureLoader(_Bounded, yaml.SafeLoader):
    """For a PyYAML that was built without libyaml."""


if yaml.__with_libyaml__:

    class NativeLoader(_Bounded, yaml.CSafeLoader):
        """Six times faster than the pure one, with the same marks."""

    LOADER: type[PureLoader] | type[NativeLoader] = NativeLoader
else:  # pragma: no cover - the tests run the pure loader by name
    LOADER = PureLoader


def documents(
    raw: bytes, file: str, loader: type[PureLoader] | type[NativeLoader] = LOADER
) -> Iterator[yaml.Node]:
    """The root nodes of a file's documents, one at a time.

    Raises:
        FileFault: the text is no YAML from some place on, or passes a bound.
    """
    _refuse_other_encodings(raw, file)
    raw = raw.removeprefix(_BYTE_ORDER_MARK)
    try:
        parser = loader(raw)
        while parser.check_node():
            yield cast("yaml.Node", parser.get_node())
    except yaml.reader.ReaderError as error:
        raise FileFault(unreadable_text(raw, file, str(error.reason))) from error
    except yaml.MarkedYAMLError as error:
        raise FileFault(syntax_fault(error, raw, file)) from error
    except (ValueError, OverflowError) as error:  # PyYAML hands numbers in escapes on unchecked
        message = "a number in an escape or a directive is out of range; write the character itself"
        raise FileFault(whole_file(file, message)) from error
    except _TooMuch as error:
        if error.parent is None:
            raise FileFault(whole_file(file, error.message)) from error
        raise FileFault(Finding(location_of(error.parent, file), error.message)) from error


def location_of(node: yaml.Node, file: str) -> SourceLocation:
    """Where a node begins."""
    return SourceLocation(file, node.start_mark.line + 1, node.start_mark.column + 1)


def member(mapping: yaml.Node, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The key and value nodes of a mapping's first member with that key."""
    pairs = mapping.value if isinstance(mapping, yaml.MappingNode) else ()
    return next((pair for pair in pairs if pair[0].value == key and pair[0].tag == UNTAGGED), None)


def too_deep() -> str:
    """The message for values nested past the bound."""
    return (
        f"nests deeper than {MAX_DEPTH} levels, which no manifest needs and a parser may not "
        "survive; flatten it"
    )


def too_many() -> str:
    """The message for values beyond the bound."""
    return (
        f"the file holds more than {MAX_NODES:,} values, counting an alias as often as it is used; "
        "split it, or write fewer aliases"
    )


def _refuse_other_encodings(raw: bytes, file: str) -> None:
    for mark, encoding in _OTHER_ENCODINGS.items():
        if raw.startswith(mark):
            message = f"this is {encoding}, manifests are UTF-8; save the file as UTF-8"
            raise FileFault(Finding(SourceLocation(file, 1, 1), message))
