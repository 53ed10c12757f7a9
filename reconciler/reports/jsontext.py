"""Everything a report can tell, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.reports.planjson import dumps, encode
from reconciler.reports.problems import error_document
from reconciler.reports.validity import validity_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.core.model import DeclaredProject
    from reconciler.core.result import Result
    from reconciler.errors import ReconcilerError


def render(result: Result) -> str:
    """The plan JSON, with its outcomes where it was applied."""
    return dumps(result)


def render_error(error: ReconcilerError) -> str:
    """A failure that left no result."""
    return encode(error_document(error))


def render_valid(projects: Sequence[DeclaredProject]) -> str:
    """Valid manifests."""
    return encode(validity_document(projects))
