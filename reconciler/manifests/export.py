"""Live JWKs → the manifest that declares them as they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from reconciler.core.model import LiveJwk, LiveProject
from reconciler.core.names import looks_temporary, name_fault
from reconciler.manifests.model import API_VERSION, KIND, MAX_DESCRIPTION

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
        left_out: one sentence per key that can't be declared; live text is not escaped.
    """

    text: str
    jwks: int
    left_out: tuple[str, ...]


def manifest_of(project: LiveProject) -> Exported:
    """Declare a project's keys as they are, sorted by name, ``kid`` pinned where it is unique.

    Args:
        project: a list that holds no name twice and no key of another project.
    """
    import yaml

    left_out = tuple(
        f"`{jwk.name}` in project `{project.name}` {fault}"
        for jwk in project.jwks
        if (fault := _fault(jwk)) is not None
    )
    declarable = sorted(
        (jwk for jwk in project.jwks if _fault(jwk) is None), key=lambda jwk: jwk.name
    )
    kids = Counter(jwk.kid for jwk in project.jwks)
    document = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": project.name},
        "spec": {"jwks": [_entry(jwk, pinned=kids[jwk.kid] == 1) for jwk in declarable]},
    }
    text = yaml.dump(
        document,
        Dumper=_dumper(),
        sort_keys=False,
        allow_unicode=not any(_needs_escapes(jwk) for jwk in declarable),
        width=_NEVER,
    )
    # Pipelines obey `##vso[` and `::error::` in whatever is printed; the escapes mean the same.
    text = text.replace("##", r"#\x23").replace("::", r":\x3a")
    return Exported(text, len(declarable), left_out)


def _dumper() -> type:
    import yaml

    class Indented(yaml.SafeDumper):
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

    Indented.add_representer(str, Indented.represent_text)
    return Indented


def _entry(jwk: LiveJwk, *, pinned: bool) -> dict[str, object]:
    entry: dict[str, object] = {"name": jwk.name}
    if jwk.description is not None:
        entry["description"] = jwk.description
    if jwk.kid and pinned:
        entry["kid"] = jwk.kid
    return entry


def _fault(jwk: LiveJwk) -> str | None:
    fault = name_fault(jwk.name)
    if fault is not None:
        return f"has a name that can't be declared: it {fault}"
    if looks_temporary(jwk.name):
        return "has the form of a temporary name; finish that rename first"
    if len(jwk.description or "") > MAX_DESCRIPTION:
        return f"has a description of more than {MAX_DESCRIPTION:,} characters"
    return None


def _needs_escapes(jwk: LiveJwk) -> bool:
    texts: Sequence[str] = (jwk.name, jwk.description or "", jwk.kid or "")
    return any(_NEEDS_ESCAPES.search(text) for text in texts)
