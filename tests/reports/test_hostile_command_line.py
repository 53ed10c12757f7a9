"""Hostile text through the real command line, onto its streams and into its files.

Several texts share a run, as what each field may do is tried without a gateway beside this.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from ci_parsers import commands
from hostile_corpus import CORPUS, harm
from hostile_outputs import (
    Check,
    in_a_page,
    in_ascii,
    in_azure,
    in_github,
    in_json,
    in_markdown,
    in_xml,
)
from pipeline_parsers import github_outputs, gitlab
from workspace import BuildWorkspace, Key, Workspace, write_manifests

from reconciler.core.names import name_fault

TEXTS = [*CORPUS.values()]
BUNDLES = [TEXTS[begin : begin + 12] for begin in range(0, len(TEXTS), 12)]
FORMATS = {
    "json": in_json,
    "markdown": in_markdown,
    "html": in_a_page,
    "junit": in_xml,
    "gitlab": in_json,
}
REPORTS = [word for name in FORMATS for word in ("--report", f"{name}=report.{name}")]
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate", "jwks", "--report", "json=report.json", "--report", "junit=report.junit"),
    ("plan", "jwks", "-v", "--out", "plan.json", *REPORTS),
    ("plan", "jwks", "-vv", "--format", "json"),
    ("show", "plan.json", "-v"),
    ("apply", "jwks", "--auto-approve", "-v", *REPORTS),
    ("apply", "jwks", "--auto-approve", "--keep-going", "-q", "--journal", "journal"),
    ("apply", "jwks", "--auto-approve", "--keep-going", "--format", "json", *REPORTS),
    ("export", "-v"),
)
CHECKS, APPLIES = COMMANDS[:3], COMMANDS[4:7]
"""What invalid manifests, and what somebody else's update, are met in."""
GITHUB: dict[str, Any] = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_STEP_SUMMARY": "summary",
    "GITHUB_OUTPUT": "outputs",
}
PIPELINES: dict[str, Mapping[str, Any]] = {
    "none": {},
    "GitHub": GITHUB,
    "Azure": {"TF_BUILD": "True"},
    "GitLab": {"GITLAB_CI": "true"},
}


def test_most_of_the_corpus_would_do_harm() -> None:
    harmless = {name for name, text in CORPUS.items() if not harm(f"x\n{text}")}
    assert harmless == {
        "HTML",
        "Hangul fillers",
        "Markdown",
        "YAML's words",
        "a percent sign",
        "a report's own words",
        "a shell",
        "blanks of other widths",
        "combining marks",
        "digits of another script",
        "from right to left",
        "quotes and backslashes",
        "very long",
        "variation selectors",
    }


OBEYED: dict[str, tuple[str, Check]] = {
    "GitHub": ("::", in_github),
    "Azure": ("##vso[", in_azure),
}
"""How the commands begin that this program gives a pipeline, and who reads them."""


def on_stderr(text: str, pipeline: str) -> list[str]:
    """What stderr does; the pipeline's commands are ours as far as its runner reads them so."""
    if pipeline not in OBEYED:
        return harm(text)
    begin, check = OBEYED[pipeline]
    lines = text.splitlines(keepends=True)
    ours = [line for line in lines if line.startswith(begin)]
    return check("".join(ours)) + harm("".join(line for line in lines if line not in ours))


def on_stdout(text: str, words: tuple[str, ...]) -> list[str]:
    """What stdout does; a manifest is YAML, for a file: its quoting is its reader's matter."""
    if words[0] == "export":
        return commands(text)
    if "json" in words:
        return in_json(text)
    return harm(gitlab(text)[1])


OTHER_FILES: dict[str, Check] = {
    "plan.json": in_json,
    "summary": in_markdown,
    "journal": in_ascii,
}


def in_files(workspace: Workspace) -> Iterator[str]:
    """What harm is in the files that a command left; they are gone then."""
    for name, check in FORMATS.items():
        path = workspace.folder / f"report.{name}"
        if path.exists():
            yield from (f"{name}: {one}" for one in check(path.read_text(encoding="utf-8")))
            path.unlink()
    for name, look in OTHER_FILES.items():
        path = workspace.folder / name
        if path.exists():
            yield from (f"{name}: {one}" for one in look(path.read_text(encoding="utf-8")))
    for name in ("summary", "outputs", "journal"):
        path = workspace.folder / name
        if path.exists():
            if name == "outputs":
                outputs = github_outputs(path.read_text(encoding="utf-8"))
                yield from outputs.keys() - {"exit-code", "changes", "digest"}
            path.unlink()


