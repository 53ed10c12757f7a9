"""Packages and layers: who may import what, what core may touch, sizes, and words in names."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "reconciler"
LONGEST_FUNCTION = 50
LONGEST_FILE = 300

Sources = Mapping[str, str]
"""Python text by module, such as ``core.model``; ``""`` is the package itself."""

COMPONENTS = ("manifests", "gateway", "code_hosts", "executor", "journal", "reports")
VALUES_LAYER = frozenset({"", "core", "errors"})
LAYERS: dict[str, frozenset[str]] = {
    "": frozenset(),
    "errors": frozenset(),
    "core": frozenset({"errors"}),
    "http": frozenset({"", "errors"}),
    **dict.fromkeys(COMPONENTS, VALUES_LAYER),
    "gateway": VALUES_LAYER | {"http"},
    "code_hosts": VALUES_LAYER | {"http"},
    "sandbox": frozenset(),
    "cli": VALUES_LAYER | {*COMPONENTS, "http", "sandbox"},
    "__main__": frozenset({"cli"}),
}
"""Which other packages a package may import from; also inside functions and for type checkers."""

VALUES = frozenset({"core.model", "core.outcome", "core.plan", "core.references.model"})
"""They import each other and nothing else of the package."""

PLANNING = frozenset(
    f"core.{name}"
    for name in (
        "assignment",
        "candidates",
        "diff",
        "list_checks",
        "matching",
        "ordering",
        "planner",
        "references.check",
        "references.effects",
        "references.refusals",
        "refusals",
    )
)
"""What makes the plan: no other package than cli imports it."""

EMBEDDING = frozenset({"cli.embedded_sandbox", "cli.commands.sandbox"})
"""Who may import the sandbox."""

OWNERS: dict[str, frozenset[str]] = {
    "certifi": frozenset({"http"}),
    "click": frozenset({"cli"}),
    "deepdiff": frozenset({"reports"}),
    "httpcore": frozenset({"http"}),
    "httpx": frozenset({"http", "code_hosts"}),
    "jinja2": frozenset({"reports"}),
    "jsonschema": frozenset({"manifests"}),
    "socksio": frozenset({"http"}),
    "sqlite3": frozenset({"sandbox"}),
    "starlette": frozenset({"sandbox"}),
    "sys": frozenset({"cli"}),
    "tenacity": frozenset({"http"}),
    "truststore": frozenset({"http"}),
    "uvicorn": frozenset({"sandbox"}),
    "yaml": frozenset({"manifests", "sandbox"}),
}
"""Which packages alone import a library."""

IMPURE = frozenset(
    {
        "asyncio",
        "datetime",
        "fcntl",
        "glob",
        "httpx",
        "importlib",
        "io",
        "locale",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "platform",
        "queue",
        "random",
        "secrets",
        "select",
        "shutil",
        "signal",
        "socket",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
        "yaml",
    }
)
"""What core never imports: files, sockets, clocks, the environment, chance."""

IMPURE_CALLS = frozenset({"open", "print", "input", "eval", "exec", "__import__", "breakpoint"})
PRINTING = frozenset({"print", "input", "exit", "quit", "breakpoint"})


def sources_of_the_package() -> dict[str, str]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts).removesuffix("__init__").rstrip(".")] = path.read_text()
    return found


def package(module: str) -> str:
    return module.partition(".")[0]


def imports(module: str, source: str, known: frozenset[str]) -> Iterator[str]:
    """What a module imports anywhere, with the package's own modules as this test calls them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield ours(alias.name)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield f"relative import in {module}"
                continue
            origin = ours(node.module or "")
            for alias in node.names:
                inner = ours(f"{node.module}.{alias.name}")
                yield inner if inner in known else origin


def ours(name: str) -> str:
    """``:core.model`` for the package's own, ``:`` for itself; anything else as it is."""
    if name == "reconciler":
        return ":"
    return f":{name.removeprefix('reconciler.')}" if name.startswith("reconciler.") else name


