"""validate, plan, show and schema, as a user calls them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from workspace import DECLARED, CommandLine, Workspace, manifest, write_manifests

from reconciler.cli.help import COMMANDS

EXAMPLES = Path(__file__).parents[2] / "examples" / "manifests"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(run: CommandLine, command: str) -> None:
    ran = run(command, "--help")

    assert (ran.code, ran.err) == (0, "")
    assert "Examples:" in ran.out
    assert f"  reconciler {command}" in ran.out


def test_the_overview_lists_every_command_and_exit_code(run: CommandLine) -> None:
    text = run("--help").out

    assert all(f"  {name}  " in text for name in COMMANDS)
    codes = (0, 1, 2, 3, 4, 5, 64, 65, 69, 77, 130, 143)
    assert all(str(code) in text for code in codes)


VALID = "Valid: 5 JWKs in 3 projects. No gateway was asked.\n"
VALIDATED = {
    "a folder": (("jwks",), VALID),
    "files": (("jwks/Quiet.yaml", "jwks/Partners.yaml"), VALID.replace("5", "2").replace("3", "2")),
    "the current folder": ((), VALID),
    "a file twice counts once": (
        ("jwks/Quiet.yaml", "jwks/Quiet.yaml"),
        "Valid: 1 JWK in 1 project. No gateway was asked.\n",
    ),
    "quiet": (("jwks", "-q"), ""),
}


@pytest.mark.parametrize(("words", "out"), VALIDATED.values(), ids=VALIDATED)
def test_validate_tells_how_much_is_valid(
    run: CommandLine, words: tuple[str, ...], out: str
) -> None:
    write_manifests(run.folder / "jwks", DECLARED)

    ran = run("validate", *words)

    assert (ran.code, ran.out, ran.err) == (0, out, "")


def test_validate_reads_standard_input(run: CommandLine) -> None:
    ran = run("validate", "-", stdin=manifest("P", [{"name": "a"}]))

    assert (ran.code, ran.out) == (0, "Valid: 1 JWK in 1 project. No gateway was asked.\n")


def test_validate_counts_in_json(run: CommandLine) -> None:
    write_manifests(run.folder / "jwks", DECLARED)

    document = run("validate", "jwks", "--format", "json").document

    assert document["problems"] == []
    assert document["projects"] == [
        {"name": "Partners", "jwks": 1},
        {"name": "Payments", "jwks": 3},
        {"name": "Quiet", "jwks": 1},
    ]


WRONG = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: P}
spec:
  jwks:
    - {nmae: a}
    - {name: b/c}
"""


@pytest.mark.parametrize("quiet", [(), ("-q",), ("-v",)], ids=" ".join)
def test_validate_tells_every_problem_with_its_place(
    run: CommandLine, quiet: tuple[str, ...]
) -> None:
    (run.folder / "p.yaml").write_text(WRONG)

    ran = run("validate", *quiet, "p.yaml")

    assert (ran.code, ran.out) == (65, "")
    *problems, last = ran.err.splitlines()
    assert all(line.startswith(("p.yaml:6:", "p.yaml:7:")) for line in problems)
    assert any("did you mean" in line and "name" in line for line in problems)
    assert f"{len(problems)} problems in the manifests" in last


def test_validate_tells_problems_in_json(run: CommandLine) -> None:
    (run.folder / "p.yaml").write_text(WRONG)

    ran = run("validate", "--format", "json", "p.yaml")

    assert ran.code == 65
    assert {(item["file"], item["line"]) for item in ran.document["problems"]} == {
        ("p.yaml", 6),
        ("p.yaml", 7),
    }


def test_a_saved_plan_is_what_json_prints_and_show_renders(workspace: Workspace) -> None:
    printed = workspace.run("plan", "jwks", "--format", "json", "--out", "plan.json")
    text = workspace.run("plan", "jwks")
    saved = (workspace.folder / "plan.json").read_text()

    assert saved == printed.out
    assert workspace.run("show", "plan.json", "--format", "json").out == saved
    assert workspace.run("show", "plan.json").out == text.out
    assert workspace.run("show", "-", stdin=saved).out == text.out
    for verbosity in ("-v", "-q"):
        shown = workspace.run("show", "plan.json", verbosity)
        assert shown.out == workspace.run("plan", "jwks", verbosity).out


def test_a_plan_is_the_same_at_any_time_in_any_order(workspace: Workspace) -> None:
    paths = sorted(str(path) for path in workspace.manifests.iterdir())

    one = workspace.run("plan", *paths, "--format", "json")
    other = workspace.run("plan", *reversed(paths), "--format", "json", "--parallelism", "1")

    assert one.out == other.out


def test_a_plan_tells_what_an_apply_would_change(workspace: Workspace) -> None:
    ran = workspace.run("plan", "jwks")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Plan: 1 to rename, 1 to describe, 1 to rename and describe;")
    assert "my-jwk → partner-signing" in ran.out
    assert 'description (none) → "Encrypts."' in ran.out
    assert "spare" not in ran.out


def test_more_words_name_what_is_left_alone_and_trace_requests(workspace: Workspace) -> None:
    ran = workspace.run("plan", "jwks", "-v")

    assert "spare" in ran.out
    assert "kid k1" in ran.out
    traced = ran.err.splitlines()
    assert len(traced) == len(workspace.requests())
    assert all(line.startswith("GET /apiops/projects/") for line in traced)
    assert all(" 200 " in line for line in traced)


