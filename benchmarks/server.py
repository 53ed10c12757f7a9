"""A Manager of prepared bytes on loopback: quick enough not to be what is measured.

``python -m benchmarks.server LISTS.json DELAY [POLICIES.json PROXIES]`` prints its port and ends
with its standard input.
It knows the lists and the update and nothing else, and it believes every caller.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

_LIST_HEAD = b'{"status":"SUCCESS","resultMessage":null,"resultList":['
_UPDATED = b'{"status":"SUCCESS","resultMessage":null,"deploymentResult":{"success":true}}'


class Manager:
    """The projects, their keys as the bytes they are listed with, and how often it was asked.

    Args:
        lists: the items of each project.
        policies: the answer for every API proxy.
        proxies: how many API proxies each project has.
    """

    def __init__(
        self, lists: dict[str, list[dict[str, str | None]]], policies: bytes, proxies: int
    ) -> None:
        self._policies = policies
        names = b",".join(b'{"name":"API-%d"}' % number for number in range(proxies))
        self._proxies = _LIST_HEAD + names + b'],"resultCount":%d}' % proxies
        self._initial = {
            project: {str(item["name"]): json.dumps(item).encode() for item in items}
            for project, items in lists.items()
        }
        self.reset()

    def reset(self) -> None:
        """Begin anew, with nothing counted."""
        self._keys = {project: dict(keys) for project, keys in self._initial.items()}
        self._lists: dict[str, bytes] = {}
        self.counts: Counter[str] = Counter()

    def answer(self, method: str, path: str, body: bytes) -> bytes:
        """The body of the answer to one request."""
        match [method, *path.split("/")[1:-1]]:
            case ["GET", "apiops", "projects", project, "jwks"]:
                self.counts["GET"] += 1
                return self._list(unquote(project))
            case ["GET", "apiops", "projects", _, "apiProxies"]:
                self.counts["GET"] += 1
                return self._proxies
            case ["GET", "apiops", "projects", _, "apiProxies", _, "policies"]:
                self.counts["GET"] += 1
                return self._policies
            case ["PUT", "apiops", "projects", project, "jwks", name]:
                self.counts["PUT"] += 1
                return self._update(unquote(project), unquote(name), json.loads(body))
            case ["POST", "counts"]:
                counted = json.dumps(self.counts).encode()
                self.reset()
                return counted
        self.counts["unexpected"] += 1
        return b'{"status":"FAILURE","resultMessage":"not here"}'

    def _list(self, project: str) -> bytes:
        if project not in self._lists:
            keys = self._keys[project]
            count = f'],"resultCount":{len(keys)}}}'.encode()
            self._lists[project] = _LIST_HEAD + b",".join(keys.values()) + count
        return self._lists[project]

    def _update(self, project: str, name: str, body: dict[str, str | None]) -> bytes:
        item = json.loads(self._keys[project].pop(name)) | body
        self._keys[project][item["name"]] = json.dumps(item).encode()
        self._lists.pop(project, None)
        return _UPDATED


class _Connection(asyncio.Protocol):
    """One kept-alive connection that asks one thing at a time.

    Args:
        manager: answers.
        delay: seconds between a PUT and its answer.
    """

    def __init__(self, manager: Manager, delay: float) -> None:
        self._manager = manager
        self._delay = delay
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio has set TCP_NODELAY by now."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        fields = head.lower().partition(b"\r\ncontent-length:")[2]
        if len(body) < int(fields.partition(b"\r\n")[0] or 0):
            return
        self._received = b""
        method, path, _version = head.decode("ascii").partition("\r\n")[0].split(" ")
        answer = self._manager.answer(method, path, body)
        loop = asyncio.get_running_loop()
        loop.call_later(self._delay if method == "PUT" else 0, self._send, answer)

    def _send(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self._transport.write(head.encode() + b"\r\n\r\n" + body)


async def _serve(manager: Manager, delay: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(manager, delay), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    ended = asyncio.Event()

    def await_end() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=await_end, daemon=True).start()
    await ended.wait()


def _main(lists: str, delay: str, policies: str = "", proxies: str = "0") -> None:
    answer = Path(policies).read_bytes() if policies else b""
    manager = Manager(json.loads(Path(lists).read_text()), answer, int(proxies))
    asyncio.run(_serve(manager, float(delay)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
