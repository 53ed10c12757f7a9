"""Runs command lines in forks of a process that has everything imported already.

Reads one JSON object per line: ``argv``, ``env``, ``out`` and ``err``. Writes the fork's process
id, and when it has ended its exit code, negative for a signal.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import Any

from reconciler.cli import main

USED = (
    "cli.applying",
    "cli.commands.apply",
    "cli.connection",
    "cli.planning",
    "cli.program",
    "cli.reports",
    "cli.reviewed",
    "cli.stop",
    "core.planner",
    "executor.run",
    "gateway.client",
    "journal.opening",
    "manifests.load",
    "reports.planjson",
)
"""The modules that an apply loads when it needs them."""
TELLING = {signal.SIGINT, signal.SIGTERM}


def serve() -> None:
    for module in USED:
        importlib.import_module(f"reconciler.{module}")
    for line in sys.stdin:
        order = json.loads(line)
        # Held back until the fork is whole: Python swallows what a signal raises while it makes its
        # locks anew, and one that stays locked would stop every thread of the command.
        signal.pthread_sigmask(signal.SIG_BLOCK, TELLING)
        process = os.fork()
        if process == 0:
            run(order)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TELLING)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def run(order: dict[str, Any]) -> None:
    """The command line in place of this process, as the console script runs it."""
    for number, name in enumerate(("out", "err"), start=1):
        target = os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(target, number)
    os.environ.update(order["env"])
    sys.argv = ["reconciler", *order["argv"]]
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TELLING)
    main.run()


if __name__ == "__main__":
    serve()
