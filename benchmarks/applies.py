"""``apply`` against what the gateway's own time allows, and against other tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench import RECONCILER, Bench, Row, time_row
from benchmarks.dataset import Dataset
from benchmarks.measure import Command, Cost, child, in_turns
from benchmarks.peers import find_ansible, missing, playbook, shell_script
from benchmarks.served import Served, serving

SLOW = Dataset(projects=20, keys=10, changes=10)
QUICK = Dataset(projects=10, keys=10, changes=2)

_DELAY = 0.1


def against_the_bound(bench: Bench) -> Iterator[Row]:
    """PUTs that take 100 ms, four projects at a time."""
    bound = Cost(SLOW.projects / 4 * SLOW.changes * _DELAY)
    folder = bench.folder(SLOW)
    with serving(folder / "lists.json", _DELAY) as server:
        pairs = in_turns(lambda: _apply(folder, server, 4), lambda: bound, bench.rounds)
    figure = "`apply`, 20 projects of 10 changes, PUT answering after 100 ms, `--parallelism 4`"
    yield time_row(figure, "the bound, 20/4 · 10 · 100 ms", pairs, 1.10)


def against_a_script(bench: Bench) -> Iterator[Row]:
    """``curl``, ``jq`` and ``xargs``, with the same number of writes in flight."""
    lacking = missing("sh", "curl", "jq", "xargs")
    yield _against(
        bench,
        "`curl` + `jq` + `xargs -P10`, `peer.sh`",
        None if lacking else shell_script,
        mark=1.0,
        lacking=", ".join(lacking),
    )


def against_ansible(bench: Bench) -> Iterator[Row]:
    """A playbook with the ``uri`` module; ten times faster is the mark."""
    ansible = find_ansible(bench.scratch, install=bench.install)
    yield _against(
        bench,
        "Ansible with `uri`, `playbook.yaml`",
        None if ansible is None else playbook(ansible),
        mark=0.1,
        lacking="ansible-playbook (`--with-ansible` installs it for the run)",
    )


def _against(
    bench: Bench,
    name: str,
    peer: Callable[[str, Path, Path], Command] | None,
    *,
    mark: float,
    lacking: str,
) -> Row:
    figure = "`apply`, 10 projects of 10 keys, 20 changes, PUT answering at once"
    if peer is None:
        return Row(figure, name, None, mark, f"not installed: {lacking}")
    folder = bench.folder(QUICK)
    with serving(folder / "lists.json") as server:
        command = peer(server.url, folder / "wanted.json", folder / "scratch")

        def theirs() -> Cost:
            server.reset()
            cost = child(command, server.environment)
            _require_written(server, QUICK)
            return cost

        pairs = in_turns(lambda: _apply(folder, server, 10), theirs, bench.rounds)
    return time_row(figure, name, pairs, mark)


def _apply(folder: Path, server: Served, parallelism: int) -> Cost:
    server.reset()
    words: Command = [RECONCILER, "apply", folder / "manifests", "--auto-approve", "--parallelism"]
    return child([*words, str(parallelism), "--references", "off"], server.environment)


def _require_written(server: Served, dataset: Dataset) -> None:
    """A peer that did less than it was to do is no yardstick."""
    puts = server.reset().get("PUT", 0)
    if puts != dataset.projects * dataset.changes:
        raise RuntimeError(f"{puts} updates came, {dataset.projects * dataset.changes} were due")