def test_fewer_words_are_the_verdict_alone(workspace: Workspace) -> None:
    ran = workspace.run("plan", "jwks", "-q")

    assert (ran.out.count("\n"), ran.err) == (1, "")
    assert ran.out.startswith("Plan: ")


@pytest.mark.parametrize("words", [("plan", "jwks", "-v"), ("apply", "jwks", "--auto-approve")])
def test_with_json_remarks_stay_on_stderr(workspace: Workspace, words: tuple[str, ...]) -> None:
    ran = workspace.run(*words, "-v", "--format", "json")

    assert ran.document["digest"]
    assert "GET /apiops/" in ran.err


def test_a_plan_of_standard_input(workspace: Workspace) -> None:
    text = manifest("Quiet", [{"name": "calmer", "previousNames": ["calm"]}])

    ran = workspace.run("plan", "-", "--detailed-exitcode", stdin=text)

    assert ran.code == 2
    assert "<stdin>" in ran.out


def test_a_refused_plan_is_saved_and_shown_too(workspace: Workspace) -> None:
    workspace.declare(Payments=[{"name": "nobody-has-this"}])

    planned = workspace.run("plan", "jwks", "--out", "plan.json")
    shown = workspace.run("show", "plan.json")

    assert (planned.code, shown.code) == (5, 0)
    assert shown.out == planned.out
    assert "refused Payments / nobody-has-this: missing" in shown.out


def test_a_plan_that_is_out_of_date_is_shown_all_the_same(workspace: Workspace) -> None:
    planned = workspace.run("plan", "jwks", "--out", "plan.json")
    assert workspace.run("apply", "jwks", "--auto-approve").code == 0

    assert workspace.run("show", "plan.json").out == planned.out


def test_the_report_of_an_apply_is_shown_with_its_outcomes(workspace: Workspace) -> None:
    applied = workspace.run("apply", "jwks", "--auto-approve", "--report", "json=apply.json")

    shown = workspace.run("show", "apply.json", "--report", "json=again.json")

    assert shown.code == 0
    assert shown.out.startswith("Applied: ")
    assert shown.out in applied.out
    again = (workspace.folder / "again.json").read_text()
    assert again == (workspace.folder / "apply.json").read_text()


def test_a_report_replaces_what_its_link_leads_to(workspace: Workspace) -> None:
    (workspace.folder / "target.json").write_text("old")
    (workspace.folder / "link.json").symlink_to("target.json")

    workspace.run("plan", "jwks", "--out", "link.json")

    assert (workspace.folder / "link.json").is_symlink()
    assert json.loads((workspace.folder / "target.json").read_text())["digest"]
    assert sorted(path.name for path in workspace.folder.iterdir()) == [
        "jwks",
        "link.json",
        "target.json",
    ]


DEVICES = {"nothing": "/dev/null", "stdout": "/dev/stdout", "a descriptor": "/dev/fd/1"}


@pytest.mark.parametrize("path", DEVICES.values(), ids=DEVICES)
def test_a_device_is_written_to_and_never_replaced(workspace: Workspace, path: str) -> None:
    before = Path(path).lstat()

    ran = workspace.run.shell(f"reconciler plan jwks -q --out {path} | cat")

    assert ran.code == 0
    assert ("formatVersion" in ran.out) == (path != "/dev/null")
    assert Path(path).lstat().st_ino == before.st_ino


def test_a_redirected_file_keeps_what_both_wrote_to_it(workspace: Workspace) -> None:
    ran = workspace.run.shell("reconciler plan jwks -q --out /dev/stdout >>all.txt; cat all.txt")

    assert "Plan: 1 to rename" in ran.out


def test_files_get_the_usual_permissions(workspace: Workspace) -> None:
    workspace.run.shell("umask 027; reconciler plan jwks --report json=plan.json")

    assert (workspace.folder / "plan.json").stat().st_mode & 0o777 == 0o640


def test_the_schema_is_json_and_takes_the_examples(run: CommandLine) -> None:
    ran = run("schema")

    assert (ran.code, ran.err) == (0, "")
    jsonschema.Draft202012Validator.check_schema(ran.document)
    for path in EXAMPLES.glob("*.yaml"):
        for document in yaml.safe_load_all(path.read_text()):
            jsonschema.validate(document, ran.document)


def test_the_schema_refuses_what_validate_refuses(run: CommandLine) -> None:
    wrong = yaml.safe_load(WRONG)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, run("schema").document)


def test_the_examples_are_valid(run: CommandLine) -> None:
    shutil.copytree(EXAMPLES, run.folder / "manifests")

    assert run("validate").code == 0


def test_validate_warns_of_names_that_look_alike(run: CommandLine) -> None:
    write_manifests(run.folder / "jwks", {"P": [{"name": "caf\xe9"}, {"name": "cafe\u0301"}]})

    done = run("validate", "jwks")
    assert (done.code, done.out.startswith("Valid: 2 JWKs")) == (0, True)
    assert "P.yaml:1:" in done.err
    assert ": warning: `cafe\u0301` is easily taken for `caf\xe9`" in done.err
    (warning,) = run("validate", "jwks", "--format", "json").document["warnings"]
    assert "U+0301" in warning["message"]
    assert run("validate", "jwks", "-q").err == ""