def imported(sources: Sources) -> Iterator[tuple[str, str]]:
    """Pairs of a module and what it imports; the package's own begin with a colon."""
    known = frozenset(f":{module}" for module in sources)
    for module, source in sources.items():
        for name in set(imports(module, source, known)):
            yield module, name


def arrows_up(sources: Sources) -> list[str]:
    return [
        f"{module} imports {name}"
        for module, name in imported(sources)
        if name.startswith(":")
        and package(name[1:]) != package(module)
        and package(name[1:]) not in LAYERS.get(package(module), frozenset())
    ] + [f"{module} imports relatively" for module, name in imported(sources) if " " in name]


def packages_without_a_layer(sources: Sources) -> list[str]:
    return sorted({package(module) for module in sources} - LAYERS.keys())


def values_that_import_more(sources: Sources) -> list[str]:
    return [
        f"{module} imports {name}"
        for module, name in imported(sources)
        if module in VALUES and name.startswith(":") and name[1:] not in VALUES
    ]


def components_that_plan(sources: Sources) -> list[str]:
    return [
        f"{module} imports {name}"
        for module, name in imported(sources)
        if package(module) in COMPONENTS and name[1:] in PLANNING
    ]


def users_of_the_sandbox(sources: Sources) -> list[str]:
    return [
        f"{module} imports {name}"
        for module, name in imported(sources)
        if package(name[1:]) == "sandbox"
        and name.startswith(":")
        and package(module) != "sandbox"
        and module not in EMBEDDING
    ]


def misplaced_libraries(sources: Sources) -> list[str]:
    return [
        f"{module} imports {name}"
        for module, name in imported(sources)
        if package(module) not in OWNERS.get(package(name), {package(module)})
    ]


def cycles(sources: Sources) -> list[str]:
    graph: dict[str, set[str]] = {module: set() for module in sources}
    for module, name in imported(sources):
        if name.startswith(":") and name[1:] != module:
            graph[module].add(name[1:])
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" → ".join(error.args[1])]
    return []


def impurities(sources: Sources) -> list[str]:
    core = {module: text for module, text in sources.items() if package(module) == "core"}
    reached = [
        f"{module} imports {name}" for module, name in imported(core) if package(name) in IMPURE
    ]
    return reached + called(core, IMPURE_CALLS)


def prints(sources: Sources) -> list[str]:
    quiet = {module: text for module, text in sources.items() if package(module) != "cli"}
    return called(quiet, PRINTING) + [
        f"{module}:{node.lineno} ends the process"
        for module, text in quiet.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr in {"_exit", "abort_process"}
    ]


def called(sources: Sources, names: frozenset[str]) -> list[str]:
    return [
        f"{module}:{node.lineno} calls {node.func.id}"
        for module, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]


def long_functions(sources: Sources) -> list[str]:
    return [
        f"{module}:{node.lineno} {node.name} has {length} lines"
        for module, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]


def long_files(sources: Sources) -> list[str]:
    return [
        f"{module} has {length} lines"
        for module, text in sources.items()
        if (length := text.count("\n")) > LONGEST_FILE
    ]


NOT_OUR_WORDS = frozenset(
    [
        "abreast",
        "access",
        "backstage",
        "betrayed",
        "breakdown",
        "broken",
        "canaries",
        "canary",
        "caution",
        "circle",
        "circles",
        "debt",
        "deed",
        "deeds",
        "denial",
        "denials",
        "door",
        "estate",
        "estates",
        "fallow",
        "floor",
        "floors",
        "forge",
        "forges",
        "halt",
        "house",
        "judge",
        "judged",
        "judgement",
        "ledger",
        "look",
        "looked",
        "means",
        "nursery",
        "orders",
        "outages",
        "owe",
        "owed",
        "owes",
        "pace",
        "parked",
        "place",
        "planting",
        "pool",
        "proof",
        "proofs",
        "prose",
        "quotes",
        "room",
        "rooms",
        "ruling",
        "rulings",
        "sentence",
        "sentences",
        "sight",
        "sighting",
        "sightings",
        "sights",
        "silence",
        "staleness",
        "stand",
        "standin",
        "tell",
        "telling",
        "tells",
        "told",
        "tools",
        "trouble",
        "truth",
        "truths",
        "untruths",
        "verdicts",
        "watching",
        "wire",
        "wording",
        "world",
    ]
)
"""Words that need a glossary: the field has its own for each (cycle, pending, redaction, …)."""

