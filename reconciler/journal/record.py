"""Remembering writes: one line before each, one after its answer."""

from __future__ import annotations

import errno
import os
import threading
from io import FileIO
from pathlib import Path

from reconciler.core.identity import Identity, find, identities
from reconciler.core.model import LiveProject
from reconciler.core.outcome import Outcome, StepOutcome
from reconciler.core.plan import Step
from reconciler.errors import UsageError
from reconciler.journal.ledger import Key, Ledger, Owed, line_of, parsed

_UNTOUCHED = frozenset({Outcome.FAILED, Outcome.NOT_TRIED})


class Journal:
    """An open journal; safe to write from many threads. It keeps the executor's ``Recorder``."""

    def __init__(self, stream: FileIO, ledger: Ledger, path: Path) -> None:
        self._stream = stream
        self._ledger = ledger
        self._path = path
        self._lock = threading.Lock()
        self._broken = False
        self._sent: dict[Step, Owed] = {}
        self._latest: dict[Key, Step] = {}
        self._before: dict[Key, bool] = {}

    @property
    def owed(self) -> tuple[Owed, ...]:
        """What is owed now, in the order it came up."""
        with self._lock:
            return self._ledger.owed

    def recognise(self, live: LiveProject) -> frozenset[str]:
        """The present names of the owed keys that are in a project's list.

        Where the list tells a key by other marks than before, the journal does so from now on.
        """
        known = identities(live.jwks)
        names = set()
        for owed in self.owed:
            key = find(live.jwks, owed.identity, owed.names) if owed.project == live.name else None
            if key is None:
                continue
            names.add(key.name)
            now = Owed(live.name, known[key.name], (key.name,))
            if now.identity != owed.identity:
                with self._lock:
                    self._write("recognised", now, owed=True, before=owed.identity)
        return frozenset(names)

    def sending(self, step: Step, identity: Identity) -> None:
        """Remember that a step is about to be sent."""
        owed = Owed(step.project, identity, (step.body.name, step.jwk))
        with self._lock:
            self._before.setdefault(owed.key, self._ledger.owes(owed.key))
            self._sent[step] = owed
            self._latest[owed.key] = step
            self._write("sending", owed, owed=True)

    def answered(self, step: Step, *, deployed: bool) -> None:
        """Remember what the last answer to a step said."""
        with self._lock:
            owed = self._sent[step]
            if deployed:
                self._before[owed.key] = False
            self._write("answered", owed, owed=not deployed)

    def settled(self, outcome: StepOutcome) -> None:
        """Remember what became of a step, where its answer did not tell already."""
        with self._lock:
            owed = self._sent[outcome.step]
            due = outcome.outcome is not Outcome.APPLIED
            if outcome.outcome in _UNTOUCHED:
                due = self._before[owed.key]
            self._before[owed.key] = due
            # Of a key's steps, only the last one's word stands.
            if self._latest[owed.key] == outcome.step and due != self._ledger.owes(owed.key):
                self._write("settled", owed, owed=due)

    def _write(
        self, event: str, entry: Owed, *, owed: bool, before: Identity | None = None
    ) -> None:
        """Append a line and take it.

        Raises:
            UsageError: it can't be written; then nothing is any more, as half a line may be there.
        """
        record = {
            "event": event,
            "project": entry.project,
            "identity": entry.identity,
            "names": entry.names,
            "owed": owed,
        }
        line = line_of(record if before is None else {**record, "before": before})
        try:
            if self._broken:
                raise OSError(errno.EIO, "an earlier line could not be written")
            append(self._stream, line)
        except OSError as error:
            self._broken = True
            raise UsageError(
                f"The journal {self._path} can't be written: {error.strerror}",
                why="Nobody would remember what this run writes, so it writes nothing more",
                fix="Make room for the file, then run again with the same journal",
            ) from error
        self._ledger.take(parsed(line))


def append(stream: FileIO, line: bytes) -> None:
    """Write a line and force it to disk.

    Raises:
        OSError: it is not, or not whole, in the file.
    """
    if stream.write(line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(stream.fileno())
