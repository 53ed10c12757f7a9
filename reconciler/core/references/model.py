"""What was found of the keys' users, and what a rename does to each, as frozen values.

Proxies hold passwords and other secrets: nothing of them is kept here but the names of proxies,
endpoints and policies, and the names and ids of keys.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct, field

from reconciler.core.model import Count


class ReferenceMode(StrEnum):
    """How a plan with renames asks who uses the keys."""

    REQUIRED = "required"
    """What can't be read refuses the rename."""
    BEST_EFFORT = "best-effort"
    """What can't be read is a warning."""
    OFF = "off"
    """Nobody asks."""


class ReferenceKind(StrEnum):
    """What refers to a key."""

    SCRIPT = "script"
    JOSE = "jose"


class ReferenceBy(StrEnum):
    """By what it finds the key."""

    NAME = "name"
    ID = "id"


class ReferenceEffect(StrEnum):
    """What a rename does to a reference, the worst first."""

    OTHER_KEY = "other-key"
    """It silently finds the key that takes the old name."""
    BREAKS = "breaks"
    """It finds no key any more."""
    UNCLEAR = "unclear"
    """Nobody can say whether it is one: the name it looks for is no literal."""
    HANDLED = "handled"
    """It looks for the new name as well."""
    UNAFFECTED = "unaffected"
    """It finds the key by its id."""

    @property
    def is_dangling(self) -> bool:
        """Whether it does not find its key any more."""
        return self in {ReferenceEffect.OTHER_KEY, ReferenceEffect.BREAKS}


Pipeline = Literal["request", "response", "error"]


class Use(Struct, frozen=True, kw_only=True):
    """A script or a JOSE policy that uses keys.

    Attributes:
        proxy: the API proxy's name.
        pipeline: of the proxy or the endpoint; None where it is in neither.
        endpoint: such as ``POST /pay``; None at the proxy's own level.
        policy: the nearest policy around it; None where that has no name.
        kind: what uses them.
        active: whether the policy and all around it run today.
        values: the keys' names, or for a JOSE policy their names or ids.
        unclear: whether it is a script that may use other keys as well.
    """

    proxy: str
    pipeline: Pipeline | None = None
    endpoint: str | None = None
    policy: str | None = None
    kind: ReferenceKind
    active: bool = True
    values: frozenset[str] = frozenset()
    unclear: bool = False


class NotChecked(Struct, frozen=True):
    """What could not be looked at.

    Attributes:
        project: the Apinizer project.
        proxy: the API proxy; None where it is all of them.
        reason: why, in the words of this program.
    """

    project: str
    proxy: str | None
    reason: str


class ProjectUses(Struct, frozen=True):
    """Who uses keys in one project.

    Attributes:
        proxies: how many API proxies there are.
        uses: in the order of the proxies' names.
        not_checked: what could not be looked at.
    """

    project: str
    proxies: int = 0
    uses: tuple[Use, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


class Reference(Struct, frozen=True, kw_only=True, rename="camel"):
    """One user of one key; ``references`` in the JSON. See ``Use`` for the other members.

    Attributes:
        jwk: the key's present name; None for a script of which nobody can say which keys it uses,
            where nothing is planned.
        by: by what it finds the key.
        effect: what the planned rename does to it; None where nothing is planned.
        other_key: the present name of the key that it finds instead.
    """

    project: str
    jwk: str | None
    proxy: str
    pipeline: Pipeline | None = None
    endpoint: str | None = None
    policy: str | None = None
    kind: ReferenceKind
    by: ReferenceBy
    effect: ReferenceEffect | None = None
    active: bool = True
    other_key: str | None = None

    @property
    def refuses(self) -> bool:
        """Whether it keeps the rename from being applied, unless the entry consents."""
        return self.active and self.effect is not None and self.effect.is_dangling


class ReferenceCheck(Struct, frozen=True):
    """How thoroughly was looked for references; ``referenceCheck`` in the JSON.

    Attributes:
        mode: what was asked for.
        proxies: how many API proxies there are in the projects with renames.
        not_checked: what could not be looked at.
    """

    mode: ReferenceMode
    proxies: Count = 0
    not_checked: tuple[NotChecked, ...] = field(default=(), name="notLookedAt")
