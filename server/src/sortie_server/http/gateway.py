"""The HTTP API: template.yaml's routes, in front of the functions that the deployment has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final
from uuid import uuid4

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as HttpRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from sortie_server.functions import load_work
from sortie_server.http.authorizers import Authorizer
from sortie_server.http.endpoints import (
    AppEndpoint,
    Endpoint,
    FunctionEndpoint,
    Guarded,
    Identify,
    NotServed,
)
from sortie_server.http.events import to_gateway_response
from sortie_server.http.threads import Threads
from sortie_server.template import GatewayResponse, Route, Template, resolve

COMPRESSED_BYTES: Final = 16_384
"""The API's MinimumCompressionSize. Streamed responses are not compressed."""

WAITING: Final = ("agent_workers.claim_jobs",)
"""Functions whose requests wait for something unless they say that they do not."""

NOT_SERVED: Final = GatewayResponse(
    status=501,
    headers={"Access-Control-Allow-Origin": "*"},
    body='{"success":false,"error":"This server does not serve missions: use make up, or deploy to'
    ' AWS","code":"NOT_SERVED","message":"This server does not serve missions: use make up, or'
    ' deploy to AWS","requestId":"$context.requestId","timestamp":"$context.requestTime"}',
)


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """`missing`: prefixes of functions whose parts this process does not have."""

    template: Template
    parameters: Mapping[str, str]
    missing: tuple[str, ...]
    threads: Threads

    def build_app(self, own: Sequence[BaseRoute], **options: Any) -> Starlette:
        """Return the app of all routes. `own` are routes that no deployment has."""
        app = Starlette(
            routes=[*own, *self._build_routes()],
            middleware=[Middleware(RawPath)],
            exception_handlers={404: self._not_found, 405: self._not_found},
            **options,
        )
        app.router.redirect_slashes = False
        return app

    def _build_routes(self) -> list[BaseRoute]:
        # API Gateway prefers fixed segments to parameters.
        ordered = sorted(self.template.routes, key=lambda route: route.path.count("{"))
        paths = dict.fromkeys(each.path for each in ordered)
        return [
            *(self._build_route(each) for each in ordered),
            *(HttpRoute(path, self._preflight, methods=["OPTIONS"]) for path in paths),
        ]

    def _build_route(self, route: Route) -> HttpRoute:
        app = Guarded(
            self._build_endpoint(route), {**self.template.responses, "NOT_SERVED": NOT_SERVED}
        )
        zipped = [] if route.is_app else [Middleware(GZipMiddleware, COMPRESSED_BYTES)]
        return HttpRoute(route.path, app, methods=[route.method], middleware=zipped)

    def _build_endpoint(self, route: Route) -> Endpoint:
        if route.handler.startswith(self.missing):
            return NotServed()
        identify = Identify(route.path, self._find_authorizer(route))
        if route.is_app:
            return AppEndpoint(identify, load_app(route.handler), self.threads)
        work, waits = load_work(route.handler), route.handler in WAITING
        return FunctionEndpoint(identify, work, self.threads, waits=waits)

    def _find_authorizer(self, route: Route) -> Authorizer | None:
        if route.authorizer is None:
            return None
        rule = self.template.authorizers[resolve(route.authorizer, self.parameters)]
        return Authorizer(rule, load_work(rule.handler))

    async def _preflight(self, _: HttpRequest) -> Response:
        return Response("{}\n", 200, self.template.cors, media_type="application/json")

    async def _not_found(self, _: HttpRequest, __: Exception) -> Response:
        rule = self.template.responses["MISSING_AUTHENTICATION_TOKEN"]
        return to_gateway_response(rule, str(uuid4()))


class RawPath:
    """Routes by the path as it was sent: an encoded slash ends no segment, a last slash neither."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["raw_path"].decode("latin-1").rstrip("/") or "/"
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def load_app(name: str) -> ASGIApp:
    module, _, attribute = name.partition(":")
    app: ASGIApp = getattr(import_module(module), attribute)
    return app
