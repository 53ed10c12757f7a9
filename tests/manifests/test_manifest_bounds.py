from __future__ import annotations

import pytest
from loading import file_problem, values_of

from reconciler.manifests import values, yaml_nodes
from reconciler.manifests.yaml_nodes import LOADER, MAX_DEPTH, PureLoader

LOADERS = pytest.mark.parametrize("loader", [LOADER, PureLoader])


@LOADERS
def test_nesting_up_to_the_limit_is_read(loader: type) -> None:
    list(values_of("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1), loader))
    list(values_of("\n---\n".join(["[[[[x]]]]"] * 20), loader))


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
    problem = file_problem(text, loader)
    assert problem.startswith("f:1:")
    assert "nests deeper than 32 levels" in problem


@LOADERS
def test_the_number_of_values_is_limited(loader: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "MAX_NODES", 5)
    list(values_of("[a, b, c, d]", loader))
    assert file_problem("[a, b,\n [c, d, e]]", loader).startswith("f:2:2: the file holds more than")
    assert file_problem("a\n" + "--- a\n" * 5, loader).startswith("f: the file holds more than")


def test_aliases_count_as_often_as_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MAX_NODES", 10)
    list(values_of("[&a [x, x], *a, *a]"))
    assert "more than" in file_problem("[&a [x, x], *a, *a, *a]")


def test_the_text_of_aliases_counts_as_often_as_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(values, "MAX_TEXT", 30)
    list(values_of("[&a xxxxxxxxxx, *a, *a]"))
    assert file_problem("[&a xxxxxxxxxx, *a, *a, *a]").startswith(
        "f:1:2: aliases multiply the text"
    )


def test_aliases_may_not_nest_deeper_than_what_is_written_out() -> None:
    lines = ["- &l0 [x]"] + [f"- &l{level} [*l{level - 1}]" for level in range(1, MAX_DEPTH)]
    assert "nests deeper than 32 levels" in file_problem("\n".join(lines))
