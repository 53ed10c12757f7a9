from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import UNSET
from sandbox_calls import SEED

from reconciler.sandbox.rules import Body, Failure
from reconciler.sandbox.seed import parse_seed
from reconciler.sandbox.store import Store, StoreError

RENAME = Body("renamed", UNSET)


def test_a_new_store_holds_the_seed_in_its_order() -> None:
    with closing(Store(SEED)) as store:
        assert [row[0] for row in store.projects()] == ["Payments", "Empty", "Twins"]
        for project in SEED.projects:
            assert store.jwks(project.name) == project.jwks
        assert store.environments == SEED.environments
        assert not store.seed_changed
        assert (store.has_project("Empty"), store.has_project("Absent")) == (True, False)


def test_a_store_keeps_its_state_and_notices_another_seed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sandbox.db"
    with closing(Store(SEED, path)) as store:
        assert store.update("Payments", "signing", RENAME, frozenset({"prod"})) is None
        before = store.jwks("Payments")
    other = parse_seed("{environments: [x], projects: [{name: Other}]}")
    with closing(Store(SEED, path)) as same, closing(Store(other, path)) as changed:
        assert same.jwks("Payments") == before != SEED.projects[0].jwks
        assert not same.seed_changed
        assert changed.seed_changed
        assert changed.environments == SEED.environments
        assert not changed.has_project("Other")


def test_a_refused_update_leaves_no_trace() -> None:
    with closing(Store(SEED)) as store:
        assert isinstance(store.update("Payments", "absent", RENAME), Failure)
        assert isinstance(store.update("Payments", "signing", Body("rotating", None)), Failure)
        assert store.jwks("Payments") == SEED.projects[0].jwks


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.db"
    text.write_text("not a database at all, but long enough to be mistaken for one" * 10)
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE mine (x)")
    for path in (text, other):
        before = path.read_bytes()
        with pytest.raises(
            StoreError, match=r"is not a sandbox's database: .* Delete it or choose"
        ):
            Store(SEED, path)
        assert path.read_bytes() == before
    for path in (tmp_path, text / "below"):
        with pytest.raises(StoreError, match="can't be opened"):
            Store(SEED, path)


def test_a_killed_process_loses_no_update(tmp_path: Path) -> None:
    script = """
import os, pathlib, signal, sys
from msgspec import UNSET
from reconciler.sandbox.rules import Body
from reconciler.sandbox.seed import parse_seed
from reconciler.sandbox.store import Store

store = Store(parse_seed("projects: [{name: P, jwks: [{name: a}]}]"), pathlib.Path(sys.argv[1]))
store.update("P", "a", Body("b", UNSET))
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "sandbox.db"
    killed = subprocess.run([sys.executable, "-c", script, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    with closing(Store(SEED, path)) as store:
        assert [key.name for key in store.jwks("P")] == ["b"]
