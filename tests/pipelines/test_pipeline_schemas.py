"""The files to copy against published schemas and linters, offline."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pipeline_parts import GITLAB, JENKINS, azure_document, gitlab_documents, jenkins_scripts
from pipeline_stages import PIPELINES, ROOT, Repository, environment

from reconciler import __version__

WORKFLOW = PIPELINES / "github" / "reconciler.yml"
ACTION = ROOT / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
PAPERS = ROOT / "docs" / "pipelines.md"
FILES = [path for path in sorted(PIPELINES.rglob("*")) if path.is_file()]


def tool(name: str, *arguments: str | Path) -> None:
    """Run a tool of this environment; fails with what it says."""
    command = [str(Path(sys.executable).with_name(name)), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def conforms(schema: str, document: Any, tmp_path: Path, *options: str) -> None:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document))
    tool("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *options, path)


def read(path: Path) -> Any:
    # `on` is a key of workflows, and a truth value of YAML 1.1.
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 it only makes strings


def test_the_workflow_conforms() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW)


def test_the_action_conforms() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)


def test_the_workflow_passes_actionlint() -> None:
    tool("actionlint", WORKFLOW)


def test_the_workflow_and_the_action_pass_the_security_linter() -> None:
    tool("zizmor", "--offline", "--no-progress", WORKFLOW, ACTION)


def test_the_gitlab_pipeline_conforms(tmp_path: Path) -> None:
    pipeline = yaml.safe_load((PIPELINES / "gitlab" / ".gitlab-ci.yml").read_text())
    conforms("gitlab-ci", pipeline, tmp_path, "--data-transform", "gitlab-ci")


@pytest.mark.parametrize("approval", ["manual", "on_success"])
def test_the_gitlab_component_conforms_with_its_inputs_put_in(
    approval: str, tmp_path: Path
) -> None:
    head, jobs = gitlab_documents(stage="test", approval=approval)
    assert "[[" not in json.dumps(jobs), "every input is declared"
    assert all(f"inputs.{name} " in GITLAB.read_text() for name in head["spec"]["inputs"])
    conforms("gitlab-ci", head, tmp_path, "--data-transform", "gitlab-ci")
    conforms("gitlab-ci", jobs, tmp_path, "--data-transform", "gitlab-ci")


def test_the_azure_pipeline_conforms_when_its_templates_are_expanded(tmp_path: Path) -> None:
    document = azure_document()
    assert "${{" not in json.dumps(document)
    conforms("azure-pipelines", document, tmp_path,
             "--data-transform", "azure-pipelines", "--regex-variant", "nonunicode")  # fmt: skip


def test_the_hooks_conform() -> None:
    tool("pre-commit", "validate-manifest", HOOKS)


def test_the_hooks_check_the_whole_set() -> None:
    assert all(
        (hook["pass_filenames"], hook["always_run"], hook["entry"])
        == ("false", "true", "reconciler validate")
        for hook in read(HOOKS)
    )


def test_the_hooks_run_where_a_manifest_is_only_deleted(tmp_path: Path) -> None:
    hooks = yaml.safe_load(HOOKS.read_text())
    hook = next(hook for hook in hooks if hook["language"] == "system")
    config = {"repos": [{"repo": "local", "hooks": [hook | {"args": ["jwks"]}]}]}
    for folder, text in ((".pre-commit-config.yaml", json.dumps(config)), ("jwks/a.yaml", "{}")):
        (tmp_path / folder).parent.mkdir(exist_ok=True)
        (tmp_path / folder).write_text(text)
    repository = Repository(tmp_path, {})
    repository.git("init")
    repository.commit("Declare the keys")
    repository.git("rm", "jwks/a.yaml")
    done = subprocess.run(
        ["pre-commit", "run"], cwd=tmp_path, env=environment(tmp_path),
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "validate JWK manifests" in done.stdout
    assert "error:" in done.stdout


def test_the_jenkinsfile_compiles(tmp_path: Path) -> None:
    compiler, java = shutil.which("groovyc"), shutil.which("java")
    if compiler is None or java is None:
        pytest.skip("groovyc or java is missing: the Jenkinsfile is not compiled")
    source = tmp_path / "Jenkinsfile.groovy"
    shutil.copy(JENKINS, source)
    home = str(Path(java).resolve().parents[1])
    done = subprocess.run([compiler, source.name], cwd=tmp_path, capture_output=True, text=True,
                          env=os.environ | {"JAVA_HOME": home})  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_groovy_puts_no_value_into_a_script() -> None:
    text = JENKINS.read_text()
    assert len(jenkins_scripts()) == len(re.findall(r"\bsh\b\(?\s*label", text)) == 6
    assert text.count("script: ") == text.count("script: '''")


def test_every_action_is_pinned_by_commit_and_says_which_version() -> None:
    uses = [line for line in WORKFLOW.read_text().splitlines() if "uses:" in line]
    assert uses
    assert all(re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) for line in uses)


def test_values_reach_scripts_through_the_environment_only() -> None:
    jobs = [*read(WORKFLOW)["jobs"].values(), read(ACTION)["runs"]]
    runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    assert runs
    assert not [run for run in runs if "${{" in run]


def test_no_job_may_do_more_than_it_needs() -> None:
    workflow = read(WORKFLOW)
    assert workflow["permissions"] == {}
    permissions = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert permissions.pop("comment") == {"pull-requests": "write"}
    outcome = permissions.pop("comment-outcome")
    assert outcome == {"contents": "read", "pull-requests": "write"}
    assert set(map(str, permissions.values())) == {"{'contents': 'read'}"}


def test_no_apply_is_cancelled_by_the_next() -> None:
    jobs = read(WORKFLOW)["jobs"]
    for stage in ("test", "production"):
        assert jobs[f"apply-{stage}"]["concurrency"] == {
            "group": f"reconciler-{stage}",
            "cancel-in-progress": "false",
        }
    apply = gitlab_documents(stage="test")[1]["apply test"]
    assert apply["resource_group"] == "reconciler-test"
    assert "disableConcurrentBuilds()" in JENKINS.read_text()
    assert azure_document()["lockBehavior"] == "sequential"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PIPELINES)))
def test_every_file_installs_this_version_and_is_named_in_the_papers(path: Path) -> None:
    assert set(re.findall(r"apinizer-jwk-reconciler==([\w.]+)", path.read_text())) == {__version__}
    assert f"../{path.relative_to(ROOT)}" in PAPERS.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PIPELINES)))
def test_both_layouts_of_stages_are_shown(path: Path) -> None:
    text = path.read_text()
    if path != GITLAB:
        assert "One project per stage on one Manager" in text
        assert "One Manager per stage" in text
