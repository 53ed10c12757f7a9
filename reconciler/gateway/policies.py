"""Which keys an API proxy uses, by the answer to the list of its policies.

Policies hold passwords and scripts. What is not needed is never decoded, and what is decoded lives
only until it is compared: nothing leaves this module but names of proxies, endpoints and policies,
those names and ids of keys that were asked for, and reasons in this program's own words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from reconciler.core.references.model import Pipeline, ReferenceKind, Use
from reconciler.core.references.scripts import script_use
from reconciler.core.references.tokens import Language
from reconciler.gateway.raw_json import LIST, OBJECT, Members, is_container, members_of, scalar
from reconciler.http.client import Response


class KeysToFind(Struct, frozen=True):
    """The names and ids of the keys whose users are looked for."""

    names: frozenset[str]
    ids: frozenset[str] = frozenset()


class ProxyUses(Struct, frozen=True):
    """Which keys one API proxy uses, and why that may not be all."""

    uses: tuple[Use, ...] = ()
    gaps: tuple[str, ...] = ()


def read_uses(response: Response, proxy: str, keys: KeysToFind) -> ProxyUses:
    """Which keys the policies in a successful answer use.

    Args:
        response: to the list of one API proxy's policies, in either form.
        proxy: the API proxy's name.
        keys: those to find.
    """
    search = _Search(proxy, keys)
    try:
        items = LIST.decode(members_of(response.body)["resultList"])
        if len(items) != 1:
            search.gap(f"the answer holds {len(items)} lists of policies instead of one")
        for item in items:
            search.all_of(item)
    except RecursionError:
        search.gap("its policies are nested too deeply")
    except (msgspec.MsgspecError, ValueError, KeyError):
        search.gap("its policies are not as documented")
    return ProxyUses(tuple(search.uses), tuple(search.gaps))


_PIPELINES: Mapping[str, Pipeline] = {
    "requestPolicyList": "request",
    "responsePolicyList": "response",
    "errorPolicyList": "error",
}
_WORTH_READING = (b"scriptBody", b"jwkId", b"initWithScript", b"policy-script", b"\\u")
"""What a value holds that may be, or hold, a user of keys; a name of a member may be escaped."""

_DEEPEST = 200

# By the member that names a key: those that must not be false, and those that must not be true, for
# the gateway to use that key.
_SWITCHES = {
    "jwkIdForValidationAndSign": (
        ("validateSign", "sign"),
        ("validateByIssuer", "validateSignByIssuer", "signByIssuer"),
    ),
    "jwkIdForDecryptionAndEncryption": (
        ("decrypt", "encrypt"),
        ("decryptByIssuer", "encryptByIssuer"),
    ),
}


class _Where(Struct, frozen=True):
    """What stands around a value; see ``Use``."""

    pipeline: Pipeline | None = None
    endpoint: str | None = None
    policy: str | None = None
    active: bool = True
    depth: int = 0

    def named(self) -> str:
        """How a gap says where it is."""
        policy = "a policy without a name" if self.policy is None else f"policy `{self.policy}`"
        return policy if self.endpoint is None else f"{policy} of endpoint `{self.endpoint}`"


class _Search:
    """Goes through all policies of one API proxy.

    Attributes:
        uses: what was found.
        gaps: what could not be looked at, each reason once.
    """

    def __init__(self, proxy: str, keys: KeysToFind) -> None:
        self.uses: list[Use] = []
        self.gaps: dict[str, None] = {}
        self._proxy = proxy
        self._names = keys.names
        self._values = keys.names | keys.ids
        self._pending: list[tuple[Raw, _Where]] = []

    def gap(self, reason: str) -> None:
        """Note what could not be looked at."""
        self.gaps[reason] = None

    def all_of(self, item: Raw) -> None:
        """Go through the one item of the answer."""
        members = OBJECT.decode(item)
        wrapped = members.get("apiProxy")
        if wrapped is not None and is_container(wrapped):
            members = OBJECT.decode(wrapped)
        self._level(members, _Where())
        for endpoint in self._items(members.pop("endpointList", None), "its list of endpoints"):
            parts = OBJECT.decode(endpoint)
            where = self._endpoint(parts)
            self._level(parts, where)
            self._push(parts, where)
        self._push(members, _Where())
        self._nested()

    def _level(self, members: Members, where: _Where) -> None:
        """The three pipelines of the proxy itself or of an endpoint; takes them out."""
        for name, pipeline in _PIPELINES.items():
            for policy in self._items(members.pop(name, None), f"its {pipeline} pipeline"):
                parts = OBJECT.decode(policy)
                if not isinstance(scalar(parts, "type"), str):
                    self.gap(f"{self._policy(parts, where).named()} has no type")
                if not _is_worth_reading(policy):
                    continue
                self._object(parts, replace(where, pipeline=pipeline), is_policy=True)
                self._nested()

    def _items(self, raw: Raw | None, what: str) -> list[Raw]:
        """The objects in a list that may be missing or null."""
        if raw is None or bytes(raw) == b"null":
            return []
        if bytes(memoryview(raw)[:1]) != b"[":
            self.gap(f"{what} is not a list")
            return []
        items = LIST.decode(raw)
        objects = [item for item in items if bytes(memoryview(item)[:1]) == b"{"]
        if len(objects) < len(items):
            self.gap(f"{what} holds something that is no object")
        return objects

    def _nested(self) -> None:
        while self._pending:
            raw, where = self._pending.pop()
            if where.depth > _DEEPEST:
                self.gap("its policies are nested too deeply")
            elif bytes(memoryview(raw)[:1]) == b"{":
                self._object(OBJECT.decode(raw), where)
            else:
                items = LIST.decode(raw)
                self._pending += (
                    (item, replace(where, depth=where.depth + 1))
                    for item in reversed(items)
                    if is_container(item)
                )

    def _object(self, members: Members, where: _Where, *, is_policy: bool = False) -> None:
        kind = scalar(members, "type")
        if is_policy or (isinstance(kind, str) and kind.startswith("policy-")):
            where = self._policy(members, where)
        self._script(members, where, is_script_policy=kind == "policy-script")
        for name in members:
            if name.startswith("jwkId"):
                self._jose(name, members, where)
        self._push(members, where)

    def _push(self, members: Members, where: _Where) -> None:
        inner = replace(where, depth=where.depth + 1)
        for raw in members.values():
            if is_container(raw) and _is_worth_reading(raw):
                self._pending.append((raw, inner))

    def _policy(self, members: Members, where: _Where) -> _Where:
        name = self._text(members, "name", where.named())
        active = self._is_active(members, where.named())
        return replace(where, policy=name or None, active=where.active and active)

    def _endpoint(self, members: Members) -> _Where:
        parts = (self._text(members, name, "an endpoint") for name in ("httpMethod", "endpoint"))
        label = " ".join(part for part in parts if part)
        return _Where(endpoint=label, active=self._is_active(members, "an endpoint"))

    def _script(self, members: Members, where: _Where, *, is_script_policy: bool) -> None:
        initialises = scalar(members, "initWithScript")
        body = scalar(members, "scriptBody")
        if body is None:
            if is_script_policy or initialises is True:
                self.gap(f"{where.named()} came without its script")
            return
        if not isinstance(body, str):
            self.gap(f"{where.named()} has a script that is no text")
            return
        spoken = self._text(members, "scriptLanguage", where.named())
        language = Language.__members__.get(spoken.upper())
        use = script_use(body, language, self._names)
        if use.names or use.unclear:
            runs = where.active and initialises is not False
            self._found(ReferenceKind.SCRIPT, use.names, where, active=runs, unclear=use.unclear)

    def _jose(self, name: str, members: Members, where: _Where) -> None:
        value = scalar(members, name)
        if value is None or value == "":
            return
        if isinstance(value, bool | float) or not isinstance(value, str | int):
            self.gap(f"{where.named()} has a {name} that is not as documented")
            return
        if str(value) in self._values:
            uses = where.active and not _is_off(name, members)
            self._found(ReferenceKind.JOSE, {str(value)}, where, active=uses)

    def _found(
        self,
        kind: ReferenceKind,
        values: Collection[str],
        where: _Where,
        *,
        active: bool,
        unclear: bool = False,
    ) -> None:
        self.uses.append(
            Use(
                proxy=self._proxy,
                pipeline=where.pipeline,
                endpoint=where.endpoint,
                policy=where.policy,
                kind=kind,
                active=active,
                values=frozenset(values),
                unclear=unclear,
            )
        )

    def _text(self, members: Members, name: str, owner: str) -> str:
        """A text that may be missing or null; then, and where it is none, it is empty."""
        value = scalar(members, name)
        if value is None or isinstance(value, str):
            return value or ""
        self.gap(f"{owner} has a member {name} that is not as documented")
        return ""

    def _is_active(self, members: Members, owner: str) -> bool:
        """Whether it runs, as it does where it does not say so."""
        value = scalar(members, "active")
        if value is not None and not isinstance(value, bool):
            self.gap(f"{owner} has a member active that is not as documented")
        return value is not False


def _is_worth_reading(raw: Raw) -> bool:
    return any(map(bytes(raw).__contains__, _WORTH_READING))


def _is_off(name: str, members: Members) -> bool:
    """Whether the gateway ignores the key that a member names."""
    needed, instead = _SWITCHES.get(name, ((), ()))
    return (
        any(scalar(members, member) is False for member in needed)
        or any(scalar(members, member) is True for member in instead)
        or scalar(members, "keySourceMode") == "DYNAMIC_HTTP"
    )
