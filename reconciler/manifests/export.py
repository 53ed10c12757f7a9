"""Live JWKs as a manifest that declares them as they are."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

import msgspec
import yaml
from msgspec import UNSET, Struct

from reconciler.core.model import LiveProject
from reconciler.core.names import looks_temporary, name_fault
from reconciler.manifests.files import MAX_FILE_BYTES
from reconciler.manifests.model import (
    API_VERSION,
    KIND,
    MAX_DESCRIPTION,
    Jwk,
    Manifest,
    Metadata,
    Spec,
)
from reconciler.manifests.yaml_nodes import MAX_NODES

_NEVER = 10**9
"""A width at which no line is ever broken: a broken line could begin like a command."""

_COMMAND_MARKS = re.compile("##|::")

_NEEDS_ESCAPES = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)

_SURROGATES = re.compile("[\ud800-\udfff]")

_RESERVED = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3]", re.IGNORECASE)
"""Names of devices on Windows, whatever follows a point."""

_LONGEST_STEM = 200
"""Bytes of a file's name before its suffix; file systems take 255 in all."""

_MOST_VALUES = 7
"""Of an exported key: its mapping, and three members with their keys."""

_VALUES_AROUND = 20
"""More than a manifest has besides its keys."""

TOO_LARGE = (
    f"is too large for one manifest, which may have {MAX_FILE_BYTES // 2**20} MiB and "
    f"{MAX_NODES:,} values"
)
"""Why a project can't be exported, as the rest of a sentence."""


class Exported(Struct, frozen=True):
    """A project's manifest.

    Attributes:
        text: one YAML document that plans to nothing as long as the list stays as it is.
        jwks: how many keys it declares.
        left_out: one message per key that can't be declared; live text is not escaped.
    """

    text: str
    jwks: int
    left_out: tuple[str, ...]


def manifest_of(project: LiveProject) -> Exported:
    """Declare a project's keys as they are, sorted by name, ``kid`` pinned where it is unique.

    Args:
        project: a list that holds no name twice and no key of another project.
    """
    names_left_out = {jwk.name: why for jwk in project.jwks if (why := _name_fault(jwk.name))}
    left_out = [
        f"`{name}` in project `{project.name}` {why}" for name, why in names_left_out.items()
    ]
    kids = Counter(jwk.kid for jwk in project.jwks)
    jwks = []
    for jwk in sorted(project.jwks, key=lambda jwk: jwk.name):
        if jwk.name in names_left_out:
            continue
        kid = jwk.kid if jwk.kid and kids[jwk.kid] == 1 else None
        faults = {"description": _text_fault(jwk.description), "kid": _text_fault(kid)}
        left_out += (
            f"the {member} of `{jwk.name}` in project `{project.name}`: it {why}"
            for member, why in faults.items()
            if why
        )
        description = UNSET if jwk.description is None or faults["description"] else jwk.description
        jwks.append(Jwk(jwk.name, description, kid=UNSET if kid is None or faults["kid"] else kid))
    manifest = Manifest(API_VERSION, KIND, Metadata(project.name), Spec(tuple(jwks)))
    text = yaml.dump(
        msgspec.to_builtins(manifest),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=not any(_needs_escapes(jwk) for jwk in jwks),
        width=_NEVER,
    )
    # Pipelines obey `##vso[` and `::error::` in whatever is printed; the escapes mean the same.
    text = text.replace("##", r"#\x23").replace("::", r":\x3a")
    return Exported(text, len(jwks), tuple(left_out))


class _Dumper(yaml.SafeDumper):
    """Indents list items below their member, as people write them, and never aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 PyYAML names it
        super().increase_indent(flow, indentless=False)

    def represent_text(self, data: str) -> yaml.ScalarNode:
        # Quoted unless it begins like a word: other readers take more for numbers than PyYAML
        # does, and so does the loader, which refuses what any of them could misread.
        plain = data[:1].isalpha() and not _COMMAND_MARKS.search(data)
        style = None if plain else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    def ignore_aliases(self, _data: object) -> bool:
        return True


_Dumper.add_representer(str, _Dumper.represent_text)


def is_too_large(exported: Exported) -> bool:
    """Whether a manifest is larger than one may be."""
    values = exported.jwks * _MOST_VALUES + _VALUES_AROUND
    return values > MAX_NODES or len(exported.text.encode()) > MAX_FILE_BYTES


def file_names(projects: Iterable[str], encoding: str) -> dict[str, str]:
    """The name of each project's file: one that any system takes, and no two the same on any.

    Args:
        projects: their names.
        encoding: the file system's.
    """
    safe = {project: _safe_name(project, encoding) for project in projects}
    counts = Counter(map(_folded, safe.values()))
    return {
        project: f"{stem if counts[_folded(stem)] == 1 else _distinct(stem, project)}.yaml"
        for project, stem in safe.items()
    }


def _safe_name(project: str, encoding: str) -> str:
    """A project's name with all but harmless characters replaced; never empty or hidden."""
    encodable = project.encode(encoding, "replace").decode(encoding)
    stem = re.sub(r"[^\w.-]", "_", encodable).lstrip(".") or "_"
    if _RESERVED.fullmatch(stem.partition(".")[0]):
        stem = f"_{stem}"
    return stem if len(stem.encode()) <= _LONGEST_STEM else _distinct(stem, project)


def _distinct(stem: str, project: str) -> str:
    short = stem.encode()[: _LONGEST_STEM - 9].decode(errors="ignore")
    return f"{short}-{sha256(project.encode()).hexdigest()[:8]}"


def _folded(stem: str) -> str:
    """What file systems that know neither case nor the forms of Unicode make of a name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


def _name_fault(name: str) -> str | None:
    """Why no manifest can declare a key of this name; None where one can."""
    fault = name_fault(name)
    if fault is not None:
        return f"has a name that can't be declared: it {fault}"
    if looks_temporary(name):
        return "has the form of a temporary name; finish that rename first"
    return None


def _text_fault(text: str | None) -> str | None:
    """Why no manifest can hold a description or a kid; None where one can."""
    if text and len(text) > MAX_DESCRIPTION:
        return f"has more than {MAX_DESCRIPTION:,} characters"
    return "holds half of a surrogate pair" if text and _SURROGATES.search(text) else None


def _needs_escapes(jwk: Jwk) -> bool:
    return any(_NEEDS_ESCAPES.search(text) for text in (jwk.name, jwk.description, jwk.kid) if text)
