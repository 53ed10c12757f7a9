"""export writes manifests that plan to nothing, whatever the keys are called."""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from workspace import BuildWorkspace, Key, Workspace, files_below, seed

TEXTS = {
    "nothing": None,
    "empty": "",
    "a word YAML reads as false": "no",
    "a word YAML reads as nothing": "~",
    "a number": "1e3",
    "a date": "2024-01-01",
    "a list's beginning": "- item",
    "a mapping's beginning": "key: value",
    "a comment's beginning": "# remark",
    "an anchor's beginning": "&anchor *alias !tag",
    "a document's end": "---\n...\n",
    "double quotes": 'say "hello"',
    "single quotes": "it's",
    "both quotes and a backslash": '"it\'s" \\n',
    "percent and at": "%TAG @here `code`",
    "several lines": "first\nsecond\n  third",
    "one line feed at the end": "text\n",
    "many line feeds at the end": "text\n\n\n",
    "only a line feed": "\n",
    "spaces around": "  text  ",
    "a space before a line feed": "first \nsecond",
    "carriage returns": "first\r\nsecond\r",
    "tabs": "\tfirst\tsecond",
    "Turkish": "İmza anahtar\u0131: \u0131ğüşöç",
    "other scripts": "署名 ключ مفتاح 🔑",
    "right to left override": "\u202eabc\u202c",
    "zero width": "a\u200bb\u2060c\ufeff",
    "next line and separators": "a\x85b\u2028c\u2029d",
    "controls": "\x00\x07\x1b[31m\x7f\x9b",
    "long": "word " * 1500,
    "one long word": "x" * 9000,
    "an interpolation": "${HOME} {{ value }} %(x)s",
}
NAMES = {
    "plain": "key",
    "a word YAML reads as false": "no",
    "a number": "12",
    "a number with a point": "1.5",
    "with spaces inside": "my signing key",
    "Turkish": "imza-anahtar\u0131",
    "other scripts": "署名鍵🔑",
    "quotes": 'it\'s "it"',
    "a colon": "a: b",
    "a dash": "- a",
    "braces": "{a: [b]}",
    "an ampersand": "&a *b !c",
    "as long as can be": "x" * 255,
}


def nothing_to_do(workspace: Workspace, *paths: str) -> None:
    ran = workspace.run("plan", *paths, "--detailed-exitcode")
    assert (ran.code, ran.out.split(":")[0]) == (0, "Nothing to do"), ran


@pytest.mark.parametrize("to_folder", [False, True], ids=["stdout", "--out"])
def test_nasty_texts_come_back_as_they_were(build: BuildWorkspace, to_folder: bool) -> None:
    live: dict[str, list[Key]] = {
        "Descriptions": [
            {"name": f"key-{place}", "kid": f"kid-{place}", "description": text}
            for place, text in enumerate(TEXTS.values())
        ],
        "Names": [{"name": name} for name in NAMES.values()],
        "Kids": [
            {"name": f"key-{place}", "kid": text}
            for place, text in enumerate(TEXTS.values())
            if text and len(text) < 1000
        ],
    }
    workspace = build(seed(live), {})

    if to_folder:
        ran = workspace.run("export", "--out", "out")
        nothing_to_do(workspace, "out")
        assert sorted(path.name for path in (workspace.folder / "out").iterdir()) == [
            "Descriptions.yaml",
            "Kids.yaml",
            "Names.yaml",
        ]
        keys = sum(map(len, live.values()))
        assert (ran.out, ran.err) == ("", f"Wrote {keys} JWKs of 3 projects to out.\n")
    else:
        ran = workspace.run("export")
        (workspace.folder / "all.yaml").write_text(ran.out)
        nothing_to_do(workspace, "all.yaml")
        assert ran.err == ""
    assert ran.code == 0


UNEXPORTABLE = {
    "a slash": ("a/b", "holds one of"),
    "a line feed": ("a\nb", "control character"),
    "bidi": ("a\u202eb", "direction-changing"),
    "a space at the end": ("a ", "space"),
    "a temporary name": ("a.moving-0123456789", "finish that rename first"),
}


