"""What an update does to a project's keys: pure rules on immutable values.

The documents leave open what an update does with members that are omitted or null. Here:

===============  ==========  =========
member           omitted     null
===============  ==========  =========
``name``         kept        kept
``description``  kept        cleared
===============  ==========  =========

Members other than these two are ignored. Names are compared exactly, case included.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from reconciler.sandbox.decoding import MAX_NAME, is_unicode

Type = Literal["RSA", "EC", "OCT", "OKP"]
SourceType = Literal[
    "URL", "COPY_PASTE", "CERTIFICATE", "PUBLIC_KEY", "PRIVATE_KEY", "KEYSTORE", "GENERATE"
]
DETACHED = "COPY_PASTE"
"""What becomes of a ``sourceType`` in ``ATTACHED`` with any update."""
ATTACHED = frozenset({"URL", "CERTIFICATE", "PUBLIC_KEY", "PRIVATE_KEY", "KEYSTORE"})

NOT_FOUND = "JWK (name: {name}) is not found! Try create operation."
TAKEN = "JWK (name: {name}) is already exist!"


class Deployed(Struct, frozen=True):
    """What one environment's gateways hold of a key."""

    environment: str
    name: str
    description: str | None


class Jwk(Struct, frozen=True):
    """One item of a project's list.

    Attributes:
        own: False for an item of another project; it is listed, and can't be updated here.
        deployed: what each environment holds, in the order of the environments.
    """

    id: str
    project_id: str
    name: str
    description: str | None = None
    kid: str | None = None
    type: str = "RSA"
    source_type: str = "GENERATE"
    source_id: str | None = None
    source_url: str | None = None
    own: bool = True
    deployed: tuple[Deployed, ...] = ()


class Failure(Struct, frozen=True):
    """Why nothing was done, in the words of the documents."""

    message: str


class Body(Struct, frozen=True):
    """A valid request: what the key shall carry; ``UNSET`` keeps what it has."""

    name: str | UnsetType
    description: str | UnsetType | None


def read_body(value: object) -> Body | Failure:
    """The meaning of a request's JSON value."""
    if not isinstance(value, dict):
        return Failure("Request body must be a JSON object!")
    name, description = value.get("name"), value.get("description", UNSET)
    for member, text in (("name", name), ("description", description)):
        if text is None or text is UNSET:
            continue
        if not isinstance(text, str) or not is_unicode(text):
            return Failure(f"{member} value must be text!")
    if name is None:
        return Body(UNSET, description)
    if not name:
        return Failure("name value can not be empty!")
    if len(name) > MAX_NAME:
        return Failure(f"name value can not be longer than {MAX_NAME} characters!")
    return Body(name, description)


def update(
    key: Jwk | None, body: Body, address: str, *, taken: bool, failing: frozenset[str] = frozenset()
) -> Jwk | Failure:
    """What becomes of one key.

    Args:
        key: the project's own key under the address; None where there is none.
        body: what was asked.
        address: the name in the request's URL.
        taken: whether another own key of the project already has the asked name.
        failing: environments that don't get the key this time.
    """
    if key is None:
        return Failure(NOT_FOUND.format(name=address))
    if taken:
        return Failure(TAKEN.format(name=body.name))
    name = key.name if body.name is UNSET else body.name
    description = key.description if body.description is UNSET else body.description
    saved = replace(_detached(key), name=name, description=description)
    return replace(saved, deployed=_deploy(saved, failing))


def apply_update(
    keys: tuple[Jwk, ...], address: str, body: object, failing: frozenset[str] = frozenset()
) -> tuple[Jwk, ...] | Failure:
    """A whole project's list after one update request, or why it stays as it is.

    Where a list holds a name twice, the first is the one addressed.

    Args:
        keys: the list.
        address: the name in the request's URL, decoded.
        body: the request's JSON value.
        failing: environments that don't get the key this time.
    """
    asked = read_body(body)
    if isinstance(asked, Failure):
        return asked
    found = next((at for at, key in enumerate(keys) if key.own and key.name == address), None)
    key = None if found is None else keys[found]
    taken = any(
        other.own and other.name == asked.name for at, other in enumerate(keys) if at != found
    )
    outcome = update(key, asked, address, taken=taken, failing=failing)
    if found is None or isinstance(outcome, Failure):
        return outcome if isinstance(outcome, Failure) else keys
    return (*keys[:found], outcome, *keys[found + 1 :])


def _detached(key: Jwk) -> Jwk:
    if key.source_type not in ATTACHED:
        return key
    return replace(key, source_type=DETACHED, source_id=None, source_url=None)


def _deploy(key: Jwk, failing: frozenset[str]) -> tuple[Deployed, ...]:
    return tuple(
        held
        if held.environment in failing
        else Deployed(held.environment, key.name, key.description)
        for held in key.deployed
    )
