"""What the sandbox holds now, in SQLite: one transaction per update, kept over restarts."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

from reconciler.sandbox.rules import Body, Deployed, Failure, Jwk, update
from reconciler.sandbox.seed import Project, Seed

FORMAT = 0x4A574B01
"""Marks a database as a sandbox's, of this format; SQLite's ``user_version``."""

_SCHEMA = """
CREATE TABLE seed (fingerprint TEXT NOT NULL);
CREATE TABLE environment (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE project (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, id TEXT NOT NULL, description TEXT
);
CREATE TABLE jwk (
    number INTEGER PRIMARY KEY, project TEXT NOT NULL REFERENCES project (name),
    id TEXT NOT NULL, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT, kid TEXT,
    type TEXT NOT NULL, source_type TEXT NOT NULL, source_id TEXT, source_url TEXT,
    own INTEGER NOT NULL, deployed TEXT NOT NULL
);
CREATE INDEX jwk_address ON jwk (project, name);
"""
_MEMBERS = (
    *("id", "project_id", "name", "description", "kid", "type"),
    *("source_type", "source_id", "source_url", "own"),
)
_COLUMNS = ", ".join((*_MEMBERS, "deployed"))
# Not dataclasses.astuple, which copies every value deeply: half of the time a reset took.
_values = attrgetter(*_MEMBERS)
_held_values = attrgetter("environment", "name", "description")


class StoreError(ValueError):
    """A file can't serve as the sandbox's database; the text says what to do."""


class Store:
    """The state of one server; safe to use from several threads.

    Args:
        seed: what a new database is filled with; an existing one keeps what it holds.
        path: the database file, made with its folder where missing; None keeps all in memory.

    Raises:
        StoreError: the file is not a sandbox's database, or can't be opened.

    Attributes:
        environments: where every update deploys to.
        seed_changed: whether an existing database was filled from another seed than this one.
    """

    def __init__(self, seed: Seed, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._db = _connect(path)
        try:
            self._open(seed)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise StoreError(
                f"{path} is not a sandbox's database: {error}. Delete it or choose another file."
            ) from error
        self.environments = tuple(
            str(name) for (name,) in self._rows("SELECT name FROM environment ORDER BY number")
        )
        ((fingerprint,),) = self._rows("SELECT fingerprint FROM seed")
        self.seed_changed = fingerprint != seed.fingerprint()

    def close(self) -> None:
        """Close the database; nothing else may be called then."""
        with self._lock:
            self._db.close()

    def refill(self, seed: Seed) -> None:
        """Put a seed in the place of all that is held; its environments must be the same."""
        with self._transaction():
            self._db.execute("DELETE FROM jwk")
            self._db.execute("DELETE FROM project")
            for project in seed.projects:
                self._fill_project(project)

    def projects(self) -> list[tuple[str, str, str | None]]:
        """Name, id and description of every project, in the seed's order."""
        return self._rows("SELECT name, id, description FROM project ORDER BY number")

    def has_project(self, name: str) -> bool:
        """Whether there is a project with this name."""
        return bool(self._rows("SELECT 1 FROM project WHERE name = ?", name))

    def jwks(self, project: str) -> tuple[Jwk, ...]:
        """A project's list; empty also where there is no such project."""
        query = f"SELECT {_COLUMNS} FROM jwk WHERE project = ? ORDER BY number"  # noqa: S608
        return tuple(map(_jwk, self._rows(query, project)))

    def jwk(self, project: str, name: str) -> Jwk | None:
        """A project's own key under a name; the first where there are several."""
        with self._lock:
            found = self._own(project, name)
        return found and found[1]

    def update(
        self, project: str, address: str, body: Body, failing: frozenset[str] = frozenset()
    ) -> Failure | None:
        """Update one key by the rules; None where it was done.

        Args:
            project: an existing project.
            address: the key's name in the URL.
            body: what was asked.
            failing: environments that don't get the key this time.
        """
        with self._transaction():
            found = self._own(project, address)
            number, key = found or (None, None)
            taken = self._taken(project, body, number)
            outcome = update(key, body, address, taken=taken, failing=failing)
            if isinstance(outcome, Failure):
                return outcome
            self._db.execute(
                "UPDATE jwk SET name = ?, description = ?, source_type = ?, source_id = ?,"
                " source_url = ?, deployed = ? WHERE number = ?",
                (
                    outcome.name,
                    outcome.description,
                    outcome.source_type,
                    outcome.source_id,
                    outcome.source_url,
                    _packed(outcome),
                    number,
                ),
            )
        return None

    def _taken(self, project: str, body: Body, number: int | None) -> bool:
        """Whether another own key has the asked name; an omitted name is nobody's."""
        if not isinstance(body.name, str):
            return False
        rows = self._db.execute(
            "SELECT 1 FROM jwk WHERE project = ? AND name = ? AND own AND number IS NOT ? LIMIT 1",
            (project, body.name, number),
        )
        return rows.fetchone() is not None

    def _own(self, project: str, name: str) -> tuple[int, Jwk] | None:
        row = self._db.execute(
            f"SELECT number, {_COLUMNS} FROM jwk"  # noqa: S608 - only the columns' names
            " WHERE project = ? AND name = ? AND own ORDER BY number LIMIT 1",
            (project, name),
        ).fetchone()
        return (row[0], _jwk(row[1:])) if row else None

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    def _open(self, seed: Seed) -> None:
        self._check_empty_or_ours()
        # WAL survives a killed process without waiting for the disk at every update.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        with self._transaction():
            if self._check_empty_or_ours() == 0:
                self._fill(seed)

    def _check_empty_or_ours(self) -> int:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version != FORMAT and (version or tables):
            raise sqlite3.DatabaseError(f"its user_version is {version}, not {FORMAT}")
        return int(version)

    def _fill(self, seed: Seed) -> None:
        for statement in _SCHEMA.split(";"):
            self._db.execute(statement)
        self._db.execute("INSERT INTO seed VALUES (?)", (seed.fingerprint(),))
        self._db.executemany(
            "INSERT INTO environment (name) VALUES (?)", [(name,) for name in seed.environments]
        )
        for project in seed.projects:
            self._fill_project(project)
        self._db.execute(f"PRAGMA user_version = {FORMAT}")

    def _fill_project(self, project: Project) -> None:
        self._db.execute(
            "INSERT INTO project (name, id, description) VALUES (?, ?, ?)",
            (project.name, project.id, project.description),
        )
        self._db.executemany(
            f"INSERT INTO jwk (project, {_COLUMNS})"  # noqa: S608 - only the columns' names
            f" VALUES ({', '.join('?' * 12)})",
            [(project.name, *_values(key), _packed(key)) for key in project.jwks],
        )


def _connect(path: Path | None) -> sqlite3.Connection:
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
        return sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=10
        )
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"{path} can't be opened as a database: {error}. Choose another file."
        ) from error


def _packed(key: Jwk) -> str:
    return json.dumps([*map(_held_values, key.deployed)])


def _jwk(row: tuple[Any, ...]) -> Jwk:
    held = tuple(Deployed(*one) for one in json.loads(row[-1]))
    values = (*row[:-2], bool(row[-2]), held)
    return Jwk(*values)
