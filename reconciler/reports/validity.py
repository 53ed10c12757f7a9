"""Manifests with nothing wrong, as a message and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.digest import Document
from reconciler.core.model import DeclaredProject
from reconciler.reports.formatting import counted


def validity_message(projects: Sequence[DeclaredProject]) -> str:
    """How much is declared, in one message."""
    jwks = sum(len(project.jwks) for project in projects)
    declared = f"{counted(jwks, 'JWK')} in {counted(len(projects), 'project')}"
    return f"Valid: {declared}. No gateway was asked."


def validity_members(projects: Sequence[DeclaredProject]) -> Document:
    """The same as the members of a JSON document; its ``problems`` are always empty."""
    return {
        "problems": [],
        "projects": [{"name": project.name, "jwks": len(project.jwks)} for project in projects],
    }
