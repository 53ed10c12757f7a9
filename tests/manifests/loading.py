"""How these tests load: the whole way, or only to the values of the documents."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from reconciler.core.model import DeclaredProject
from reconciler.errors import ManifestError
from reconciler.manifests.explain import explain
from reconciler.manifests.load import load
from reconciler.manifests.problems import FileError, FileProblems
from reconciler.manifests.values import Json, Values
from reconciler.manifests.yaml_nodes import LOADER, documents


def loaded(
    *paths: object, stdin: str | bytes = "", notes: list[str] | None = None
) -> tuple[DeclaredProject, ...]:
    """What is declared; ``notes`` receives what is told besides."""
    raw = stdin.encode() if isinstance(stdin, str) else stdin
    return load(
        [str(path) for path in paths],
        stdin=io.BytesIO(raw),
        explainer=lambda: explain,
        note=lambda line: notes.append(line) if notes is not None else None,
    )


def problems(*paths: object, stdin: str | bytes = "") -> list[str]:
    with pytest.raises(ManifestError) as raised:
        loaded(*paths, stdin=stdin)
    return [str(problem) for problem in raised.value.problems]


def values_of(
    text: str | bytes, loader: type = LOADER, found: FileProblems | None = None
) -> Iterator[Json]:
    """The values of each document; ``found`` receives what is wrong in them."""
    values = Values(found or FileProblems("f"))
    raw = text if isinstance(text, bytes) else text.encode()
    return (values.read(root) for root in documents(raw, "f", loader))


def file_problem(text: str | bytes, loader: type = LOADER) -> str:
    """Why nothing more can be said about a file."""
    with pytest.raises(FileError) as raised:
        list(values_of(text, loader))
    return str(raised.value.problem)
