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


def refused(access: TokenRegistry, authorization: str | None) -> str:
    with pytest.raises(DeniedError) as caught:
        access.check(authorization)
    return str(caught.value)


def test_an_issued_token_expires_after_its_seconds() -> None:
    clock = Clock()
    access = TokenRegistry(CLIENTS, clock)
    login = access.login("short", "p")
    assert login.expires_in == 60
    clock.now = 59.9
    assert access.check(f"Bearer {login.token}") == CLIENTS.tokens[0]
    clock.now = 60
    assert refused(access, f"Bearer {login.token}") == "Token was expired!"


def test_an_issued_token_expires_after_its_requests() -> None:
    access = TokenRegistry(CLIENTS)
    bearer = f"Bearer {access.login('few', 'p').token}"
    assert access.check(bearer) == access.check(bearer)
    assert refused(access, bearer) == "Token was expired!"


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
    access = TokenRegistry(CLIENTS)
    assert (refused(access, authorization), access.label(authorization)) == (message, label)


def test_a_label_never_gives_the_token_away() -> None:
    access = TokenRegistry(CLIENTS)
    issued = access.login("short", "p").token
    assert access.label("bearer t") == "token 1"
    assert access.label(f"Bearer {issued}") == "issued 1"
    assert access.tokens() == ("t", issued)


def test_an_account_locks_after_seven_failed_logins_in_a_row() -> None:
    access = TokenRegistry(CLIENTS)

    def login(password: str) -> str:
        try:
            access.login("short", password)
        except DeniedError as denied:
            return str(denied)
        return "in"

    assert [login("wrong") for _ in range(6)] == ["Bad credentials"] * 6
    assert login("p") == "in"
    assert [login("wrong") for _ in range(7)] == ["Bad credentials"] * 7
    assert login("p") == "User account is locked"
