"""``plan`` with one rename that 200 API proxies may use, against getting and parsing the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.bench import PYTHON, RECONCILER, Bench, Row, peak_row, time_row
from benchmarks.dataset import Dataset
from benchmarks.measure import Command, child, in_turns
from benchmarks.served import serving

ONE_RENAME = Dataset(projects=1, keys=10, changes=1)
PROXIES, FEW_PROXIES = 200, 20
BYTES = 250_000
"""Of the policies of one proxy: 50 MB in all."""

_FETCH = Path(__file__).with_name("fetch.py")
_PARALLELISM = "4"

_LINE = """\
    def header = requestHeaderMap.get("X-Request-{number}")  // whose request it is
    if (header != null && header.length() > {number}) {{
        responseHeaderMap.put('X-Answer-{number}', "${{header}}-{number}" + (header.length() / 2))
    }}
"""
_LOOKUP = '    def key = environment_jwkMap.get("partner-00009-signing")\n'


def references(bench: Bench) -> Iterator[Row]:
    """200 proxies, 50 MB of policies."""
    folder = bench.folder(ONE_RENAME)
    answer = folder / "policies.json"
    answer.write_text(json.dumps(_answer()), encoding="utf-8")
    plan: Command = [RECONCILER, "plan", folder / "manifests", "--parallelism", _PARALLELISM]
    with (
        serving(folder / "lists.json", policies=(answer, PROXIES)) as server,
        serving(folder / "lists.json", policies=(answer, FEW_PROXIES)) as small,
    ):
        bare: Command = [PYTHON, _FETCH, server.url, _PARALLELISM]
        pairs = in_turns(lambda: child(plan, server.environment), lambda: child(bare), bench.rounds)
        sizes = in_turns(
            lambda: child(plan, server.environment),
            lambda: child(plan, small.environment),
            bench.rounds,
        )
    figure = "`plan`, one rename, 200 API proxies with 50 MB of policies"
    yield time_row(f"{figure}: wall time", "getting and parsing them, `fetch.py`", pairs, 1.5)
    yield peak_row(f"{figure}: peak memory", "itself with 20 API proxies", sizes, 1.1)


def _answer() -> dict[str, Any]:
    """The policies of one proxy: a third of them scripts, of which every fourth uses a key."""
    policies: list[dict[str, Any]] = []
    size = 0
    while size < BYTES:
        policies.append(_policy(len(policies)))
        size += len(json.dumps(policies[-1]))
    half = len(policies) // 2
    endpoint = {"endpoint": "/pay", "httpMethod": "POST", "requestPolicyList": policies[half:]}
    proxy = {"name": "API", "requestPolicyList": policies[:half], "endpointList": [endpoint]}
    return {"status": "SUCCESS", "resultList": [proxy], "resultCount": 1}


def _policy(number: int) -> dict[str, Any]:
    shared = {"name": f"policy-{number}", "description": "x" * 100, "active": True}
    if number % 3:
        headers = [
            {"name": f"X-{index}", "variable": {"type": "HEADER", "headerName": f"X-{index}"}}
            for index in range(40)
        ]
        return {"type": "policy-header", **shared, "headerList": headers, "value": "y" * 500}
    lines = "".join(_LINE.format(number=index) for index in range(16))
    script = (_LOOKUP if number % 4 == 0 else "") + lines
    return {"type": "policy-script", **shared, "scriptLanguage": "GROOVY", "scriptBody": script}
