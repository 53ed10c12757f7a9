"""The shell parts of the files to copy, as their host would run them."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from pipeline_stages import PIPELINES, ROOT, Repository, Stage, environment

JENKINS = PIPELINES / "jenkins" / "Jenkinsfile"
AZURE = PIPELINES / "azure" / "azure-pipelines.yml"
GITLAB = PIPELINES / "gitlab" / "templates" / "reconciler.yml"
GITHUB = PIPELINES / "github" / "reconciler.yml"
ACTION = ROOT / "action.yml"


@dataclass(frozen=True)
class Host:
    """How one host runs jobs.

    Attributes:
        shell: what the file with a script is given to, as this host does.
        plan, apply, drift: the scripts of each job, in order.
        plan_file: where a plan is left for the apply, from the repository; holds ``{stage}``.
        kept: what else a plan leaves, from the same folder.
        comment: the script that comments, where it is one of its own.
        scheduled: variables on a schedule.
        always: variables everywhere.
        wrapped: a script as this host writes it into the file.
    """

    name: str
    shell: tuple[str, ...]
    plan: tuple[str, ...]
    apply: tuple[str, ...]
    drift: tuple[str, ...]
    plan_file: str
    kept: tuple[str, ...] = ("report.json", "plan.md", "plan.html", "plan.xml")
    comment: tuple[str, ...] = ()
    scheduled: dict[str, str] = field(default_factory=dict)
    always: dict[str, str] = field(default_factory=dict)
    wrapped: Callable[[str], str] = str

    def start(
        self, script: str, stage: Stage, work: Repository, **more: str
    ) -> subprocess.Popen[str]:
        """Start one script as the host does, in a process group of its own."""
        scratch = work.folder.parent
        variables = {"STAGE": stage.name, "MANIFESTS": stage.manifests, "RECONCILER": _PINNED}
        variables |= {"PLAN": self.plan_file.format(stage=stage.name)}
        variables |= {"WORKSPACE_TMP": str(scratch / "workspace@tmp")}
        variables |= stage.login | self.always | more
        file = scratch / "script.sh"
        file.write_text(self.wrapped(script))
        return subprocess.Popen(
            [*self.shell, str(file)],
            cwd=work.folder,
            env=environment(scratch, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def run(
        self, scripts: tuple[str, ...], stage: Stage, work: Repository, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run scripts of one job until one fails; gives the last."""
        for script in scripts:
            with self.start(script, stage, work, **more) as process:
                out, err = process.communicate(timeout=120)
            if process.returncode:
                break
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def pinned() -> str:
    """The requirement that all files install."""
    found = re.findall(r"apinizer-jwk-reconciler==[\w.]+", JENKINS.read_text())
    return str(found[0])


_PINNED = pinned()


def jenkins_scripts() -> dict[str, str]:
    """Label → script of every ``sh`` of the Jenkinsfile, as Groovy reads its strings."""
    steps = re.findall(
        r"sh\(?\s*label: '([^']+)',.*?script: '''(.*?)'''", JENKINS.read_text(), re.DOTALL
    )
    return {label: text.replace("\\\\", "\\") for label, text in steps}


def azure_document() -> dict[str, Any]:
    """The pipeline with its template expressions expanded, as Azure does before it runs."""
    document = yaml.safe_load(AZURE.read_text())
    stages = document.pop("parameters")[0]["default"]
    expanded: dict[str, Any] = _expand(document, stages, None)
    return expanded


def _expand(node: Any, stages: list[dict[str, Any]], stage: dict[str, Any] | None) -> Any:
    if isinstance(node, dict):
        return {key: _expand(value, stages, stage) for key, value in node.items()}
    if isinstance(node, list):
        return [item for entry in node for item in _expand_item(entry, stages, stage)]
    return _fill(node, stage) if isinstance(node, str) and stage else node


def _expand_item(
    entry: Any, stages: list[dict[str, Any]], stage: dict[str, Any] | None
) -> Iterator[Any]:
    each = "${{ each stage in parameters.stages }}"
    if isinstance(entry, dict) and each in entry:
        for one in stages:
            yield from _expand(entry[each], stages, one)
    else:
        yield _expand(entry, stages, stage)


