"""The files that a command line names: none is written that the run reads, or through a link out.

A pull request may bring links, and a mistyped option may name a manifest: neither may cost a file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.cli.files import is_stream
from reconciler.core.text import visible
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STDOUT = Path("-")
"""As an output: standard output."""

PATH = "PATH"
"""What help texts call a manifest's place on the command line."""

_STDIN = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})


class NamedFile(Struct, frozen=True):
    """A file, and what the command line or the environment names it by."""

    option: str
    path: Path


def manifests_named(paths: Sequence[str]) -> list[NamedFile]:
    """The manifests of a command line; without a path, the current folder."""
    return [NamedFile(PATH, Path(path)) for path in paths or ["."] if path]


def optional_file(option: str, path: Path | None) -> list[NamedFile]:
    """What an option names, where it was given."""
    return [] if path is None else [NamedFile(option, path)]


def check_named_files(reads: Sequence[NamedFile], writes: Iterable[NamedFile]) -> None:
    """Return only if every output may be written, whatever is read and written besides.

    Called before anything is done: where it raises, not even a report of that may be written.

    Raises:
        UsageError: an output is read in the same run, would be taken for a manifest, is named
            twice, or is reached by a link that leads out of its folder; or two options read
            standard input.
    """
    _check_standard_input(reads)
    taken = {_identity(file.path): file for file in reads}
    for file in writes:
        if file.path == STDOUT:
            raise UsageError(
                f"{file.option} - would go to standard output",
                why="The result stands there already",
                fix="Name a file",
            )
        if is_stream(file.path):
            continue
        check_link(file)
        folder = _manifest_folder(reads, file.path)
        if folder is not None:
            raise _needed(file, f"would be a manifest of {visible(str(folder))}")
        other = taken.setdefault(_identity(file.path), file)
        if other is file:
            continue
        if other not in reads:
            raise UsageError(
                f"{visible(str(file.path))} is named twice, by {other.option} and by {file.option}",
                why="One would replace the other",
                fix="Name another file for one of them",
            )
        what = "a manifest" if other.option == PATH else other.option
        raise _needed(file, f"is read as {what} in the same run")


def _manifest_folder(reads: Sequence[NamedFile], path: Path) -> Path | None:
    """The folder of manifests that a file would be one of."""
    folders = [read.path for read in reads if read.option == PATH]
    if not folders:
        return None
    from reconciler.manifests.files import would_be_loaded

    return next((folder for folder in folders if would_be_loaded(folder, path)), None)


def check_link(file: NamedFile) -> None:
    """Return only if no link on the way to an output leads out of the folder that it is in.

    Folders above the current one are the system's, and trusted.

    Raises:
        UsageError: a link does.
    """
    try:
        current = Path.cwd()
    except OSError:  # it was deleted; then nothing below it can be written
        current = Path("/")
    whole = current / file.path  # not resolved: then no link would be seen
    below_current = [part for part in whole.parents if current in part.parents]
    for part in (whole, *below_current):
        if _is_link(part) and not _is_inside(part, part.parent):
            raise UsageError(
                f"{file.option} {visible(str(file.path))}: the link {visible(part.name)} leads out "
                "of its folder",
                why="Whoever made the link would choose which file is overwritten",
                fix="Remove the link, or name what it leads to",
            )


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:  # no such name can be; whoever opens it says so
        return False


def _is_inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _check_standard_input(reads: Sequence[NamedFile]) -> None:
    readers = list(dict.fromkeys(file.option for file in reads if str(file.path) in _STDIN))
    if len(readers) > 1:
        raise UsageError(
            f"{readers[0]} and {readers[1]} both read standard input",
            why="It can be read once only",
            fix="Give a file for one of them",
        )


def _needed(file: NamedFile, use: str) -> UsageError:
    return UsageError(
        f"{file.option} names {visible(str(file.path))}, which {use}",
        why="What is written there would destroy it, or break the next run",
        fix="Name another file",
    )


def _identity(path: Path) -> tuple[int, int] | str:
    """What two names of one file have in common."""
    try:
        status = path.stat()
        return status.st_dev, status.st_ino
    except OSError:  # not there yet: then its place tells
        pass
    try:
        return os.path.realpath(path)
    except OSError:  # the current folder was deleted
        return str(path)