def meets(
    workspace: Workspace,
    *faults: dict[str, object],
    pipelines: tuple[str, ...] = ("none",),
    lines: tuple[tuple[str, ...], ...] = COMMANDS,
) -> list[str]:
    """What harm the commands do on either stream and in their files."""
    found: list[str] = []
    for pipeline in pipelines:
        for words in lines:
            workspace.sandbox.admin.reset()
            workspace.sandbox.admin.add_faults(*faults)
            ran = workspace.run(*words, **PIPELINES[pipeline])
            assert "Traceback" not in ran.err
            assert "A bug of this program" not in ran.err, ran.err
            harms = [
                *on_stdout(ran.out, words),
                *on_stderr(ran.err, pipeline),
                *in_files(workspace),
            ]
            found += [f"{words}: {one}" for one in harms]
    return found


def live(text: str) -> list[Key]:
    """Keys with a text in all their fields."""
    return [
        {
            "name": text,
            "kid": text,
            "id": text,
            "description": text,
            "sourceType": "URL",
            "sourceUrl": text,
            "sourceId": text,
        },
        {"name": "plain", "kid": "k2", "description": text, "id": f"2{text[1:]}"},
        {"name": "other", "kid": "k3"},
        {"name": "third", "kid": "k4"},
    ]


DECLARED: list[Key] = [
    {"name": "renamed", "previousNames": ["plain"], "kid": "k2"},
    {"name": "described", "previousNames": ["other"], "description": "d"},
    {"name": "third", "description": "e"},
]


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("texts", BUNDLES, ids=range(len(BUNDLES)))
def test_what_the_gateway_says_is_only_read(
    build: BuildWorkspace, texts: list[str], record_property: Callable[[str, object], None]
) -> None:
    projects = {f"P{number}": live(text) for number, text in enumerate(texts)}
    rows = [{"name": name, "jwks": jwks} for name, jwks in projects.items()]
    rows += [{"name": text, "jwks": []} for text in texts]
    workspace = build(
        {"projects": rows, "environments": ["prod"]}, dict.fromkeys(projects, DECLARED)
    )
    workspace.run.monkeypatch.setenv("APINIZER_TOKEN", workspace.sandbox.tokens[0])
    foreign: list[dict[str, object]] = [
        {"kind": "foreign-change", "project": name, "name": "other", "to": f"{text[:200]}2"}
        for name, text in zip(projects, texts, strict=True)
    ]
    writing: list[dict[str, object]] = [{**one, "method": "PUT"} for one in foreign]
    wrong = meets(workspace, pipelines=("GitLab",))
    wrong += meets(workspace, *writing, pipelines=("Azure",), lines=APPLIES)
    wrong += meets(workspace, *foreign, pipelines=("GitHub",), lines=APPLIES)
    record_property("cases", (len(COMMANDS) + 2 * len(APPLIES)) * len(texts))
    assert wrong[:5] == []


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("pipeline", ["GitHub", "GitLab"])
def test_what_environments_are_called_is_only_read(
    build: BuildWorkspace, pipeline: str, record_property: Callable[[str, object], None]
) -> None:
    workspace = build({"projects": [{"name": "P", "jwks": live("x")}], "environments": TEXTS})
    workspace.declare(P=DECLARED)
    workspace.run.monkeypatch.setenv("APINIZER_TOKEN", workspace.sandbox.tokens[0])
    failing: dict[str, object] = {"kind": "deploy-fails", "times": 99}
    wrong = meets(workspace, failing, pipelines=(pipeline,), lines=APPLIES)
    record_property("cases", len(APPLIES) * len(TEXTS))
    assert wrong[:5] == []


ENTRIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "a name": lambda text: {"name": text, "previousNames": ["my-jwk"], "description": text},
    "hints": lambda text: {"name": "x", "previousNames": [text], "kid": text},
    "a member": lambda text: {"name": "encryption", "description": text, text: text},
    "a description": lambda text: {"name": "encryption", "description": text},
}


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("entry", ENTRIES)
def test_what_the_manifests_say_is_only_read(
    build: BuildWorkspace, entry: str, record_property: Callable[[str, object], None]
) -> None:
    """All at once, of which most are refused; then those that are not meet the gateway."""
    jwks = [{"name": "my-jwk", "kid": "k1"}, {"name": "encryption", "kid": "k2"}]
    projects = {f"P{number}": [ENTRIES[entry](text)] for number, text in enumerate(TEXTS)}
    seed = {"projects": [{"name": name, "jwks": jwks} for name in projects]}
    workspace = build(seed, projects)
    workspace.run.monkeypatch.setenv("APINIZER_TOKEN", workspace.sandbox.tokens[0])
    wrong = meets(workspace, pipelines=("GitHub", "Azure"), lines=CHECKS)
    refused = workspace.run("validate", "jwks", "--format", "json").document["problems"]
    files = {problem["file"] for problem in refused}
    for name in projects:
        if f"jwks/{name}.yaml" in files:
            (workspace.manifests / f"{name}.yaml").unlink()
    if any(workspace.manifests.iterdir()):
        assert workspace.run("validate", "jwks").code == 0
        wrong += meets(workspace)
    record_property("cases", (2 * len(CHECKS) + len(COMMANDS)) * len(TEXTS))
    assert wrong[:5] == []


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("entry", [{"name": "x"}, {"nam": "x"}], ids=["good", "bad"])
def test_what_files_and_projects_are_called_is_only_read(
    build: BuildWorkspace, entry: Key, record_property: Callable[[str, object], None]
) -> None:
    projects = [text for text in TEXTS if name_fault(text) is None]
    rows = [{"name": name, "jwks": [{"name": "y"}]} for name in projects]
    workspace = build({"projects": rows}, {})
    workspace.run.monkeypatch.setenv("APINIZER_TOKEN", workspace.sandbox.tokens[0])
    files = {text.replace("/", "-")[:60]: text for text in TEXTS}
    write_manifests(workspace.manifests, {name: [entry] for name in files})
    wrong = meets(workspace, pipelines=("GitHub", "Azure"), lines=CHECKS)
    for path in workspace.manifests.iterdir():
        if files[path.stem] not in projects:
            path.unlink()
    wrong += meets(workspace, pipelines=("GitHub",))
    record_property("cases", (2 * len(CHECKS) + len(COMMANDS)) * len(TEXTS))
    assert wrong[:5] == []


def test_odd_documents_are_only_read(
    build: BuildWorkspace, record_property: Callable[[str, object], None]
) -> None:
    workspace = build(None, {})
    for number, text in enumerate(TEXTS):
        for member in ("kind", "apiVersion"):
            odd = {member: text, text: {}, "metadata": {"name": text}}
            path = workspace.manifests / f"{number}-{member}.yaml"
            path.write_text(json.dumps(odd, ensure_ascii=False), encoding="utf-8")
    record_property("cases", 2 * len(CHECKS) * len(TEXTS))
    assert meets(workspace, pipelines=("GitHub", "Azure"), lines=CHECKS)[:5] == []


def test_words_of_the_command_line_and_the_environment_are_only_read(
    build: BuildWorkspace, record_property: Callable[[str, object], None]
) -> None:
    workspace = build()
    cases = 0
    found: list[str] = []
    for text in TEXTS:
        word = text.replace("\0", "")
        lines: list[tuple[tuple[str, ...], dict[str, Any]]] = [
            (("plan", word), {}),
            (("plan", "jwks", f"--{word}"), {}),
            (("plan", "jwks", "--server", word), {}),
            (("plan", "jwks", "--server", f"http://{word}"), {}),
            (("plan", "jwks", "--report", f"{word}=x"), {}),
            (("plan", "jwks", "--token-file", word), {}),
            (("apply", "jwks", "--redeploy", word), {}),
            (("apply", "jwks", "--expect-digest", word), {}),
            (("show", word), {}),
            (("export", word), {}),
            ((word,), {}),
            (("plan", "jwks"), {"APINIZER_URL": word}),
            (("plan", "jwks"), {"APINIZER_TOKEN_FILE": word, "APINIZER_TOKEN": ""}),
        ]
        for words, environment in lines:
            cases += 1
            ran = workspace.run(*words, **environment, **GITHUB)
            assert "A bug of this program" not in ran.err, (words, ran.err)
            harms = [*harm(ran.out), *on_stderr(ran.err, "GitHub"), *in_files(workspace)]
            found += [f"{words}: {one}" for one in harms]
    record_property("cases", cases)
    assert found[:5] == []