def _fill(text: str, stage: dict[str, Any]) -> Any:
    whole = re.fullmatch(r"\$\{\{ stage\.(\w+) \}\}", text)
    if whole:
        return stage[whole[1]]
    return re.sub(r"\$\{\{ stage\.(\w+) \}\}", lambda found: str(stage[found[1]]), text)


def azure_scripts() -> dict[str, str]:
    """Display name → script of every ``bash`` step."""

    def steps(node: Any) -> Iterator[tuple[str, str]]:
        if isinstance(node, dict) and "bash" in node:
            yield node["displayName"], node["bash"]
        elif isinstance(node, dict | list):
            for child in node.values() if isinstance(node, dict) else node:
                yield from steps(child)

    return dict(steps(azure_document()))


def gitlab_documents(**inputs: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The component's head, and its jobs with the inputs put in, as GitLab does."""
    head, jobs = GITLAB.read_text().split("\n---\n")
    spec = yaml.safe_load(head)
    values = {name: field.get("default") for name, field in spec["spec"]["inputs"].items()} | inputs
    filled = re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: str(values[found[1]]), jobs)
    return spec, yaml.safe_load(filled)


def _gitlab_scripts(job: str) -> tuple[str, ...]:
    scripts: list[str] = gitlab_documents(stage="any")[1][f"{job} any"]["script"]
    return tuple(scripts)


def _gitlab_wrapped(script: str) -> str:
    """What GitLab's runner makes of the lines of ``script``: bash evaluates them in a pipe."""
    return f"set -eo pipefail\nset +o noclobber\n: | eval {shlex.quote(script)}\nexit 0\n"


def github_scripts(job: str) -> dict[str, str]:
    """Name → script of every step of a job of the workflow."""
    steps = yaml.safe_load(GITHUB.read_text())["jobs"][job]["steps"]
    return {step["name"]: step["run"] for step in steps if "run" in step}


def action_scripts() -> dict[str, str]:
    """Name → script of every step of the action."""
    return {
        step["name"]: step["run"] for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    }


ACTION_SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""How GitHub calls ``shell: bash``, which an action has to name."""


def hosts() -> dict[str, Host]:
    """Every host whose shell parts are taken out of its file, by name."""
    jenkins, azure = jenkins_scripts(), azure_scripts()
    github = {job: github_scripts(job) for job in ("validate", "plan", "comment", "apply-test")}
    return {
        "jenkins": Host(
            "jenkins",
            ("sh", "-xe"),
            plan=(jenkins["Install"], jenkins["Validate"], jenkins["Plan"]),
            apply=(jenkins["Install"], jenkins["Apply"]),
            drift=(jenkins["Plan"],),
            plan_file="plan/{stage}/plan.json",
            comment=(jenkins["Comment"],),
            scheduled={"DETAILED": "--detailed-exitcode"},
            always={"JENKINS_URL": "http://localhost/", "DETAILED": ""},
        ),
        "github": Host(
            "github",
            ("bash", "-e"),
            plan=(
                github["plan"]["Install"],
                github["validate"]["Validate"],
                github["plan"]["Plan"],
            ),
            apply=(github["apply-test"]["Install"], github["apply-test"]["Apply"]),
            drift=(github["plan"]["Plan"],),
            plan_file="plan/plan.json",
            comment=(github["comment"]["Comment"],),
            scheduled={"EVENT": "schedule"},
            always={"GITHUB_ACTIONS": "true", "EVENT": "push"},
        ),
        "azure": Host(
            "azure",
            ("bash", "--noprofile", "--norc"),
            plan=(azure["Install"], azure["Validate"], azure["Plan"]),
            apply=(azure["Install"], azure["Apply"]),
            drift=(azure["Plan"],),
            plan_file="plan/plan.json",
            comment=(azure["Comment"], azure["Comment on the outcome"]),
            scheduled={"BUILD_REASON": "Schedule"},
            always={"TF_BUILD": "True", "BUILD_REASON": "Manual"},
        ),
        "gitlab": Host(
            "gitlab",
            ("bash",),
            plan=_gitlab_scripts("plan"),
            apply=_gitlab_scripts("apply"),
            drift=_gitlab_scripts("drift")[-1:],
            plan_file="plan/{stage}/plan.json",
            kept=("report.json", "plan.md", "plan.html", "plan.xml", "plan-gitlab.json"),
            always={"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main"},
            wrapped=_gitlab_wrapped,
        ),
    }
