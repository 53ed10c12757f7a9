"""The loopback server as a figure uses it: started, asked what it counted, ended."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TOKEN = "made-up-for-benchmarks"  # noqa: S105 - the server asks for none


@dataclass(frozen=True, slots=True)
class Served:
    """A running server.

    Attributes:
        url: its root.
    """

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a command finds it with."""
        return {"APINIZER_URL": self.url, "APINIZER_TOKEN": TOKEN}

    def reset(self) -> dict[str, int]:
        """Have it begin anew; gives the requests until now, by method."""
        request = urllib.request.Request(f"{self.url}/counts/", data=b"", method="POST")  # noqa: S310
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - always loopback
            counts: dict[str, int] = json.load(answer)
        return counts


@contextmanager
def serving(
    lists: Path, delay: float = 0, policies: tuple[Path, int] | None = None
) -> Iterator[Served]:
    """Run a server of these lists in a process of its own.

    Args:
        lists: as ``Dataset.write_lists`` writes them.
        delay: seconds that every PUT takes.
        policies: the answer for every API proxy, and how many there are in each project.
    """
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.server", str(lists), str(delay)),
            *map(str, policies or ()),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    ) as process:
        assert process.stdout is not None
        yield Served(f"http://127.0.0.1:{process.stdout.readline().strip()}")
        # Leaving the block closes its standard input, which ends it.
