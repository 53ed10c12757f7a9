"""A seed with a little of everything, and how the tests call a sandbox."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx

from reconciler.sandbox.seed import Seed, parse_seed
from reconciler.sandbox.server import Options, Running, running

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Spares each client the 20 ms of loading certificates it has no use for."""

SEED = parse_seed(
    """
    projects:
      - name: Payments
        description: all about money
        jwks:
          - {name: signing, description: signs, kid: k1}
          - {name: rotating, sourceType: URL, sourceUrl: "https://keys.example/1", sourceId: s1}
          - {name: shared, id: shared-1, projectId: admin}
          - {name: "ö & c", type: EC}
      - name: Empty
      - name: Twins
        allowDuplicates: true
        jwks: [{name: twin, kid: first}, {name: twin, kid: second}]
    tokens:
      - token: all
      - {token: reader, permissions: [read]}
      - {token: writer, permissions: [manage, deploy]}
      - {token: no-deploy, permissions: [read, manage]}
      - {token: elsewhere, projects: [Empty]}
      - {token: old, expired: true}
    clients:
      - {username: ci, password: right, token: reader}
      - {username: brief, password: right, token: all, expiresAfter: 2}
    """
)


def options(seed: Seed = SEED, **changes: Any) -> Options:
    return replace(Options(seed), **changes)


@contextmanager
def sandbox(chosen: Options) -> Iterator[tuple[Running, httpx.Client]]:
    """A running sandbox and a client with the token that may do everything in it."""
    with running(chosen) as server, client(server) as http:
        yield server, http


def client(server: Running, token: str | None = None) -> httpx.Client:
    bearer = token or server.tokens[0]
    return httpx.Client(
        base_url=f"{server.url}/apiops",
        headers={"Authorization": f"Bearer {bearer}"},
        timeout=10,
        trust_env=False,
        verify=NO_TLS,
    )


def put(
    http: httpx.Client, name: str, body: Mapping[str, object], project: str = "Payments"
) -> httpx.Response:
    return http.put(f"/projects/{project}/jwks/{name}/", json=body)


def names(http: httpx.Client, project: str = "Payments") -> list[str]:
    items = http.get(f"/projects/{project}/jwks/").json()["resultList"]
    return [item["name"] for item in items]
