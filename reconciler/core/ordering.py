"""In which order: a name is freed before it is taken; a circle goes through a temporary name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.core.names import temporary_name
from reconciler.core.plan import Fields, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from reconciler.core.plan import Change


class Ordering(Struct, frozen=True):
    """The steps of one project's changes.

    Attributes:
        steps: one per change, and one more per circle of renames, in the order they are sent.
        stuck: one change of each circle for which every temporary name is taken.
    """

    steps: tuple[Step, ...]
    stuck: tuple[Change, ...]


def order(changes: Sequence[Change], occupied: Collection[str]) -> Ordering:
    """Order the changes of one project.

    Args:
        changes: no two end under one name, and none ends under the name of a live JWK that is not
            itself renamed.
        occupied: all live and declared names, which no temporary name may collide with.
    """
    waiting = {change.before.name: change for change in changes if change.previous_name is not None}
    sent: set[str] = set()
    steps: list[Step] = []
    stuck: list[Change] = []
    for change in sorted(changes, key=lambda item: item.name):
        if change.name in sent:
            continue
        chain = [change]
        blocker = waiting.get(change.name)
        while blocker is not None and blocker is not change and blocker.name not in sent:
            chain.append(blocker)
            blocker = waiting.get(blocker.name)
        sent.update(member.name for member in chain)
        if blocker is not change:
            steps.extend(_step(member) for member in reversed(chain))
            continue
        parked = _parked(chain, occupied)
        if parked is None:
            stuck.append(change)
            continue
        steps.extend(_through_temporary(chain, parked))
    return Ordering(tuple(steps), tuple(stuck))


def _step(change: Change) -> Step:
    return Step(change.project, change.before.name, change.after, change.name)


def _parked(circle: Sequence[Change], occupied: Collection[str]) -> int | None:
    """The place in the circle of the change that waits under its temporary name."""
    for place, change in sorted(enumerate(circle), key=lambda item: item[1].name):
        if temporary_name(change.name) not in occupied:
            return place
    return None


def _through_temporary(circle: Sequence[Change], parked: int) -> Iterator[Step]:
    """The steps of a circle in which each change waits for the name the next one leaves.

    Parking one key frees the name that the change before it in the circle waits for, and so on
    around; the parked key comes last. It keeps its description until then, so that a run cut short
    shows it unchanged but for its name.
    """
    first = circle[parked]
    temporary = temporary_name(first.name)
    yield Step(
        first.project,
        first.before.name,
        Fields(temporary, first.before.description),
        first.name,
        temporary=True,
    )
    around = [*circle[parked + 1 :], *circle[:parked]]
    yield from (_step(change) for change in reversed(around))
    yield Step(first.project, temporary, first.after, first.name)
