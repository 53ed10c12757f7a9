"""Everything a report can tell, as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.model import DeclaredProject
from reconciler.core.result import RunResult
from reconciler.errors import ReconcilerError
from reconciler.reports.planjson import dumps, encode
from reconciler.reports.problems import error_document
from reconciler.reports.validity import validity_document


def render(result: RunResult) -> str:
    """The plan JSON, with its outcomes where it was applied."""
    return dumps(result)


def render_error(error: ReconcilerError) -> str:
    """A failure that left no result."""
    return encode(error_document(error))


def render_valid(projects: Sequence[DeclaredProject]) -> str:
    """Valid manifests."""
    return encode(validity_document(projects))
