"""The routes: ``/apiops`` as the documents describe it, ``/sandbox`` for whoever rehearses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from urllib.parse import parse_qs

from msgspec import to_builtins
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.sandbox import deployment, dialects, proxies, rules
from reconciler.sandbox.auth import NO_PERMISSION, DeniedError
from reconciler.sandbox.decoding import SeedError
from reconciler.sandbox.faults import decode_faults
from reconciler.sandbox.middleware import FaultMiddleware
from reconciler.sandbox.replies import bad_path, framework_failure, json_reply, welcome_page
from reconciler.sandbox.request_log import json_or_none
from reconciler.sandbox.seed import Grant
from reconciler.sandbox.state import ServerState

NO_PROJECT = "Project ({name}) is not found or user does not have privilege to access it!"
NO_JWK = "JWK (name: {name}) is not found!"

_DANGEROUS = re.compile(rb"%(?:2f|5c|3b|25)|[;\\]|/(?:\.|%2e){1,2}(?:/|$)|//", re.IGNORECASE)


class RefusedError(Exception):
    """A request is answered with a failure in the server's dialect."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def build_app(state: ServerState) -> ASGIApp:
    """The whole server as an ASGI application."""
    api = Api(state)
    routes = [
        Route("/apiops/projects/", api.projects),
        Route("/apiops/projects/{project}/jwks/", api.jwks),
        Route("/apiops/projects/{project}/jwks/{name}/", api.jwk),
        Route("/apiops/projects/{project}/jwks/{name}/", api.update, methods=["PUT"]),
        Route("/apiops/projects/{project}/apiProxies/", api.api_proxies),
        Route("/apiops/projects/{project}/apiProxies/{name}/policies/", api.policies),
        Route("/apiops/auth/token", api.login, methods=["POST"]),
        Route("/apiops/test/healthcheck", api.healthcheck),
        Route("/apiops/test/hello/{name}", api.hello),
    ]
    if state.options.admin:
        admin_api = AdminApi(state)
        routes += [
            Route("/sandbox/faults", admin_api.arm, methods=["POST"]),
            Route("/sandbox/faults", admin_api.disarm, methods=["DELETE"]),
            Route("/sandbox/state", admin_api.state),
        ]
    app = Starlette(
        routes=routes,
        exception_handlers={404: api.unknown, 405: api.wrong_method, RefusedError: api.refused},
    )
    app.router.redirect_slashes = False
    return FaultMiddleware(state, _reject_dangerous_paths(app))


