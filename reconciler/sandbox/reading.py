"""Strict reading of values that came from YAML or JSON, with the path of whatever is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from typing import Any, TypeGuard

import yaml

MAX_TEXT = 255
"""The longest name, in characters."""


class SeedError(ValueError):
    """A seed or a list of faults can't be used.

    Args:
        path: where, such as ``projects[0].jwks[2].type``; empty for the whole.
        problem: what is wrong and what to write instead, the rest of a sentence.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem


def read_yaml(text: str) -> object:
    """The value of a YAML document.

    Raises:
        SeedError: the text is not YAML, or a mapping has a key twice.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise SeedError(place, f"is not readable YAML: {problem}; correct the text") from error


class _Loader(yaml.CSafeLoader):
    """Refuses duplicate keys, of which PyYAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                problem = f"the key {key.value!r} stands twice in one mapping"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class Members:
    """The members of one mapping, read by name and kind.

    Args:
        value: what should be a mapping.
        path: where it stands.
        known: all names that may occur in it.

    Raises:
        SeedError: it is no mapping or holds an unknown member; so do all methods for wrong kinds.
    """

    def __init__(self, value: object, path: str, known: Collection[str]) -> None:
        if not isinstance(value, dict):
            raise SeedError(path, f"must be a mapping, not {kind_of(value)}")
        self.path = path
        self._members = value
        for name in value:
            if name not in known:
                raise SeedError(self.at(str(name)), _unknown(str(name), known))

    def at(self, name: str) -> str:
        """The path of a member."""
        return f"{self.path}.{name}" if self.path else name

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def raw(self, name: str) -> object:
        """The member as it is; None where it is missing."""
        return self._members.get(name)

    def text(self, name: str, default: str | None = None, *, longest: int = MAX_TEXT) -> str:
        """A text of 1 to ``longest`` characters; required where there is no default."""
        if name not in self._members and default is not None:
            return default
        return read_text(self._required(name), self.at(name), longest)

    def text_or_null(self, name: str) -> str | None:
        """A text, possibly empty; None where it is null or missing."""
        value = self._members.get(name)
        if value is None or _is_text(value):
            return value
        raise SeedError(self.at(name), _must_be("text or null", value))

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the allowed words; required where there is no default."""
        if name not in self._members and default is not None:
            return default
        word = str(self._required(name))
        if word not in allowed:
            raise SeedError(self.at(name), f"is {word!r}; allowed are {', '.join(allowed)}")
        return word

    def flag(self, name: str, *, default: bool) -> bool:
        """``true`` or ``false``."""
        value = self._members.get(name, default)
        if not isinstance(value, bool):
            raise SeedError(self.at(name), _must_be("true or false", value))
        return value

    def number(self, name: str, default: float | None) -> float | None:
        """A number of zero or more."""
        value = self._members.get(name, default)
        if value is None and default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise SeedError(self.at(name), _must_be("a number of zero or more", value))
        return float(value)

    def count(self, name: str, default: int | None) -> int | None:
        """A whole number of one or more."""
        value = self._members.get(name, default)
        if value is None and default is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise SeedError(self.at(name), _must_be("a whole number of one or more", value))
        return value

    def items(self, name: str) -> Iterator[tuple[str, object]]:
        """The items of a list, each with its path; none where the member is missing."""
        return items_of(self._members.get(name, []), self.at(name))

    def texts(self, name: str, default: Collection[str]) -> tuple[str, ...]:
        """A list of different texts."""
        if name not in self._members:
            return tuple(default)
        texts = tuple(read_text(value, path) for path, value in self.items(name))
        if len(set(texts)) < len(texts):
            raise SeedError(self.at(name), "holds the same text twice; remove one")
        return texts

    def _required(self, name: str) -> object:
        if name not in self._members:
            raise SeedError(self.at(name), "is missing; add it")
        value: object = self._members[name]
        return value


def items_of(value: object, path: str) -> Iterator[tuple[str, object]]:
    """The items of what should be a list, each with its path."""
    if not isinstance(value, list):
        raise SeedError(path, _must_be("a list", value))
    return ((f"{path}[{index}]", item) for index, item in enumerate(value))


def read_text(value: object, path: str, longest: int = MAX_TEXT) -> str:
    """A text of 1 to ``longest`` characters."""
    if not _is_text(value):
        raise SeedError(path, _must_be("text", value))
    if not 1 <= len(value) <= longest:
        raise SeedError(path, f"has {len(value)} characters; 1 to {longest} are allowed")
    return value


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8, that is, holds no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def kind_of(value: object) -> str:
    """The YAML kind of a value, with its article."""
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "text", dict: "a mapping"}
    kinds |= {list: "a list", type(None): "null"}
    return kinds.get(type(value), f"a {type(value).__name__}")


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and is_unicode(value)


def _must_be(wanted: str, value: object) -> str:
    quotes = "; put it in quotes" if wanted.startswith("text") and type(value) is not str else ""
    return f"must be {wanted}, not {kind_of(value)} ({value!r:.40}){quotes}"


def _unknown(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    advice = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
    return f"is not a known member; {advice}"
