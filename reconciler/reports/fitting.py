"""Sections of a Markdown report, cut between rows until they fit into the room there is."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from reconciler.reports.wording import counted


class Section(Struct, frozen=True):
    """A heading and rows, of which the last ones can be left out.

    Attributes:
        title: plain words, safe in Markdown.
        noun: what one row tells of, in the singular.
        rank: where room is short, sections of a lower one get it first.
        rows: each one or more whole lines, or a whole block.
        intro: a paragraph before the rows.
        head: the lines that open the block the rows stand in.
        tail: the line that closes it.
        folded: whether the rows are shown only when asked for.
        omitted: how many more rows were left out already.
    """

    title: str
    noun: str
    rank: int
    rows: Sequence[str]
    intro: str = ""
    head: str = ""
    tail: str = ""
    folded: bool = False
    omitted: int = 0

    def text(self, kept: int, *, folds: bool) -> str:
        """The section with its first rows, and how many more there are.

        Args:
            kept: how many rows.
            folds: whether the host folds ``<details>``.
        """
        total = len(self.rows) + self.omitted
        block = [line for line in (self.head, *self.rows[:kept], self.tail) if line]
        if not kept:
            block = []
        elif folds and self.folded:
            summary = f"<details><summary>{counted(total, self.noun)}</summary>"
            block = [summary, "", *block, "", "</details>"]
        if kept < total:
            more = counted(total - kept, f"more {self.noun}")
            block += ["", f"… {more}; see the JSON report."]
        intro = [self.intro, ""] if self.intro else []
        return "\n".join([f"#### {self.title}", "", *intro, *block])

    def frame(self) -> int:
        """At most how many characters the section takes besides its rows."""
        return len(self.text(0, folds=True)) + len(self.head) + len(self.tail) + _FOLD


_FOLD = 120
"""At least the characters of the lines that fold a section, and of the line ends."""


def fit(sections: Sequence[Section], room: int, *, folds: bool) -> list[str]:
    """The sections in their order, each with as many of its rows as there is room for.

    Args:
        sections: those with a row, or with rows omitted.
        room: characters for all of them, counting an empty line after each.
        folds: whether the host folds ``<details>``.
    """
    room -= sum(section.frame() for section in sections)
    kept = [0] * len(sections)
    for number in sorted(range(len(sections)), key=lambda number: sections[number].rank):
        for row in sections[number].rows:
            if room <= len(row):
                break
            room -= len(row) + 1
            kept[number] += 1
    return [section.text(count, folds=folds) for section, count in zip(sections, kept, strict=True)]
