"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from reconciler.errors import UsageError

_NOT_REPLACEABLE = frozenset({errno.EBUSY, errno.EXDEV})
_STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")
"""What this process has open; where it is a file, the shell's redirection must keep it."""


def replace_file(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file so that a reader, or a crash, never meets half of it.

    A link is followed, and a file that is replaced keeps its mode. What is no file, such as
    ``/dev/stdout`` or a pipe, is written to as it is, and so is a file that can't be replaced, such
    as one that is mounted into a container.

    Args:
        path: the file.
        text: its content.
        private: a new file is for this user alone; else as the umask says.

    Raises:
        UsageError: it can't be written; a file that was there before is untouched.
    """
    try:
        if is_stream(path):
            path.write_text(text, encoding="utf-8", newline="\n")
        else:
            _replace(Path(os.path.realpath(path)), text, private=private)
    except OSError as error:
        raise _unwritable(path, error) from error


def _replace(path: Path, text: str, *, private: bool) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mode = 0o600 if private else 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".reconciler.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(mode)
        try:
            Path(temporary).replace(path)
        except OSError as error:
            if error.errno not in _NOT_REPLACEABLE:
                raise
            path.write_text(text, encoding="utf-8", newline="\n")
            Path(temporary).unlink()
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def require_writable(path: Path) -> None:
    """Find out before any work whether a file could be written.

    Raises:
        UsageError: it could not.
    """
    try:
        folder = path.is_dir()
        if not folder and not is_stream(path):
            with tempfile.TemporaryFile(dir=Path(os.path.realpath(path)).parent):
                pass
    except OSError as error:
        raise _unwritable(path, error) from error
    if folder:
        raise UsageError(
            f"{path} is a folder",
            why="The report could not be written there",
            fix="Name a file in it",
        )


def is_stream(path: Path) -> bool:
    """Whether a path is a device, a pipe or an open descriptor: replacing would destroy it."""
    if str(path).startswith(_STREAMS):
        return True
    try:
        return path.exists() and not path.is_file()
    except OSError:  # no such name can be; whoever opens it says so
        return False


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path} can't be written: {error.strerror or error}",
        why="What this run finds would be lost",
        fix="Create the folder, or name a file where this user may write",
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
