"""All manifests of a run: found, read, checked and merged; every problem told at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import yaml

from reconciler.core.model import DeclaredProject
from reconciler.errors import ManifestError, Problem
from reconciler.manifests.files import Reader, Source, sources
from reconciler.manifests.findings import (
    FileFault,
    Finding,
    Findings,
    in_reading_order,
    whole_file,
)
from reconciler.manifests.values import Json, Values

_NOTHING = "no manifest found: an empty set is a mistake, not a wish;"
_FOREIGN = (
    "this is no manifest: it says neither apiVersion: reconciler/v1 nor kind: Project; add both, "
    "or leave the file out"
)


def load(paths: Sequence[str], *, stdin: BinaryIO) -> tuple[DeclaredProject, ...]:
    """What the manifests declare.

    Args:
        paths: files, folders (all ``*.yaml`` and ``*.yml`` below them) and ``-`` for ``stdin``.
        stdin: read only where ``-`` is among the paths, and never closed.

    Returns:
        One item for each project, sorted by name; the JWKs of a project in the order met.

    Raises:
        ManifestError: anything is wrong; carries all problems of all files.
    """
    from reconciler.manifests.declare import merged
    from reconciler.manifests.rules import broken_rules

    reader = Reader(stdin)
    findings: list[Finding] = []
    documents: list[DeclaredProject] = []
    ranks: dict[str, int] = {}
    with _no_cycle_collection():
        for source in sources(paths):
            ranks.setdefault(source.shown, len(ranks))
            findings += _check(source, reader, documents)
            if reader.spent:
                break
    if not ranks:
        advice = "name a file, a folder, or - for standard input"
        raise ManifestError([Problem("manifests", f"{_NOTHING} {advice}")])
    projects = merged(documents)
    findings += (finding for project in projects for finding in broken_rules(project))
    if findings:
        raise ManifestError(in_reading_order(findings, ranks))
    return projects


@contextmanager
def _no_cycle_collection() -> Iterator[None]:
    """Pause the search for reference cycles, which nodes don't form.

    Their sheer number sets it off again and again: measured on 10,000 entries, it makes loading
    three times as slow.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _check(source: Source, reader: Reader, documents: list[DeclaredProject]) -> list[Finding]:
    """Add what a file declares to ``documents``; returns what is wrong in it."""
    findings = Findings(source.shown)
    try:
        raw = reader.read(source)
        if not _declares(raw, documents, findings) and not findings.found:
            message = f"{_NOTHING} write a manifest into this file, or leave the file out"
            findings.found.append(whole_file(source.shown, message))
    except FileFault as fault:
        findings.found.append(fault.finding)
    return findings.found


def _declares(raw: bytes, documents: list[DeclaredProject], findings: Findings) -> bool:
    """Whether a file holds anything but empty documents; adds what it declares."""
    from reconciler.manifests.nodes import documents as root_nodes
    from reconciler.manifests.values import Values

    values = Values(findings)
    anything = False
    for root in root_nodes(raw, findings.file):
        document = values.read(root)
        if document is not None:
            anything = True
            project = _declared(document, root, findings, values)
            documents += (project,) if project else ()
    return anything


def _declared(
    document: Json, root: yaml.Node, findings: Findings, values: Values
) -> DeclaredProject | None:
    from reconciler.manifests.declare import declared
    from reconciler.manifests.schema import is_valid

    faulty: frozenset[int] = frozenset()
    if not is_valid(document):
        from reconciler.manifests.explain import explain, is_foreign

        if is_foreign(document):
            findings.add(root.start_mark.line + 1, root.start_mark.column + 1, _FOREIGN)
            return None
        faulty = explain(document, root, findings, values.incomplete)
    return declared(document, root, findings.file, faulty)
