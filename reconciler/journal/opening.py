"""Opening a journal, with what earlier runs left in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.journal.ledger import Ledger, line_of, parsed
from reconciler.journal.record import Journal, append

_VERSION = 1


@contextmanager
def open_journal(path: Path, gateway: str) -> Iterator[Journal]:
    """Open a journal, with what earlier runs left in it.

    Where nothing is owed at the end, the file is cut back, so that it does not grow for ever.

    Args:
        path: the file; made where it does not exist. A damaged last line, from a run that was
            killed while writing it, is dropped.
        gateway: whose journal it is.

    Raises:
        UsageError: it can't be used, is another gateway's, or another run has it open.
    """
    header = line_of({"journal": _VERSION, "gateway": gateway})
    try:
        # Unbuffered: what could not be written is not tried again when the file is closed.
        stream = path.open("r+b" if path.exists() else "x+b", buffering=0)
    except OSError as error:
        raise UsageError(
            f"The journal {path} can't be opened: {error.strerror}",
            why="Nobody would remember what this run wrote",
            fix="Name a file that this user may write",
        ) from error
    with stream:
        _lock_file(stream, path)
        journal = Journal(stream, _read(stream, header, path), path)
        yield journal
        if not journal.owed:
            stream.truncate(len(header))
            os.fsync(stream.fileno())


def _read(stream: FileIO, header: bytes, path: Path) -> Ledger:
    """What earlier runs left; the stream then stands where the next line goes."""
    first, *lines = stream.readall().splitlines(keepends=True) or [b""]
    ledger = Ledger()
    if first != header:
        if not header.startswith(first):
            begin = first[:200].decode(errors="replace").strip()
            raise UsageError(
                f"The journal {path} belongs to another gateway, or is no journal",
                why="What it says is owed there would be sent here",
                fix=f"Use one journal per gateway; this one begins with {begin}",
            )
        first = b""
    good = len(first)
    for number, line in enumerate(lines, start=2):
        try:
            ledger.take(parsed(line))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            if number <= len(lines):
                raise UsageError(
                    f"The journal {path} is damaged in line {number}",
                    why="What earlier runs still owe can't be known from it",
                    fix="Send the keys in doubt again with --redeploy, then remove the file",
                ) from error
            break
        good += len(line)
    stream.truncate(good)
    stream.seek(good)
    if not first:
        append(stream, header)
    return ledger


def _lock_file(stream: FileIO, path: Path) -> None:
    try:
        import fcntl
    except ModuleNotFoundError:  # pragma: no cover - where the system has no such locks
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise UsageError(
            f"The journal {path} is in use by another run",
            why="Two runs would mix up what each of them wrote",
            fix="Wait for the other run, or use another journal",
        ) from error
