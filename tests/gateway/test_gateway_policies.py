"""Which keys an API proxy uses, by the answer to the list of its policies, in every form of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fake_gateway import response
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.references.model import ReferenceKind, Use
from reconciler.gateway.envelope import Envelope, open_envelope
from reconciler.gateway.policies import KeysToFind, ProxyUses, read_uses
from reconciler.gateway.proxies import ProxyList, read_proxies, useful_answer
from reconciler.http.client import Response
from reconciler.http.redaction import shorten

SCRIPT, JOSE = ReferenceKind.SCRIPT, ReferenceKind.JOSE
KEYS = KeysToFind(frozenset({"my-jwk", "other"}), frozenset({"id-1", "42"}))
LOOKUP = 'environment_jwkMap.get("my-jwk")'
JOSE_MEMBER = "jwkIdForValidationAndSign"
SECRET = "s3cret-of-a-policy"

Members = dict[str, Any]


def script(**members: Any) -> Members:
    return {"type": "policy-script", "name": "verify", "scriptBody": LOOKUP, **members}


def jose(**members: Any) -> Members:
    return {"type": "policy-jose-validation", "name": "jose", JOSE_MEMBER: "id-1", **members}


def answered(item: object, **members: object) -> Response:
    body = {"status": "SUCCESS", "resultList": [item], "resultCount": 1, **members}
    return response(200, "application/json", json.dumps(body).encode())


def uses(item: object, *, wrapped: bool = False) -> ProxyUses:
    return read_uses(answered({"apiProxy": item} if wrapped else item), "API", KEYS)


def use(kind: ReferenceKind = SCRIPT, *values: str, **members: Any) -> Use:
    policy = "verify" if kind is SCRIPT else "jose"
    values = values or (("my-jwk",) if kind is SCRIPT else ("id-1",))
    given = {"proxy": "API", "pipeline": "request", "policy": policy, **members}
    return Use(kind=kind, values=frozenset(values), **given)


def requests(*policies: object) -> Members:
    return {"requestPolicyList": list(policies)}


ENDPOINT: Members = {"endpoint": "/pay", "httpMethod": "POST"}
FOUND: dict[str, tuple[Members, list[Use]]] = {
    "a script": (requests(script()), [use()]),
    "the response pipeline": ({"responsePolicyList": [script()]}, [use(pipeline="response")]),
    "the error pipeline": ({"errorPolicyList": [script()]}, [use(pipeline="error")]),
    "lists that are null": (
        {"requestPolicyList": None, "responsePolicyList": None, "endpointList": None},
        [],
    ),
    "lists that are missing": ({}, []),
    "an endpoint": (
        {"endpointList": [ENDPOINT | requests(script())]},
        [use(endpoint="POST /pay")],
    ),
    "an endpoint without a method": (
        {"endpointList": [{"endpoint": "/pay", "httpMethod": None, **requests(script())}]},
        [use(endpoint="/pay")],
    ),
    "an inactive policy": (requests(script(active=False)), [use(active=False)]),
    "an active one that says so": (requests(script(active=True)), [use()]),
    "one that says nothing": (requests(script(active=None)), [use()]),
    "an inactive endpoint": (
        {"endpointList": [{**ENDPOINT, "active": False, "errorPolicyList": [script()]}]},
        [use(endpoint="POST /pay", pipeline="error", active=False)],
    ),
    "a policy without a name": (requests(script(name=None)), [use(policy=None)]),
    "a script of JavaScript": (
        requests(script(scriptLanguage="JAVASCRIPT", scriptBody="environment_jwkMap[`my-jwk`]")),
        [use()],
    ),
    "an unknown language": (requests(script(scriptLanguage="KOTLIN")), [use()]),
    "a script that uses no key": (requests(script(scriptBody="return 1")), []),
    "an empty script": (requests(script(scriptBody="")), []),
    "a script of unknown keys": (
        requests(script(scriptBody="environment_jwkMap[x]")),
        [Use(proxy="API", pipeline="request", policy="verify", kind=SCRIPT, unclear=True)],
    ),
    "a script in a variable": (
        requests(
            {
                "type": "policy-header",
                "name": "h",
                "list": [{"variable": {"initWithScript": True, "scriptBody": LOOKUP}}],
            }
        ),
        [use(policy="h")],
    ),
    "a script in a variable that is not used": (
        requests(
            {"type": "policy-header", "name": "h", "v": {"initWithScript": False, **script()}}
        ),
        [use(policy="verify", active=False)],
    ),
    "a policy in a policy": (
        requests({"type": "policy-group", "name": "g", "active": False, "deep": [[script()]]}),
        [use(active=False)],
    ),
    "a variable beside the pipelines": (
        {"routing": {"variable": {"initWithScript": True, "scriptBody": LOOKUP}}},
        [use(pipeline=None, policy=None)],
    ),
    "a variable of an endpoint": (
        {"endpointList": [{**ENDPOINT, "condition": {"scriptBody": LOOKUP}}]},
        [use(pipeline=None, endpoint="POST /pay", policy=None)],
    ),
    "a JOSE policy by id": (requests(jose()), [use(JOSE)]),
    "a JOSE policy by a number": (requests(jose(**{JOSE_MEMBER: 42})), [use(JOSE, "42")]),
    "a JOSE policy by name": (requests(jose(**{JOSE_MEMBER: "other"})), [use(JOSE, "other")]),
    "a JOSE policy of another key": (requests(jose(**{JOSE_MEMBER: "nobody's"})), []),
    "a JOSE policy of no key": (requests(jose(**{JOSE_MEMBER: None})), []),
    "another member of that kind": (
        requests(jose(**{JOSE_MEMBER: None, "jwkIdForNow": "id-1"})),
        [use(JOSE)],
    ),
    "two members": (
        requests(jose(jwkIdForDecryptionAndEncryption="other")),
        [use(JOSE), use(JOSE, "other")],
    ),
    "a JOSE policy that does not validate": (
        requests(jose(validateSign=False)),
        [use(JOSE, active=False)],
    ),
    "a JOSE policy that does not sign": (requests(jose(sign=False)), [use(JOSE, active=False)]),
    "a JOSE policy by issuer": (
        requests(jose(validateByIssuer=True)),
        [use(JOSE, active=False)],
    ),
    "a JOSE policy whose keys come by HTTP": (
        requests(jose(keySourceMode="DYNAMIC_HTTP")),
        [use(JOSE, active=False)],
    ),
    "switches of the other use": (requests(jose(decrypt=False, decryptByIssuer=True)), [use(JOSE)]),
}


@pytest.mark.parametrize("wrapped", [False, True], ids=["flat", "wrapped"])
@pytest.mark.parametrize(("item", "expected"), FOUND.values(), ids=FOUND)
def test_users_are_found(item: Members, expected: list[Use], wrapped: bool) -> None:
    found = uses(item, wrapped=wrapped)

    assert found.gaps == ()
    assert sorted(found.uses, key=repr) == sorted(expected, key=repr)


GAPS: dict[str, tuple[object, str]] = {
    "a script policy without its script": (
        requests({"type": "policy-script", "name": "verify"}),
        "policy `verify` came without its script",
    ),
    "a script that is null": (
        {"endpointList": [ENDPOINT | requests(script(scriptBody=None))]},
        "policy `verify` of endpoint `POST /pay` came without its script",
    ),
    "a variable without its script": (
        requests({"type": "policy-x", "name": "x", "v": {"initWithScript": True}}),
        "policy `x` came without its script",
    ),
    "a script of a wrong type": (
        requests(script(scriptBody=["x"])),
        "policy `verify` has a script that is no text",
    ),
    "a language of a wrong type": (
        requests(script(scriptLanguage=1)),
        "policy `verify` has a member scriptLanguage that is not as documented",
    ),
    "a policy without a type": (requests({"name": "x"}), "policy `x` has no type"),
    "a policy without a type or name": (requests({}), "a policy without a name has no type"),
    "a name of a wrong type": (
        requests(script(name=[1])),
        "a policy without a name has a member name that is not as documented",
    ),
    "a switch of a wrong type": (
        requests(script(active="yes")),
        "a policy without a name has a member active that is not as documented",
    ),
    "a key of a wrong type": (
        requests(jose(**{JOSE_MEMBER: {"x": 1}})),
        f"policy `jose` has a {JOSE_MEMBER} that is not as documented",
    ),
    "a policy that is no object": (
        requests("x"),
        "its request pipeline holds something that is no object",
    ),
    "a pipeline that is no list": (
        {"errorPolicyList": {"a": 1}},
        "its error pipeline is not a list",
    ),
    "endpoints that are no list": ({"endpointList": 1}, "its list of endpoints is not a list"),
    "an endpoint that is null": (
        {"endpointList": [None]},
        "its list of endpoints holds something that is no object",
    ),
    "an item that is no object": ([], "its policies are not as documented"),
    "a proxy that is null": (None, "its policies are not as documented"),
}


@pytest.mark.parametrize(("item", "reason"), GAPS.values(), ids=GAPS)
def test_what_is_not_as_documented_is_never_clean(item: object, reason: str) -> None:
    assert reason in uses(item).gaps


def test_a_gap_hides_nothing_else() -> None:
    found = uses(requests({"name": "x"}, script(), script(scriptBody=None)))

    assert found.uses == (use(),)
    assert len(found.gaps) == 2


BODIES: dict[str, bytes] = {
    "no list": b'{"status": "SUCCESS"}',
    "a list that is null": b'{"status": "SUCCESS", "resultList": null}',
    "no item": b'{"status": "SUCCESS", "resultList": []}',
    "two items": b'{"status": "SUCCESS", "resultList": [{}, {}]}',
    "cut off": b'{"status": "SUCCESS", "resultList": [{"requestPolicyList": [{"scriptBo',
    "not UTF-8": b'{"resultList": [{"requestPolicyList": [{"type": "policy-script", '
    b'"scriptBody": "\xff"}]}]}',
    "deep": b'{"resultList": [{"x": ' + b'{"scriptBody":' * 100_000 + b"1" + b"}" * 100_001 + b"]}",
    "deep lists": b'{"resultList": [{"x": ' + b"[" * 900 + b'"scriptBody"' + b"]" * 900 + b"}]}",
    "a number of many digits": b'{"resultList": [{"requestPolicyList": [{"type": "policy-x", '
    b'"jwkIdA": ' + b"9" * 5000 + b"}]}]}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_other_answers_are_never_clean(body: bytes) -> None:
    found = read_uses(response(200, "application/json", body), "API", KEYS)

    assert (found.uses, len(found.gaps)) == ((), 1)


def test_half_a_surrogate_pair_keeps_nothing_from_being_found() -> None:
    item = requests(script(scriptBody=f'x = "\ud83d"; {LOOKUP}'))

    assert uses(item) == ProxyUses((use(),))


def test_members_with_escaped_names_are_found() -> None:
    body = answered(requests({"type": "policy-x", "name": "verify", "v": {"scriptBody": LOOKUP}}))
    escaped = body.body.replace(b"scriptBody", rb"\u0073criptBody")

    found = read_uses(response(200, "application/json", escaped), "API", KEYS)
    assert found == ProxyUses((use(),))


def test_nothing_of_a_policy_is_kept_but_names() -> None:
    policy = script(
        description=SECRET,
        password=SECRET,
        scriptBody=f'def password = "{SECRET}"; {LOOKUP} // {SECRET}',
        headers=[{"value": SECRET, "jwkIdX": SECRET, "initWithScript": True}],
    )
    item = {"credential": {"secret": SECRET, "scriptBody": 1}} | requests(policy, jose())

    found = uses(item)
    assert len(found.uses) == 2
    assert found.gaps
    assert SECRET not in repr(found)


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "name", "active", "scriptBody", "jwkIdA", "x", "initWithScript"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["requestPolicyList", "endpointList", "apiProxy", "other"]), JSON
    )
)
def test_no_answer_is_a_crash(item: Members) -> None:
    assert isinstance(uses(item), ProxyUses)


@given(st.lists(st.sampled_from(["list", "member", "policy"]), max_size=12))
def test_a_script_is_found_at_any_depth(way: list[str]) -> None:
    inner: Any = {"scriptBody": LOOKUP}
    for step in way:
        inner = [1, inner] if step == "list" else {"a": 1, "b": inner}
        if step == "policy":
            inner = {"type": "policy-x", "name": "verify", "c": inner}
    found = uses(requests({"type": "policy-y", "name": "verify", "z": inner}))

    assert found == ProxyUses((use(),))


def proxies(body: object) -> ProxyList:
    answer = response(200, "application/json", json.dumps(body).encode())
    envelope = open_envelope(answer)
    assert isinstance(envelope, Envelope)
    return read_proxies(answer, envelope)


NO_NAME = "1 of its API proxies have no name"
WRONG = "the list of its API proxies is not as documented"
LISTS: dict[str, tuple[object, ProxyList]] = {
    "sorted": (
        {"success": True, "resultList": [{"name": "b", "type": "REST"}, {"name": "a"}]},
        ProxyList(("a", "b")),
    ),
    "an empty project": ({"status": "SUCCESS", "resultList": []}, ProxyList()),
    "null": ({"status": "SUCCESS", "resultList": None}, ProxyList()),
    "missing": ({"status": "SUCCESS"}, ProxyList()),
    "neither success nor a list": ({}, ProxyList(gaps=((None, WRONG),))),
    "no list": ({"status": "SUCCESS", "resultList": {}}, ProxyList(gaps=((None, WRONG),))),
    "an item that is no object": (
        {"status": "SUCCESS", "resultList": ["a"]},
        ProxyList(gaps=((None, WRONG),)),
    ),
    "an item without a name": (
        {"status": "SUCCESS", "resultList": [{"name": "a"}, {"name": 1}]},
        ProxyList(("a",), ((None, NO_NAME),)),
    ),
    "not whole": (
        {"status": "SUCCESS", "resultList": [{"name": "a"}], "resultCount": 2},
        ProxyList(("a",), ((None, "the list of its API proxies is not whole"),)),
    ),
    "a name twice": (
        {"status": "SUCCESS", "resultList": [{"name": "a"}, {"name": "a"}]},
        ProxyList(("a",), (("a", "2 API proxies have this name, and only one can be read"),)),
    ),
}


@pytest.mark.parametrize(("body", "expected"), LISTS.values(), ids=LISTS)
def test_proxies_are_listed(body: object, expected: ProxyList) -> None:
    assert proxies(body) == expected


USELESS = {
    "a missing permission": (
        (400, {"status": "FAILURE", "resultMessage": "User does not have required permission!"}),
        "the token's owner lacks a permission",
    ),
    "a failure": (
        (400, {"error": "bad_request", "error_description": SECRET}),
        "the gateway does not give it (HTTP 400)",
    ),
    "a failure within a success": (
        (200, {"status": "FAILURE", "resultMessage": SECRET}),
        "the gateway does not give it (HTTP 200)",
    ),
    "a failing gateway": ((500, {"status": "FAILURE"}), "the gateway does not give it (HTTP 500)"),
    "a redirect": ((302, {}), "the gateway does not give it (HTTP 302)"),
}


@pytest.mark.parametrize(("answer", "reason"), USELESS.values(), ids=USELESS)
def test_the_reason_holds_nothing_of_the_answer(answer: tuple[int, object], reason: str) -> None:
    status, body = answer
    given = response(status, "application/json", json.dumps(body).encode())

    assert useful_answer(given, "the list", shorten) == reason


def test_a_page_is_no_answer() -> None:
    page = response(200, "text/html", b"<html>" + SECRET.encode())
    reason = "the gateway answered with an HTML page instead of JSON (HTTP 200)"
    assert useful_answer(page, "the list", shorten) == reason
