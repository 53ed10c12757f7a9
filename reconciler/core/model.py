"""What the manifests declare and what the gateway's list showed, as frozen values."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

UNSOURCED = frozenset({"COPY_PASTE", "GENERATE"})
"""The ``sourceType`` values of keys without a source; any other, or none, may mean a source."""

MAX_COUNT = 2**53
"""The largest whole number that every JSON reader keeps exactly (RFC 8259, 6)."""

Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]


class SourceLocation(Struct, frozen=True):
    """Where in the manifests something is said; line and column count from 1."""

    file: str
    line: Count
    column: Count = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class DeclaredJwk(Struct, frozen=True):
    """What the manifests ask of one JWK.

    Attributes:
        name: the name it shall have.
        location: the entry's ``name`` value in its manifest.
        description: the description it shall have; None leaves it unmanaged, "" asks for none.
        previous_names: names the key may still carry.
        kid: RFC 7517 key id that pins which key is meant; None pins nothing.
        allow_source_detach: consent to cutting the key off from its source.
        allow_dangling_references: consent to breaking what finds the key by its old name.
    """

    name: str
    location: SourceLocation
    description: str | None = None
    previous_names: tuple[str, ...] = ()
    kid: str | None = None
    allow_source_detach: bool = False
    allow_dangling_references: bool = False


class DeclaredProject(Struct, frozen=True):
    """All JWKs the manifests declare for one Apinizer project, from however many documents."""

    name: str
    jwks: tuple[DeclaredJwk, ...]
    location: SourceLocation


class LiveJwk(Struct, frozen=True):
    """One item of the gateway's list: the only fields that are ever kept of it."""

    name: str
    description: str | None = None
    id: str | None = None
    project_id: str | None = None
    source_type: str | None = None
    source_id: str | None = None
    source_url: str | None = None
    type: str | None = None
    kid: str | None = None

    @property
    def label(self) -> str:
        """How messages name it: its name, and what else identifies it; not escaped."""
        marks = [f"{name} {value}" for name, value in (("kid", self.kid), ("id", self.id)) if value]
        return f"`{self.name}`" + (f" ({', '.join(marks)})" if marks else "")

    @property
    def sourced(self) -> bool:
        """Whether an update may cut this key off from a source."""
        return self.source_type not in UNSOURCED or bool(self.source_id or self.source_url)


class LiveProject(Struct, frozen=True):
    """A project's whole list, as the gateway gave it, in the gateway's order."""

    name: str
    jwks: tuple[LiveJwk, ...]


class UnusableList(Struct, frozen=True):
    """Why a project's list can't be planned on.

    Attributes:
        name: the project.
        code: ``project-unreadable``, the gateway refused the list (the project does not exist or
            the token may not see it); ``unsafe-list``, its list can't be trusted.
        message: what is wrong; live text inside is not escaped.
        hint: what to do.
        denied: the token may not read it.
    """

    name: str
    code: Literal["project-unreadable", "unsafe-list"]
    message: str
    hint: str
    denied: bool = False


LiveList = LiveProject | UnusableList
"""What reading one project's list came to."""
