"""The sandbox as it is installed: without httptools, which only those have who work on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
WIRE = ("test_sandbox_http.py", "test_sandbox_fault_injection.py")
"""The tests of all that goes over the wire."""
WITHOUT = """
import sys
sys.modules["httptools"] = None
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""


def test_without_httptools_all_goes_over_the_wire_just_so() -> None:
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:cov"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *options, *WIRE],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
