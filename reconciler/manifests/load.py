"""All manifests of a run: found, read, checked and merged; every problem reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO

import msgspec
import yaml
from msgspec import Struct

from reconciler.core.model import DeclaredJwk, DeclaredProject
from reconciler.core.text import visible
from reconciler.errors import ManifestError, Problem
from reconciler.manifests.files import Reader, Source, sources
from reconciler.manifests.model import API_VERSION, KIND, Jwk, Manifest, Name
from reconciler.manifests.origin import Origin, origin_of
from reconciler.manifests.problems import FileError, FileProblems, location_of
from reconciler.manifests.rules import rule_violations
from reconciler.manifests.values import Json, Values
from reconciler.manifests.yaml_nodes import documents, node_at

Explain = Callable[[Json, yaml.Node, FileProblems], None]
"""``explain.explain``; handed in by a function that imports it, as good manifests need it not."""

_BLOCK_STYLES = ("|", ">")
_NOTHING = "no manifest found: an empty set is a mistake, not a wish;"
_NAME_ONE = "name a file, a folder, or - for standard input"
_FOREIGN = (
    f"this is no manifest: it says neither apiVersion: {API_VERSION} nor kind: {KIND}; add both, "
    "or leave the file out"
)
_FILES_SHOWN = 3


def load(
    paths: Sequence[str],
    *,
    stdin: BinaryIO,
    explainer: Callable[[], Explain],
    note: Callable[[str], None] = lambda _message: None,
) -> tuple[DeclaredProject, ...]:
    """What the manifests declare.

    Args:
        paths: files, folders (all ``*.yaml`` and ``*.yml`` below them) and ``-`` for ``stdin``.
        stdin: read only where ``-`` is among the paths, and never closed.
        explainer: returns what says what is wrong with a document that the model refuses; only
            called where one is.
        note: receives one line on what a folder holds for other tools, where there is such a thing.

    Returns:
        One item for each project, sorted by name; the JWKs of a project in the order met.

    Raises:
        ManifestError: anything is wrong; carries all problems of all files.
    """
    reader = Reader(stdin)
    problems: list[Problem] = []
    declared: list[DeclaredProject] = []
    ranks: dict[str, int] = {}
    left_out: list[str] = []
    for source in sources(paths):
        ranks.setdefault(source.name, len(ranks))
        in_file = FileProblems(source.name)
        try:
            declared.extend(_read(source, reader, in_file, explainer, left_out))  # up to the error
        except FileError as error:
            in_file.found.append(error.problem)
        problems += in_file.found
        if reader.exhausted:
            break
    if not ranks:
        raise ManifestError([Problem("manifests", f"{_NOTHING} {_NAME_ONE}")])
    if left_out:
        note(_left_out(left_out))
    if left_out and not declared and not problems:
        problems.append(Problem(left_out[0], f"{_NOTHING} name the folder that holds them"))
    projects = _merged(declared)
    problems += (problem for project in projects for problem in rule_violations(project))
    if problems:
        problems.sort(key=lambda problem: (ranks[problem.file], problem.line, problem.column))
        raise ManifestError(list(dict.fromkeys(problems)))
    return projects


def _read(
    source: Source,
    reader: Reader,
    problems: FileProblems,
    explainer: Callable[[], Explain],
    left_out: list[str],
) -> Iterator[DeclaredProject]:
    """What a file declares, document by document.

    Adds to ``problems`` what is wrong, and to ``left_out`` the file's name for each object of
    another tool.
    """
    values = Values(problems)
    empty = True
    for root in documents(reader.read(source), source.name):
        origin = origin_of(root)
        # What is wrong within a document of others is not told: that would quote from it.
        values.problems = problems if origin is Origin.OURS else FileProblems(source.name)
        document = values.read(root)
        if document is None:
            continue
        empty = False
        if origin is Origin.OURS:
            project = _declared(document, root, problems, explainer)
            yield from (project,) if project else ()
        elif origin is Origin.OTHER_TOOL and source.in_folder:
            left_out.append(source.name)
        else:
            problems.add(root, _FOREIGN)
    if empty and not problems.found:
        message = f"{_NOTHING} write a manifest into this file, or leave the file out"
        raise FileError(Problem(source.name, message))


def _left_out(files: Sequence[str]) -> str:
    """What was left out, in one line; ``files`` holds a file's name for each object."""
    names = list(dict.fromkeys(files))
    shown = ", ".join(names[:_FILES_SHOWN])
    more = f" and {len(names) - _FILES_SHOWN} more files" if len(names) > _FILES_SHOWN else ""
    objects = f"{len(files)} object{'s' if len(files) != 1 else ''} of other tools"
    return f"Left out {objects}, in {shown}{more}."


