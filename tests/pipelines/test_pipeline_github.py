"""The GitHub workflow and the action, run by a local runner against the sandbox."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pipeline_stages import LAYOUTS, PIPELINES, ROOT, Repository, environment, repository

from reconciler import __version__

pytestmark = pytest.mark.proof

STEPS = {
    "upload-artifact": 'mkdir -p "$SHELF/$NAME" && cp -r "$AT/." "$SHELF/$NAME"',
    "download-artifact": 'mkdir -p "$AT" && cp -r "$SHELF/$NAME/." "$AT"',
}
"""What the actions' stand-ins do; those not named here do nothing."""
STANDIN = """\
name: a stand-in
description: For an action that can't be fetched here.
inputs: {name: {default: ""}, path: {default: ""}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", AT: "${{ inputs.path }}"}
      run: %s
"""
REQUEST = {
    "pull_request": {
        "number": 7,
        "head": {"ref": "rename", "repo": {"full_name": "team/keys"}},
        "base": {"ref": "main"},
    },
    "repository": {"full_name": "team/keys", "default_branch": "main"},
}
USES = re.compile(r"uses: (actions/[\w-]+)(/\w+)?@([0-9a-f]{40})")


class Team(Repository):
    """A repository with the workflow, and where its runs leave artifacts."""

    @property
    def scratch(self) -> Path:
        return self.folder.parent

    def act(self, event: str, *more: str, payload: object = None) -> tuple[int, str]:
        """Run what an event starts; gives the exit code and what was printed."""
        payload_file = self.scratch / "event.json"
        payload_file.write_text(json.dumps(payload or {"repository": REQUEST["repository"]}))
        login = self.stages["test"].login
        done = subprocess.run(
            [
                "act", event, "-e", str(payload_file), "-P", "ubuntu-latest=-self-hosted",
                *self._standins(), "--var", f"APINIZER_URL={login['APINIZER_URL']}",
                "-s", f"APINIZER_TOKEN={login['APINIZER_TOKEN']}", "-s", "GITHUB_TOKEN=ours",
                "--env", "GITHUB_REPOSITORY=team/keys", "--env", f"SHELF={self.scratch}/shelf",
                *more,
            ],
            cwd=self.folder, env=environment(self.scratch),
            capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def _standins(self) -> Iterator[str]:
        for text in (self.folder / ".github").rglob("*.yml"):
            for name, below, pin in set(USES.findall(text.read_text())):
                folder = self.scratch / name
                step = STEPS.get(folder.name, "'true'")
                (folder / below.strip("/")).mkdir(parents=True, exist_ok=True)
                (folder / below.strip("/") / "action.yml").write_text(STANDIN % step)
                yield from ("--local-repository", f"{name}@{pin}={folder}")


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with repository(tmp_path / "repository", LAYOUTS[0]) as work:
        workflows = work.folder / ".github" / "workflows"
        workflows.mkdir(parents=True)
        shutil.copy(PIPELINES / "github" / "reconciler.yml", workflows)
        work.commit("Add the workflow")
        yield Team(work.folder, work.stages)


@contextmanager
def comments() -> Iterator[tuple[str, list[str]]]:
    """A code host that has no comments yet; gives its URL, and the texts it was sent."""
    texts: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/user"):
                self._say(200, {"login": "ours", "id": 1})
            elif "/pulls" in self.path:
                self._say(200, [{"number": 7, "merged_at": "2026-01-02T03:04:05Z"}])
            else:
                self._say(200, [])

        def do_POST(self) -> None:
            texts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])
            self._say(201, {"id": len(texts), "html_url": "http://localhost/1", "body": texts[-1]})

        def _say(self, status: int, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", texts
        server.shutdown()
        thread.join()


def test_a_pull_request_gets_its_plans_and_a_comment_for_each_stage(team: Team) -> None:
    team.propose()
    with comments() as (url, texts):
        code, output = team.act("pull_request", "--env", f"GITHUB_API_URL={url}", payload=REQUEST)
    assert code == 0, output
    assert sorted("Payments-production" in text for text in texts) == [False, True]
    assert all("partner-signing" in text and "sha256:" in text for text in texts)
    assert "apply-test" not in output
    assert team.stages["test"].writes() == 0
    for name in ("plan.json", "plan.md", "plan.html", "plan.xml"):
        assert (team.scratch / "shelf" / "plan-production" / name).exists()


def test_invalid_manifests_are_told_in_the_comments(team: Team) -> None:
    team.propose()
    for stage in team.stages.values():
        (team.folder / stage.manifests / "keys.yaml").write_text("nonsense: true\n")
    team.commit("Break it")
    with comments() as (url, texts):
        code, output = team.act("pull_request", "--env", f"GITHUB_API_URL={url}", payload=REQUEST)
    assert code != 0
    assert len(texts) == 2, output
    assert all("problem" in text and "keys.yaml:1" in text for text in texts)


def test_a_fork_is_validated_only(team: Team) -> None:
    fork = {"ref": "rename", "repo": {"full_name": "stranger/keys"}}
    code, output = team.act(
        "pull_request", payload=REQUEST | {"pull_request": {"number": 7, "head": fork}}
    )
    assert code == 0, output
    assert "Main Validate" in output
    assert "Main Plan" not in output
    assert "Main Comment" not in output


def test_a_merge_applies_what_was_planned_and_then_there_is_no_drift(team: Team) -> None:
    team.propose()
    team.merge()
    with comments() as (url, texts):
        code, output = team.act("push", "--env", f"GITHUB_API_URL={url}")
    assert code == 0, output
    for stage in team.stages.values():
        assert stage.live()[0] == ("partner-signing", "Signs tokens.")
    assert output.index("apply-test") < output.index("apply-production")
    assert len(texts) == 2
    assert all("#### Applied" in text and "[run 1]" in text for text in texts)

    stage = team.stages["test"]
    stage.manager.admin.change(stage.project, "partner-signing", description="by hand")
    code, output = team.act("schedule")
    assert code != 0
    assert "The keys of test are not as main says." in output
    assert "The keys of production are not as main says." not in output
    assert "Main Apply" not in output


def test_the_action_gives_changes_digest_and_exit_code(team: Team) -> None:
    ours = team.scratch / "action"
    ours.mkdir()
    shutil.copy(ROOT / "action.yml", ours)
    (team.folder / ".github" / "workflows" / "reconciler.yml").write_text(f"""\
on: push
jobs:
  plan:
    runs-on: ubuntu-latest
    env:
      APINIZER_URL: ${{{{ vars.APINIZER_URL }}}}
      APINIZER_TOKEN: ${{{{ secrets.APINIZER_TOKEN }}}}
    steps:
      - uses: actions/checkout@{"0" * 40}
      - id: plan
        continue-on-error: true
        uses: team/reconciler@{"0" * 40}
        with:
          paths: |
            jwks/test
            jwks/production
          args: |
            --detailed-exitcode
            --out
            a $(touch injected) plan.json
          version: {__version__}
      - env:
          CHANGES: ${{{{ steps.plan.outputs.changes }}}}
          DIGEST: ${{{{ steps.plan.outputs.digest }}}}
          CODE: ${{{{ steps.plan.outputs.exit-code }}}}
        run: |
          echo "$CHANGES $DIGEST $CODE" > outputs
          mkdir -p "$SHELF" && cp -r . "$SHELF"
""")
    team.propose()
    code, output = team.act("push", "--local-repository", f"team/reconciler@{'0' * 40}={ours}")
    assert code == 0, output
    left = team.scratch / "shelf"
    digest = json.loads((left / "a $(touch injected) plan.json").read_text())["digest"]
    assert (left / "outputs").read_text().split() == ["2", digest, "2"]
    assert not (left / "injected").exists()
