"""The tools that would do the job otherwise, where they are or can be installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Command
from benchmarks.served import TOKEN

HERE = Path(__file__).parent


def shell_script(url: str, wanted: Path, scratch: Path) -> Command:
    """``curl``, ``jq`` and ``xargs -P10``."""
    scratch.mkdir(exist_ok=True)
    return ["sh", HERE / "peer.sh", url, wanted, scratch]


def playbook(ansible: str) -> Callable[[str, Path, Path], Command]:
    """Ansible with the ``uri`` module.

    Args:
        ansible: the program ``ansible-playbook``.
    """

    def command(url: str, wanted: Path, _scratch: Path) -> Command:
        extra = (f"url={url}", f"wanted_file={wanted}", f"token={TOKEN}")
        words = [word for pair in extra for word in ("-e", pair)]
        return [ansible, HERE / "playbook.yaml", *words]

    return command


def missing(*commands: str) -> list[str]:
    """Those that are not installed."""
    return [tool for tool in commands if shutil.which(tool) is None]


def find_ansible(scratch: Path, *, install: bool) -> str | None:
    """The program ``ansible-playbook``: the one that is there, or one installed into a venv."""
    found = shutil.which("ansible-playbook")
    if found is not None or not install:
        return found
    subprocess.run([sys.executable, "-m", "venv", scratch / "ansible"], check=True)
    pip = scratch / "ansible" / "bin" / "pip"
    subprocess.run([pip, "install", "--quiet", "ansible-core>=2.19,<2.20"], check=True)
    return str(scratch / "ansible" / "bin" / "ansible-playbook")
