"""Which pipeline a run takes place in, by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Pipeline(StrEnum):
    """The pipelines that take commands from a log; Jenkins and others take none."""

    GITHUB = "github"
    AZURE = "azure"
    GITLAB = "gitlab"


_SIGNS = (
    (Pipeline.GITHUB, "GITHUB_ACTIONS"),
    (Pipeline.AZURE, "TF_BUILD"),
    (Pipeline.GITLAB, "GITLAB_CI"),
)
"""The variables that say so with "true", in any case, as their makers document."""

_OFF = frozenset({"off", "no", "none", "false", "0"})


def recognise(environment: Mapping[str, str]) -> Pipeline | None:
    """The pipeline; None for any other place, and where ``RECONCILER_CI`` is ``off``."""
    if environment.get("RECONCILER_CI", "").lower() in _OFF:
        return None
    return next(
        (
            pipeline
            for pipeline, variable in _SIGNS
            if environment.get(variable, "").lower() == "true"
        ),
        None,
    )
