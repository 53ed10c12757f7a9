"""The gateway as the rest of the program knows it: one object that reads and one that writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from reconciler.core.model import LiveList, UnusableList
from reconciler.core.outcome import Deployment, ResponseKind, UpdateResponse
from reconciler.core.plan import JwkFields
from reconciler.errors import UsageError
from reconciler.gateway import routes
from reconciler.gateway.access import open_access
from reconciler.gateway.line import Line, fetch, forgetful, login
from reconciler.gateway.lists import ProjectRow, read_list, read_projects
from reconciler.gateway.options import ClientOptions
from reconciler.gateway.pool import open_pool, open_reading
from reconciler.gateway.quotes import Quote, Secrets
from reconciler.gateway.replies import read_update
from reconciler.gateway.retry import Backoff, Pause
from reconciler.gateway.wire import Breakdown, Cause

_REPLIES = {
    Cause.UNSENT: ResponseKind.UNSENT,
    Cause.LOST: ResponseKind.LOST,
    Cause.UNUSABLE: ResponseKind.LOST,
}


class GatewayReader:
    """Reads lists, trying again where a failure may pass; its transport sends nothing but GET.

    Safe to use from many threads.
    """

    def __init__(self, line: Line, silence: float, pause: Pause, quote: Quote) -> None:
        self._line = line
        self._silence = silence
        self._pause = pause
        self._quote = quote

    @forgetful
    def list_jwks(self, project: str) -> LiveList:
        """A project's whole list of JWKs, or why there is none that can be planned on.

        Raises:
            AccessError: the token or a permission is lacking.
            GatewayError: the gateway can't be reached or understood.
        """
        try:
            path = routes.jwks_path(project)
        except UsageError as error:
            return UnusableList(project, "project-unreadable", error.what, error.fix)
        subject = f'the list of project "{project}"'
        received = fetch(self._line, path, self._silence, subject, self._pause, self._quote)
        return read_list(project, received, self._quote)

    @forgetful
    def list_projects(self) -> tuple[ProjectRow, ...]:
        """The projects the token may see, in the gateway's order.

        Raises:
            AccessError: the token or a permission is lacking.
            GatewayError: the gateway can't be reached or understood.
        """
        path, subject = routes.PROJECTS_PATH, "the list of projects"
        received = fetch(self._line, path, self._silence, subject, self._pause, self._quote)
        return read_projects(received, self._quote)


class GatewayWriter:
    """Sends updates, each of them once; safe to use from many threads."""

    def __init__(self, line: Line, silence: float, quote: Quote) -> None:
        self._line = line
        self._silence = silence
        self._quote = quote

    @forgetful
    def update(self, project: str, jwk: str, body: JwkFields) -> UpdateResponse:
        """Send one PUT with exactly a name and a description, and don't decide on another.

        Args:
            project: the Apinizer project.
            jwk: the name the key has now.
            body: the fields it shall have.

        Raises:
            AccessError: the token or a permission is lacking; the update was not made.
            GatewayError: the gateway's certificate is not trusted, or no token can be got; the
                update was not sent.
        """
        try:
            path = routes.jwk_path(project, jwk)
        except UsageError as error:
            return UpdateResponse(ResponseKind.REJECTED, str(error), Deployment(None))
        content = json.dumps({"name": body.name, "description": body.description}).encode()
        result = self._line.ask("PUT", path, self._silence, content)
        if not isinstance(result, Breakdown):
            return read_update(result, self._quote)
        if result.cause not in _REPLIES:
            raise result.error(f'the update of "{jwk}" in project "{project}"', self._quote)
        return UpdateResponse(_REPLIES[result.cause], self._quote(result.message), Deployment(None))


class Gateway(Struct, frozen=True):
    """An open way to a gateway.

    Attributes:
        base_url: normalised; part of every plan.
        reader: can't write.
        writer: can't read.
        pause: the waits between attempts, on the budget of the reader; for whoever sends again.
    """

    base_url: str
    reader: GatewayReader
    writer: GatewayWriter
    pause: Pause


@contextmanager
def open_gateway(settings: ClientOptions) -> Iterator[Gateway]:
    """A way to the gateway; nothing is sent before it is used.

    Raises:
        UsageError: the URL, the CA file or a proxy variable can't be used.
    """
    base_url = routes.base_url(settings.base_url)
    secrets = Secrets()
    pause = Backoff(settings.retry_budget, settings.wait, settings.jitter).pause
    with open_pool(base_url, settings) as pool, open_reading(pool) as reading:
        log_in = login(pool, base_url, settings, pause, secrets.quote)
        access = open_access(settings.credentials, log_in, secrets)
        yield Gateway(
            base_url,
            GatewayReader(
                Line(reading, base_url, access, settings),
                settings.read_timeout,
                pause,
                secrets.quote,
            ),
            GatewayWriter(
                Line(pool, base_url, access, settings), settings.write_timeout, secrets.quote
            ),
            pause,
        )
