"""What the answers to the two reads mean: a project's JWKs, and the projects there are."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from reconciler.core.model import LiveJwk, LiveList, LiveProject, UnusableList
from reconciler.errors import GatewayError
from reconciler.gateway.denials import stop_where_denied
from reconciler.gateway.envelope import (
    Envelope,
    Received,
    Unintelligible,
    Verdict,
    failure_words,
    open_envelope,
    redirect_words,
)
from reconciler.gateway.quotes import Quote, clip


class ProjectRow(Struct, frozen=True):
    """One project the token may see."""

    name: str
    id: str | None = None


_TEXT = (str,)
_TEXT_OR_NUMBER = (str, int)

# Member, attribute and accepted types of all that is kept of an item besides name and description:
# what is not listed here, key material above all, is never copied out of an answer.
_JWK_MEMBERS: tuple[tuple[str, str, tuple[type, ...]], ...] = (
    ("id", "id", _TEXT_OR_NUMBER),
    ("projectId", "project_id", _TEXT_OR_NUMBER),
    ("sourceType", "source_type", _TEXT),
    ("sourceId", "source_id", _TEXT_OR_NUMBER),
    ("sourceUrl", "source_url", _TEXT),
    ("type", "type", _TEXT),
    ("kid", "kid", _TEXT),
)

_UNREADABLE_HINT = (
    "Check the project's name, capitals and spaces included, and that the token's owner "
    "belongs to the project"
)
_UNSAFE_HINT = (
    "Nothing is planned on a list in doubt: run again, and if it stays so, compare the list with "
    "the project in the Manager and report it to the gateway's vendor"
)


def read_list(project: str, received: Received, quote: Quote = clip) -> LiveList:
    """The meaning of the answer to a list of JWKs.

    Args:
        project: whose list was asked for.
        received: the answer, in either dialect or a mixture of them.
        quote: how the gateway's words are repeated.

    Returns:
        The list in the gateway's order, or why there is none that can be planned on.

    Raises:
        AccessError: the token or a permission is lacking.
        GatewayError: a redirect, 429, 5xx, or a body that is no JSON object.
    """
    envelope = _understood(received, f'the list of project "{project}"', quote)
    if envelope.failed:
        words = failure_words(received, envelope, quote)
        message = f"The gateway does not give this project's list: {words}"
        return UnusableList(project, "project-unreadable", message, _UNREADABLE_HINT)
    items = _items(envelope)
    if isinstance(items, str):
        return UnusableList(project, "unsafe-list", items, _UNSAFE_HINT)
    jwks = []
    for position, item in enumerate(items, start=1):
        jwk = _read_jwk(item)
        if isinstance(jwk, str):
            return UnusableList(
                project, "unsafe-list", f"Item {position} of the list {jwk}", _UNSAFE_HINT
            )
        jwks.append(jwk)
    return LiveProject(project, tuple(jwks))


def read_projects(received: Received, quote: Quote = clip) -> tuple[ProjectRow, ...]:
    """The meaning of the answer to the list of projects, in the gateway's order.

    Raises:
        AccessError: the token or a permission is lacking.
        GatewayError: anything else that is not a whole, valid list.
    """
    envelope = _understood(received, "the list of projects", quote)
    if envelope.failed:
        words = failure_words(received, envelope, quote)
        raise GatewayError(
            f"The gateway does not give the list of projects: {words}", fix="Name the projects"
        )
    items = _items(envelope)
    rows = items if isinstance(items, str) else [_read_row(item) for item in items]
    if isinstance(rows, str) or None in rows:
        fault = rows if isinstance(rows, str) else "An item of the list has no usable name"
        raise GatewayError(
            f"The gateway's list of projects can't be trusted: {fault}", fix="Name the projects"
        )
    return tuple(row for row in rows if row is not None)


def _understood(received: Received, subject: str, quote: Quote) -> Envelope:
    """The envelope of an answer to a read, unless it says something about more than its subject.

    Args:
        received: the answer.
        subject: what was asked for, to stand after "The gateway answered".
        quote: how the gateway's words are repeated.

    Raises:
        AccessError: the token or a permission is lacking.
        GatewayError: a redirect, 429, 5xx, or a body that is no JSON object.
    """
    envelope = open_envelope(received)
    stop_where_denied(received, envelope, subject, quote)
    status = received.status
    if 300 <= status < 400:
        raise GatewayError(
            f"The gateway answered {subject} with {redirect_words(received, quote)}",
            fix="Give the URL it leads to as the gateway's URL, if that is the Manager",
        )
    if isinstance(envelope, Unintelligible):
        raise GatewayError(
            f"The gateway answered {subject} with HTTP {status} and {envelope.body}",
            fix=envelope.fix,
        )
    if status == 429 or status >= 500:
        raise GatewayError(
            f"The gateway failed at {subject}: {failure_words(received, envelope, quote)}",
            fix="Try again later, or look into the Manager's log",
        )
    return envelope


def _items(envelope: Envelope) -> list[object] | str:
    """The items of a list, or why they can't be trusted."""
    members = envelope.members
    if envelope.verdict is not Verdict.SUCCESS and "resultList" not in members:
        return "The answer says neither success nor failure and holds no list"
    items, count = members.get("resultList"), members.get("resultCount")
    if items is None and count == 0 and not isinstance(count, bool):
        return []
    if not isinstance(items, list):
        return "The answer says success but holds no list"
    if count is None:
        return items
    if isinstance(count, bool) or not isinstance(count, int):
        return "The answer's resultCount is not a whole number"
    if count != len(items):
        return f"The answer's resultCount is {count}, but its list holds {len(items)}"
    return items


def _read_jwk(item: object) -> LiveJwk | str:
    """One item of a list, or what is wrong with it, to stand after "item n"."""
    if not isinstance(item, Mapping):
        return "is not an object"
    name, description = item.get("name"), item.get("description")
    if not isinstance(name, str) or not name:
        return "has no name"
    if not isinstance(description, str | None):
        return "has a description that is not text"
    kept: dict[str, str | None] = {}
    for member, attribute, types in _JWK_MEMBERS:
        value = item.get(member)
        if value is None:
            continue
        if not isinstance(value, types) or isinstance(value, bool):
            return f"has a {member} of an unexpected type"
        # Unused members are sent as empty text by some versions; that identifies nothing.
        kept[attribute] = str(value) or None
    return LiveJwk(name, description, **kept)


def _read_row(item: object) -> ProjectRow | None:
    if not isinstance(item, Mapping):
        return None
    name, identifier = item.get("name"), item.get("id")
    if not isinstance(name, str) or not name:
        return None
    known = isinstance(identifier, str | int) and not isinstance(identifier, bool)
    return ProjectRow(name, str(identifier) if known else None)