WORDS_OF_OTHERS = frozenset({"proof", "floor"})
"""Of these, what others named: pytest's marker for long tests; a benchmark's lower bound."""


def names_with_a_glossary(sources: Sources) -> list[str]:
    return [
        f"{module}: {name}"
        for module, text in sources.items()
        for name in {*module.split("."), *defined_names(text)}
        if NOT_OUR_WORDS.intersection(parts_of(name)) - WORDS_OF_OTHERS
    ]


def defined_names(text: str) -> Iterator[str]:
    """The classes, functions and parameters of a module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("test_"):  # a test's name is a sentence
                yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg


def parts_of(name: str) -> list[str]:
    """The words of a name in snake or camel case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_").split("_")


def late_imports(sources: Sources) -> list[str]:
    """Imports inside of functions, and for type checkers only."""
    return [
        f"{module}:{inner.lineno}"
        for module, text in sources.items()
        if package(module) not in {"cli", "__main__"} and module not in LATE_BY_CHOICE
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]


LATE_BY_CHOICE = frozenset({"sandbox.server"})
"""It names a class for type checkers that a running server chooses by what is installed."""


def patches_of_the_interpreter(sources: Sources) -> list[str]:
    return [
        f"{module}:{node.lineno} {ast.unparse(node)}"
        for module, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os._exit", "sys.modules"}
    ]


Check = Callable[[Sources], list[str]]

