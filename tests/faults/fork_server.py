"""Runs command lines in forks of a process that has everything imported already.

Reads one JSON object per line: ``argv``, ``env``, ``out`` and ``err``. Writes the fork's process
id, and when it has ended its exit code, negative for a signal.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
from contextlib import suppress
from typing import Any

from reconciler.cli import app

TELLING = {signal.SIGINT, signal.SIGTERM}


def serve() -> None:
    gc.set_threshold(app.COLLECT_AFTER)
    tried: set[str] = set()
    for line in sys.stdin:
        order = json.loads(line)
        lessons, report_to = os.pipe()
        # What is here already is not looked through again in every fork, which would copy it.
        gc.freeze()
        # Held back until the fork is whole: Python swallows what a signal raises while it makes its
        # locks anew, and one that stays locked would stop every thread of the command.
        signal.pthread_sigmask(signal.SIG_BLOCK, TELLING)
        process = os.fork()
        if process == 0:
            run(order, report_to)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, TELLING)
        os.close(report_to)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        with os.fdopen(lessons, encoding="ascii") as names:
            new = {*names.read().split()} - tried
        tried |= new
        learn(new)


def run(order: dict[str, Any], report_to: int) -> None:
    """The command line in place of this process, as the console script runs it."""
    for number, name in enumerate(("out", "err"), start=1):
        target = os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(target, number)
    os.environ.update(order["env"])
    sys.argv = ["reconciler", *order["argv"]]
    known = set(sys.modules)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TELLING)
    code = 0
    try:
        app.run()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        os.write(report_to, "\n".join(sorted(sys.modules.keys() - known)).encode("ascii"))
        os._exit(code)  # what the forked process would do at its end is not this one's business


def learn(modules: set[str]) -> None:
    """Import what a command had to: most of its time, if every fork did it anew."""
    for module in modules:
        with suppress(ImportError):  # some are no modules of their own, but made by others
            importlib.import_module(module)


if __name__ == "__main__":
    serve()
