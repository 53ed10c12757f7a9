"""In which order: a name is freed before it is taken; a cycle goes through a temporary name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from reconciler.core.names import temporary_name
from reconciler.core.plan import Change, Effect, JwkFields, Step


class Ordering(Struct, frozen=True):
    """The steps of one project's changes.

    Attributes:
        steps: one per change, and one more per cycle of renames, in the order they are sent.
        stuck: one change of each cycle for which every temporary name is taken.
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
        position = _free_position(chain, occupied)
        if position is None:
            stuck.append(change)
            continue
        steps.extend(_through_temporary(chain, position))
    return Ordering(tuple(steps), tuple(stuck))


def _step(change: Change) -> Step:
    return Step(
        change.project, change.before.name, change.after, change.name, effects=change.effects
    )


def _free_position(cycle: Sequence[Change], occupied: Collection[str]) -> int | None:
    """The place in the cycle of the change that waits under its temporary name."""
    for place, change in sorted(enumerate(cycle), key=lambda item: item[1].name):
        if temporary_name(change.name) not in occupied:
            return place
    return None


def _through_temporary(cycle: Sequence[Change], position: int) -> Iterator[Step]:
    """The steps of a cycle in which each change waits for the name the next one leaves.

    Renaming one key temporarily frees the name that the change before it in the cycle waits for,
    and so on around; that key comes last. It keeps its description until then, so that a run cut
    short shows it unchanged but for its name.
    """
    first = cycle[position]
    temporary = temporary_name(first.name)
    yield Step(
        first.project,
        first.before.name,
        JwkFields(temporary, first.before.description),
        first.name,
        temporary=True,
        effects=first.effects,
    )
    around = [*cycle[position + 1 :], *cycle[:position]]
    yield from (_step(change) for change in reversed(around))
    # The first update has cut the key off from its source already.
    yield Step(first.project, temporary, first.after, first.name, effects=(Effect.REDEPLOYS,))
