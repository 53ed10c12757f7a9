"""Which files the paths of a command line mean, and their bytes; knows no YAML."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.text import visible
from reconciler.errors import Problem
from reconciler.manifests.problems import FileError

_MEBIBYTE = 1024 * 1024

MAX_FILE_BYTES = 8 * _MEBIBYTE
"""One file; 10,000 fully described JWKs take about 1.5 MiB."""

MAX_TOTAL_BYTES = 256 * _MEBIBYTE
"""All files of a run together, so that a wrong folder ends with a message, not with the memory."""

_SUFFIXES = (".yaml", ".yml")
_STREAMS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Where a shell's redirections and process substitutions appear: pipes there have a writer."""


class Source(Struct, frozen=True):
    """A file to read.

    Attributes:
        name: what locations call it; safe to print.
        path: where it is; None is standard input.
        problem: why it can't be read, where that was seen while finding it.
        inode: device and number of a file that was found.
        in_folder: whether it was found below a folder, not named itself.
    """

    name: str
    path: Path | None
    problem: str = ""
    inode: tuple[int, int] | None = None
    in_folder: bool = False


def sources(paths: Iterable[str]) -> Iterator[Source]:
    """The files that paths mean, in the order given, each once.

    A folder means all ``*.yaml`` and ``*.yml`` below it, sorted; hidden files and folders are
    passed over, and of the links in it only those are followed that lead to what is below it too.
    What can't be a manifest comes as a source with a problem.
    """
    met: set[tuple[int, int] | str] = set()
    for path in paths:
        for source in _sources_of(path):
            identity = source.inode or source.name
            if identity not in met:
                met.add(identity)
                yield source


def would_be_loaded(folder: Path, path: Path) -> bool:
    """Whether a file, there or yet to be written, is one that the folder means."""
    if path.suffix not in _SUFFIXES:
        return False
    place = Path(os.path.realpath(path.parent), path.name)
    top = os.path.realpath(folder)
    if not place.is_relative_to(top) or not _is_folder(folder):
        return False
    return not any(part.startswith(".") for part in place.relative_to(top).parts)


class Reader(Struct):
    """Reads sources, within limits for each file and for all together."""

    stdin: BinaryIO
    _total: int = 0

    @property
    def exhausted(self) -> bool:
        """Whether more was read than a run may; nothing more should be."""
        return self._total > MAX_TOTAL_BYTES

    def read(self, source: Source) -> bytes:
        """A source's content, never more than ``MAX_FILE_BYTES``.

        Raises:
            FileError: it can't be read, or is too large.
        """
        raw, problem = b"", source.problem
        if not problem:
            try:
                raw = self._bytes(source)
            except OSError as error:
                problem = _unreadable(error)
        self._total += len(raw)
        if len(raw) > MAX_FILE_BYTES:
            problem = _too_large("the file is", MAX_FILE_BYTES)
        elif self.exhausted:
            problem = _too_large("the files up to this one are together", MAX_TOTAL_BYTES)
        if problem:
            raise FileError(Problem(source.name, problem))
        return raw

    def _bytes(self, source: Source) -> bytes:
        if source.path is None:
            return self.stdin.read(MAX_FILE_BYTES + 1)
        with source.path.open("rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)


def _sources_of(path: str) -> Iterator[Source]:
    if not path:
        yield Source('""', None, "a path is empty; check that the variable it comes from is set")
    elif path == "-":
        yield Source("<stdin>", None)
    elif _is_folder(Path(path)):
        yield from _in_folder(Path(path))
    else:
        yield _file(Path(path))


def _in_folder(folder: Path) -> Iterator[Source]:
    """All manifests below a folder; the folder itself, with a problem, where there are none."""
    source = None
    for source in _walk(folder):
        yield source
    if source is None:
        problem = (
            "no manifest found: the folder holds no *.yaml or *.yml, and an empty set is a "
            "mistake, not a wish; name the folder that holds the manifests"
        )
        yield Source(visible(str(folder)), folder, problem)


def _walk(folder: Path) -> Iterator[Source]:
    pending = [folder]
    visited: set[tuple[int, int]] = set()
    while pending:
        path = pending.pop()
        is_folder = _is_folder(path)
        if not is_folder and path.suffix not in _SUFFIXES:
            continue
        if path != folder and path.is_symlink() and not _is_below(folder, path):
            # Whoever may change the folder would else have any file read that this run may read.
            yield Source(visible(str(path)), path, _leads_out(folder))
            continue
        if not is_folder:
            yield replace(_file(path), in_folder=True)
            continue
        try:
            status = path.stat()
            children = [] if (status.st_dev, status.st_ino) in visited else list(path.iterdir())
        except OSError as error:
            yield Source(visible(str(path)), path, _unreadable(error))
            continue
        visited.add((status.st_dev, status.st_ino))
        pending += sorted((child for child in children if child.name[0] != "."), reverse=True)


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:  # _file says what is wrong
        return False


def _is_below(folder: Path, path: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _leads_out(folder: Path) -> str:
    return (
        f"this link leads out of the folder {visible(str(folder))}, so it is not followed; put the "
        "manifest itself here, or remove the link and name what it leads to on the command line"
    )


def _file(path: Path) -> Source:
    name = visible(str(path))
    try:
        status = path.stat()
    except OSError as error:
        return Source(name, path, _unreadable(error))
    if stat.S_ISREG(status.st_mode) or str(path).startswith(_STREAMS):
        return Source(name, path, inode=(status.st_dev, status.st_ino))
    problem = "this is a device, a pipe or a socket; name a file, a folder, or - for standard input"
    return Source(name, path, problem)


def _unreadable(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"can't be read ({reason}); check the path's spelling and permissions"


def _too_large(what: str, limit: int) -> str:
    return (
        f"{what} larger than {limit // _MEBIBYTE} MiB, which no manifest needs; split it, or check "
        "that this is what you meant"
    )
