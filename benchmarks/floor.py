"""The floor under ``plan``: the least a Python script can do to learn what differs.

Parses the same files with PyYAML's C loader, gets the same lists with as many httpx threads, and
compares in a plain loop. It checks nothing, promises nothing and keeps nothing.

``python floor.py FOLDER URL PARALLELISM``
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import yaml

folder, url, parallelism = sys.argv[1:]
declared: dict[str, list[dict[str, Any]]] = {}
for path in sorted(Path(folder).glob("*.yaml")):
    with path.open("rb") as stream:
        for document in yaml.load_all(stream, Loader=yaml.CSafeLoader):
            declared[document["metadata"]["name"]] = document["spec"]["jwks"]

with (
    httpx.Client(headers={"Authorization": "Bearer benchmark"}) as client,
    ThreadPoolExecutor(int(parallelism)) as pool,
):

    def read(project: str) -> list[dict[str, Any]]:
        """A project's list."""
        answer = client.get(f"{url}/apiops/projects/{project}/jwks/")
        items: list[dict[str, Any]] = json.loads(answer.content)["resultList"]
        return items

    lists = dict(zip(declared, pool.map(read, declared), strict=True))

differing = 0
for project, entries in declared.items():
    live = {item["name"]: item for item in lists[project]}
    for entry in entries:
        names = (entry["name"], *entry.get("previousNames", ()))
        item = next(live[name] for name in names if name in live)
        if (item["name"], item["description"]) != (entry["name"], entry["description"]):
            differing += 1
            sys.stdout.write(f"{project}: {item['name']} -> {entry['name']}\n")
sys.stdout.write(f"{differing} differ\n")
