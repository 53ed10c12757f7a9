"""A real git repository with manifests, and the Managers of its stages, in both layouts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.sandbox.seed import parse_seed
from reconciler.sandbox.server import Options, Running, running

ROOT = Path(__file__).resolve().parents[2]
PIPELINES = ROOT / "examples" / "pipelines"
STAGES = ("test", "production")
LAYOUTS = ("one project per stage", "one Manager per stage")

LIVE = [{"name": "my-jwk", "kid": "1", "description": "old"}, {"name": "other", "kid": "2"}]
BEFORE = "    - {name: my-jwk}\n    - {name: other}\n"
AFTER = (
    "    - {name: partner-signing, previousNames: [my-jwk], description: Signs tokens.}\n"
    "    - {name: other}\n"
)


@dataclass(frozen=True)
class Stage:
    """A stage of the gateway: where its keys are declared, and where they live."""

    name: str
    manifests: str
    project: str
    manager: Running

    @property
    def login(self) -> dict[str, str]:
        return {"APINIZER_URL": self.manager.url, "APINIZER_TOKEN": self.manager.tokens[0]}

    def live(self) -> list[tuple[str, str | None]]:
        return [(key.name, key.description) for key in self.manager.admin.keys(self.project)]

    def writes(self) -> int:
        return sum(request.method == "PUT" for request in self.manager.requests)


@dataclass(frozen=True)
class Repository:
    """The repository of a team, and its stages by name."""

    folder: Path
    stages: dict[str, Stage]

    def git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", *arguments], cwd=self.folder, env=environment(self.folder), check=True,
            capture_output=True,
        )  # fmt: skip

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--message", message)

    def declare(self, entries: str) -> None:
        for stage in self.stages.values():
            path = self.folder / stage.manifests / "keys.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                f"apiVersion: reconciler/v1\nkind: Project\nmetadata: {{name: {stage.project}}}\n"
                f"spec:\n  jwks:\n{entries}"
            )

    def propose(self) -> None:
        """On a branch, what a pull request would hold."""
        self.git("switch", "--create", "rename")
        self.declare(AFTER)
        self.commit("Call the key what it is")

    def merge(self) -> None:
        self.git("switch", "main")
        self.git("merge", "--no-ff", "rename")


def environment(home: Path, **more: str) -> dict[str, str]:
    """Of a machine where the package is installed already, so that pip has nothing to fetch."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "CI": "true",
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    } | more


@contextmanager
def repository(folder: Path, layout: str) -> Iterator[Repository]:
    """A repository whose main declares what is live, in one of ``LAYOUTS``."""
    with ExitStack() as stack:
        folder.mkdir(parents=True)
        ours = Repository(folder, _stages(stack, layout))
        ours.git("init", "--initial-branch", "main")
        # Where what the jobs leave behind is not to be committed.
        (folder / ".gitignore").write_text(".*\n!.git*\nplan\napply\ndrift\n*.journal\njournal\n")
        _install(folder.parent / "workspace@tmp" / "reconciler")
        ours.declare(BEFORE)
        ours.commit("Declare the keys")
        yield ours


def _install(where: Path) -> None:
    """What Jenkins installs, in no time: a virtual environment that sees what is installed here."""
    venv.create(where, with_pip=False, symlinks=True)
    [packages] = where.glob("lib/*/site-packages")
    here = sysconfig.get_paths()["purelib"]
    (packages / "here.pth").write_text(f"import site; site.addsitedir({here!r})\n")


def _stages(stack: ExitStack, layout: str) -> dict[str, Stage]:
    if layout == LAYOUTS[0]:
        one = stack.enter_context(_manager([f"Payments-{name}" for name in STAGES]))
        return {name: Stage(name, f"jwks/{name}", f"Payments-{name}", one) for name in STAGES}
    return {
        name: Stage(name, "jwks", "Payments", stack.enter_context(_manager(["Payments"])))
        for name in STAGES
    }


@contextmanager
def _manager(projects: list[str]) -> Iterator[Running]:
    seed = {"projects": [{"name": name, "jwks": LIVE} for name in projects]}
    with running(Options(parse_seed(json.dumps(seed)))) as manager:
        yield manager
