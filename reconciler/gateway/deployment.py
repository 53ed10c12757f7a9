"""What the shapes of ``deploymentResult`` mean: whether the key is on every gateway.

No shape is announced by the answer, and they may be nested in each other. So the shapes are one
table of members, by what each member says, and every node of the answer is read by all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.outcome import Deployment, Environment
from reconciler.http.redaction import Redact, shorten

VERDICTS = ("success", "deployed")
"""Members that say whether a node succeeded."""
ENVIRONMENTS = ("environmentName", "envName")
"""Members that name a node's environment; empty where it is the parent's."""
PODS = ("podName",)
"""Members that name a node's pod."""
MESSAGES = ("message", "detail")
"""Members that hold a node's words."""
NODES = ("environmentResults", "deploymentResults", "detailList", "firstFromApiResultList")
"""Members that hold a further node, or a list of them."""
NAME_LISTS = (("deployedEnvironments", True), ("failedEnvironments", False))
"""Members that hold environments' names, and what being in them says."""

MAX_DEPTH = 20
"""The deepest nesting that is followed; what is deeper counts as not understood."""

_FAILED_DEPLOYMENT = re.compile(
    r"deploy.*\b(?:fail|error|unsuccess|could not|cannot|can not|did not|was not|not be)"
    r"|(?:\bfail|\berror|unable|could not|cannot|can not|not).*\bdeploy",
    re.IGNORECASE | re.DOTALL,
)

_NO_ERRORS = re.compile(r"\b(?:without|no|0)\s+(?:any\s+)?(?:error|failure)s?\b", re.IGNORECASE)


class _Finding(Struct, frozen=True):
    """What a node and everything below it said.

    Attributes:
        deployed: as in Deployment: one failure makes it False, else one doubt makes it None.
        environments: the named nodes.
        messages: the words of nodes that have no name.
    """

    deployed: bool | None
    environments: tuple[Environment, ...] = ()
    messages: tuple[str, ...] = ()


_DOUBT = _Finding(None)


def read_deployment(result: object, redact: Redact = shorten) -> Deployment:
    """The meaning of a ``deploymentResult`` of any shape.

    Args:
        result: the member's value, None where it is missing.
        redact: how the gateway's messages are repeated.
    """
    if not isinstance(result, Mapping):
        return Deployment(None)
    finding = _read_node(result, "", MAX_DEPTH)
    message = redact(" · ".join(dict.fromkeys(finding.messages)))
    merged: dict[str, Environment] = {}
    for found in finding.environments:
        before = merged.get(found.name, found)
        deployed = _together([before.deployed, found.deployed])
        merged[found.name] = Environment(found.name, deployed, before.message or found.message)
    environments = tuple(
        replace(environment, name=redact(environment.name), message=redact(environment.message))
        for environment in merged.values()
    )
    return Deployment(finding.deployed, environments, message)


def says_deployment_failed(message: str, names: Iterable[str] = ()) -> bool:
    """Whether the gateway's words about a whole update say that its deployment failed.

    Args:
        message: the words.
        names: what they may repeat, and what says nothing there.
    """
    for name in sorted(filter(None, names), key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", message)
    return _FAILED_DEPLOYMENT.search(_NO_ERRORS.sub("", message)) is not None


def _read_node(node: object, parent: str, depth: int) -> _Finding:
    if not isinstance(node, Mapping) or depth == 0:
        return _DOUBT
    environment = _first_text(node, ENVIRONMENTS) or parent
    below = [_read_node(child, environment, depth - 1) for child in _children(node)]
    below += _named(node)
    deployed = _together([_own_verdict(node), *(finding.deployed for finding in below)])
    message, pod = _first_text(node, MESSAGES), _first_text(node, PODS)
    name = "/".join(part for part in (environment, pod) if part)
    own = (Environment(name, deployed, message),) if name else ()
    words = () if name or not message else (message,)
    return _Finding(
        deployed,
        own + tuple(found for finding in below for found in finding.environments),
        words + tuple(said for finding in below for said in finding.messages),
    )


def _own_verdict(node: Mapping[str, object]) -> bool | None:
    said = [node[member] for member in VERDICTS if node.get(member) is not None]
    if not said and node.get("deployedEnvironments") and node.get("failedEnvironments") == []:
        return True
    return _together([value if isinstance(value, bool) else None for value in said or [None]])


def _together(results: list[bool | None]) -> bool | None:
    """Failure outweighs doubt, and doubt outweighs success."""
    if False in results:
        return False
    return None if None in results else True


def _children(node: Mapping[str, object]) -> Iterator[object]:
    for member in NODES:
        value = node.get(member)
        if isinstance(value, list):
            yield from value
        elif value is not None:
            yield value


def _named(node: Mapping[str, object]) -> Iterator[_Finding]:
    for member, deployed in NAME_LISTS:
        value = node.get(member)
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and name:
                yield _Finding(deployed, (Environment(name, deployed),))
            elif value is not None:
                yield _DOUBT


def _first_text(node: Mapping[str, object], members: tuple[str, ...]) -> str:
    values = (node.get(member) for member in members)
    return next((value for value in values if isinstance(value, str) and value), "")
