"""API proxies and their policies, which nothing here carries out: they are listed, and that is all.

In a seed, below a project::

    apiProxies:
      - name: Payments API
        description: text or null     # default null
        type: REST                    # default
        relativePath: /payments       # default null
        policies:                     # as the Manager's answer has them; default none
          requestPolicyList:
            - type: policy-script
              name: verify-token
              scriptLanguage: GROOVY
              scriptBody: def key = environment_jwkMap.get("my-jwk")
          endpointList:
            - endpoint: /pay
              httpMethod: POST
              requestPolicyList: [...]
        wrapped: true                 # answer with a member apiProxy around them; default false
        simplified: true              # answer without the scripts; default false
        vanished: true                # listed, but not found when asked for; default false

No request changes them, so that they are not kept in the database: each start takes the seed's.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from reconciler.sandbox.decoding import Name

Members = dict[str, Any]

NOT_FOUND = "ApiProxy ({name}) is not found or user does not have privilege to access it!"
_LISTS = ("requestPolicyList", "responsePolicyList", "errorPolicyList", "endpointList")


class ApiProxy(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One API proxy; the members are those of a seed."""

    name: Name
    description: str | None = None
    type: str = "REST"
    relative_path: str | None = None
    policies: dict[str, Any] = {}
    wrapped: bool = False
    simplified: bool = False
    vanished: bool = False

    def row(self) -> Members:
        """What the list of proxies says of it."""
        return {
            "name": self.name,
            "description": self.description,
            "type": self.type,
            "relativePath": self.relative_path,
            "soapToRest": False,
        }

    def answer(self) -> Members:
        """Its policies, in the form it is answered in."""
        lists: Members = {name: [] for name in _LISTS} | self.policies
        shown = _without_scripts(lists) if self.simplified else lists
        return {"apiProxy": {"name": self.name, **shown}} if self.wrapped else shown


def _without_scripts(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: item for name, item in value.items() if name != "scriptBody"}
        return {name: _without_scripts(item) for name, item in kept.items()}
    return [_without_scripts(item) for item in value] if isinstance(value, list) else value
