"""Five projects and the thirty changes that are asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reconciler.core.model import DeclaredJwk, DeclaredProject, SourceLocation
from reconciler.sandbox.seed import Seed, read_seed

TOKEN = "sandbox-token"


@dataclass(frozen=True)
class Entry:
    """One key: what it is called, what it shall be called, and how it is told from others."""

    name: str
    to: str
    kid: str | None = None
    description: str | None = None
    describe: str | None = None
    source: str = "GENERATE"

    @property
    def changes(self) -> bool:
        return self.name != self.to or self.describe not in {None, self.description or ""}


@dataclass(frozen=True)
class Scenario:
    """What is live, what is declared, and keys that nobody declares."""

    projects: dict[str, tuple[Entry, ...]]
    unmanaged: dict[str, tuple[str, ...]]

    def seed(self) -> Seed:
        return read_seed(
            {
                "projects": [
                    {
                        "name": project,
                        "jwks": [
                            *(_seeded(entry) for entry in entries),
                            *({"name": name} for name in self.unmanaged.get(project, ())),
                        ],
                    }
                    for project, entries in self.projects.items()
                ]
            }
        )

    def declared(self) -> tuple[DeclaredProject, ...]:
        return tuple(
            DeclaredProject(
                project, tuple(map(_declared, entries)), SourceLocation(f"{project}.yaml", 1)
            )
            for project, entries in self.projects.items()
        )

    def changes(self) -> int:
        return sum(entry.changes for entries in self.projects.values() for entry in entries)


def _seeded(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kid": entry.kid,
        "description": entry.description,
        "sourceType": entry.source,
    }


def _declared(entry: Entry) -> DeclaredJwk:
    return DeclaredJwk(
        name=entry.to,
        location=SourceLocation("keys.yaml", 1),
        description=entry.describe,
        previous_names=() if entry.name == entry.to else (entry.name,),
        kid=entry.kid,
        allow_source_detach=entry.source != "GENERATE",
    )


def chain(names: Sequence[str], kid: str | None = None) -> tuple[Entry, ...]:
    """Each key takes the next one's name."""
    return tuple(Entry(name, to, kid and f"{kid}-{name}") for name, to in pairwise(names))


def large() -> Scenario:
    """Thirty changes: chains, a swap, a cycle of three, descriptions, sourced keys."""
    return Scenario(
        {
            "Chain": chain(["c1", "c2", "c3", "c4", "c5", "c6", "c7"]),
            "Mixed": (
                *chain(["m1", "m2", "m3"], "k"),
                Entry("m9", "m9", "k-m9", "old", "new"),
                Entry("m8", "m7", "k-m8", None, "described too"),
                Entry("m5", "m4", "k-m5", "kept"),
                Entry("m6", "m6é", "k-m6"),
                Entry("same", "same", "k-same"),
            ),
            "Sourced": (
                Entry("s1", "t1", "k-s1", source="URL"),
                Entry("s2", "t2", "k-s2", source="KEYSTORE"),
                Entry("s3", "t3", "k-s3", "x", ""),
                Entry("s4", "t4", "k-s4"),
                Entry("s5", "t5", "k-s5"),
                Entry("s6", "t 6", "k-s6"),
            ),
            "Swap": (
                Entry("x", "y", "k-x", "was x"),
                Entry("y", "x", "k-y", "was y", "is x"),
                Entry("r1", "r2", "k-r1"),
                Entry("r2", "r3", "k-r2"),
                Entry("r3", "r1", "k-r3"),
                Entry("z", "zz", "k-z"),
            ),
            "Words": tuple(Entry(f"w{n}", f"w{n}", f"k-w{n}", None, f"Word {n}") for n in range(6)),
        },
        {"Mixed": ("left", "alone"), "Words": ("other",), "Chain": ("loose",)},
    )


def small() -> Scenario:
    """Nine changes in three projects: enough for two faults to meet."""
    return Scenario(
        {
            "Chain": chain(["c1", "c2", "c3", "c4"]),
            "Swap": (
                Entry("x", "y", "k-x", "was x"),
                Entry("y", "x", "k-y", None, "is x"),
                Entry("z", "zz", "k-z"),
            ),
            "Words": (
                Entry("w1", "w1", "k-w1", None, "one"),
                Entry("w2", "v2", "k-w2", "two", "zwei"),
                Entry("w3", "v3", "k-w3", source="CERTIFICATE"),
            ),
        },
        {"Words": ("other",)},
    )


def blind() -> Scenario:
    """Keys that neither an ``id`` nor a ``kid`` tells apart, for lists without ``id``."""
    return Scenario(
        {
            "Chain": chain(["c1", "c2", "c3", "c4"]),
            "Twins": (
                *(Entry(f"t{n}", f"u{n}", "twin", f"twin {n}") for n in range(2)),
                Entry("lone", "lone", None, None, "described"),
            ),
            "Swap": (Entry("x", "y", "k-x"), Entry("y", "x", "k-y", None, "is x")),
        },
        {},
    )
