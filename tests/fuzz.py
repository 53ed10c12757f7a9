"""Runs the property tests on new cases for so many seconds; prints the seed of every round.

A round that fails ends the run with the failing case; `make fuzz SEED=…` repeats it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree


def main() -> int:
    """Run rounds until the time is up; the exit code of the one that failed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, help="repeat one round, to its end")
    options = parser.parse_args()
    if options.seed is not None:
        return run_round(options.seed, None)
    end = time.monotonic() + options.seconds
    rounds = 0
    while time.monotonic() < end:
        rounds += 1
        code = run_round(secrets.randbits(32), end - time.monotonic())
        if code:
            return code
    print(f"Nothing found in {rounds} rounds.")
    return 0


def run_round(seed: int, seconds: float | None) -> int:
    """All property tests with the cases that a seed gives; a failure counts also if time is up."""
    print(f"seed {seed}: make fuzz SEED={seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        words = ["-m", "law", "-n", str(os.cpu_count()), "-q", "-x", f"--junitxml={report}"]
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", *words, f"--hypothesis-seed={seed}"],
            env={**os.environ, "HYPOTHESIS_PROFILE": "fuzz"},
        ) as process:
            try:
                return process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)  # pytest reports what it has found so far
                process.wait()
        print("The time is up; this round was not finished.")
        return int(report.exists() and has_failures(report))


def has_failures(report: Path) -> bool:
    """Whether a test failed in a JUnit report."""
    suites = ElementTree.parse(report).iter("testsuite")  # noqa: S314 pytest wrote it
    return any(suite.get(kind) != "0" for suite in suites for kind in ("failures", "errors"))


if __name__ == "__main__":
    sys.exit(main())
