from __future__ import annotations

import pytest

from reconciler.sandbox.auth import DeniedError, TokenRegistry
from reconciler.sandbox.seed import parse_seed


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


CLIENTS = parse_seed(
    """
    tokens: [{token: t}]
    clients:
      - {username: short, password: p, token: t, expiresIn: 60}
      - {username: few, password: p, token: t, expiresAfter: 2}
    """
)


def refused(registry: TokenRegistry, authorization: str | None) -> str:
    with pytest.raises(DeniedError) as caught:
        registry.check(authorization)
    return str(caught.value)


def test_an_issued_token_expires_after_its_seconds() -> None:
    clock = Clock()
    registry = TokenRegistry(CLIENTS, clock)
    login = registry.login("short", "p")
    assert login.expires_in == 60
    clock.now = 59.9
    assert registry.check(f"Bearer {login.token}") == CLIENTS.tokens[0]
    clock.now = 60
    assert refused(registry, f"Bearer {login.token}") == "Token was expired!"


def test_an_issued_token_expires_after_its_requests() -> None:
    registry = TokenRegistry(CLIENTS)
    bearer = f"Bearer {registry.login('few', 'p').token}"
    assert registry.check(bearer) == registry.check(bearer)
    assert refused(registry, bearer) == "Token was expired!"


@pytest.mark.parametrize(
    ("authorization", "message", "label"),
    [
        (None, "Empty Key! Client must be authenticated to access this resource.", None),
        ("Bearer ", "Empty Key! Client must be authenticated to access this resource.", None),
        ("Bearer x", "Token is not valid!", "unknown"),
        ("Basic dDp0", "Token is not valid!", "unknown"),
    ],
)
def test_what_is_not_accepted(authorization: str | None, message: str, label: str | None) -> None:
    registry = TokenRegistry(CLIENTS)
    assert (refused(registry, authorization), registry.label(authorization)) == (message, label)


def test_a_label_never_gives_the_token_away() -> None:
    registry = TokenRegistry(CLIENTS)
    issued = registry.login("short", "p").token
    assert registry.label("bearer t") == "token 1"
    assert registry.label(f"Bearer {issued}") == "issued 1"
    assert registry.tokens() == ("t", issued)


def test_an_account_locks_after_seven_failed_logins_in_a_row() -> None:
    registry = TokenRegistry(CLIENTS)

    def login(password: str) -> str:
        try:
            registry.login("short", password)
        except DeniedError as denied:
            return str(denied)
        return "in"

    assert [login("wrong") for _ in range(6)] == ["Bad credentials"] * 6
    assert login("p") == "in"
    assert [login("wrong") for _ in range(7)] == ["Bad credentials"] * 7
    assert login("p") == "User account is locked"