def _reject_dangerous_paths(app: ASGIApp) -> ASGIApp:
    """Answer what servlet stacks answer before any route is looked for."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = bad_path() if _DANGEROUS.search(scope["raw_path"]) else app
        await chosen(scope, receive, send)

    return guarded


class Api:
    """The endpoints under ``/apiops``; each promises what the vendor's documents say of it."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    async def projects(self, request: Request) -> Response:
        """The projects the token may see."""
        grant = self._grant(request)
        rows = (row for row in self._state.store.projects() if grant.sees(row[0]))
        return self._listing(
            {"name": name, "description": description, "id": identifier}
            for name, identifier, description in rows
        )

    async def jwks(self, request: Request) -> Response:
        """All keys of a project, without key material."""
        project = self._project(request, "read")
        return self._listing(map(self._state.responder.item, self._state.store.jwks(project)))

    async def jwk(self, request: Request) -> Response:
        """One key with its private half, to whoever sees the project; here a false one."""
        project, name = self._project(request), request.path_params["name"]
        self._state.secret_reads += 1
        key = self._state.store.jwk(project, name)
        if key is None:
            raise RefusedError(NO_JWK.format(name=name))
        material = dialects.key_material("FAKE PRIVATE KEY of the sandbox")
        result = {"result": {**dialects.item(key), **material}}
        return json_reply(200, self._state.responder.success(result))

    async def update(self, request: Request) -> Response:
        """New name and description of one key, deployed to every environment."""
        project = self._project(request, "manage", "deploy")
        if not _is_json(request):
            return framework_failure(415, request.scope["path"])
        body = rules.read_body(json_or_none(await request.body()))
        if isinstance(body, rules.Failure):
            raise RefusedError(body.message)
        state, address = self._state, request.path_params["name"]
        failing: frozenset[str] = request.scope["state"].get("failing", frozenset())
        failure = state.update(project, address, body, failing)
        if failure is not None:
            raise RefusedError(failure.message)
        if state.options.deploy_latency:
            await asyncio.sleep(state.options.deploy_latency)
        results = deployment.results(state.store.environments, failing)
        reported = deployment.members(state.options.deployment, results)
        return json_reply(200, state.responder.success(reported))

    async def api_proxies(self, request: Request) -> Response:
        """All API proxies of a project, to whoever has any permission in it."""
        project = self._project(request)
        return self._listing(proxy.row() for proxy in self._state.api_proxies(project))

    async def policies(self, request: Request) -> Response:
        """All policies of one API proxy."""
        project, name = self._project(request), request.path_params["name"]
        grant = self._grant(request)
        if grant.proxies != "*" and name not in grant.proxies:
            raise RefusedError(NO_PERMISSION)
        found = (proxy for proxy in self._state.api_proxies(project) if proxy.name == name)
        proxy = next(found, None)
        if proxy is None or proxy.vanished:
            raise RefusedError(proxies.NOT_FOUND.format(name=name))
        return self._listing([proxy.answer()])

    async def login(self, request: Request) -> Response:
        """A token for ``client_id`` and ``client_secret``."""
        fields = parse_qs((await request.body()).decode(errors="replace"))
        form = {name: values[0] for name, values in fields.items()}
        if form.get("grant_type") != "client_credentials":
            return json_reply(400, {"error": "unsupported_grant_type"})
        try:
            login = self._state.tokens.login(
                form.get("client_id", ""), form.get("client_secret", "")
            )
        except DeniedError as denied:
            return json_reply(401, {"error": "invalid_client", "error_description": str(denied)})
        return json_reply(
            200,
            {
                "access_token": login.token,
                "token_type": "bearer",
                "expires_in": int(login.expires_in),
            },
        )

    async def healthcheck(self, _: Request) -> Response:
        """``OK``, to anybody."""
        return PlainTextResponse("OK")

    async def hello(self, request: Request) -> Response:
        """``Hello {name}``, to whoever has a token."""
        self._grant(request)
        return PlainTextResponse(f"Hello {request.path_params['name']}")

    async def unknown(self, request: Request, _: Exception) -> Response:
        """A path without a route, such as one without its final slash."""
        if self._state.options.html_unknown:
            return welcome_page()
        return framework_failure(404, request.scope["path"])

    async def wrong_method(self, request: Request, _: Exception) -> Response:
        """A route that knows other methods."""
        return framework_failure(405, request.scope["path"])

    async def refused(self, _: Request, refusal: Exception) -> Response:
        """A failure in the server's dialect."""
        status = refusal.status if isinstance(refusal, RefusedError) else 500
        return json_reply(status, self._state.responder.failure(status, str(refusal)))

    def _grant(self, request: Request) -> Grant:
        try:
            return self._state.tokens.check(request.headers.get("authorization"))
        except DeniedError as denied:
            raise RefusedError(str(denied), 401) from denied

    def _project(self, request: Request, *permissions: str) -> str:
        """The path's project, if the token sees it and has all these permissions there."""
        grant = self._grant(request)
        project: str = request.path_params["project"]
        if not (grant.sees(project) and self._state.store.has_project(project)):
            raise RefusedError(NO_PROJECT.format(name=project))
        if not grant.permissions.issuperset(permissions):
            raise RefusedError(NO_PERMISSION)
        return project

    def _listing(self, items: Iterable[dialects.Members]) -> Response:
        return json_reply(200, self._state.responder.listing(items))


class AdminApi:
    """The endpoints under ``/sandbox``; they need no token and are served on loopback only."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    async def arm(self, request: Request) -> Response:
        """Arm a JSON list of faults."""
        # A web page in the user's browser can't send this content type without being asked first.
        if not _is_json(request):
            return framework_failure(415, request.scope["path"])
        try:
            faults = decode_faults(json_or_none(await request.body()))
        except SeedError as error:
            return json_reply(400, {"error": str(error)})
        self._state.faults.add(*faults)
        return json_reply(201, {"armed": to_builtins(faults)})

    async def disarm(self, _: Request) -> Response:
        """Disarm all faults."""
        self._state.faults.clear()
        return Response(status_code=204)

    async def state(self, _: Request) -> Response:
        """The truth about all keys, and what was asked so far."""
        return json_reply(200, self._state.state())


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "")
    return kind.partition(";")[0].strip().lower() == "application/json"
