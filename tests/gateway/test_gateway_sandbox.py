from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fake_gateway import Waits, gateway_at

from reconciler.core.model import LiveProject, UnusableList
from reconciler.core.outcome import Environment, ResponseKind
from reconciler.core.plan import JwkFields
from reconciler.errors import AuthError, GatewayError
from reconciler.gateway.client import Gateway
from reconciler.gateway.credentials import Credentials, LoginCredentials, TokenCredentials
from reconciler.sandbox.seed import read_seed
from reconciler.sandbox.server import Options, running

PLANTED = "PRIVATE-key-material"
READ_ONLY = {"token": "reads", "permissions": ["read"]}
SEED = {
    "environments": ["test", "prod"],
    "projects": [
        {"name": "Pay ments", "jwks": [{"name": "a", "kid": "k1"}, {"name": "b ü", "kid": "k2"}]}
    ],
    "tokens": [{"token": "all"}, READ_ONLY],
    "clients": [{"username": "ci", "password": "pw", "token": "all", "expiresAfter": 2}],
}


@contextmanager
def sandboxed(
    *faults: dict[str, object],
    dialect: str = "newer",
    deployment: str = "recursive",
    credentials: Credentials | None = None,
) -> Iterator[Gateway]:
    options = Options(
        read_seed({**SEED, "faults": list(faults)}),
        dialect=dialect,
        deployment=deployment,
        injected_secret=PLANTED,
    )
    with (
        running(options) as sandbox,
        gateway_at(
            sandbox.url,
            credentials=credentials or TokenCredentials("all"),
            waits=Waits(),
            read_timeout=5.0,
            write_timeout=5.0,
        ) as gateway,
    ):
        yield gateway


def names(gateway: Gateway) -> list[str]:
    live = gateway.reader.list_jwks("Pay ments")
    assert isinstance(live, LiveProject)
    assert PLANTED not in repr(live)
    return [jwk.name for jwk in live.jwks]


@pytest.mark.parametrize("dialect", ["older", "newer", "mixed"])
def test_a_rename_in_every_dialect(dialect: str) -> None:
    with sandboxed(dialect=dialect) as gateway:
        assert names(gateway) == ["a", "b ü"]
        renamed = gateway.writer.update("Pay ments", "b ü", JwkFields("c/d", "new"))
        taken = gateway.writer.update("Pay ments", "a", JwkFields("c/d", None))
        absent = gateway.writer.update("Pay ments", "zzz", JwkFields("y", None))
        fault = gateway.reader.list_jwks("absent")
        assert sorted(names(gateway)) == ["a", "c/d"]
        assert [row.name for row in gateway.reader.list_projects()] == ["Pay ments"]
    assert (renamed.kind, renamed.deployment.deployed) == (ResponseKind.ACCEPTED, True)
    assert taken.kind is absent.kind is ResponseKind.REJECTED
    assert "already exist" in taken.message
    assert "not found" in absent.message
    assert isinstance(fault, UnusableList)
    assert fault.code == "project-unreadable"


SILENT = {"null", "missing", "result-message"}
NAMED = {"environmentResults", "deploymentResults", "deployed-environments"}
SHAPES = ["recursive", "success-only", "empty-detail-list", *sorted(SILENT | NAMED)]


@pytest.mark.parametrize("shape", SHAPES)
def test_deployments_in_every_shape(shape: str) -> None:
    broken = {"kind": "deploy-fails", "at": 2, "environments": ["prod"]}
    with sandboxed(broken, deployment=shape) as gateway:
        well = gateway.writer.update("Pay ments", "a", JwkFields("a2", None))
        badly = gateway.writer.update("Pay ments", "a2", JwkFields("a3", None))
    assert well.kind is badly.kind is ResponseKind.ACCEPTED
    assert well.deployment.deployed is (None if shape in SILENT else True)
    assert badly.deployment.deployed is (None if shape in {"null", "missing"} else False)
    if shape in NAMED:
        deployed = {one.name: one.deployed for one in badly.deployment.environments}
        assert deployed == {"test": True, "prod": False}
    if shape == "recursive":
        # Every message of the tests' sandboxes repeats a private key, which nobody repeats.
        pod = Environment("test/gateway-test-0", True, "Deployed [private key]")
        assert pod in well.deployment.environments


def test_denials() -> None:
    with sandboxed(credentials=TokenCredentials("reads")) as gateway:
        assert names(gateway) == ["a", "b ü"]
        with pytest.raises(AuthError, match="permission"):
            gateway.writer.update("Pay ments", "a", JwkFields("c", None))
    with (
        sandboxed(credentials=TokenCredentials("unknown")) as gateway,
        pytest.raises(AuthError, match="token"),
    ):
        names(gateway)


def test_a_token_that_keeps_expiring_is_renewed_each_time() -> None:
    with sandboxed(credentials=LoginCredentials("ci", "pw")) as gateway:
        for _ in range(7):
            assert names(gateway) == ["a", "b ü"]
        assert (
            gateway.writer.update("Pay ments", "a", JwkFields("c", None)).kind
            is ResponseKind.ACCEPTED
        )


BEFORE = {
    "429": ResponseKind.THROTTLED,
    "503-before": ResponseKind.LOST,
    "reset-before": ResponseKind.LOST,
}
AFTER = {
    "reset-after": ResponseKind.LOST,
    "500-after": ResponseKind.LOST,
    "cut-body": ResponseKind.LOST,
    "html-after": ResponseKind.LOST,
}


@pytest.mark.parametrize(("kind", "reply"), (BEFORE | AFTER).items())
def test_after_an_outage_the_list_knows(kind: str, reply: ResponseKind) -> None:
    with sandboxed({"kind": kind, "method": "PUT"}) as gateway:
        assert gateway.writer.update("Pay ments", "a", JwkFields("c", None)).kind is reply
        assert ("c" in names(gateway)) is (kind in AFTER)


@pytest.mark.parametrize("kind", ["429", "503-before", "reset-before", "reset-after", "500-after"])
def test_outages_of_a_read_pass(kind: str) -> None:
    with sandboxed({"kind": kind, "method": "GET", "times": 2}) as gateway:
        assert names(gateway) == ["a", "b ü"]


@pytest.mark.parametrize("kind", ["html", "deep", "huge"])
def test_answers_nobody_can_use_stop_a_read(kind: str) -> None:
    with (
        sandboxed({"kind": kind, "method": "GET"}) as gateway,
        pytest.raises(GatewayError, match='project "Pay ments"'),
    ):
        names(gateway)
