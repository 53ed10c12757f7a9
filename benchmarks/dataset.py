"""Manifests and the lists they are compared with, made up the same way every time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Item = dict[str, str | None]
"""A JWK as the list shows it."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Projects of equal size, each with equally many changes: by turns a name and a text.

    Attributes:
        projects: how many.
        keys: in each project; all are declared, each with a name, a description and its ``kid``.
        changes: in each project.
    """

    projects: int
    keys: int
    changes: int

    @property
    def total(self) -> int:
        """How many keys there are."""
        return self.projects * self.keys

    def names(self) -> list[str]:
        """The projects."""
        return [f"Project{number:03}" for number in range(self.projects)]

    def live(self, project: str) -> list[Item]:
        """A project's list."""
        return [self._item(project, number) for number in range(self.keys)]

    def wanted(self, project: str) -> Iterator[tuple[str, str, Item]]:
        """Per key: the name it has, the one it shall have, and the item it shall become."""
        for number, item in enumerate(self.live(project)):
            old = str(item["name"])
            if number < self.changes:
                item = item | _CHANGES[number % 2](old)
            yield old, str(item["name"]), item

    def write_manifests(self, folder: Path) -> Path:
        """One file per project, as ``reconciler export`` writes them."""
        folder.mkdir(parents=True, exist_ok=True)
        for project in self.names():
            entries = "".join(_entry(*wanted) for wanted in self.wanted(project))
            text = _HEAD.format(project=project) + entries
            (folder / f"{project}.yaml").write_text(text, encoding="utf-8")
        return folder

    def write_lists(self, file: Path) -> Path:
        """What the server is to answer at first, by project."""
        lists = {project: self.live(project) for project in self.names()}
        file.write_text(json.dumps(lists), encoding="utf-8")
        return file

    def write_updates(self, file: Path) -> Path:
        """What shall be, as JSON for tools that read no YAML: old name, new name, description."""
        wanted = [
            {"project": project, "old": old, "name": new, "description": item["description"]}
            for project in self.names()
            for old, new, item in self.wanted(project)
        ]
        file.write_text(json.dumps(wanted), encoding="utf-8")
        return file

    def write(self, folder: Path) -> None:
        """All of it: ``manifests/``, ``lists.json`` and ``wanted.json``."""
        self.write_manifests(folder / "manifests")
        self.write_lists(folder / "lists.json")
        self.write_updates(folder / "wanted.json")

    def _item(self, project: str, number: int) -> Item:
        return {
            "id": f"{project.lower()}-{number:016x}",
            "projectId": project.lower(),
            "name": f"partner-{number:05}-signing",
            "description": f"Signs the tokens that service {number:05} issues to its partners.",
            "sourceType": "GENERATE",
            "sourceId": None,
            "sourceUrl": None,
            "type": "RSA",
            "kid": f"{project.lower()}-kid-{number:05}",
        }


_CHANGES: tuple[Callable[[str], Item], ...] = (
    lambda name: {"name": f"{name}-2026"},
    lambda name: {"description": f"Signs what {name} sends; rotated every year."},
)

_HEAD = """\
apiVersion: reconciler/v1
kind: Project
metadata:
  name: {project}
spec:
  jwks:
"""


def _entry(old: str, new: str, item: Item) -> str:
    before = "" if old == new else f"      previousNames: [{old}]\n"
    return (
        f"    - name: {new}\n"
        f"      description: {item['description']}\n"
        f"{before}"
        f"      kid: {item['kid']}\n"
    )
