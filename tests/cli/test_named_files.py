"""The files that a command line names: written where they may be, and never over what is read."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from workspace import TOKEN, Ran, Workspace, files_below

APPLY = ("apply", "jwks", "--auto-approve")


def check_wrong_usage(ran: Ran, *words: str) -> None:
    text = " ".join(ran.err.split())
    assert (ran.code, ran.out) == (64, ""), ran
    assert "bug of this program" not in text
    for word in words:
        assert word in text, text


COLLISIONS = {
    "a plan and a report": (
        ("plan", "jwks", "--out", "x.json", "--report", "json=x.json"),
        ("--out", "--report", "x.json"),
    ),
    "two spellings of one file": (
        ("plan", "jwks", "--out", "x.json", "--report", "json=deep/../x.json"),
        ("--out", "--report"),
    ),
    "two links to one file": (
        ("plan", "jwks", "--out", "x.json", "--report", "json=link.json"),
        ("--out", "--report"),
    ),
    "two names of one file": (
        ("plan", "jwks", "--out", "x.json", "--report", "json=hard.json"),
        ("--out", "--report"),
    ),
    "two reports": (
        ("validate", "jwks", "--report", "json=x.json", "--report", "junit=./x.json"),
        ("--report", "x.json"),
    ),
    "a journal and a report": (
        (*APPLY, "--journal", "x.json", "--report", "json=x.json"),
        ("--journal", "--report"),
    ),
    "a report and the reviewed plan": (
        (*APPLY, "--plan", "x.json", "--report", "json=x.json"),
        ("--plan", "--report"),
    ),
    "a journal and the reviewed plan": (
        (*APPLY, "--plan", "x.json", "--journal", "x.json"),
        ("--plan", "--journal"),
    ),
    "a manifest that is named": (
        ("plan", "jwks/Quiet.yaml", "--out", "jwks/Quiet.yaml"),
        ("--out", "jwks/Quiet.yaml", "manifest"),
    ),
    "a manifest of a folder": (("plan", "jwks", "--out", "jwks/Quiet.yaml"), ("--out", "manifest")),
    "a manifest of the current folder": (
        ("validate", "--report", "json=jwks/Quiet.yaml"),
        ("--report", "manifest"),
    ),
    "a manifest to be": (
        ("plan", "jwks", "--report", "json=jwks/deep/new.yml"),
        ("--report", "manifest"),
    ),
    "a journal that is a manifest": ((*APPLY, "--journal", "jwks/Quiet.yaml"), ("--journal",)),
    "a token": (
        ("plan", "jwks", "--token-file", "token", "--out", "token"),
        ("--token-file", "--out"),
    ),
    "an authority": (
        ("plan", "jwks", "--ca-file", "x.json", "--out", "x.json"),
        ("--ca-file", "--out"),
    ),
    "a seed": (
        ("plan", "jwks", "--sandbox", "token", "--report", "json=token"),
        ("--sandbox", "--report"),
    ),
    "the sandbox's state": (
        ("plan", "jwks", "--sandbox", "token", "--out", ".reconciler/sandbox.db"),
        ("--out", ".reconciler/sandbox.db"),
    ),
    "a plan that is shown": (
        ("show", "x.json", "--report", "markdown=x.json"),
        ("--report", "PLANFILE"),
    ),
    "standard input twice": (("apply", "-", "--plan", "-"), ("standard input", "--plan")),
    "standard input under two names": (
        ("plan", "-", "--token-file", "/dev/stdin"),
        ("standard input", "--token-file"),
    ),
    "a report to -": (("validate", "jwks", "--report", "json=-"), ("--report", "standard output")),
    "a journal to -": ((*APPLY, "--journal", "-"), ("--journal", "standard output")),
}


@pytest.mark.parametrize(("words", "messages"), COLLISIONS.values(), ids=COLLISIONS)
def test_no_file_is_written_that_the_run_needs_otherwise(
    workspace: Workspace, words: tuple[str, ...], messages: tuple[str, ...]
) -> None:
    workspace.run("plan", "jwks", "--out", "x.json")
    (workspace.folder / "link.json").symlink_to("x.json")
    (workspace.folder / "hard.json").hardlink_to(workspace.folder / "x.json")
    (workspace.folder / "deep").mkdir()
    (workspace.folder / "jwks" / "deep").mkdir()
    (workspace.folder / "token").write_text(TOKEN)
    before = files_below(workspace.folder)
    workspace.forget()

    ran = workspace.run(*words)

    check_wrong_usage(ran, *messages)
    assert files_below(workspace.folder) == before
    assert workspace.requests() == []


VARIABLES = {
    "the token's file": "APINIZER_TOKEN_FILE",
    "the authorities' file": "SSL_CERT_FILE",
}


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=VARIABLES)
def test_files_that_variables_name_are_read_too(workspace: Workspace, variable: str) -> None:
    (workspace.folder / "secret").write_text(TOKEN)

    ran = workspace.run("plan", "jwks", "--out", "secret", **{variable: "secret"})

    check_wrong_usage(ran, "--out", variable)
    assert (workspace.folder / "secret").read_text() == TOKEN


def test_a_report_beside_the_manifests_is_none_of_them(workspace: Workspace) -> None:
    words = ("--out", "jwks/plan.json", "--report", "json=jwks/.plan.yaml")

    assert workspace.run("plan", "jwks", *words).code == 0
    assert workspace.run("plan", "jwks", *words).code == 0


def test_the_null_device_takes_everything(workspace: Workspace) -> None:
    ran = workspace.run("plan", "jwks", "--out", "/dev/null", "--report", "markdown=/dev/null")

    assert ran.code == 0


OUTPUTS = {
    "a plan": (("plan", "jwks", "--out", "{}"), "--out"),
    "a report": (("plan", "jwks", "--report", "json={}"), "--report"),
    "a report of validate": (("validate", "jwks", "--report", "json={}"), "--report"),
    "a report of show": (("show", "saved.json", "--report", "json={}"), "--report"),
    "a journal": ((*APPLY, "--journal", "{}"), "--journal"),
    "an export": (("export", "Quiet", "--out", "{}"), "--out"),
}


@pytest.mark.parametrize(("words", "option"), OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
@pytest.mark.parametrize("below", ["", "x"], ids=["itself", "a folder above it"])
def test_nothing_is_written_through_a_link_that_leads_out(
    workspace: Workspace,
    tmp_path_factory: pytest.TempPathFactory,
    words: tuple[str, ...],
    option: str,
    below: str,
    absolute: bool,
) -> None:
    workspace.run("plan", "jwks", "--out", "saved.json")
    outside = tmp_path_factory.mktemp("outside")
    link = workspace.folder / "link"
    if below or words[0] == "export":
        link.symlink_to(outside)
    else:
        (outside / "file").write_text("precious")
        link.symlink_to(outside / "file")
    before = files_below(outside)
    path = (link if absolute else Path("link")) / below

    ran = workspace.run(*(word.format(path) for word in words))

    check_wrong_usage(ran, option, "leads out")
    assert files_below(outside) == before
    assert workspace.requests("PUT") == []


def test_a_link_within_its_folder_is_written_through(workspace: Workspace) -> None:
    (workspace.folder / "builds").mkdir()
    (workspace.folder / "latest.json").symlink_to("builds/1.json")

    assert workspace.run("plan", "jwks", "--out", "latest.json").code == 0

    assert (workspace.folder / "latest.json").is_symlink()
    assert json.loads((workspace.folder / "builds" / "1.json").read_text())["digest"]


def test_a_plan_goes_to_standard_output(workspace: Workspace) -> None:
    to_file = workspace.run("plan", "jwks", "--out", "plan.json")

    ran = workspace.run("plan", "jwks", "--out", "-")

    assert ran.out == (workspace.folder / "plan.json").read_text()
    assert ran.err.endswith(to_file.out), "people read the plan on stderr"
    assert not (workspace.folder / "-").exists()


def test_a_plan_on_standard_output_stays_one_document(workspace: Workspace) -> None:
    ran = workspace.run("plan", "jwks", "--out", "-", "--format", "json", "--detailed-exitcode")

    assert (ran.code, ran.err) == (2, "")
    assert ran.document["digest"]


def test_what_was_printed_as_a_plan_is_applied_from_a_pipe(workspace: Workspace) -> None:
    ran = workspace.run("plan", "jwks", "--out", "-", "-q")

    applied = workspace.run(*APPLY, "--plan", "-", stdin=ran.out)

    assert applied.code == 0


def test_an_export_to_standard_output(workspace: Workspace) -> None:
    assert workspace.run("export", "Quiet", "--out", "-") == workspace.run("export", "Quiet")
    assert not (workspace.folder / "-").exists()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o664])
def test_a_file_that_is_replaced_keeps_its_mode(workspace: Workspace, mode: int) -> None:
    path = workspace.folder / "plan.json"
    path.write_text("the earlier one")
    path.chmod(mode)

    assert workspace.run("plan", "jwks", "--out", "plan.json").code == 0

    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_mode_that_the_umask_says(workspace: Workspace) -> None:
    before = os.umask(0o027)
    try:
        workspace.run("plan", "jwks", "--report", "json=plan.json")
    finally:
        os.umask(before)

    assert stat.S_IMODE((workspace.folder / "plan.json").stat().st_mode) == 0o640


DELETED = {
    "plan": 0,
    "plan --out plan.json": 64,
    "validate": 0,
    "apply --auto-approve": 0,
}


@pytest.mark.parametrize("system", ["", "GITHUB_ACTIONS=true"])
@pytest.mark.parametrize(("words", "code"), DELETED.items(), ids=DELETED)
def test_a_deleted_working_folder_is_no_bug(
    workspace: Workspace, words: str, code: int, system: str
) -> None:
    command, _, rest = words.partition(" ")
    ran = workspace.run.shell(
        f'mkdir d && cd d && rmdir "$PWD" && export NO= {system} &&'
        f" reconciler {command} {workspace.manifests} {rest}"
    )

    assert ran.code == code, ran
    assert "bug" not in ran.err
    assert "Traceback" not in ran.err


def test_a_relative_path_in_a_deleted_working_folder_is_reported(workspace: Workspace) -> None:
    ran = workspace.run.shell('mkdir d && cd d && rmdir "$PWD" && reconciler plan jwks')

    assert ran.code == 65
    assert "can't be read" in ran.err


SEEDS = ("plan jwks --sandbox gone.yaml", "sandbox gone.yaml", "sandbox jwks")


@pytest.mark.parametrize("words", SEEDS)
def test_a_seed_that_can_not_be_read_is_what_is_named(workspace: Workspace, words: str) -> None:
    ran = workspace.run(*words.split())

    check_wrong_usage(ran, words.split()[-1])
    assert "sandbox.db" not in ran.err
    assert "--port" not in ran.err
