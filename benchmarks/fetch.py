"""Gets all policies of all API proxies of one project and parses them, and does nothing more.

``python fetch.py URL PARALLELISM``
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

url, parallelism = sys.argv[1:]
root = f"{url}/apiops/projects/Project000/apiProxies/"
with (
    httpx.Client(headers={"Authorization": "Bearer benchmark"}) as client,
    ThreadPoolExecutor(int(parallelism)) as pool,
):

    def read(name: str) -> int:
        """How many answers came."""
        answer: dict[str, Any] = json.loads(client.get(f"{root}{name}/policies/").content)
        return len(answer["resultList"])

    names = [item["name"] for item in json.loads(client.get(root).content)["resultList"]]
    sys.stdout.write(f"{sum(pool.map(read, names))} of {len(names)}\n")
