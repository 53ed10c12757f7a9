"""Each pair of files in bad/ and good/ is a case: a manifest and what loading it comes to."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from loading import loaded, problems

from reconciler.core.model import DeclaredProject
from reconciler.manifests.problems import FileError
from reconciler.manifests.yaml_nodes import LOADER, PureLoader, documents

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.yaml"))
GOOD = sorted((HERE / "good").glob("*.yaml"))


def named(path: Path) -> str:
    return path.stem


def expected(manifest: Path) -> str:
    return manifest.with_suffix(".txt").read_text(encoding="utf-8")


def shown(project: DeclaredProject) -> str:
    lines = [f"{project.location} {project.name}"]
    lines += (
        f"{jwk.location} {jwk.name!r} description={jwk.description!r} "
        f"previous={list(jwk.previous_names)} kid={jwk.kid!r} detach={jwk.allow_source_detach}"
        for jwk in project.jwks
    )
    return "".join(f"{line}\n" for line in lines)


def outline(node: yaml.Node) -> object:
    """A node as both loaders must see it: tag, value, line and column."""
    mark = node.start_mark
    if isinstance(node.value, str):
        return node.tag, node.value, mark.line, mark.column
    parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else [pair])]
    return node.tag, [outline(part) for part in parts], mark.line, mark.column


@pytest.mark.parametrize("manifest", BAD, ids=named)
def test_every_problem_of_a_bad_manifest_is_reported_at_its_place(manifest: Path) -> None:
    found = "".join(f"{problem}\n" for problem in problems(manifest))
    assert found.replace(f"{manifest.parent}/", "") == expected(manifest)


@pytest.mark.parametrize("manifest", GOOD, ids=named)
def test_a_good_manifest_declares_what_is_expected(manifest: Path) -> None:
    found = "".join(shown(project) for project in loaded(manifest))
    assert found.replace(f"{manifest.parent}/", "") == expected(manifest)


def test_no_expectation_is_left_without_its_manifest() -> None:
    expectations = {
        path.stem for folder in ("bad", "good") for path in (HERE / folder).glob("*.txt")
    }
    assert expectations == {path.stem for path in BAD + GOOD}


def test_no_bad_manifest_hides_the_problems_of_another() -> None:
    folder = HERE / "bad"
    blamed = {problem.removeprefix(f"{folder}/").split(":")[0] for problem in problems(folder)}
    assert blamed == {manifest.name for manifest in BAD}


@pytest.mark.parametrize("manifest", BAD + GOOD, ids=named)
def test_both_loaders_see_the_same_nodes_at_the_same_places(manifest: Path) -> None:
    raw = manifest.read_bytes()
    seen: list[object] = []
    for loader in (LOADER, PureLoader):
        nodes: list[object] = []
        try:
            if manifest.stem == "anchor-holds-itself":
                nodes = [next(documents(raw, "f", loader)).tag]
            else:
                nodes.extend(outline(root) for root in documents(raw, "f", loader))
        except FileError as error:
            nodes.append(error.problem.message.split(" (")[0])
        seen.append(nodes)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("manifest", BAD, ids=named)
def test_problems_are_printable_and_say_what_to_do(manifest: Path) -> None:
    for line in expected(manifest).splitlines():
        assert line.isprintable()
        assert any(mark in line for mark in (";", ": ")), line
