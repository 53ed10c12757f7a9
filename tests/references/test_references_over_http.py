"""Who uses a renamed key, asked over HTTP: what is found, refused, asked again, and given away."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest
from planted_secrets import MARK, PLANTED_SECRET
from workspace import TOKEN, BuildWorkspace, Key, Workspace, files_below, seed

MAP = "environment_jwkMap"
LIVE: list[Key] = [{"name": name, "kid": f"kid-{name}", "id": f"id-{name}"} for name in "abc"]
RENAME: list[Key] = [{"name": "a2", "kid": "kid-a"}]
CHAIN: list[Key] = [{"name": "a2", "kid": "kid-a"}, {"name": "a", "kid": "kid-b"}]
SWAP: list[Key] = [{"name": "b", "kid": "kid-a"}, {"name": "a", "kid": "kid-b"}]


def script(body: str, **members: Any) -> dict[str, Any]:
    return {"type": "policy-script", "name": "verify", "scriptBody": body, **members}


def jose(value: str) -> dict[str, Any]:
    kind = "policy-jose-validation"
    return {"type": kind, "name": "verify", "jwkIdForValidationAndSign": value}


def looks_up(name: str) -> str:
    return f'def key = {MAP}.get("{name}")'


def proxy(name: str, *policies: Any, **members: Any) -> dict[str, Any]:
    return {"name": name, "policies": {"requestPolicyList": list(policies)}, **members}


def at_endpoint(name: str, *policies: Any, **members: Any) -> dict[str, Any]:
    endpoint = {"endpoint": "/pay", "httpMethod": "POST", "requestPolicyList": list(policies)}
    return {"name": name, "policies": {"endpointList": [endpoint]}, **members}


def with_proxies(*proxies: dict[str, Any], **members: object) -> dict[str, object]:
    rows = [{"name": "P", "jwks": LIVE, "apiProxies": list(proxies)}]
    return {**seed(), "projects": rows, **members}


def plan(workspace: Workspace, *words: str) -> tuple[int, dict[str, Any]]:
    ran = workspace.run("plan", "jwks", "--format", "json", *words)
    return ran.code, ran.document


ROWS: dict[str, tuple[list[Key], Any, dict[str, Any]]] = {
    "breaks": (RENAME, script(looks_up("a")), {"effect": "breaks"}),
    "a property": (RENAME, script(f"{MAP}.a"), {"effect": "breaks"}),
    "another key of a chain": (
        CHAIN,
        script(looks_up("a")),
        {"effect": "other-key", "otherKey": "b"},
    ),
    "another key of a swap": (
        SWAP,
        script(looks_up("a")),
        {"effect": "other-key", "otherKey": "b"},
    ),
    "handled": (RENAME, script(f'{MAP}.get("a2") ?: {MAP}.get("a")'), {"effect": "handled"}),
    "unclear": (RENAME, script(f"{MAP}.get(name)"), {"effect": "unclear"}),
    "inactive": (RENAME, script(looks_up("a"), active=False), {"effect": "breaks"}),
    "by id": (RENAME, jose("id-a"), {"effect": "unaffected"}),
    "JOSE by name": (RENAME, jose("a"), {"effect": "breaks"}),
    "JOSE by a name that moves on": (CHAIN, jose("a"), {"effect": "other-key", "otherKey": "b"}),
}


@pytest.mark.parametrize("level", ["proxy", "endpoint"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["flat", "wrapped"])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_row_of_the_table(
    build: BuildWorkspace, row: tuple[list[Key], Any, dict[str, Any]], wrapped: bool, level: str
) -> None:
    declared, policy, expected = row
    make = proxy if level == "proxy" else at_endpoint
    workspace = build(with_proxies(make("API", policy, wrapped=wrapped)), {"P": declared})

    code, document = plan(workspace)

    (found,) = (item for item in document["references"] if item["jwk"] == "a")
    by_id = policy.get("jwkIdForValidationAndSign") == "id-a"
    active = policy.get("active", True)
    assert found == {
        "project": "P",
        "jwk": "a",
        "proxy": "API",
        "pipeline": "request",
        "endpoint": None if level == "proxy" else "POST /pay",
        "policy": "verify",
        "kind": "script" if "scriptBody" in policy else "jose",
        "by": "id" if by_id else "name",
        "active": active,
        "otherKey": None,
        **expected,
    }
    assert document["referenceCheck"] == {"mode": "best-effort", "proxies": 1, "notLookedAt": []}
    refuses = active and expected["effect"] in {"breaks", "other-key"}
    assert code == (5 if refuses else 0)
    refusals = {item["name"]: item["code"] for item in document["refusals"]}
    new = declared[0]["name"]
    assert refusals.get(new) == ("still-referenced" if refuses else None)


BREAKING = proxy("API", script(looks_up("a")))


def shown_by(workspace: Workspace, *words: str) -> list[str]:
    """The text of a command, then its reports in Markdown, HTML and JUnit XML."""
    kinds = ("markdown", "html", "junit")
    ran = workspace.run(*words, *(f"--report={kind}=report.{kind}" for kind in kinds))
    return [ran.out, *((workspace.folder / f"report.{kind}").read_text() for kind in kinds)]


def test_people_see_who_uses_a_key_and_what_to_do(build: BuildWorkspace) -> None:
    workspace = build(with_proxies(BREAKING), {"P": RENAME})

    text, markdown, *others = shown_by(workspace, "plan", "jwks")

    for shown in (text, markdown, *others):
        for words in ("still-referenced", "verify", "API", "take either name"):
            assert words in shown
    for shown in (text, markdown):
        assert "Who uses the renamed keys" in shown
        assert "BREAKS: finds no key" in shown
    assert text.count("What no API shows was not looked at") == 1


def test_an_entry_may_consent(build: BuildWorkspace) -> None:
    consenting = [{**RENAME[0], "allowDanglingReferences": True}]
    workspace = build(with_proxies(BREAKING), {"P": consenting})

    assert workspace.run("apply", "jwks", "--auto-approve").code == 0
    assert "a2" in workspace.names("P")


def test_off_asks_nobody_and_every_report_says_so(build: BuildWorkspace) -> None:
    workspace = build(with_proxies(BREAKING), {"P": RENAME})

    for words in (("plan", "jwks"), ("apply", "jwks", "--auto-approve")):
        shown = shown_by(workspace, *words, "--references", "off")
        assert all("Nobody looked" in text for text in shown)
    assert "a2" in workspace.names("P")
    assert not [path for _, path in workspace.requests() if "apiProxies" in path]
    workspace.declare(P=[{"name": "c2", "kid": "kid-c"}])
    _, document = plan(workspace, "--references", "off")
    assert document["referenceCheck"] == {"mode": "off", "proxies": 0, "notLookedAt": []}


def test_a_plan_without_renames_sends_no_further_request(build: BuildWorkspace) -> None:
    workspace = build(with_proxies(BREAKING), {"P": [{"name": "a", "description": "new"}]})

    assert workspace.run("apply", "jwks", "--auto-approve", "--references", "required").code == 0
    assert Counter(path.split("/")[3] for _, path in workspace.requests()) == {"jwks": 4}


def test_a_rename_costs_one_list_and_one_answer_per_proxy_and_as_many_before_a_write(
    build: BuildWorkspace,
) -> None:
    proxies = [proxy(f"API {number}", script(looks_up("c"))) for number in range(3)]
    workspace = build(with_proxies(*proxies), {"P": RENAME})
    each = (f"/projects/P/apiProxies/API {number}/policies/" for number in range(3))
    once = Counter(["/projects/P/apiProxies/", *each])
    listed = Counter(["/projects/P/jwks/"])

    assert workspace.run("plan", "jwks").code == 0
    assert Counter(path for _, path in workspace.requests()) == once + listed
    workspace.forget()
    assert workspace.run("apply", "jwks", "--auto-approve").code == 0
    asked = Counter(path for _, path in workspace.requests("GET"))
    assert asked == once + once + listed + listed + listed


def gap_seed(**members: Any) -> dict[str, object]:
    return with_proxies(proxy("Fine"), proxy("Other", **members))


GAPS: dict[str, tuple[dict[str, object], list[dict[str, Any]], str | None, str]] = {
    "no permission for a proxy": (
        gap_seed() | {"tokens": [{"token": TOKEN, "proxies": ["Fine"]}]},
        [],
        "Other",
        "the token's owner lacks a permission",
    ),
    "no permission for the list": (
        gap_seed(),
        [{"kind": "denied", "at": 2}],
        None,
        "the token's owner lacks a permission",
    ),
    "a page instead of the list": (
        gap_seed(),
        [{"kind": "html", "at": 2}],
        None,
        "the gateway answered with an HTML page instead of JSON (HTTP 200)",
    ),
    "a page instead of policies": (
        gap_seed(),
        [{"kind": "html", "at": 4}],
        "Other",
        "the gateway answered with an HTML page instead of JSON (HTTP 200)",
    ),
    "a gateway that fails for ever": (
        gap_seed(),
        [{"kind": "500-before", "at": 4, "times": 100}],
        "Other",
        "the gateway does not give it (HTTP 500)",
    ),
    "a proxy that is deleted meanwhile": (
        gap_seed(),
        [{"kind": "policies-change", "project": "P", "name": "Other", "at": 4}],
        "Other",
        "the gateway does not give it (HTTP 400)",
    ),
    "simplified scripts": (
        with_proxies(proxy("Fine"), proxy("Other", script("x"), simplified=True)),
        [],
        "Other",
        "policy `verify` came without its script",
    ),
    "a name twice": (
        {
            **seed(),
            "projects": [
                {
                    "name": "P",
                    "jwks": LIVE,
                    "allowDuplicates": True,
                    "apiProxies": [proxy("Other"), proxy("Other")],
                }
            ],
        },
        [],
        "Other",
        "2 API proxies have this name, and only one can be read",
    ),
    "a name that no URL can hold": (
        with_proxies(proxy("Fine"), proxy("..")),
        [],
        "..",
        "its name can't be a part of a URL",
    ),
    "a policy without a type": (
        with_proxies(proxy("Fine"), proxy("Other", {"name": "x"})),
        [],
        "Other",
        "policy `x` has no type",
    ),
    "a script of a wrong type": (
        with_proxies(proxy("Fine"), proxy("Other", {**script(""), "scriptBody": 1})),
        [],
        "Other",
        "policy `verify` has a script that is no text",
    ),
}


@pytest.mark.usefixtures("no_waits")
@pytest.mark.parametrize("case", GAPS.values(), ids=GAPS)
def test_what_can_not_be_looked_at_is_a_warning_or_refused(
    build: BuildWorkspace, case: tuple[dict[str, object], list[dict[str, Any]], str | None, str]
) -> None:
    seeded, faults, name, reason = case
    workspace = build(seeded, {"P": RENAME})
    workspace.sandbox.admin.add_faults(*faults)
    one = ("--parallelism", "1")

    code, document = plan(workspace, *one)

    gap = {"project": "P", "proxy": name, "reason": reason}
    assert (code, document["referenceCheck"]["notLookedAt"]) == (0, [gap])
    (warning,) = document["warnings"]
    assert warning["code"] == "references-unreadable"
    assert reason in warning["message"]
    assert (name or "") in warning["message"]
    workspace.sandbox.admin.reset()
    workspace.sandbox.admin.add_faults(*faults)
    code, document = plan(workspace, *one, "--references", "required")
    assert code == 5
    (refusal,) = document["refusals"]
    assert refusal["code"] == "references-unreadable"
    assert reason in refusal["message"]


def test_a_name_that_needs_encoding_is_no_gap(build: BuildWorkspace) -> None:
    workspace = build(with_proxies(proxy("ö & c?", script(looks_up("a")))), {"P": RENAME})

    code, document = plan(workspace, "--references", "required")
    assert code == 5
    assert document["referenceCheck"]["notLookedAt"] == []


@pytest.mark.usefixtures("no_waits")
def test_a_rejected_token_ends_the_run(build: BuildWorkspace) -> None:
    workspace = build(with_proxies(BREAKING), {"P": RENAME})
    workspace.fault(kind="unauthorized", at=3, times=10)

    assert workspace.run("plan", "jwks", "--parallelism", "1").code == 77


@pytest.mark.parametrize("parallelism", ["1", "4"])
def test_the_deadline_ends_a_check_that_hangs(build: BuildWorkspace, parallelism: str) -> None:
    workspace = build(with_proxies(BREAKING, proxy("Other")), {"P": RENAME})
    workspace.fault(kind="hang", at=3, times=10)
    start = time.monotonic()

    ran = workspace.run("plan", "jwks", "--deadline", "0.5", "--parallelism", parallelism)
    assert ran.code == 143
    assert time.monotonic() - start < 10


def appears(workspace: Workspace, body: str = looks_up("a"), **members: object) -> None:
    """A script changes just before the second list of API proxies is read."""
    policies = {"requestPolicyList": [script(body, **members)]}
    workspace.fault(kind="policies-change", project="P", name="API", policies=policies, at=5)


@pytest.mark.parametrize("parallelism", ["1", "4"])
def test_a_reference_that_appears_since_the_plan_stops_the_project(
    build: BuildWorkspace, parallelism: str
) -> None:
    workspace = build(with_proxies(proxy("API")), {"P": RENAME})
    appears(workspace)

    ran = workspace.run(
        "apply", "jwks", "--auto-approve", "--parallelism", parallelism, "--report", "json=r.json"
    )

    assert ran.code == 3
    assert workspace.requests("PUT") == []
    (outcome,) = json.loads((workspace.folder / "r.json").read_text())["outcomes"]
    assert outcome["outcome"] == "not-tried"
    assert "`verify` of proxy `API` (request pipeline) uses the name `a` now" in outcome["message"]


def test_what_appears_but_breaks_nothing_stops_nothing(build: BuildWorkspace) -> None:
    workspace = build(with_proxies(proxy("API")), {"P": RENAME})
    appears(workspace, f'{MAP}.get("a2") ?: {MAP}.get("a")')

    assert workspace.run("apply", "jwks", "--auto-approve").code == 0


def test_what_can_not_be_read_again_stops_the_project_where_it_is_required(
    build: BuildWorkspace,
) -> None:
    for mode, code in (("required", 3), ("best-effort", 0)):
        workspace = build(with_proxies(proxy("API")), {"P": RENAME})
        workspace.fault(kind="denied", at=6)
        ran = workspace.run("apply", "jwks", "--auto-approve", "--references", mode)
        assert ran.code == code
        assert ("not looked at before the first write" in ran.err) is (mode == "best-effort")


def test_a_rejected_token_before_the_first_write_stops_the_run(build: BuildWorkspace) -> None:
    workspace = build(with_proxies(proxy("API")), {"P": RENAME})
    workspace.fault(kind="unauthorized", at=6, times=10)

    ran = workspace.run("apply", "jwks", "--auto-approve")
    assert (ran.code, workspace.requests("PUT")) == (77, [])


def test_references_are_shown_again_from_a_saved_plan(build: BuildWorkspace) -> None:
    workspace = build(with_proxies(BREAKING), {"P": RENAME})

    planned = workspace.run("plan", "jwks", "--out", "plan.json").out
    assert workspace.run("show", "plan.json").out == planned


def users(workspace: Workspace, *words: str) -> list[tuple[str | None, str, None]]:
    document = workspace.run("references", *words, "--format", "json").document
    assert document.keys() >= {"references", "referenceCheck"}
    return [(item["jwk"], item["by"], item["effect"]) for item in document["references"]]


def test_the_command_shows_the_users_of_all_keys(build: BuildWorkspace) -> None:
    policies = [script(looks_up("b")), jose("id-c"), script(f"{MAP}[x]")]
    workspace = build(with_proxies(at_endpoint("API", *policies)), {"P": []})

    assert users(workspace) == [(None, "name", None), ("b", "name", None), ("c", "id", None)]
    assert users(workspace, "P/b") == [(None, "name", None), ("b", "name", None)]
    assert workspace.requests("GET").count(("GET", "/projects/")) == 1
    text = workspace.run("references", "P").out
    assert text == (
        "P\n"
        "  b\n"
        "    API\n"
        "      finds the key by its name: request, `POST /pay`, `verify` (script)\n"
        "  c\n"
        "    API\n"
        "      finds the key by its id: request, `POST /pay`, `verify` (JOSE policy)\n"
        "  a: nothing found\n"
        "  any of them, or none: what these look up is no literal\n"
        "    API\n"
        "      may use any key: the name it looks up is no literal: request, `POST /pay`, `verify` "
        "(script)\n"
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [(("P/nobody",), 5), (("Nowhere",), 5), (("/a",), 64), (("P/",), 64)],
    ids=str,
)
def test_the_command_refuses_what_is_not_there(
    build: BuildWorkspace, words: tuple[str, ...], code: int
) -> None:
    workspace = build(with_proxies(BREAKING), {"P": []})

    ran = workspace.run("references", *words)
    assert ran.code == code
    assert workspace.requests("PUT") == []


def test_the_command_says_what_was_not_looked_at(build: BuildWorkspace) -> None:
    seeded = gap_seed() | {"tokens": [{"token": TOKEN, "proxies": ["Fine"]}]}
    workspace = build(seeded, {"P": []})

    ran = workspace.run("references")
    assert ran.code == 0
    assert "not looked at: P: proxy `Other`: the token's owner lacks a permission" in ran.err
    assert "What no API shows was not looked at" in ran.err


def planted(depth: int = 2) -> dict[str, Any]:
    """Members of a policy that all hold a secret."""
    names = ("description", "password", "url", "header", "jwkIdOfNobody", "condition")
    inner = {"variable": planted(depth - 1)} if depth else {}
    return {name: f"{PLANTED_SECRET} {name}" for name in names} | inner


def test_no_secret_of_a_policy_is_given_away(build: BuildWorkspace) -> None:
    body = f'def p = "{PLANTED_SECRET}"; {MAP}.get(p) ?: {MAP}.get("c") // {PLANTED_SECRET}'
    policies = [
        {**planted(), **script(body)},
        {**planted(), **jose("id-a")},
        {**planted(), "type": "policy-x", "scriptBody": {"x": PLANTED_SECRET}},
        {**planted(), **script(f'"{PLANTED_SECRET}')},
    ]
    row = proxy("API", *policies)
    row["policies"] |= {"credential": planted(), "responsePolicyList": planted()}
    workspace = build(with_proxies(row), {"P": RENAME})
    reports = [f"--report={kind}=r.{kind}" for kind in ("json", "markdown", "html", "junit")]

    ran = [
        workspace.run("plan", "jwks", "--out", "plan.json", "-vv", *reports),
        workspace.run("references", "-vv"),
        workspace.run("references", "--format", "json"),
        workspace.run("apply", "jwks", "--auto-approve", "-vv", "--journal", "j.journal", *reports),
    ]
    assert [one.code for one in ran] == [0] * 4
    assert "unclear" in ran[0].out
    written = [*files_below(workspace.folder).values()]
    printed = [text.encode() for one in ran for text in (one.out, one.err)]
    assert not [text for text in (*written, *printed) if MARK.encode() in text]
