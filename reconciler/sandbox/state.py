"""The state: everything one server holds, and the options it was built from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import UNSET, UnsetType, to_builtins
from msgspec.structs import replace

from reconciler.sandbox.auth import TokenRegistry
from reconciler.sandbox.deployment import SHAPES
from reconciler.sandbox.dialects import DIALECTS, Responder, item
from reconciler.sandbox.faults import Fault, FaultQueue, decode_faults
from reconciler.sandbox.proxies import ApiProxy
from reconciler.sandbox.request_log import RequestLog
from reconciler.sandbox.rules import Body, Failure, Jwk
from reconciler.sandbox.seed import Seed
from reconciler.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Options:
    """How a server shall be.

    Attributes:
        seed: what a new database is filled with, its tokens, clients and faults.
        db: the database file; None keeps all in memory.
        port: on 127.0.0.1; 0 takes a free one.
        dialect: a name in ``dialects.DIALECTS``.
        deployment: a name in ``deployment.SHAPES``.
        deploy_latency: seconds between saving a key and answering.
        html_unknown: unknown paths answer 200 with an HTML page, as behind some ingresses.
        faults: armed at the start, after the seed's.
        admin: whether ``/sandbox`` is served.
        injected_secret: a text that all answers carry as if it were key material.
        inject_into_messages: whether messages carry it too.
        hide_ids: lists don't tell keys' ``id``, as some versions of the documents have it.

    Raises:
        ValueError: a name or number is none of these.
    """

    seed: Seed
    db: Path | None = None
    port: int = 0
    dialect: str = "newer"
    deployment: str = "recursive"
    deploy_latency: float = 0.0
    html_unknown: bool = False
    faults: tuple[Fault, ...] = ()
    admin: bool = True
    injected_secret: str | None = None
    inject_into_messages: bool = False
    hide_ids: bool = False

    def __post_init__(self) -> None:
        for option, allowed in (("dialect", DIALECTS), ("deployment", SHAPES)):
            if getattr(self, option) not in allowed:
                given = getattr(self, option)
                raise ValueError(f"{option} is {given!r}; allowed are {', '.join(allowed)}")
        if not self.deploy_latency >= 0:
            raise ValueError(f"deploy_latency is {self.deploy_latency}; give seconds, 0 or more")


@dataclass(slots=True)
class ServerState:
    """What one server holds; its methods are the admin side, for tests and people.

    Attributes:
        secret_reads: how often somebody asked for one key with its private half.
        under_way: how many requests are being served, also of clients that left.
    """

    options: Options
    store: Store = field(init=False)
    tokens: TokenRegistry = field(init=False)
    responder: Responder = field(init=False)
    faults: FaultQueue = field(init=False)
    journal: RequestLog = field(init=False)
    secret_reads: int = field(init=False)
    _api_proxies: dict[str, tuple[ApiProxy, ...]] = field(init=False)
    under_way: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        options = self.options
        self.store = Store(options.seed, options.db)
        self._begin()

    def _begin(self) -> None:
        options = self.options
        self.tokens = TokenRegistry(options.seed)
        self.responder = Responder(
            options.dialect, options.injected_secret, options.inject_into_messages, options.hide_ids
        )
        self.faults = FaultQueue()
        self.faults.add(*options.seed.faults, *options.faults)
        self.journal = RequestLog()
        self.secret_reads = 0
        self._api_proxies = {project.name: project.api_proxies for project in options.seed.projects}

    def reset(self) -> None:
        """Begin afresh: the seed's keys, tokens and faults, and nothing asked yet.

        For tests that share a server; no request may be under way.
        """
        self.store.refill(self.options.seed)
        self._begin()

    def add_faults(self, *faults: Fault | dict[str, Any]) -> None:
        """Arm faults, given as values or as the mappings that ``faults`` describes.

        Raises:
            SeedError: a mapping is wrong; then none is armed.
        """
        read = [decode_faults([one])[0] if isinstance(one, dict) else one for one in faults]
        self.faults.add(*read)

    def keys(self, project: str) -> tuple[Jwk, ...]:
        """The real state of a project's list: every key with what each environment holds.

        Raises:
            KeyError: there is no such project.
        """
        if not self.store.has_project(project):
            raise KeyError(project)
        return self.store.jwks(project)

    def api_proxies(self, project: str) -> tuple[ApiProxy, ...]:
        """A project's API proxies, in the seed's order."""
        return self._api_proxies.get(project, ())

    def change_policies(self, project: str, proxy: str, policies: dict[str, Any] | None) -> None:
        """Give an API proxy other policies, as somebody else would; None deletes the proxy.

        A proxy that there is not yet comes to be.
        """
        others = [one for one in self.api_proxies(project) if one.name != proxy]
        known = [one for one in self.api_proxies(project) if one.name == proxy]
        if policies is not None:
            others.append(replace(known[0] if known else ApiProxy(proxy), policies=policies))
        self._api_proxies[project] = tuple(others)

    def change(
        self,
        project: str,
        name: str,
        *,
        to: str | None = None,
        description: str | UnsetType | None = UNSET,
    ) -> Failure | None:
        """Update a key as somebody else would, by the same rules; None where it was done."""
        body = Body(to or UNSET, description)
        return self.update(project, name, body, asked=False)

    def update(
        self,
        project: str,
        address: str,
        body: Body,
        failing: frozenset[str] = frozenset(),
        *,
        asked: bool = True,
    ) -> Failure | None:
        """Update one key, and note it where it was done; None where it was.

        Args:
            project: an existing project.
            address: the key's name in the URL.
            body: what was asked.
            failing: environments that don't get the key this time.
            asked: whether a request asked for it, or somebody behind the scenes.
        """
        failure = self.store.update(project, address, body, failing)
        if failure is None:
            name = body.name if isinstance(body.name, str) else address
            self.journal.done(project, address, name, deployed=not failing, asked=asked)
        return failure

    def state(self) -> dict[str, Any]:
        """The whole real state, as JSON."""
        return {
            "seedChanged": self.store.seed_changed,
            "environments": list(self.store.environments),
            "projects": {
                name: [_key_state(key) for key in self.keys(name)]
                for name, _, _ in self.store.projects()
            },
            "requests": self.journal.counts(),
            "secretReads": self.secret_reads,
            "faults": to_builtins(self.faults.pending()),
        }


def _key_state(key: Jwk) -> dict[str, Any]:
    deployed = {
        held.environment: {"name": held.name, "description": held.description}
        for held in key.deployed
    }
    return {**item(key), "deployed": deployed}
