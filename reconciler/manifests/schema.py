"""The published JSON Schema of a manifest, which is also the one that checks."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from reconciler.manifests.values import Json


def schema_text() -> str:
    """The JSON Schema (2020-12) of one manifest document, as the package ships it."""
    return Path(__file__).with_name("schema.json").read_text(encoding="utf-8")


@cache
def schema() -> dict[str, Any]:
    """The schema, parsed; not to be changed."""
    parsed: dict[str, Any] = json.loads(schema_text())
    return parsed


def is_valid(document: Json) -> bool:
    """Whether a document obeys the schema; quick, and says nothing about why not."""
    return _quick_validator().is_valid(document)


@cache
def _quick_validator() -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(schema())
