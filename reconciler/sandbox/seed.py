"""What a sandbox starts with, from YAML.

::

    environments: [test, prod]      # default
    projects:
      - name: Payments
        id: 65f0c0ffee65f0c0ffee65f0  # default: 24 hexadecimal digits made from the names
        description: text or null   # default null
        allowDuplicates: false      # default; true lets two keys start with one name
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
    tokens:                         # default: sandbox-token, which may do everything
      - token: text
        projects: [Payments]        # default "*", all
        permissions: [read, manage, deploy]   # default
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
from dataclasses import dataclass
from pathlib import Path

from reconciler.sandbox.faults import Fault, read_faults
from reconciler.sandbox.reading import Members, SeedError, read_yaml
from reconciler.sandbox.rules import SOURCE_TYPES, TYPES, Deployed, Jwk

PERMISSIONS = ("read", "manage", "deploy")
DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but a sandbox
ENVIRONMENTS = ("test", "prod")

_SEED = ("environments", "projects", "tokens", "clients", "faults")
_PROJECT = ("name", "id", "description", "allowDuplicates", "jwks")
_JWK = (
    "name",
    "description",
    "kid",
    "type",
    "sourceType",
    "sourceId",
    "sourceUrl",
    "id",
    "projectId",
)
_TOKEN = ("token", "projects", "permissions", "expired")
_CLIENT = ("username", "password", "token", "expiresIn", "expiresAfter")


@dataclass(frozen=True, slots=True)
class Project:
    """A project and its list, in the list's order."""

    name: str
    id: str
    description: str | None
    jwks: tuple[Jwk, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token may do.

    Attributes:
        projects: those it may see; None, all.
        permissions: out of ``PERMISSIONS``.
        expired: whether it was valid once.
    """

    token: str
    projects: frozenset[str] | None = None
    permissions: frozenset[str] = frozenset(PERMISSIONS)
    expired: bool = False

    def sees(self, project: str) -> bool:
        """Whether a project is visible to it."""
        return self.projects is None or project in self.projects


@dataclass(frozen=True, slots=True)
class Client:
    """Who may log in, and what they are given.

    Attributes:
        token: the grant that the issued tokens copy.
        expires_in: seconds an issued token is valid.
        expires_after: requests an issued token is valid for; None, any number.
    """

    username: str
    password: str
    token: str
    expires_in: float = 3600.0
    expires_after: int | None = None


@dataclass(frozen=True, slots=True)
class Seed:
    """Everything a server starts with."""

    environments: tuple[str, ...] = ENVIRONMENTS
    projects: tuple[Project, ...] = ()
    tokens: tuple[Grant, ...] = (Grant(DEFAULT_TOKEN),)
    clients: tuple[Client, ...] = ()
    faults: tuple[Fault, ...] = ()

    def fingerprint(self) -> str:
        """A digest of what a new database is filled with: environments, projects and keys."""
        state = repr((self.environments, self.projects))
        return hashlib.sha256(state.encode()).hexdigest()


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
    if isinstance(value, list):
        return read_faults(value)
    return read_faults(Members(value, "", ("faults",)).raw("faults"))


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
    members = Members(value, "", _SEED)
    environments = members.texts("environments", ENVIRONMENTS)
    projects = tuple(_project(item, path, environments) for path, item in members.items("projects"))
    _different((project.name for project in projects), "projects", "name")
    names = {project.name for project in projects}
    tokens = tuple(_token(item, path, names) for path, item in members.items("tokens"))
    _different((grant.token for grant in tokens), "tokens", "token")
    tokens = tokens if "tokens" in members else (Grant(DEFAULT_TOKEN),)
    known = {grant.token for grant in tokens}
    clients = tuple(_client(item, path, known) for path, item in members.items("clients"))
    _different((client.username for client in clients), "clients", "username")
    faults = read_faults(members.raw("faults")) if "faults" in members else ()
    return Seed(environments, projects, tokens, clients, faults)


def _project(value: object, path: str, environments: tuple[str, ...]) -> Project:
    members = Members(value, path, _PROJECT)
    name = members.text("name")
    identifier = members.text("id", _identifier("project", name))
    owner = (name, identifier)
    seen: Counter[str] = Counter()
    jwks = tuple(
        _jwk(item, place, owner, seen, environments) for place, item in members.items("jwks")
    )
    _different((key.id for key in jwks), members.at("jwks"), "id")
    if not members.flag("allowDuplicates", default=False):
        own = (key.name if key.own else None for key in jwks)
        _different(own, members.at("jwks"), "name")
    return Project(name, identifier, members.text_or_null("description"), jwks)


def _jwk(
    value: object,
    path: str,
    owner: tuple[str, str],
    seen: Counter[str],
    environments: tuple[str, ...],
) -> Jwk:
    members = Members(value, path, _JWK)
    project, project_id = owner
    name, description = members.text("name"), members.text_or_null("description")
    seen[name] += 1
    own = members.text("projectId", project_id) == project_id
    return Jwk(
        id=members.text("id", _identifier("jwk", project, name, str(seen[name]))),
        project_id=members.text("projectId", project_id),
        name=name,
        description=description,
        kid=members.text_or_null("kid"),
        type=members.choice("type", TYPES, "RSA"),
        source_type=members.choice("sourceType", SOURCE_TYPES, "GENERATE"),
        source_id=members.text_or_null("sourceId"),
        source_url=members.text_or_null("sourceUrl"),
        own=own,
        deployed=tuple(Deployed(environment, name, description) for environment in environments),
    )


def _token(value: object, path: str, projects: set[str]) -> Grant:
    members = Members(value, path, _TOKEN)
    token = members.text("token", longest=4096)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise SeedError(members.at("token"), "must be visible ASCII, as it stands in a header")
    permissions = members.texts("permissions", PERMISSIONS)
    for permission in permissions:
        if permission not in PERMISSIONS:
            problem = f"holds {permission!r}; allowed are {', '.join(PERMISSIONS)}"
            raise SeedError(members.at("permissions"), problem)
    return Grant(
        token=token,
        projects=_visible(members, projects),
        permissions=frozenset(permissions),
        expired=members.flag("expired", default=False),
    )


def _visible(members: Members, projects: set[str]) -> frozenset[str] | None:
    if members.raw("projects") == "*" or "projects" not in members:
        return None
    visible = frozenset(members.texts("projects", ()))
    for project in sorted(visible - projects):
        raise SeedError(members.at("projects"), f"names {project!r}, which is not in the seed")
    return visible


def _client(value: object, path: str, tokens: set[str]) -> Client:
    members = Members(value, path, _CLIENT)
    token = members.text("token", longest=4096)
    if token not in tokens:
        raise SeedError(members.at("token"), "is not one of the seed's tokens; add it there")
    return Client(
        username=members.text("username"),
        password=members.text("password", longest=4096),
        token=token,
        expires_in=members.number("expiresIn", 3600.0) or 0.0,
        expires_after=members.count("expiresAfter", None),
    )


def _different(values: Iterable[str | None], path: str, name: str) -> None:
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
