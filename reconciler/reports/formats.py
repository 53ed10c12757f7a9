"""The formats a report can be written in; only ``cli`` imports their modules, when asked for."""

from __future__ import annotations

from msgspec import Struct


class Format(Struct, frozen=True):
    """One format.

    Attributes:
        module: renders it. It offers ``render(result)`` and, for a failure that left no result,
            ``render_error(error)``; what they return ends with a line feed.
        valid_manifests: whether it also offers ``render_valid(projects)``, for manifests with
            nothing wrong.
    """

    module: str
    valid_manifests: bool = False


FORMATS: dict[str, Format] = {
    "json": Format("reconciler.reports.plan_json", valid_manifests=True),
    "markdown": Format("reconciler.reports.markdown"),
    "html": Format("reconciler.reports.html"),
    "junit": Format("reconciler.reports.junit", valid_manifests=True),
    "gitlab": Format("reconciler.reports.gitlab"),
}
"""By the name ``--report`` knows them by."""
