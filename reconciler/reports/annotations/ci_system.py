"""The CI systems that take commands from a log, and which of them a run takes place in."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class CISystem(Struct, frozen=True):
    """One CI system.

    Attributes:
        variable: is "true", in any case, where a run takes place in it, as its maker documents.
        commands: the module whose ``commands`` writes annotations as its commands; "" for none.
        root_variable: holds the root of the repository, from which annotations name files.
    """

    variable: str
    commands: str = ""
    root_variable: str = ""


GITHUB = CISystem(
    "GITHUB_ACTIONS", "reconciler.reports.annotations.github", root_variable="GITHUB_WORKSPACE"
)
AZURE = CISystem(
    "TF_BUILD", "reconciler.reports.annotations.azure", root_variable="BUILD_SOURCESDIRECTORY"
)
GITLAB = CISystem("GITLAB_CI")

CI_SYSTEMS = (GITHUB, AZURE, GITLAB)
"""All of them; Jenkins and others take no commands."""

_OFF = frozenset({"off", "no", "none", "false", "0"})


def recognise(environment: Mapping[str, str]) -> CISystem | None:
    """The CI system; None for any other place, and where ``RECONCILER_CI`` is ``off``."""
    if environment.get("RECONCILER_CI", "").lower() in _OFF:
        return None
    found = (item for item in CI_SYSTEMS if environment.get(item.variable, "").lower() == "true")
    return next(found, None)
