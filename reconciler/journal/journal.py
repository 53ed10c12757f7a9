"""Opening a journal with what earlier runs left in it, and recording updates in it."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from msgspec.structs import replace

from reconciler.core.identity import Identity, find, identities
from reconciler.core.model import LiveProject
from reconciler.core.outcome import Outcome, StepOutcome
from reconciler.core.plan import JwkFields, Step
from reconciler.errors import UsageError
from reconciler.journal.entries import (
    Event,
    JournalEntry,
    Key,
    PendingDeployment,
    PendingDeployments,
    decode,
    encode,
    encode_line,
    fields_hash,
    open_private,
)

try:
    import fcntl
except ModuleNotFoundError:  # pragma: no cover - the system has no such locks
    fcntl = None  # type: ignore[assignment]

_VERSION = 1
_UNCHANGED = frozenset({Outcome.FAILED, Outcome.NOT_TRIED})
"""The outcomes after which a key is as it was before the step."""


class Journal:
    """An open journal; safe to write from many threads. It is the executor's ``Recorder``.

    Without a stream it is only read: what it is told is not kept.
    """

    def __init__(self, stream: FileIO | None, pending: PendingDeployments, path: Path) -> None:
        self._stream = stream
        self._pending = pending
        self._path = path
        self._lock = threading.Lock()
        self._failed = False
        self._sent: dict[Step, PendingDeployment] = {}
        self._latest: dict[Key, Step] = {}
        self._before: dict[Key, bool] = {}

    @property
    def pending(self) -> tuple[PendingDeployment, ...]:
        """The deployments that are pending now, in the order they came up."""
        with self._lock:
            return self._pending.all()

    def pending_names(self, live: LiveProject) -> frozenset[str]:
        """The present names of the keys in a project's list whose deployment is pending.

        Where the list identifies a key otherwise than before, so does the journal from now on; what
        the list proves never to have happened is not pending any more.
        """
        known = identities(live.jwks)
        names = set()
        for one in self.pending:
            key = find(live.jwks, one.identity, one.names) if one.project == live.name else None
            if key is None:
                continue
            if one.never_happened(key):
                with self._lock:
                    self._write("settled", one, pending=False)
                continue
            names.add(key.name)
            if known[key.name] != one.identity:
                now = replace(one, identity=known[key.name], names=(key.name,))
                with self._lock:
                    self._write("recognised", now, pending=True, former=one.identity)
        return frozenset(names)

    def sending(self, step: Step, identity: Identity, before: JwkFields | None = None) -> None:
        """Record that a step is about to be sent."""
        with self._lock:
            earlier = (step.project, identity) in self._pending
            names = (step.body.name, step.jwk)
            was, will = fields_hash(before or step.body), fields_hash(step.body)
            one = PendingDeployment(step.project, identity, names, was, will, earlier)
            self._before.setdefault(one.key, earlier)
            self._sent[step] = one
            self._latest[one.key] = step
            self._write("sending", one, pending=True)

    def answered(self, step: Step, *, deployed: bool) -> None:
        """Record what the last response to a step said."""
        with self._lock:
            one = self._sent[step]
            if deployed:
                self._before[one.key] = False
            self._write("answered", one, pending=not deployed)

    def settled(self, outcome: StepOutcome) -> None:
        """Record what became of a step, where its response did not say so already."""
        with self._lock:
            one = self._sent[outcome.step]
            pending = outcome.outcome is not Outcome.APPLIED
            if outcome.outcome in _UNCHANGED:
                pending = self._before[one.key]
            self._before[one.key] = pending
            # Of a key's steps, only the outcome of the last one counts.
            is_last = self._latest[one.key] == outcome.step
            if is_last and pending != (one.key in self._pending):
                self._write("settled", one, pending=pending)

    def _write(
        self,
        event: Event,
        one: PendingDeployment,
        *,
        pending: bool,
        former: Identity | None = None,
    ) -> None:
        """Append a line and take it into account.

        Raises:
            UsageError: it can't be written; then nothing is any more, as half a line may be there.
        """
        entry = JournalEntry(
            one.project,
            one.identity,
            one.names,
            one.before,
            one.after,
            one.earlier,
            event=event,
            pending=pending,
            former=former,
        )
        if self._stream is None:
            self._pending.add(entry)
            return
        try:
            if self._failed:
                raise OSError(errno.EIO, "an earlier line could not be written")
            _append(self._stream, encode(entry))
        except OSError as error:
            self._failed = True
            raise _unwritable(self._path, error) from error
        self._pending.add(entry)


@contextmanager
def read_journal(path: Path, gateway: str) -> Iterator[Journal]:
    """A journal to look into: the file is neither made, changed nor locked.

    Raises:
        UsageError: it can't be read, or is another gateway's.
    """
    content = b""
    try:
        if path.exists():
            _require_regular(path.stat(), path)
            content = path.read_bytes()
    except OSError as error:
        raise _unopened(path, error) from error
    pending, _ = _decoded(content, _header(gateway), path)
    yield Journal(None, pending, path)


@contextmanager
def open_journal(path: Path, gateway: str) -> Iterator[Journal]:
    """Open a journal, with what earlier runs left in it.

    Where nothing is pending at the end, the file is cut back, so that it does not grow for ever.

    Args:
        path: the file; made where it does not exist. A damaged last line, from a run that was
            killed while writing it, is dropped.
        gateway: whose journal it is.

    Raises:
        UsageError: it can't be used, is another gateway's, or another run has it open.
    """
    header = _header(gateway)
    try:
        # Unbuffered: what could not be written is not tried again when the file is closed.
        stream = FileIO(path, "r+" if path.exists() else "x+", opener=open_private)
    except OSError as error:
        raise _unopened(path, error) from error
    with stream:
        _require_regular(os.fstat(stream.fileno()), path)
        if fcntl is not None:
            _lock_file(stream, path)
        try:
            journal = Journal(stream, _read(stream, header, path), path)
        except OSError as error:
            raise _unwritable(path, error) from error
        yield journal
        if not journal.pending:
            with suppress(OSError):  # a longer journal says the same
                stream.truncate(len(header))
                os.fsync(stream.fileno())


def _require_regular(status: os.stat_result, path: Path) -> None:
    """Raise a UsageError where a journal is no regular file."""
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(
            f"The journal {path} is no regular file",
            why="It could not be read back by the next run",
            fix="Name a file; it is made where it does not exist",
        )


def _header(gateway: str) -> bytes:
    return encode_line({"journal": _VERSION, "gateway": gateway})


def _unopened(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"The journal {path} can't be opened: {error.strerror}",
        why="Nobody would remember what this run wrote",
        fix="Name a file that this user may write",
    )


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"The journal {path} can't be written: {error.strerror}",
        why="Nobody would remember what this run writes, so it writes nothing more",
        fix="Make room for the file, then run again with the same journal",
    )


def _read(stream: FileIO, header: bytes, path: Path) -> PendingDeployments:
    """What earlier runs left; the stream then stands where the next line goes."""
    pending, end = _decoded(stream.readall(), header, path)
    stream.truncate(end)
    stream.seek(end)
    if not end:
        _append(stream, header)
    return pending


def _decoded(content: bytes, header: bytes, path: Path) -> tuple[PendingDeployments, int]:
    """What earlier runs left, and where the next line goes; 0 where the first is not whole."""
    first, *lines = content.splitlines(keepends=True) or [b""]
    pending = PendingDeployments()
    if first != header:
        if not header.startswith(first):
            begin = first[:200].decode(errors="replace").strip()
            raise UsageError(
                f"The journal {path} belongs to another gateway, or is no journal",
                why="The deployments it says are pending there would be sent here",
                fix=f"Use one journal per gateway; this one begins with {begin}",
            )
        return pending, 0
    end = len(first)
    for number, line in enumerate(lines, start=2):
        try:
            pending.add(decode(line))
        except (ValueError, RecursionError) as error:
            if number <= len(lines):
                raise UsageError(
                    f"The journal {path} is damaged in line {number}",
                    why="Which deployments earlier runs left pending can't be known from it",
                    fix="Send the keys in doubt again with --redeploy, then remove the file",
                ) from error
            break
        end += len(line)
    return pending, end


def _append(stream: FileIO, line: bytes) -> None:
    """Write a line and force it to disk.

    Raises:
        OSError: it is not, or not whole, in the file.
    """
    if stream.write(line) != len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(stream.fileno())


def _lock_file(stream: FileIO, path: Path) -> None:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise UsageError(
            f"The journal {path} is in use by another run",
            why="Two runs would mix up what each of them wrote",
            fix="Wait for the other run, or use another journal",
        ) from error
