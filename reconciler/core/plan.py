"""The plan: what will be sent, why, and what stands in the way; an immutable value."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import force_setattr

from reconciler.core.model import Count, SourceLocation
from reconciler.core.references.model import Reference, ReferenceCheck


class Action(StrEnum):
    """What a change does to its key, in the order reports name it."""

    RENAME = "rename"
    DESCRIBE = "describe"


class Effect(StrEnum):
    """What else happens to a key because it is updated."""

    REDEPLOYS = "redeploys"
    DETACHES_SOURCE = "detachesSource"


class RefusalCode(StrEnum):
    """Why nothing may be written to a project."""

    MISSING = "missing"
    AMBIGUOUS = "ambiguous"
    NAME_TAKEN = "name-taken"
    DUPLICATE_LIVE_NAME = "duplicate-live-name"
    KID_MISMATCH = "kid-mismatch"
    DETACH_NOT_ALLOWED = "detach-not-allowed"
    PROJECT_UNREADABLE = "project-unreadable"
    UNSAFE_LIST = "unsafe-list"
    STILL_REFERENCED = "still-referenced"
    REFERENCES_UNREADABLE = "references-unreadable"


class JwkFields(Struct, frozen=True):
    """The two fields of a JWK that are managed; also the complete body of a PUT."""

    name: str
    description: str | None = None


class Change(Struct, frozen=True, kw_only=True):
    """One live JWK whose name and/or description will differ.

    Attributes:
        project: the Apinizer project.
        name: the name it ends under; with ``project`` this addresses the change.
        actions: never empty, in the order of ``Action``.
        id: the server's identifier, where the list has one.
        kid: the RFC 7517 key id, where the list has one.
        before: the live fields.
        after: the fields it ends with; an unmanaged description keeps its live value.
        effects: in the order of ``Effect``.
        source: the declaring entry; None in a plan read from a file that left it out.
    """

    project: str
    name: str
    actions: tuple[Action, ...]
    id: str | None = None
    kid: str | None = None
    before: JwkFields
    after: JwkFields
    effects: tuple[Effect, ...]
    source: SourceLocation | None = None

    @property
    def previous_name(self) -> str | None:
        """The name it leaves; None where it keeps its name."""
        return self.before.name if self.before.name != self.after.name else None


class Step(Struct, frozen=True):
    """One PUT.

    Attributes:
        project: the Apinizer project.
        jwk: the name the key is addressed by at that moment.
        body: the complete body.
        change: the ``name`` of the change this step is part of; the body's where it is left out.
        temporary: the body's name is a temporary one; a later step of the change replaces it.
        effects: in the order of ``Effect``.
    """

    project: str
    jwk: str
    body: JwkFields
    change: str = ""
    temporary: bool = False
    effects: tuple[Effect, ...] = ()

    def __post_init__(self) -> None:
        if not self.change:
            force_setattr(self, "change", self.body.name)


class Refusal(Struct, frozen=True):
    """A reason why nothing may be written to a project.

    Attributes:
        code: what kind of reason.
        project: the Apinizer project.
        name: the declared or live name it is about; None where it is the whole project.
        message: what is wrong and which live keys are involved; live text is not escaped.
        hint: the shortest way out.
        source: the declaring entry, where one is to blame.
    """

    code: RefusalCode
    project: str
    name: str | None
    message: str
    hint: str
    source: SourceLocation | None = None


class Unmanaged(Struct, frozen=True):
    """A live JWK that no manifest declares; it is left alone."""

    project: str
    name: str


class PlanWarning(Struct, frozen=True):
    """Something worth a look that stops nothing; ``warnings`` in the JSON.

    Attributes:
        code: a stable word, such as ``hint-names-live-key`` or ``temporary-name-left``.
        project: the Apinizer project.
        name: the JWK it is about; None where it is the whole project.
        message: what was noticed and what to do about it; live text is not escaped.
        source: the declaring entry, where one is to blame.
    """

    code: str
    project: str
    name: str | None
    message: str
    source: SourceLocation | None = None


class Summary(Struct, frozen=True, rename="camel"):
    """How many of what; the counts of live and declared JWKs, never of steps."""

    rename: Count
    describe: Count
    rename_and_describe: Count
    unchanged: Count
    unmanaged: Count
    refused: Count

    @property
    def changes(self) -> int:
        """How many JWKs will differ."""
        return self.rename + self.describe + self.rename_and_describe


class Inputs(Struct, frozen=True):
    """Fingerprints of what a plan was made from; each ``sha256:`` and 64 hexadecimal digits."""

    manifests: str
    live: str


class Plan(Struct, frozen=True):
    """All that a run would do, and all that keeps it from doing so.

    Changes, refusals, unmanaged JWKs and warnings are sorted by project, then name. Steps are
    sorted by project and, within one, stand in the order they are sent.

    Attributes:
        gateway: the normalised base URL the live state was read from.
        digest: ``sha256:`` and 64 hexadecimal digits over what is sent and what is refused.
        inputs: only where the plan is to be saved; tells later which side moved.
        references: who uses the keys that are renamed, of refused projects too; sorted by project,
            then key, then the worst first.
        reference_check: how thoroughly was looked for them; None in plans of earlier releases.
    """

    gateway: str
    digest: str
    summary: Summary
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()
    inputs: Inputs | None = None
    references: tuple[Reference, ...] = ()
    reference_check: ReferenceCheck | None = None

    @property
    def refused_projects(self) -> frozenset[str]:
        """The projects nothing may be written to."""
        return frozenset(refusal.project for refusal in self.refusals)
