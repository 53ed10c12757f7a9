"""Live JWKs as a manifest that declares them as they are."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import yaml
from msgspec import UNSET, Struct

from reconciler.core.model import LiveJwk, LiveProject
from reconciler.core.names import looks_temporary, name_fault
from reconciler.manifests.model import (
    API_VERSION,
    KIND,
    MAX_DESCRIPTION,
    Jwk,
    Manifest,
    Metadata,
    Spec,
)

_NEVER = 10**9
"""A width at which no line is ever broken: a broken line could begin like a command."""

_COMMAND_MARKS = re.compile("##|::")

_NEEDS_ESCAPES = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


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
    refused = {jwk.name: why for jwk in project.jwks if (why := _undeclarable(jwk)) is not None}
    kids = Counter(jwk.kid for jwk in project.jwks)
    jwks = tuple(
        Jwk(
            jwk.name,
            description=UNSET if jwk.description is None else jwk.description,
            kid=jwk.kid if jwk.kid and kids[jwk.kid] == 1 else UNSET,
        )
        for jwk in sorted(project.jwks, key=lambda jwk: jwk.name)
        if jwk.name not in refused
    )
    manifest = Manifest(API_VERSION, KIND, Metadata(project.name), Spec(jwks))
    text = yaml.dump(
        msgspec.to_builtins(manifest),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=not any(_needs_escapes(jwk) for jwk in jwks),
        width=_NEVER,
    )
    # Pipelines obey `##vso[` and `::error::` in whatever is printed; the escapes mean the same.
    text = text.replace("##", r"#\x23").replace("::", r":\x3a")
    left_out = (f"`{name}` in project `{project.name}` {why}" for name, why in refused.items())
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


def _undeclarable(jwk: LiveJwk) -> str | None:
    """Why no manifest can declare a key as it is; None where one can."""
    fault = name_fault(jwk.name)
    if fault is not None:
        return f"has a name that can't be declared: it {fault}"
    if looks_temporary(jwk.name):
        return "has the form of a temporary name; finish that rename first"
    if len(jwk.description or "") > MAX_DESCRIPTION:
        return f"has a description of more than {MAX_DESCRIPTION:,} characters"
    return None


def _needs_escapes(jwk: Jwk) -> bool:
    return any(_NEEDS_ESCAPES.search(text) for text in (jwk.name, jwk.description, jwk.kid) if text)
