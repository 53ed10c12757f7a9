"""The gateway as the rest of the program knows it: one object that reads and one that writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from reconciler.core.model import LiveList, UnusableList
from reconciler.core.outcome import Deployment, ResponseKind, UpdateResponse
from reconciler.core.plan import JwkFields
from reconciler.errors import UsageError
from reconciler.gateway import routes
from reconciler.gateway.authorised import (
    TOO_MANY,
    AuthorisedClient,
    raise_without_frames,
)
from reconciler.gateway.credentials import LoginCredentials
from reconciler.gateway.envelope import Envelope, open_envelope, retry_after
from reconciler.gateway.lists import ProjectRow, read_list, read_projects
from reconciler.gateway.options import ClientOptions
from reconciler.gateway.policies import KeysToFind, ProxyUses, read_uses
from reconciler.gateway.proxies import ProxyList, read_proxies, useful_answer
from reconciler.gateway.tokens import Login, login_form, read_token, token_source
from reconciler.gateway.unusable import no_usable_answer
from reconciler.gateway.updates import read_update
from reconciler.http.client import HttpClient, Response, Result, TransportOptions, open_client
from reconciler.http.failures import Cause, TransportFailure
from reconciler.http.redaction import Secrets
from reconciler.http.retries import RetryPolicy
from reconciler.http.throttle import Throttle

_TRANSIENT = frozenset({408, 429, *range(500, 600)})

_KINDS = {
    Cause.UNSENT: ResponseKind.UNSENT,
    Cause.LOST: ResponseKind.LOST,
    Cause.UNUSABLE: ResponseKind.LOST,
}


class GatewayReader:
    """Reads lists, trying again where a failure may pass; its transport sends nothing but GET.

    Safe to use from many threads.
    """

    def __init__(self, client: AuthorisedClient, read_timeout: float, retries: RetryPolicy) -> None:
        self._client = client
        self._read_timeout = read_timeout
        self._retries = retries

    @raise_without_frames
    def list_jwks(self, project: str) -> LiveList:
        """A project's whole list of JWKs, or why there is none that can be planned on.

        Raises:
            AuthError: the token or a permission is lacking.
            GatewayError: the gateway can't be reached or understood.
        """
        try:
            path = routes.jwks_path(project)
        except UsageError as error:
            return UnusableList(project, "project-unreadable", error.what, error.fix)
        response = self._get(path, f'the list of project "{project}"')
        return read_list(project, response, self._client.redact)

    @raise_without_frames
    def list_projects(self) -> tuple[ProjectRow, ...]:
        """The projects the token may see, in the gateway's order.

        Raises:
            AuthError: the token or a permission is lacking.
            GatewayError: the gateway can't be reached or understood.
        """
        response = self._get(routes.PROJECTS_PATH, "the list of projects")
        return read_projects(response, self._client.redact)

    @raise_without_frames
    def list_proxies(self, project: str) -> ProxyList:
        """The names of a project's API proxies, and what keeps them from being all.

        Raises:
            AuthError: the token is lacking.
        """
        answer = self._useful_answer(f'the list of API proxies of project "{project}"', project)
        if isinstance(answer, str):
            return ProxyList(gaps=((None, answer),))
        return read_proxies(*answer)

    @raise_without_frames
    def proxy_uses(self, project: str, proxy: str, keys: KeysToFind) -> ProxyUses:
        """Which of some keys an API proxy uses, and what keeps that from being all.

        Raises:
            AuthError: the token is lacking.
        """
        subject = f'the policies of API proxy "{proxy}" of project "{project}"'
        answer = self._useful_answer(subject, project, proxy)
        return (
            ProxyUses(gaps=(answer,))
            if isinstance(answer, str)
            else read_uses(answer[0], proxy, keys)
        )

    def _useful_answer(self, subject: str, *names: str) -> tuple[Response, Envelope] | str:
        try:
            path = routes.proxies_path(*names)
        except UsageError:
            return "its name can't be a part of a URL"
        result, _ = self._send(path)
        return useful_answer(result, subject, self._client.redact)

    def _send(self, path: str) -> tuple[Result, int]:
        """What a GET came to, which is repeated while the failure may pass, and how often."""
        return self._retries.call(
            lambda: self._client.send("GET", path, self._read_timeout),
            _may_pass,
            _retry_after,
            _is_turned_away,
        )

    def _get(self, path: str, subject: str) -> Response:
        """The final response to a GET."""
        result, attempts = self._send(path)
        if isinstance(result, Response) and result.status not in _TRANSIENT:
            return result
        times = "once" if attempts == 1 else f"{attempts} times"
        raise no_usable_answer(result, f"{subject}, tried {times}", self._client.redact)


class GatewayWriter:
    """Sends updates, each of them once; safe to use from many threads.

    Once an answer got lost, every update has a connection of its own.
    """

    def __init__(self, client: AuthorisedClient, read_timeout: float) -> None:
        self._client = client
        self._read_timeout = read_timeout
        self._fresh = False

    @raise_without_frames
    def update(self, project: str, jwk: str, body: JwkFields) -> UpdateResponse:
        """Send one PUT with exactly a name and a description, and don't decide on another.

        Args:
            project: the Apinizer project.
            jwk: the name the key has now.
            body: the fields it shall have.

        Raises:
            AuthError: the token or a permission is lacking; the update was not made.
            GatewayError: the gateway's certificate is not trusted, or no token can be got; the
                update was not sent.
        """
        try:
            path = routes.jwk_path(project, jwk)
        except UsageError as error:
            return UpdateResponse(ResponseKind.REJECTED, str(error), Deployment(None))
        content = json.dumps({"name": body.name, "description": body.description}).encode()
        result = self._client.send("PUT", path, self._read_timeout, content, self._fresh)
        redact = self._client.redact
        if isinstance(result, Response):
            return read_update(result, redact, {project, jwk, body.name})
        kind = _KINDS.get(result.cause)
        if kind is None:
            subject = f'the update of "{jwk}" in project "{project}"'
            raise no_usable_answer(result, subject, redact)
        # Something that closes idle connections without a word may do so again.
        self._fresh = self._fresh or result.cause is Cause.LOST
        unreadable = result.cause is Cause.UNUSABLE
        return UpdateResponse(kind, redact(result.message), Deployment(None), unreadable=unreadable)


class Gateway(Struct, frozen=True):
    """An open gateway.

    Attributes:
        base_url: normalised; part of every plan.
        reader: can't write.
        writer: can't read.
        retries: the reader's policy; its budget also holds for whoever sends updates again.
    """

    base_url: str
    reader: GatewayReader
    writer: GatewayWriter
    retries: RetryPolicy


@contextmanager
def open_gateway(options: ClientOptions) -> Iterator[Gateway]:
    """Open a gateway; nothing is sent before it is used.

    Raises:
        UsageError: the URL, the CA file or a proxy variable can't be used.
    """
    base_url = routes.base_url(options.base_url)
    secrets = Secrets()
    retries = RetryPolicy(
        options.wait,
        options.jitter,
        budget=options.retry_budget,
        turned_away_for=options.request_deadline,
    )
    throttle = Throttle(options.parallelism, lambda: options.wait(0), options.warn)
    transport = TransportOptions(
        ca_file=options.ca_file,
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
        max_connections=options.parallelism + 1,  # one more, for the token endpoint
        max_body=options.max_body,
        request_deadline=options.request_deadline,
        trace=options.trace,
        warn=options.warn,
        clock=options.clock,
        now=options.now,
    )
    with open_client(base_url, transport) as client:
        tokens = token_source(
            options.credentials, _login(client, retries, options.on_token, secrets), secrets
        )
        reading = AuthorisedClient(client.read_only(), tokens, secrets.redact, throttle)
        writing = AuthorisedClient(client, tokens, secrets.redact, throttle)
        yield Gateway(
            base_url,
            GatewayReader(reading, options.read_timeout, retries),
            GatewayWriter(writing, options.write_timeout),
            retries,
        )


def _login(
    client: HttpClient, retries: RetryPolicy, on_token: Callable[[str], None], secrets: Secrets
) -> Login:
    """The way to ask the token endpoint; only tried again where no connection was made."""

    def log_in(credentials: LoginCredentials) -> str:
        result, _ = retries.call(
            lambda: client.send(
                "POST",
                routes.TOKEN_PATH,
                content=login_form(credentials),
                content_type="application/x-www-form-urlencoded",
            ),
            _login_may_be_repeated,
            lambda _result: None,
        )
        if isinstance(result, Response):
            token = read_token(result)
            on_token(token)
            return token
        raise no_usable_answer(result, "the request for a token", secrets.redact)

    return log_in


def _login_may_be_repeated(result: Result) -> bool:
    # Accounts are locked after a few failed logins, and any response may stand for one.
    return isinstance(result, TransportFailure) and result.cause is Cause.UNSENT


def _may_pass(result: Result) -> bool:
    """Whether the same read may get a better response later."""
    if isinstance(result, Response):
        return result.status in _TRANSIENT
    return result.cause in {Cause.UNSENT, Cause.LOST}


def _is_turned_away(result: Result) -> bool:
    return isinstance(result, Response) and result.status == TOO_MANY


def _retry_after(result: Result) -> float | None:
    if isinstance(result, TransportFailure):
        return None
    return retry_after(result, open_envelope(result))