def _declared(
    document: Json, root: yaml.Node, problems: FileProblems, explainer: Callable[[], Explain]
) -> DeclaredProject | None:
    """What a document declares, leaving out the entries that are not valid.

    Returns:
        None where not even the project or the list of its JWKs can be made out.
    """
    try:
        manifest = msgspec.convert(document, Manifest)
    except msgspec.ValidationError as error:
        explainer()(document, root, problems)
        if not problems.found:  # the model's word stands, even if the schema has none
            problems.add(root, f"this is no valid manifest: {visible(str(error))}; correct it")
        return _valid_part(document, root, problems.file)
    return _project(manifest.metadata.name, manifest.spec.jwks, root, problems.file)


class _NamedMetadata(Struct):
    name: Name


class _AnySpec(Struct):
    jwks: list[object]


class _Outline(Struct):
    """What an invalid document must have for its valid entries to be checked all the same."""

    metadata: _NamedMetadata
    spec: _AnySpec


def _valid_part(document: Json, root: yaml.Node, file: str) -> DeclaredProject | None:
    """The valid entries of an invalid document, for the rules between entries."""
    try:
        outline = msgspec.convert(document, _Outline)
    except msgspec.ValidationError:
        return None
    return _project(outline.metadata.name, map(_valid_jwk, outline.spec.jwks), root, file)


def _valid_jwk(entry: object) -> Jwk | None:
    try:
        return msgspec.convert(entry, Jwk)
    except msgspec.ValidationError:
        return None


def _project(
    name: str, entries: Iterable[Jwk | None], root: yaml.Node, file: str
) -> DeclaredProject:
    jwks_node = node_at(root, "spec", "jwks")
    jwks = tuple(
        _jwk(entry, node, file)
        for entry, node in zip(entries, jwks_node.value, strict=True)
        if entry is not None
    )
    return DeclaredProject(name, jwks, location_of(node_at(root, "metadata", "name"), file))


def _jwk(entry: Jwk, node: yaml.MappingNode, file: str) -> DeclaredJwk:
    description = None if entry.description is msgspec.UNSET else entry.description
    if description and getattr(node_at(node, "description"), "style", None) in _BLOCK_STYLES:
        description = description.removesuffix("\n")
    return DeclaredJwk(
        name=entry.name,
        location=location_of(node_at(node, "name"), file),
        description=description,
        previous_names=entry.previous_names,
        kid=None if entry.kid is msgspec.UNSET else entry.kid,
        allow_source_detach=entry.allow_source_detach,
        allow_dangling_references=entry.allow_dangling_references,
    )


def _merged(documents: Iterable[DeclaredProject]) -> tuple[DeclaredProject, ...]:
    """One project for all documents that name it, sorted by name; JWKs in the order met."""
    projects: dict[str, list[DeclaredProject]] = {}
    for document in documents:
        projects.setdefault(document.name, []).append(document)
    return tuple(
        DeclaredProject(name, tuple(jwk for part in parts for jwk in part.jwks), parts[0].location)
        for name, parts in sorted(projects.items())
    )
