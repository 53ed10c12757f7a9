"""Values from YAML or JSON as typed structs, with the path of whatever is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
import yaml
from msgspec import Meta

T = TypeVar("T")

MAX_NAME = 255
"""The longest name, in characters."""

Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]

_FAULT = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_FIELD = re.compile(r"(?:Object contains unknown|Object missing required) field `(.*)`")
_TYPE = re.compile(r"Expected `(?P<wanted>[^`]*)`(?P<limit>[^,]*)(?:, got `(?P<got>[^`]*)`)?")
_KINDS = {
    "str": "text",
    "str | null": "text or null",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "object": "a mapping",
    "array": "a list",
    "str | array": 'a list or "*"',
}
_GOT = _KINDS | {"bool": "a boolean"}
_OWN = re.compile(r"(?P<member>\w+): (?P<problem>.*)", re.DOTALL)


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


def decode(
    value: object, kind: type[T], path: str = "", known: Mapping[str, tuple[str, ...]] = {}
) -> T:
    """A value as a struct, or a list of structs.

    Args:
        value: what YAML or JSON gave.
        kind: what it should be.
        path: where it stands.
        known: all member names there are, with the words that are allowed for them, if only some.

    Raises:
        SeedError: it is something else.
    """
    try:
        found = msgspec.convert(value, kind)
        msgspec.json.encode(found)
    except msgspec.ValidationError as error:
        raise _seed_error(str(error), path, known) from None
    except UnicodeEncodeError:
        raise SeedError(path, "must be text that UTF-8 can hold") from None
    return found


def _seed_error(fault: str, outer: str, known: Mapping[str, tuple[str, ...]]) -> SeedError:
    match = _FAULT.fullmatch(fault)
    what, inner = (match["what"], match["path"] or "") if match else (fault, "")
    path = (outer + inner).removeprefix(".")
    field, own = _FIELD.fullmatch(what), _OWN.fullmatch(what)
    if field:
        path = f"{path}.{field[1]}" if path else field[1]
        if "missing" in what:
            return SeedError(path, "is missing; add it")
        near = difflib.get_close_matches(field[1], known, 1)
        advice = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
        return SeedError(path, f"is not a known member; {advice}")
    if own:  # from a struct's own check
        return SeedError(f"{path}.{own['member']}" if path else own["member"], own["problem"])
    return SeedError(path, _problem(what, known.get(path.rpartition(".")[2].partition("[")[0], ())))


def _problem(what: str, allowed: tuple[str, ...]) -> str:
    """What msgspec says about a value, in the words of YAML."""
    if what.startswith("Invalid enum value"):
        return f"is {what.removeprefix('Invalid enum value ')}; allowed are {', '.join(allowed)}"
    match = _TYPE.match(what)
    if match is None:
        return what
    wanted = _KINDS.get(match["wanted"], match["wanted"])
    if "regex" in match["limit"]:
        return "must be visible ASCII, as it stands in a header"
    if match["got"] is None:
        return f"must be {wanted}{match['limit']}"
    quotes = "; put it in quotes" if wanted.startswith("text") else ""
    return f"must be {wanted}, not {_GOT.get(match['got'], match['got'])}{quotes}"


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8, that is, holds no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
