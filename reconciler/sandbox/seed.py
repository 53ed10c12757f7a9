"""What a sandbox starts with, from YAML.

::

    environments: [test, prod]      # default
    projects:
      - name: Payments
        id: 65f0c0ffee65f0c0ffee65f0  # default: 24 hexadecimal digits made from the names
        description: text or null   # default null
        allowDuplicates: false      # default; true lets two keys, or proxies, have one name
        jwks:
          - name: my-jwk
            description: text or null   # default null
            kid: key-id-1           # default null
            type: RSA               # default; or EC, OCT, OKP
            sourceType: GENERATE    # default; or any other of the vendor's
            sourceId: text or null  # default null
            sourceUrl: text or null # default null
            id: text                # default: 24 hexadecimal digits made from the names
            projectId: text         # default: the project's id; another makes it another's item
        apiProxies: []              # see ``proxies``
    tokens:                         # default: sandbox-token, which may do everything
      - token: text
        projects: [Payments]        # default "*", all
        permissions: [read, manage, deploy]   # default
        proxies: [Payments API]     # whose policies it may read; default "*", all
        expired: false              # default
    clients:                        # who may log in at /apiops/auth/token; default nobody
      - username: text
        password: text
        token: sandbox-token        # what the token it is given may do is what this one may
        expiresIn: 3600             # seconds, default
        expiresAfter: 10            # default null: it also expires after so many requests
    faults: []                      # see ``faults``

Anything else is refused. The ``faults`` of a seed are armed each time a server starts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct
from msgspec.structs import replace

from reconciler.sandbox.decoding import Name, SeedError, decode, read_yaml
from reconciler.sandbox.faults import Fault, decode_faults
from reconciler.sandbox.proxies import ApiProxy
from reconciler.sandbox.rules import Deployed, Jwk, SourceType, Type

Permission = Literal["read", "manage", "deploy"]
PERMISSIONS: tuple[Permission, ...] = ("read", "manage", "deploy")
DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but a sandbox
ENVIRONMENTS = ("test", "prod")

_Token = Annotated[
    str, Meta(min_length=1, max_length=4096, pattern=r"^[!-~]+$", description="visible ASCII")
]

_Password = Annotated[str, Meta(min_length=1, max_length=4096)]


class _Jwk(Struct, rename="camel", forbid_unknown_fields=True):
    name: Name
    description: str | None = None
    kid: str | None = None
    type: Type = "RSA"
    source_type: SourceType = "GENERATE"
    source_id: str | None = None
    source_url: str | None = None
    id: Name | None = None
    project_id: Name | None = None


class _Project(Struct, rename="camel", forbid_unknown_fields=True):
    name: Name
    id: Name | None = None
    description: str | None = None
    allow_duplicates: bool = False
    jwks: tuple[_Jwk, ...] = ()
    api_proxies: tuple[ApiProxy, ...] = ()


class Project(Struct, frozen=True):
    """A project and its list, in the list's order."""

    name: str
    id: str
    description: str | None
    jwks: tuple[Jwk, ...]
    api_proxies: tuple[ApiProxy, ...] = ()


class Grant(Struct, frozen=True, forbid_unknown_fields=True):
    """What a token may do.

    Attributes:
        projects: those it may see; ``*``, all.
        permissions: what it may do there.
        expired: whether it was valid once.
        proxies: the API proxies whose policies it may read; ``*``, all.
    """

    token: _Token
    projects: Literal["*"] | frozenset[Name] = "*"
    permissions: frozenset[Permission] = frozenset(PERMISSIONS)
    expired: bool = False
    proxies: Literal["*"] | frozenset[Name] = "*"

    def sees(self, project: str) -> bool:
        """Whether a project is visible to it."""
        return self.projects == "*" or project in self.projects


