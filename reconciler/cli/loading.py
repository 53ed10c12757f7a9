"""Loading the manifests that a command line names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from reconciler.manifests.load import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.console import Console
    from reconciler.core.model import DeclaredProject
    from reconciler.manifests.load import Explain


def load_manifests(paths: Sequence[str], console: Console) -> tuple[DeclaredProject, ...]:
    """Load what the command line names; without a path, the current folder."""
    return load(paths or ["."], stdin=sys.stdin.buffer, explainer=_explainer, note=console.note)


def _explainer() -> Explain:
    from reconciler.manifests.explain import explain

    return explain