CHECKS: dict[str, Check] = {
    "every package has its layer": packages_without_a_layer,
    "imports between packages only go down": arrows_up,
    "values import nothing but values": values_that_import_more,
    "only cli imports the planner": components_that_plan,
    "the sandbox is started from one place": users_of_the_sandbox,
    "each library stays in its packages": misplaced_libraries,
    "no import cycles": cycles,
    "core touches nothing": impurities,
    "only cli prints": prints,
    "imports stand at the top": late_imports,
    "nothing patches or cuts off the interpreter": patches_of_the_interpreter,
    "names need no glossary": names_with_a_glossary,
    "functions are short": long_functions,
    "files are short": long_files,
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_package_is_in_order(check: Check) -> None:
    assert check(sources_of_the_package()) == []


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_names_of_tests_and_benchmarks_need_no_glossary(folder: str) -> None:
    sources = {path.stem: path.read_text() for path in (ROOT / folder).rglob("*.py")}
    assert names_with_a_glossary(sources) == []


def test_the_checks_see_the_whole_package() -> None:
    sources = sources_of_the_package()

    assert {package(module) for module in sources} == LAYERS.keys()
    assert sources.keys() >= VALUES | PLANNING | EMBEDDING
    assert len(list(imported(sources))) > 300


LONG = "def f():\n" + "    pass\n" * LONGEST_FUNCTION

BROKEN: dict[str, tuple[Check, Sources]] = {
    "a new package": (packages_without_a_layer, {"extra.model": ""}),
    "core imports a component": (
        arrows_up,
        {"core.model": "from reconciler.gateway.client import Gateway", "gateway.client": ""},
    ),
    "a component imports another": (
        arrows_up,
        {"reports.text": "import reconciler.manifests.load", "manifests.load": ""},
    ),
    "a component imports another from its package": (
        arrows_up,
        {"executor.run": "from reconciler import gateway", "gateway": "", "": ""},
    ),
    "a component imports cli": (
        arrows_up,
        {"reports.text": "from reconciler.cli import console", "cli": "", "cli.console": ""},
    ),
    "inside of a function": (
        arrows_up,
        {
            "journal": "def f():\n    from reconciler.reports.text import render",
            "reports.text": "",
        },
    ),
    "for type checkers only": (
        arrows_up,
        {
            "errors": "if TYPE_CHECKING:\n    from reconciler.core.model import SourceLocation",
            "core.model": "",
        },
    ),
    "the sandbox imports the errors": (
        arrows_up,
        {"sandbox.app": "from reconciler.errors import UsageError", "errors": ""},
    ),
    "a relative import": (
        arrows_up,
        {"core.plan": "from .model import SourceLocation", "core.model": ""},
    ),
    "a value imports the planner": (
        values_that_import_more,
        {"core.plan": "from reconciler.core.planner import make_plan", "core.planner": ""},
    ),
    "a component makes a plan": (
        components_that_plan,
        {"executor.run": "from reconciler.core import planner", "core": "", "core.planner": ""},
    ),
    "another command starts a sandbox": (
        users_of_the_sandbox,
        {
            "cli.commands.plan": "from reconciler.sandbox.server import running",
            "sandbox.server": "",
        },
    ),
    "HTTP in the executor": (misplaced_libraries, {"executor.run": "import httpx"}),
    "YAML in cli": (misplaced_libraries, {"cli.files": "from yaml.nodes import Node"}),
    "the streams in a report": (misplaced_libraries, {"reports.text": "from sys import stdout"}),
    "two modules that need each other": (
        cycles,
        {
            "core.a": "from reconciler.core import b",
            "core.b": "if TYPE_CHECKING:\n    from reconciler.core.a import A",
            "core": "",
        },
    ),
    "core asks for the time": (impurities, {"core.plan": "from datetime import UTC"}),
    "core asks for a file by a function": (
        impurities,
        {"core.plan": "def f():\n    from os.path import join"},
    ),
    "core opens a file": (impurities, {"core.plan": "text = open('x')"}),
    "core prints": (impurities, {"core.plan": "print(1)"}),
    "a report prints": (prints, {"reports.text": "def f():\n    print(1)"}),
    "the executor ends the process": (prints, {"executor.run": "import os\nos._exit(1)"}),
    "the journal exits": (prints, {"journal": "exit(1)"}),
    "a late import": (late_imports, {"core.plan": "def f():\n    import json"}),
    "an import for type checkers": (
        late_imports,
        {"reports.text": "if TYPE_CHECKING:\n    from json import JSONEncoder"},
    ),
    "a module that is hidden": (patches_of_the_interpreter, {"cli.app": "sys.modules['a'] = None"}),
    "a parameter in private words": (
        names_with_a_glossary,
        {"core.plan": "def f(is_parked): 0"},
    ),
    "a class in private words": (names_with_a_glossary, {"core.plan": "class BadSight: ..."}),
    "a module in private words": (names_with_a_glossary, {"core.verdicts": ""}),
    "a long function": (long_functions, {"core.plan": LONG}),
    "a long method": (
        long_functions,
        {"core.plan": "class A:\n    async " + LONG.replace("\n", "\n    ")},
    ),
    "a long file": (long_files, {"core.plan": "\n" * (LONGEST_FILE + 1)}),
}


@pytest.mark.parametrize(("check", "sources"), BROKEN.values(), ids=BROKEN)
def test_each_check_can_fail(check: Check, sources: Sources) -> None:
    assert check(sources) != []


def test_every_check_has_sources_it_fails_on() -> None:
    assert {check for check, _ in BROKEN.values()} == set(CHECKS.values())


CHANGES = 19
"""Rows of the table in CONTRIBUTING that says where to change what."""


def test_contributing_names_places_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text.partition("## Where do I change")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| a ")]
    named = {row: re.findall(r"`((?:reconciler|tests|docs)/[^`]*)`", row) for row in rows}
    assert len(rows) == CHANGES
    assert all(named.values())
    assert [path for paths in named.values() for path in paths if not (ROOT / path).exists()] == []


def test_the_architecture_names_modules_that_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", text)
    assert len(named) > 15
    assert [path for path in named if not (PACKAGE / path).exists()] == []