@pytest.mark.parametrize(("name", "reported"), UNEXPORTABLE.values(), ids=UNEXPORTABLE)
def test_what_can_not_be_declared_is_left_out_with_a_warning(
    build: BuildWorkspace, name: str, reported: str
) -> None:
    workspace = build(seed({"P": [{"name": name, "kid": "1"}, {"name": "good"}]}), {})

    ran = workspace.run("export", "P")

    assert ran.code == 0
    (declared,) = yaml.safe_load_all(ran.out)
    assert [entry["name"] for entry in declared["spec"]["jwks"]] == ["good"]
    assert ran.err.startswith("warning: left out: `")
    assert reported in ran.err
    assert ran.err.count("\n") == 1
    assert ran.err.isascii() or "\u202e" not in ran.err
    (workspace.folder / "p.yaml").write_text(ran.out)
    nothing_to_do(workspace, "p.yaml")


def test_a_project_with_nothing_to_declare_is_a_manifest_all_the_same(
    build: BuildWorkspace,
) -> None:
    workspace = build(seed({"P": []}), {})

    ran = workspace.run("export", "P", "--out", "out")

    assert ran.err == "Wrote 0 JWKs of 1 project to out.\n"
    nothing_to_do(workspace, "out")


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-9", "utf-16"])
def test_a_manifest_is_utf_8_whatever_the_locale(
    build: BuildWorkspace, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    workspace = build(
        seed({"P": [{"name": "imza", "description": "Ödemeler: İmza \U0001f511"}]}), {}
    )

    ran = workspace.run.shell("reconciler export P > p.yaml")

    assert ran.code == 0
    (workspace.folder / "p.yaml").read_text(encoding="utf-8")
    nothing_to_do(workspace, "p.yaml")


def test_editing_a_pinned_name_is_the_rename(workspace: Workspace) -> None:
    workspace.run("export", "Payments", "--out", "out")
    path = workspace.folder / "out" / "Payments.yaml"
    path.write_text(path.read_text().replace("my-jwk", "partner-signing"))

    ran = workspace.run("apply", "out", "--auto-approve")

    assert ran.code == 0
    assert workspace.names("Payments")[0] == "partner-signing"


def test_the_named_projects_alone_are_exported(workspace: Workspace) -> None:
    ran = workspace.run("export", "Quiet", "Partners")

    documents = list(yaml.safe_load_all(ran.out))
    assert [document["metadata"]["name"] for document in documents] == ["Partners", "Quiet"]


def test_an_export_replaces_the_files_of_an_earlier_one_by_force(workspace: Workspace) -> None:
    workspace.run("export", "--out", "out")
    workspace.run("apply", "jwks", "--auto-approve")

    assert workspace.run("export", "--out", "out", "--force").code == 0

    nothing_to_do(workspace, "out")
    assert len(list((workspace.folder / "out").iterdir())) == 3


@pytest.mark.parametrize("to_folder", [False, True], ids=["stdout", "--out"])
def test_json_is_one_document_with_the_manifests(workspace: Workspace, to_folder: bool) -> None:
    words = ("--out", "out") if to_folder else ()

    ran = workspace.run("export", "Quiet", "Partners", "--format", "json", *words)

    partners, quiet = ran.document["projects"]
    assert (partners["name"], partners["jwks"], partners["leftOut"]) == ("Partners", 2, [])
    assert yaml.safe_load(quiet["manifest"])["metadata"]["name"] == "Quiet"
    if to_folder:
        assert quiet["file"] == "out/Quiet.yaml"
        assert (workspace.folder / "out/Quiet.yaml").read_text() == quiet["manifest"]
    else:
        assert quiet["file"] is None


PROJECTS = {
    "spaces and brackets": ("a b [c]", "a_b__c_.yaml"),
    "a slash": ("a/b", None),
    "a hidden name": (".hidden", "hidden.yaml"),
    "the folder above": ("..", None),
    "a hidden name of a hidden name": ("...", "_.yaml"),
    "Turkish": ("Ödemeler", "Ödemeler.yaml"),
    "right to left": ("a\u202eb", None),
}


@pytest.mark.parametrize(("project", "file"), PROJECTS.values(), ids=PROJECTS)
def test_projects_of_any_name_stay_in_their_folder(
    build: BuildWorkspace, project: str, file: str | None
) -> None:
    workspace = build(seed({project: [{"name": "key"}], "good": [{"name": "key"}]}), {})

    ran = workspace.run("export", "--out", "out")

    assert ran.code == 0
    written = {path.name for path in workspace.folder.rglob("*.yaml")}
    assert written == ({file, "good.yaml"} if file else {"good.yaml"})
    assert ("warning: left out: the project" in ran.err) == (file is None)
    nothing_to_do(workspace, "out")


def test_a_project_that_no_manifest_can_name_is_refused_where_it_is_asked_for(
    workspace: Workspace,
) -> None:
    ran = workspace.run("export", "a/b")

    assert (ran.code, ran.out) == (5, "")
    assert "can't be declared: its name holds one of" in ran.err
    assert workspace.requests() == []


DISTINCT = {
    "the same character replaced": ("a b", "a_b", "a:b"),
    "upper and lower case": ("Payments", "payments", "PAYMENTS"),
    "forms of Unicode": ("caf\u00e9", "cafe\u0301", "CAF\u00c9"),
    "a device": ("con", "CON", "_con"),
    "devices with a suffix": ("nul.x", "lpt1", "COM\u00b2.tar", "aux"),
    "hidden": ("a", ".a", "..a"),
    "as long as can be": ("x" * 255, "\U0001f511" * 255, "\u00f6" * 255, "\u00d6" * 255),
}


@pytest.mark.parametrize("projects", DISTINCT.values(), ids=DISTINCT)
def test_projects_get_distinct_files_on_any_system(
    build: BuildWorkspace, projects: tuple[str, ...]
) -> None:
    workspace = build(seed({name: [{"name": "key"}] for name in projects}), {})

    ran = workspace.run("export", "--out", "out")

    assert (ran.code, ran.err) == (
        0,
        f"Wrote {len(projects)} JWKs of {len(projects)} projects to out.\n",
    )
    files = [path.name for path in (workspace.folder / "out").iterdir()]
    assert len({unicodedata.normalize("NFKC", name).casefold() for name in files}) == len(projects)
    for name in files:
        assert len(name.encode()) <= 255
        assert not re.match(r"(?i)(con|prn|aux|nul|com[\d\u00b2]|lpt\d)\.", name)
    nothing_to_do(workspace, "out")


def test_files_that_are_there_are_named_and_kept(workspace: Workspace) -> None:
    workspace.run("export", "--out", "out")
    (workspace.folder / "out" / "Quiet.yaml").unlink()
    (workspace.folder / "out" / "Payments.yaml").write_text("precious")
    before = files_below(workspace.folder)
    workspace.forget()

    ran = workspace.run("export", "--out", "out")

    text = " ".join(ran.err.split())
    assert (ran.code, ran.out) == (64, "")
    assert "Already there: out/Partners.yaml, out/Payments.yaml" in text
    assert "--force" in text
    assert files_below(workspace.folder) == before
    assert workspace.requests() == [("GET", "/projects/")]


def test_a_link_in_the_folder_counts_as_a_file(workspace: Workspace) -> None:
    (workspace.folder / "out").mkdir()
    (workspace.folder / "out" / "Quiet.yaml").symlink_to("gone")

    ran = workspace.run("export", "Quiet", "--out", "out")

    assert (ran.code, "out/Quiet.yaml" in ran.err) == (64, True)


FAULTS = {
    "unauthorized": 77,
    "500-before": 69,
    "html": 69,
    "garbage": 69,
}


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize(("kind", "code"), FAULTS.items(), ids=FAULTS)
@pytest.mark.parametrize("words", [("--out", "out"), (), ("Partners", "Payments", "Quiet")])
def test_every_project_that_can_be_read_is_exported(
    workspace: Workspace, kind: str, code: int, words: tuple[str, ...]
) -> None:
    workspace.fault(kind=kind, project="Payments", times=100)

    ran = workspace.run("export", *words)

    text = " ".join(ran.err.split())
    assert ran.code == code
    assert len(re.findall(r"^error: ", ran.err, re.MULTILINE)) == 1, ran.err
    assert "Payments" in text
    assert "3 JWKs of 2 projects" in text
    assert "1 of 3 projects could not be" in text
    if words[:1] == ("--out",):
        files = sorted(path.name for path in (workspace.folder / "out").iterdir())
        assert files == ["Partners.yaml", "Quiet.yaml"]
    else:
        names = [one["metadata"]["name"] for one in yaml.safe_load_all(ran.out)]
        assert names == ["Partners", "Quiet"]


def test_a_project_that_was_named_wrong_keeps_no_other_back(workspace: Workspace) -> None:
    ran = workspace.run("export", "Quiet", "Nowhere", "a/b")

    assert ran.code == 5
    assert yaml.safe_load(ran.out)["metadata"]["name"] == "Quiet"
    assert "Nowhere" in ran.err
    assert "can't be declared" in ran.err
    assert "2 of 3 projects could not be" in ran.err


@pytest.mark.usefixtures("no_waits")
def test_json_names_what_could_not_be_exported(workspace: Workspace) -> None:
    workspace.fault(kind="unauthorized", project="Payments", times=100)

    ran = workspace.run("export", "--format", "json")

    assert ran.code == 77
    assert [one["name"] for one in ran.document["projects"]] == ["Partners", "Quiet"]
    (failed,) = ran.document["failed"]
    assert (failed["name"], failed["exitCode"]) == ("Payments", 77)


@pytest.mark.usefixtures("no_waits")
def test_a_gateway_that_fails_is_not_asked_for_hundreds_of_projects(build: BuildWorkspace) -> None:
    workspace = build(seed({f"P{number:03}": [] for number in range(100)}), {})
    names = [f"P{number:03}" for number in range(100)]
    workspace.fault(kind="500-before", method="GET", times=10_000)

    ran = workspace.run("export", *names)

    assert ran.code == 69
    assert len(workspace.requests()) < 100
    assert "P099" in ran.err


class Odd(BaseHTTPRequestHandler):
    """Serves one list with texts that no file in UTF-8 can hold, and longer than a manifest's."""

    def do_GET(self) -> None:
        rows = [
            {"name": "half-description", "kid": "k1", "description": "a \ud800"},
            {"name": "half-kid", "kid": "k \udfff", "description": "as it is"},
            {"name": "half-name \ud800"},
            {"name": "long-description", "kid": "k2", "description": "x" * 10_001},
            {"name": "long-kid", "kid": "x" * 10_001},
            {"name": "good", "kid": "k3"},
        ]
        body = json.dumps({"status": "SUCCESS", "resultList": rows}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Keep quiet."""


def test_texts_that_no_manifest_can_hold_are_left_out_one_by_one(workspace: Workspace) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            ran = workspace.run("export", "P", "--out", "out", "--server", url)
            planned = workspace.run("plan", "out", "--detailed-exitcode", "--server", url)
        finally:
            server.shutdown()
            serving.join()

    assert ran.code == 0, ran
    assert planned.code == 0, planned
    (declared,) = yaml.safe_load_all((workspace.folder / "out" / "P.yaml").read_text())
    entries = {entry["name"]: entry for entry in declared["spec"]["jwks"]}
    assert entries == {
        "good": {"name": "good", "kid": "k3"},
        "half-description": {"name": "half-description", "kid": "k1"},
        "half-kid": {"name": "half-kid", "description": "as it is"},
        "long-description": {"name": "long-description", "kid": "k2"},
        "long-kid": {"name": "long-kid"},
    }
    for name in ("half-description", "half-kid", "half-name", "long-description", "long-kid"):
        assert len(re.findall(f"^warning: left out: .*`{name}", ran.err, re.MULTILINE)) == 1, ran


def test_keys_of_other_projects_in_a_list_are_not_exported(build: BuildWorkspace) -> None:
    keys: list[Key] = [{"name": "own"}, {"name": "shared", "projectId": "admin"}]
    workspace = build(seed({"P": keys}), {})

    ran = workspace.run("export")

    assert [entry["name"] for entry in yaml.safe_load(ran.out)["spec"]["jwks"]] == ["own"]


def test_the_deadline_ends_an_export_that_hangs(workspace: Workspace) -> None:
    workspace.fault(kind="hang", method="GET", times=100)

    named = workspace.run("export", "Quiet", "--deadline", "0.2")
    every = workspace.run("export", "--deadline", "0.2")

    assert (named.code, every.code) == (143, 143)
    assert "The deadline of 0.2 s ended the run" in named.err