class Client(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Who may log in, and what they are given.

    Attributes:
        token: the grant that the issued tokens copy.
        expires_in: seconds an issued token is valid.
        expires_after: requests an issued token is valid for; None, any number.
    """

    username: Name
    password: _Password
    token: _Token
    expires_in: Annotated[float, Meta(ge=0)] = 3600.0
    expires_after: Annotated[int, Meta(ge=1)] | None = None


class _Seed(Struct, forbid_unknown_fields=True):
    environments: tuple[Name, ...] = ENVIRONMENTS
    projects: tuple[_Project, ...] = ()
    tokens: tuple[Grant, ...] = (Grant(DEFAULT_TOKEN),)
    clients: tuple[Client, ...] = ()
    faults: tuple[object, ...] = ()


class Seed(Struct, frozen=True):
    """Everything a server starts with."""

    environments: tuple[str, ...] = ENVIRONMENTS
    projects: tuple[Project, ...] = ()
    tokens: tuple[Grant, ...] = (Grant(DEFAULT_TOKEN),)
    clients: tuple[Client, ...] = ()
    faults: tuple[Fault, ...] = ()

    def fingerprint(self) -> str:
        """A digest of what a new database is filled with: environments, projects and keys."""
        projects = [replace(project, api_proxies=()) for project in self.projects]
        state = repr((self.environments, projects))
        return hashlib.sha256(state.encode()).hexdigest()


_MEMBERS: dict[str, tuple[str, ...]] = {
    name: ()
    for kind in (_Seed, _Project, _Jwk, ApiProxy, Grant, Client)
    for name in kind.__struct_encode_fields__
} | {"type": get_args(Type), "sourceType": get_args(SourceType), "permissions": PERMISSIONS}


def load_seed(path: Path) -> Seed:
    """The seed in a YAML file.

    Raises:
        SeedError: what is wrong with it, or why it can't be read.
    """
    return parse_seed(_read_file(path))


def load_faults(path: Path) -> tuple[Fault, ...]:
    """The faults in a YAML file: a list, or a mapping with the member ``faults``.

    Raises:
        SeedError: what is wrong with it, or why it can't be read.
    """
    value = read_yaml(_read_file(path))
    if isinstance(value, dict) and value.keys() == {"faults"}:
        value = value["faults"]
    return decode_faults(value)


def parse_seed(text: str) -> Seed:
    """The seed in a YAML text.

    Raises:
        SeedError: the first thing that is wrong, with its path.
    """
    return read_seed(read_yaml(text))


def read_seed(value: object) -> Seed:
    """The seed in a mapping such as YAML or JSON give.

    Raises:
        SeedError: the first thing that is wrong, with its path.
    """
    seed = decode(value, _Seed, known=_MEMBERS)
    if len(set(seed.environments)) < len(seed.environments):
        raise SeedError("environments", "holds the same text twice; remove one")
    projects = tuple(
        _project(project, f"projects[{index}]", seed.environments)
        for index, project in enumerate(seed.projects)
    )
    _require_different((project.name for project in projects), "projects", "name")
    _require_different((grant.token for grant in seed.tokens), "tokens", "token")
    _require_different((client.username for client in seed.clients), "clients", "username")
    names = {project.name for project in projects}
    for index, grant in enumerate(seed.tokens):
        for name in sorted(set() if grant.projects == "*" else grant.projects - names):
            path = f"tokens[{index}].projects"
            raise SeedError(path, f"names {name!r}, which is not in the seed")
    tokens = {grant.token for grant in seed.tokens}
    for index, client in enumerate(seed.clients):
        if client.token not in tokens:
            path = f"clients[{index}].token"
            raise SeedError(path, "is not one of the seed's tokens; add it there")
    faults = decode_faults(seed.faults)
    return Seed(seed.environments, projects, seed.tokens, seed.clients, faults)


def _project(seed: _Project, path: str, environments: tuple[str, ...]) -> Project:
    identifier = seed.id or _identifier("project", seed.name)
    counts: Counter[str] = Counter()
    jwks = []
    for item in seed.jwks:
        counts[item.name] += 1
        key = Jwk(
            id=item.id or _identifier("jwk", seed.name, item.name, str(counts[item.name])),
            project_id=item.project_id or identifier,
            name=item.name,
            description=item.description,
            kid=item.kid,
            type=item.type,
            source_type=item.source_type,
            source_id=item.source_id,
            source_url=item.source_url,
            deployed=tuple(
                Deployed(environment, item.name, item.description) for environment in environments
            ),
        )
        jwks.append(replace(key, own=key.project_id == identifier))
    _require_different((key.id for key in jwks), f"{path}.jwks", "id")
    if not seed.allow_duplicates:
        own = (key.name if key.own else None for key in jwks)
        _require_different(own, f"{path}.jwks", "name")
        _require_different((proxy.name for proxy in seed.api_proxies), f"{path}.apiProxies", "name")
    return Project(seed.name, identifier, seed.description, tuple(jwks), seed.api_proxies)


def _require_different(values: Iterable[str | None], path: str, name: str) -> None:
    seen: dict[str, int] = {}
    for index, value in enumerate(values):
        if value is None:
            continue
        if value in seen:
            problem = f"is the same as {path}[{seen[value]}].{name}; choose another"
            raise SeedError(f"{path}[{index}].{name}", problem)
        seen[value] = index


def _identifier(*names: str) -> str:
    return hashlib.sha256("/".join(names).encode()).hexdigest()[:24]


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SeedError(str(path), f"can't be read: {error}; give a file in UTF-8") from error
