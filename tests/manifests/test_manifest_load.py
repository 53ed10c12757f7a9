from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from loading import loaded, problems

from reconciler.core.model import DeclaredProject
from reconciler.errors import ManifestError
from reconciler.manifests import files
from reconciler.manifests.explain import explain
from reconciler.manifests.load import load
from reconciler.manifests.problems import MAX_PROBLEMS

SECRET = "tok-en-of-somebody"


def manifest(*names: str, project: str = "P") -> str:
    entries = ", ".join(f"{{name: {name}}}" for name in names)
    return (
        "apiVersion: reconciler/v1\nkind: Project\n"
        f"metadata: {{name: {project}}}\nspec: {{jwks: [{entries}]}}\n"
    )


def names(projects: tuple[DeclaredProject, ...]) -> dict[str, list[str]]:
    return {project.name: [jwk.name for jwk in project.jwks] for project in projects}


def test_documents_of_a_project_are_merged_and_projects_sorted(tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text(manifest("z", "y", project="Q"))
    (tmp_path / "2.yml").write_text(manifest("b") + "---\n" + manifest("x", project="Q"))
    (tmp_path / "3.yaml").write_text(manifest("a"))
    assert names(loaded(tmp_path)) == {"P": ["b", "a"], "Q": ["z", "y", "x"]}


def test_a_folder_is_searched_in_order_without_hidden_parts(tmp_path: Path) -> None:
    for path in ("b.yaml", "a/2.yml", "a/1.yaml", "c/d/e.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(manifest(path.replace("/", "-")))
    for path in (".git/x.yaml", "a/.hidden.yaml", "a/notes.txt", "a/x.json"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("not: [a manifest")
    assert names(loaded(tmp_path))["P"] == ["a-1.yaml", "a-2.yml", "b.yaml", "c-d-e.yaml"]


def test_a_hidden_file_that_is_named_is_read(tmp_path: Path) -> None:
    (tmp_path / ".x.yaml").write_text(manifest("a"))
    assert names(loaded(tmp_path / ".x.yaml")) == {"P": ["a"]}


def test_the_same_file_by_several_paths_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a"))
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    file = tmp_path / "a.yaml"
    assert names(loaded(file, tmp_path, file, tmp_path / "link.yaml", tmp_path)) == {"P": ["a"]}


def test_links_within_a_folder_are_followed_and_their_loops_end(tmp_path: Path) -> None:
    (tmp_path / ".real").mkdir()
    (tmp_path / ".real" / "a.yaml").write_text(manifest("a"))
    (tmp_path / ".real" / "up").symlink_to(tmp_path)
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "down").symlink_to(tmp_path / ".real")
    assert names(loaded(tmp_path)) == {"P": ["a"]}


def test_standard_input_is_read_once_and_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a"))
    (project,) = loaded(tmp_path / "a.yaml", "-", "-", stdin=manifest("b"))
    assert [str(jwk.location) for jwk in project.jwks][1] == "<stdin>:4:22"
    assert problems("-", stdin="a: [")[0].startswith("<stdin>:")


def test_standard_input_is_left_alone_when_nobody_asks(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a"))
    stdin = io.BytesIO(b"untouched")
    load([str(tmp_path / "a.yaml")], stdin=stdin, explainer=lambda: explain)
    assert stdin.read() == b"untouched"


def test_a_process_substitution_is_read() -> None:
    reading, writing = os.pipe()
    with open(writing, "wb") as stream:  # noqa: PTH123 - a pipe has no path
        stream.write(manifest("a").encode())
    try:
        assert names(loaded(f"/dev/fd/{reading}")) == {"P": ["a"]}
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        pytest.param(Path.exists, "No such file", id="absent"),
        pytest.param(lambda path: path.symlink_to(path), "symbolic links", id="link to itself"),
        pytest.param(lambda path: path.symlink_to("gone"), "No such file", id="dangling link"),
        pytest.param(os.mkfifo, "a device, a pipe or a socket", id="pipe nobody writes to"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "a device, a pipe", id="device"),
        pytest.param(lambda path: path.mkdir(), "no manifest found", id="empty folder"),
        pytest.param(lambda path: path.touch(), "no manifest found", id="empty file"),
    ],
)
def test_a_path_that_is_no_manifest_is_a_problem(make: object, part: str, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / "x.yaml")
    (problem,) = problems(tmp_path / "x.yaml")
    assert problem.startswith(f"{tmp_path / 'x.yaml'}: ")
    assert part in problem


def test_what_a_folder_cannot_read_is_a_problem_of_that_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a"))
    os.mkfifo(tmp_path / "b.yaml")
    (tmp_path / "c.yaml").symlink_to("gone")
    first, second = problems(tmp_path)
    assert first.startswith(f"{tmp_path}/b.yaml: this is a device")
    assert second.startswith(f"{tmp_path}/c.yaml: can't be read")


def test_a_file_that_cannot_be_opened_is_a_problem() -> None:
    (problem,) = problems("/proc/self/mem")
    assert problem.startswith("/proc/self/mem: can't be read (")


def test_standard_input_that_fails_is_a_problem() -> None:
    class FailingStream(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(ManifestError) as raised:
        load(["-"], stdin=FailingStream(), explainer=lambda: explain)
    (problem,) = raised.value.problems
    assert str(problem).startswith("<stdin>: can't be read (Input/output error)")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    assert "Permission denied" in problems(tmp_path)[0]


def test_a_path_too_long_for_the_system_is_a_problem() -> None:
    assert "can't be read" in problems("x" * 5000)[0]


def test_no_path_and_an_empty_path_are_problems() -> None:
    assert "no manifest found: an empty set is a mistake, not a wish" in problems()[0]
    assert "a path is empty" in problems("")[0]


def test_file_names_cannot_forge_lines(tmp_path: Path) -> None:
    evil = tmp_path / "a\n::error::\x1b[2J.yaml"
    evil.write_text("[")
    (problem,) = problems(evil)
    assert problem.isprintable()
    assert r"a\n::error::\x1b[2J.yaml:2:1: " in problem


def test_problems_come_in_the_order_files_were_given_then_by_line(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(manifest("a", "no") + "---\n" + manifest("123"))
    (tmp_path / "a.yaml").write_text(manifest("ok", "a") + "---\na: b: c")
    found = problems(tmp_path / "b.yaml", tmp_path / "a.yaml", tmp_path / "gone")
    assert [problem.split(": ")[0].removeprefix(f"{tmp_path}/") for problem in found] == [
        "b.yaml:4:33",
        "b.yaml:9:22",
        "a.yaml:4:34",
        "a.yaml:6:5",
        "gone",
    ]


def test_a_faulty_entry_does_not_hide_rules_broken_by_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a", "no", "a"))
    assert [problem.split(": ", 1)[1][:20] for problem in problems(tmp_path)] == [
        "YAML reads `no` as a",
        '"a" is declared twic',
    ]


def test_too_many_problems_end_the_file_only(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest(*["no"] * (MAX_PROBLEMS + 1)))
    (tmp_path / "b.yaml").write_text(manifest("no"))
    found = problems(tmp_path)
    assert len(found) == MAX_PROBLEMS + 2
    assert "more than 10,000 problems" in found[0]
    assert found[-1].startswith(f"{tmp_path}/b.yaml:4:")


def test_all_files_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", 2 * 1024)
    for name in "abc":
        (tmp_path / f"{name}.yaml").write_text(manifest(name) + "#" * 1024)
    (problem,) = problems(tmp_path)
    assert problem.startswith(f"{tmp_path}/b.yaml: the files up to this one are together larger")


def test_what_the_model_refuses_is_refused_even_without_an_explanation() -> None:
    raw = io.BytesIO(manifest("a").replace("jwks", "keys").encode())
    with pytest.raises(ManifestError) as raised:
        load(["-"], stdin=raw, explainer=lambda: lambda _document, _root, _problems: None)
    assert "this is no valid manifest: Object " in str(raised.value.problems[0])


def test_a_good_manifest_never_loads_the_explanations(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a"))
    code = (
        "import sys; from reconciler.manifests.load import load;"
        f"load([{str(tmp_path)!r}], stdin=sys.stdin.buffer, explainer=None);"
        "print('jsonschema' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


OUTSIDE = {
    "a file": ("secret.yaml", "x.yaml"),
    "a file by a name of its own": ("token", "x.yaml"),
    "a folder": ("other", "x"),
    "the root": ("/", "x"),
    "the folder above": ("..", "x"),
    "a file that is not there": ("gone", "x.yaml"),
    "a device": ("/dev/zero", "x.yaml"),
}


@pytest.mark.parametrize(("target", "link"), OUTSIDE.values(), ids=OUTSIDE)
def test_a_link_that_leads_out_of_its_folder_is_refused_unread(
    target: str, link: str, tmp_path: Path
) -> None:
    folder = tmp_path / "jwks"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    for path in ("secret.yaml", "token", "other/x.yaml"):
        (tmp_path / path).write_text(SECRET)
    (folder / "a.yaml").write_text(manifest("a"))
    (folder / "deep" / link).symlink_to(tmp_path / target)

    (problem,) = problems(folder)

    assert problem.startswith(f"{folder}/deep/{link}: this link leads out of the folder {folder}")
    assert "name what it leads to on the command line" in problem
    assert SECRET not in problem


def test_a_link_within_a_folder_that_is_a_link_itself_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real" / "..data").mkdir(parents=True)
    (tmp_path / "real" / "..data" / "a.yaml").write_text(manifest("a"))
    (tmp_path / "real" / "a.yaml").symlink_to("..data/a.yaml")
    (tmp_path / "jwks").symlink_to("real")
    assert names(loaded(tmp_path / "jwks")) == {"P": ["a"]}


def test_a_link_that_no_manifest_would_be_read_through_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "jwks").mkdir()
    (tmp_path / "notes.txt").write_text(SECRET)
    (tmp_path / "jwks" / "notes.txt").symlink_to(tmp_path / "notes.txt")
    (tmp_path / "jwks" / "a.yaml").write_text(manifest("a"))
    assert names(loaded(tmp_path / "jwks")) == {"P": ["a"]}


def test_a_link_that_is_named_is_followed(tmp_path: Path) -> None:
    (tmp_path / "jwks").mkdir()
    (tmp_path / "a.yaml").write_text(manifest("a"))
    (tmp_path / "jwks" / "x.yaml").symlink_to(tmp_path / "a.yaml")
    assert names(loaded(tmp_path / "jwks" / "x.yaml")) == {"P": ["a"]}


NO_MANIFESTS = {
    "a token": SECRET,
    "a token in quotes": f'"{SECRET}"',
    "a token and a line feed": f"{SECRET}\n\n",
    "variables": f"TOKEN={SECRET}\nOTHER={SECRET}\n",
    "a mapping": f"{SECRET}: {SECRET}",
    "a key twice": f"{SECRET}: 1\n{SECRET}: 2",
    "a tag": f"!{SECRET} x",
    "a tag of a member": f"a: !{SECRET} x",
    "a verbatim tag": f"!<{SECRET}> x",
    "a key of a tag": f"!{SECRET} a: x",
    "a number for a key": "20260101202601012026: x",
    "a merge key": f"<<: {SECRET}",
    "a list": f"- {SECRET}",
    "a key that is a list": f"? [{SECRET}]\n: x",
    "an undefined alias": f"*{SECRET}",
    "an anchor twice": f"[&{SECRET} a, &{SECRET} b]",
    "a line without a colon": f"a: b\n{SECRET}\nc: d",
    "an unclosed quote": f'"{SECRET}',
    "an unclosed bracket": f"[{SECRET}",
    "a tag handle": f"!{SECRET}!x y",
    "a directive": f"%{SECRET}\n---\na",
    "a version": f"%YAML 9.9 {SECRET}\n---\na",
    "an object of another tool": f"apiVersion: v1\nkind: Secret\ndata: {{a: {SECRET}}}",
    "text for the kind": f"kind: {SECRET}\napiVersion: {SECRET}",
    "a key": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n",
    "a section": f'[core]\n\textraheader = "{SECRET}"\n',
    "a text in JSON": f'{{"auths": {{"host": {{"auth": "{SECRET}"}}}}}}',
    "many keys twice": "".join(f"{SECRET}{n}: 1\n{SECRET}{n}: 2\n" for n in range(20)),
    "half a surrogate pair": f'"{SECRET}\\ud800": x',
}


@pytest.mark.parametrize("behind", ["", manifest("a") + "---\n"], ids=["alone", "after a manifest"])
@pytest.mark.parametrize("text", NO_MANIFESTS.values(), ids=NO_MANIFESTS)
def test_nothing_of_what_is_no_manifest_is_quoted(behind: str, text: str) -> None:
    found = "\n".join(problems("-", stdin=behind + text))
    assert SECRET not in found
    assert not re.search(r"tok|en-of|20260101", found), found


KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\ndata: {no: 1, no: 2}\n"


def test_objects_of_other_tools_in_a_folder_are_left_out_and_counted(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a") + "---\n" + CONFIG)
    (tmp_path / "k.yaml").write_text(KUSTOMIZATION + "---\n" + CONFIG)
    notes: list[str] = []

    assert names(loaded(tmp_path, notes=notes)) == {"P": ["a"]}

    assert notes == [f"Left out 3 objects of other tools, in {tmp_path}/a.yaml, {tmp_path}/k.yaml."]


def test_of_many_files_with_objects_of_other_tools_a_few_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a"))
    for number in range(5):
        (tmp_path / f"k{number}.yaml").write_text(KUSTOMIZATION)
    notes: list[str] = []

    loaded(tmp_path, notes=notes)

    assert notes[0].endswith("/k2.yaml and 2 more files.")


def test_an_object_of_another_tool_that_is_named_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a"))
    (tmp_path / "k.yaml").write_text(KUSTOMIZATION)
    (problem,) = problems(tmp_path / "a.yaml", tmp_path / "k.yaml")
    assert problem.startswith(f"{tmp_path}/k.yaml:1:1: this is no manifest")


def test_a_folder_with_objects_of_other_tools_alone_holds_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "k.yaml").write_text(KUSTOMIZATION)
    (problem,) = problems(tmp_path)
    assert problem.startswith(f"{tmp_path}/k.yaml: no manifest found")


MISSPELT = {
    "version": ("reconciler/v1", "reconciler/v2", "write apiVersion: reconciler/v1"),
    "group": ("reconciler/v1", "recociler/v1", "write apiVersion: reconciler/v1"),
    "kind": ("Project", "Projct", "write kind: Project"),
    "both, in another case": ("reconciler/v1\nkind: P", "Reconciler/v1\nkind: p", "write kind: P"),
    "the version's name": ("apiVersion", "apiversion", "did you mean apiVersion?"),
    "the kind's name": ("kind", "Kind", "did you mean kind?"),
    "a name in capitals": ("kind", "KIND", "did you mean kind?"),
    "both names": (
        "apiVersion: reconciler/v1\nkind",
        "ApiVersion: reconciler/v1\nKind",
        "an kind?",
    ),
}


@pytest.mark.parametrize(("right", "wrong", "advice"), MISSPELT.values(), ids=MISSPELT)
def test_what_is_meant_to_be_a_manifest_is_none_of_other_tools(
    right: str, wrong: str, advice: str, tmp_path: Path
) -> None:
    (tmp_path / "a.yaml").write_text(manifest("a").replace(right, wrong, 1))
    assert advice in "\n".join(problems(tmp_path))
