"""Every report format, loaded: a new row of the program's table is met by all these tests."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from reconciler.reports.formats import FORMATS

RENDERERS: dict[str, ModuleType] = {
    name: import_module(item.module) for name, item in FORMATS.items()
}
