"""What the responses to the two reads mean: a project's JWKs, and the projects there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from reconciler.core.model import LiveJwk, LiveList, LiveProject, UnusableList
from reconciler.errors import GatewayError
from reconciler.gateway.envelope import (
    Envelope,
    Unintelligible,
    Verdict,
    failure_message,
    open_envelope,
    redirect_message,
)
from reconciler.gateway.permissions import raise_where_lacking
from reconciler.http.client import Response
from reconciler.http.redaction import Redact, shorten

T = TypeVar("T")

_Name = Annotated[str, Meta(min_length=1)]
_Id = str | int | None


class _Jwk(Struct, rename="camel"):
    """All that is kept of an item: what is not listed here, key material above all, is skipped."""

    name: _Name
    description: str | None = None
    id: _Id = None
    project_id: _Id = None
    source_type: str | None = None
    source_id: _Id = None
    source_url: str | None = None
    type: str | None = None
    kid: str | None = None

    def live(self) -> LiveJwk:
        """The item as a value; texts that some versions send empty identify nothing."""
        members = msgspec.to_builtins(self)
        name, description = members.pop("name"), members.pop("description")
        kept = {
            attribute: str(value) or None
            for attribute, value in zip(
                LiveJwk.__struct_fields__[2:], members.values(), strict=True
            )
            if value is not None
        }
        return LiveJwk(name, description, **kept)


class _Project(Struct):
    name: _Name
    id: object = None


class _JwkList(Struct, rename="camel"):
    result_list: list[_Jwk] | UnsetType | None = UNSET
    result_count: object = None


class _ProjectList(Struct, rename="camel"):
    result_list: list[_Project] | UnsetType | None = UNSET
    result_count: object = None


class ProjectRow(Struct, frozen=True):
    """One project the token may see."""

    name: str
    id: str | None = None


_ITEM = re.compile(r"(?P<what>.*) - at `\$\.resultList\[(?P<index>\d+)\]\.?(?P<member>\w*)`")

_UNREADABLE_HINT = (
    "Check the project's name, capitals and spaces included, and that the token's owner "
    "belongs to the project"
)
_UNSAFE_HINT = (
    "Nothing is planned on a list in doubt: run again, and if it stays so, compare the list with "
    "the project in the Manager and report it to the gateway's vendor"
)


def read_list(project: str, response: Response, redact: Redact = shorten) -> LiveList:
    """The meaning of the response to a list of JWKs.

    Args:
        project: whose list was asked for.
        response: in either dialect or a mixture of them.
        redact: how the gateway's messages are repeated.

    Returns:
        The list in the gateway's order, or why there is none that can be planned on.

    Raises:
        AuthError: the token or a permission is lacking.
        GatewayError: a redirect, 429, 5xx, or a body that is no JSON object.
    """
    envelope = _open(response, f'the list of project "{project}"', redact)
    if envelope.failed(response):
        reason = failure_message(response, envelope, redact)
        message = f"The gateway does not give this project's list: {reason}"
        return UnusableList(project, "project-unreadable", message, _UNREADABLE_HINT)
    try:
        reply = response.decode(_JwkList)
        items = _items(reply.result_list, reply.result_count, envelope)
    except ValueError as error:
        return UnusableList(project, "unsafe-list", _list_fault(error), _UNSAFE_HINT)
    return LiveProject(project, tuple(item.live() for item in items))


def read_projects(response: Response, redact: Redact = shorten) -> tuple[ProjectRow, ...]:
    """The meaning of the response to the list of projects, in the gateway's order.

    Raises:
        AuthError: the token or a permission is lacking.
        GatewayError: anything else that is not a whole, valid list.
    """
    envelope = _open(response, "the list of projects", redact)
    if envelope.failed(response):
        reason = failure_message(response, envelope, redact)
        raise GatewayError(
            f"The gateway does not give the list of projects: {reason}", fix="Name the projects"
        )
    try:
        reply = response.decode(_ProjectList)
        items = _items(reply.result_list, reply.result_count, envelope)
    except ValueError as error:
        fault = _list_fault(error)
        raise GatewayError(
            f"The gateway's list of projects can't be trusted: {fault}", fix="Name the projects"
        ) from None
    return tuple(_row(item) for item in items)


def _open(response: Response, subject: str, redact: Redact) -> Envelope:
    """The envelope of a response, unless it says something about more than its subject.

    Args:
        response: the response to a read.
        subject: what was asked for, to stand after "The gateway answered".
        redact: how the gateway's messages are repeated.

    Raises:
        AuthError: the token or a permission is lacking.
        GatewayError: a redirect, 429, 5xx, or a body that is no JSON object.
    """
    envelope = open_envelope(response)
    raise_where_lacking(response, envelope, subject, redact)
    status = response.status
    if 300 <= status < 400:
        raise GatewayError(
            f"The gateway answered {subject} with {redirect_message(response, redact)}",
            fix="Give the URL it leads to as the gateway's URL, if that is the Manager",
        )
    if isinstance(envelope, Unintelligible):
        raise GatewayError(
            f"The gateway answered {subject} with HTTP {status} and {envelope.body}",
            fix=envelope.fix,
        )
    if status == 429 or status >= 500:
        raise GatewayError(
            f"The gateway failed at {subject}: {failure_message(response, envelope, redact)}",
            fix="Try again later, or look into the Manager's log",
        )
    return envelope


def _items(items: Sequence[T] | UnsetType | None, count: object, envelope: Envelope) -> Sequence[T]:
    """The items of a list.

    Raises:
        ValueError: why they can't be relied on.
    """
    if envelope.verdict is not Verdict.SUCCESS and items is UNSET:
        raise ValueError("The answer says neither success nor failure and holds no list")
    if items is None or items is UNSET:
        if count == 0 and not isinstance(count, bool):
            return []
        raise ValueError("The answer says success but holds no list")
    if count is None:
        return items
    if isinstance(count, bool) or not isinstance(count, int):
        raise ValueError("The answer's resultCount is not a whole number")
    if count != len(items):
        raise ValueError(f"The answer's resultCount is {count}, but its list holds {len(items)}")
    return items


def _list_fault(error: ValueError) -> str:
    """Why a list can't be relied on, without any value of it."""
    if not isinstance(error, msgspec.ValidationError):
        return str(error)
    found = _ITEM.fullmatch(str(error))
    if found is None:
        return "The answer says success but holds no list"
    item = f"Item {int(found['index']) + 1} of the list"
    if not found["member"]:
        missing_name = "missing required field" in found["what"]
        return f"{item} has no name" if missing_name else f"{item} is not an object"
    if found["member"] == "name":
        return f"{item} has no name"
    return f"{item} has a {found['member']} of an unexpected type"


def _row(item: _Project) -> ProjectRow:
    known = isinstance(item.id, str | int) and not isinstance(item.id, bool)
    return ProjectRow(item.name, str(item.id) if known else None)
