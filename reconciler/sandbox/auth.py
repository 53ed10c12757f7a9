"""Who may do what: tokens, permissions and logins."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reconciler.sandbox.seed import Client, Grant, Seed

NO_TOKEN = "Empty Key! Client must be authenticated to access this resource."  # noqa: S105
NO_PERMISSION = "User does not have required permission for this operation!"
BAD_TOKEN = "Token is not valid!"  # noqa: S105
OLD_TOKEN = "Token was expired!"  # noqa: S105
BAD_LOGIN = "Bad credentials"
LOCKED = "User account is locked"
MAX_FAILED_LOGINS = 7


class DeniedError(Exception):
    """A token or a login was not accepted; the text is the documents' message."""


@dataclass(slots=True)
class _Issued:
    grant: Grant
    label: str
    until: float | None = None
    uses_left: int | None = None

    def use(self, now: float) -> None:
        if (
            self.grant.expired
            or self.uses_left == 0
            or not (self.until is None or now < self.until)
        ):
            raise DeniedError(OLD_TOKEN)
        if self.uses_left is not None:
            self.uses_left -= 1


@dataclass(frozen=True, slots=True)
class Login:
    """A token that was issued, and for how many seconds it is valid."""

    token: str
    expires_in: float


@dataclass(slots=True)
class TokenRegistry:
    """The tokens and accounts of one server; safe to use from several threads.

    Args:
        seed: its tokens and clients.
        clock: seconds that only grow.
    """

    seed: Seed
    clock: Callable[[], float] = time.monotonic
    _tokens: dict[str, _Issued] = field(default_factory=dict, init=False)
    _clients: Mapping[str, Client] = field(init=False)
    _failed: dict[str, int] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        for number, grant in enumerate(self.seed.tokens, 1):
            self._tokens[grant.token] = _Issued(grant, f"token {number}")
        self._clients = {client.username: client for client in self.seed.clients}

    def tokens(self) -> tuple[str, ...]:
        """Every token there is, the seed's first, then the issued ones."""
        with self._lock:
            return tuple(self._tokens)

    def label(self, authorization: str | None) -> str | None:
        """A word for the token of a request that doesn't give it away; None without a token."""
        token = _bearer(authorization)
        with self._lock:
            known = self._tokens.get(token)
        return known.label if known else ("unknown" if token else None)

    def check(self, authorization: str | None) -> Grant:
        """What the bearer of an ``Authorization`` header may do; counts as one use of the token.

        Raises:
            DeniedError: there is no token, it is not valid, or it has expired.
        """
        token = _bearer(authorization)
        if not token:
            raise DeniedError(NO_TOKEN)
        with self._lock:
            known = self._tokens.get(token)
            if known is None:
                raise DeniedError(BAD_TOKEN)
            known.use(self.clock())
        return known.grant

    def login(self, username: str, password: str) -> Login:
        """Issue a token.

        Raises:
            DeniedError: unknown user, wrong password, or locked after 7 failed logins in a row.
        """
        with self._lock:
            if self._failed.get(username, 0) >= MAX_FAILED_LOGINS:
                raise DeniedError(LOCKED)
            client = self._clients.get(username)
            if client is None or client.password != password:
                self._failed[username] = self._failed.get(username, 0) + 1
                raise DeniedError(BAD_LOGIN)
            self._failed.pop(username, None)
            return self._issue(client)

    def _issue(self, client: Client) -> Login:
        grant = next(grant for grant in self.seed.tokens if grant.token == client.token)
        token = secrets.token_hex(20)
        issued = 1 + len(self._tokens) - len(self.seed.tokens)
        until = self.clock() + client.expires_in
        self._tokens[token] = _Issued(grant, f"issued {issued}", until, client.expires_after)
        return Login(token, client.expires_in)


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else scheme
