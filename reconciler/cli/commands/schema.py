"""``reconciler schema``."""

from __future__ import annotations

import json

import click

from reconciler.cli.console import Console
from reconciler.cli.exit_codes import ExitCode


@click.command(
    epilog="""\b
Examples:
  reconciler schema > reconciler.schema.json
  check-jsonschema --schemafile <(reconciler schema) jwks/*.yaml
"""
)
def schema() -> int:
    """Print the JSON Schema (2020-12) of manifests, for editors; it is the one that checks."""
    from reconciler.manifests.model import schema as json_schema

    console = Console()
    click.get_current_context().find_root().obj = console
    console.result(json.dumps(json_schema(), indent=2) + "\n")
    return ExitCode.DONE
