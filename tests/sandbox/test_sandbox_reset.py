"""What serves tests: a state that begins afresh, a log of updates, hidden ids."""

from __future__ import annotations

from contextlib import closing

import pytest
from sandbox_calls import SEED, client, options, sandbox

from reconciler.sandbox.faults import decode_faults
from reconciler.sandbox.request_log import SavedUpdate
from reconciler.sandbox.rules import Failure
from reconciler.sandbox.state import Options, ServerState

JWKS = "/projects/Payments/jwks/"


def test_a_reset_begins_afresh() -> None:
    with sandbox(options(faults=())) as (server, http):
        before = server.admin.state()
        server.admin.add_faults({"kind": "500-after", "method": "PUT", "times": 9})
        assert http.put(f"{JWKS}signing/", json={"name": "s2"}).status_code == 500
        http.get(f"{JWKS}s2/")
        server.admin.tokens.login("ci", "right")
        assert server.admin.state() != before
        server.admin.reset()
        assert server.admin.state() == before
        assert server.requests == ()
        assert server.tokens == tuple(grant.token for grant in SEED.tokens)
        assert http.put(f"{JWKS}signing/", json={"name": "s3"}).status_code == 200


def test_a_reset_arms_the_faults_of_the_start_again() -> None:
    (armed,) = decode_faults([{"kind": "hang"}])
    stand = ServerState(options(faults=(armed,)))
    with closing(stand.store):
        stand.faults.clear()
        stand.add_faults({"kind": "html"})
        stand.reset()
        assert stand.faults.pending() == (armed,)


def test_deeds_tell_who_did_what_and_when() -> None:
    with sandbox(options()) as (server, http):
        http.get(JWKS)
        http.put(f"{JWKS}signing/", json={"name": "s2", "description": None})
        http.put(f"{JWKS}nobody/", json={"name": "s3"})
        server.admin.add_faults({"kind": "deploy-fails"})
        http.put(f"{JWKS}s2/", json={"description": "d"})
        server.admin.change("Payments", "s2", to="theirs")
        assert isinstance(server.admin.change("Payments", "absent", to="x"), Failure)
        assert server.admin.journal.saved_updates() == (
            SavedUpdate("Payments", "signing", "s2", deployed=True, asked=True, after=2),
            SavedUpdate("Payments", "s2", "s2", deployed=False, asked=True, after=4),
            SavedUpdate("Payments", "s2", "theirs", deployed=True, asked=False, after=4),
        )


@pytest.mark.parametrize("hidden", [False, True])
def test_ids_can_be_hidden(hidden: bool) -> None:
    with sandbox(Options(SEED, hide_ids=hidden)) as (server, http):
        items = http.get(JWKS).json()["resultList"]
        assert {"id" in item for item in items} == {not hidden}
        assert all("projectId" in item for item in items)
        with client(server) as other:
            projects = other.get("/projects/").json()["resultList"]
        assert all("id" in project for project in projects)
        assert all("id" in key for key in server.admin.state()["projects"]["Payments"])
