"""Values with hostile text in every field there is, found by the fields' types.

Nobody lists the fields: one that is added tomorrow is filled too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from inspect import isclass
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from reconciler import errors
from reconciler.core import model, outcome, plan
from reconciler.core.model import SourceLocation
from reconciler.core.outcome import RunResult, StepOutcome
from reconciler.core.plan import JwkFields, Plan
from reconciler.core.references import model as references

WORDS: tuple[ModuleType, ...] = (model, outcome, plan, references, errors)
"""Where the values are defined that outputs are made from."""

KINDS: dict[str, Any] = {
    name: kind
    for module in WORDS
    for name, kind in vars(module).items()
    if isclass(kind) and kind.__module__ == module.__name__
}


@cache
def hints(kind: Any) -> dict[str, Any]:
    """The fields of a value and their types."""
    return get_type_hints(kind, localns=KINDS)


VALUES = {
    name: kind
    for name, kind in KINDS.items()
    if not issubclass(kind, Enum | Exception) and hints(kind)
}
PARTS = (JwkFields, SourceLocation)
"""What other values are made of: their texts are named by where they stand."""

LAST = 8
"""Every value of an enumeration has had its turn in so many numbers; the last one has gaps."""

Word = Callable[[str, str], str]
"""What to write for a text into a field."""


def plain(text: str, _field: str) -> str:
    """Every field holds the same, so that keys, steps and outcomes belong together."""
    return text


@dataclass
class Filling:
    """Fills values.

    Attributes:
        texts: one for each item of the outermost lists.
        number: which text stands where there is no list, and which value of each enumeration.
        fields: the text fields that were filled so far.
    """

    texts: Sequence[str]
    number: int = 0
    word: Word = plain
    fields: set[str] = field(default_factory=set)

    def value(self, hint: Any, path: str = "", index: int | None = None) -> Any:
        """A value of a type.

        Args:
            hint: the type.
            path: the field it is for.
            index: the text it is filled with; None outside of any list.
        """
        turn = self.number + (index or 0)
        if hint is str:
            self.fields.add(path)
            return self.word(self.texts[turn % len(self.texts) if index is None else index], path)
        if hint in {int, float}:
            return hint(turn + 1)
        if hint is bool:
            return turn % 2 == 0
        if isclass(hint) and issubclass(hint, Enum):
            return list(hint)[turn % len(hint)]
        if get_origin(hint) is Literal:
            return get_args(hint)[turn % len(get_args(hint))]
        if get_origin(hint) in {Union, UnionType}:
            kinds = [kind for kind in get_args(hint) if kind is not NoneType]
            return None if self.number == LAST else self.value(kinds[0], path, index)
        if get_origin(hint) in {tuple, frozenset}:
            return get_origin(hint)(self._items(get_args(hint)[0], path, index))
        return self._built(hint, path, index)

    def _items(self, kind: Any, path: str, index: int | None) -> Iterator[Any]:
        if isclass(kind) and issubclass(kind, Enum):
            yield from kind
            return
        for place in range(len(self.texts)) if index is None else (index,):
            yield self.value(kind, path, place)

    def _built(self, kind: Any, path: str, index: int | None) -> Any:
        begin = path if kind in PARTS else kind.__name__
        return kind(
            **{
                name: self.value(hint, f"{begin}.{name}", index)
                for name, hint in hints(kind).items()
            }
        )

    def planned(self) -> RunResult:
        """A plan's result."""
        return RunResult(self.value(Plan))

    def applied(self) -> RunResult:
        """An apply's result, with an outcome of every step."""
        return RunResult(
            self.value(Plan),
            self.value(tuple[StepOutcome, ...]),
            self.value(str, "RunResult.stopped"),
        )


def text_fields(kind: Any) -> set[str]:
    """The text fields of a value and of all it is made of."""
    filling = Filling(["x"])
    filling.value(kind)
    return filling.fields
