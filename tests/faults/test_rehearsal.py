"""An outage is rehearsed with two commands: a stand-in that fails on demand, and the real apply."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from workspace import DECLARED, STEPS, CommandLine, seed, write_manifests

OUTAGE = """
- kind: reset-after
  method: PUT
  project: Payments
- kind: deploy-fails
  project: Partners
  environments: [prod]
  times: 5
"""


@pytest.mark.usefixtures("no_waits")
def test_an_outage_can_be_rehearsed(run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text(json.dumps(seed()), encoding="utf-8")
    (tmp_path / "outage.yaml").write_text(OUTAGE, encoding="utf-8")
    write_manifests(tmp_path / "jwks", DECLARED)
    words = ("sandbox", "seed.yaml", "--faults", "outage.yaml", "--hide-ids")
    with run.process(*words) as server:
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(2)]
        given = dict(re.findall(r"(APINIZER_\w+)=(\S+)", lines[1]))
        planned = run("plan", "jwks", "--format", "json", **given)
        assert {change["id"] for change in planned.document["changes"]} == {None}
        ran = run("apply", "jwks", "--auto-approve", "--journal", "journal", **given)
        assert ran.code == 4
        assert "saved but not deployed" in ran.out
        assert "prod/gateway-prod-0: NOT deployed, Could not reach the gateways" in ran.out
        settled = run("apply", "jwks", "--auto-approve", "--journal", "journal", **given)
        assert settled.code == 0
        assert len(planned.document["steps"]) == STEPS
        server.terminate()
        server.communicate(timeout=10)
