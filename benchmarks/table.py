"""The rows as Markdown, with the machine they were measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import Row
from benchmarks.measure import Spread

README = Path(__file__).with_name("README.md")

_VERDICTS = {True: "yes", False: "**no**", None: "not measured"}
_BETWEEN = re.compile(r"(?<=<!-- measured -->\n).*(?=<!-- end -->)", re.DOTALL)


def table(rows: Sequence[Row]) -> str:
    """A Markdown table."""
    head = "| figure | yardstick | ratio: median (lowest to highest) | mark | reached | medians |"
    lines = [head, "|---|---|---|---|---|---|"]
    lines += (
        f"| {row.figure} | {row.yardstick} | {_ratio(row.ratio)} | ≤ {row.mark:g} | "
        f"{_VERDICTS[row.reached]} | {row.note} |"
        for row in rows
    )
    return "\n".join(lines) + "\n"


def machine() -> str:
    """The machine's line: processor, cores, system, Python, how busy it was."""
    load = os.getloadavg()[1]
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}, load {load:.1f}"
    )


def state() -> tuple[str, str]:
    """The commit, marked where files differ from it, and its date."""
    return _git("describe", "--always", "--dirty", "--exclude=*"), _git("log", "-1", "--format=%cs")


def write(text: str) -> None:
    """Put what was measured into the README, between its two marks."""
    whole = README.read_text(encoding="utf-8")
    README.write_text(_BETWEEN.sub(lambda _match: text, whole), encoding="utf-8")


def _git(*words: str) -> str:
    output = subprocess.run(["git", *words], capture_output=True, text=True, cwd=README.parent)
    return output.stdout.strip() or "unknown"


def _ratio(ratio: Spread | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def _processor() -> str:
    try:
        output = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    named = re.search(r"^model name\s*: (.+)$", output, re.MULTILINE)
    return named[1] if named else platform.machine()
