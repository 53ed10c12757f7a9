from __future__ import annotations

import pytest

from reconciler.manifests import nodes, values
from reconciler.manifests.findings import FileFault, Findings
from reconciler.manifests.limits import MAX_DEPTH
from reconciler.manifests.nodes import LOADER, PureLoader, documents
from reconciler.manifests.values import Values

LOADERS = pytest.mark.parametrize("loader", [LOADER, PureLoader])


def read(text: str, loader: type = LOADER) -> None:
    reader = Values(Findings("f"))
    for root in documents(text.encode(), "f", loader):
        reader.read(root)


def fault_of(text: str, loader: type = LOADER) -> str:
    with pytest.raises(FileFault) as raised:
        read(text, loader)
    return str(raised.value.finding.problem())


@LOADERS
def test_nesting_up_to_the_bound_is_read(loader: type) -> None:
    read("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1), loader)
    read("\n---\n".join(["[[[[x]]]]"] * 20), loader)


@LOADERS
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), id="lists"),
        pytest.param("{a: " * (MAX_DEPTH + 1) + "}" * (MAX_DEPTH + 1), id="mappings"),
        pytest.param("- " * (MAX_DEPTH + 1), id="block lists"),
    ],
)
def test_deeper_nesting_ends_the_file_where_it_is_too_deep(text: str, loader: type) -> None:
    told = fault_of(text, loader)
    assert told.startswith("f:1:")
    assert "nests deeper than 32 levels" in told


@LOADERS
def test_the_number_of_values_is_bounded(loader: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MAX_NODES", 5)
    read("[a, b, c, d]", loader)
    assert fault_of("[a, b,\n [c, d, e]]", loader).startswith("f:2:2: the file holds more than")
    assert fault_of("a\n" + "--- a\n" * 5, loader).startswith("f: the file holds more than")


def test_aliases_count_as_often_as_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MAX_NODES", 10)
    read("[&a [x, x], *a, *a]")
    assert "more than" in fault_of("[&a [x, x], *a, *a, *a]")


def test_the_text_of_aliases_counts_as_often_as_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(values, "MAX_TEXT", 30)
    read("[&a xxxxxxxxxx, *a, *a]")
    assert fault_of("[&a xxxxxxxxxx, *a, *a, *a]").startswith("f:1:2: aliases multiply the text")


def test_aliases_may_not_nest_deeper_than_what_is_written_out() -> None:
    lines = ["- &l0 [x]"] + [f"- &l{level} [*l{level - 1}]" for level in range(1, MAX_DEPTH)]
    assert "nests deeper than 32 levels" in fault_of("\n".join(lines))
