"""ASGI apps behind API Gateway and the Lambda Web Adapter.

The adapter passes the gateway's request context, with the authorizer's result, in a header. It
overwrites a header of that name that a client has sent.
"""

import base64
import json
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from jobs.kit.api_gateway import CONTEXT_HEADER
from jobs.kit.errors import UnknownCallerError
from jobs.kit.http import Request, split_path
from jobs.kit.lambda_init import end_init


def make_app(routes: Sequence[Route]) -> Starlette:
    """Return an app of routes that API Gateway has matched already.

    An unmatched path gets the response of API Gateway's own 404, never a redirect.
    """
    app = Starlette(
        routes=routes,
        middleware=[Middleware(OwnPath)],
        exception_handlers={
            HTTPStatus.NOT_FOUND: not_found,
            HTTPStatus.METHOD_NOT_ALLOWED: not_found,
        },
    )
    app.router.redirect_slashes = False
    end_init()
    return app


class OwnPath:
    """Remove a custom domain's base path, as routes do not know it.

    Segments stay percent-encoded, so that an encoded slash does not end one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode()
        with suppress(KeyError, TypeError, UnknownCallerError):  # not from the gateway
            context: Any = _context(Headers(scope=scope).getlist(CONTEXT_HEADER))
            _, path = split_path(path, context["resourcePath"])
        await self._app({**scope, "path": path.rstrip("/") or "/"}, receive, send)


async def not_found(_: HttpRequest, __: Exception) -> JSONResponse:
    return JSONResponse(
        {"success": False, "error": "Not found", "code": "NOT_FOUND", "message": "Not found"},
        HTTPStatus.NOT_FOUND,
        {"Access-Control-Allow-Origin": "*"},
    )


async def from_gateway(http_request: HttpRequest) -> Request:
    """Return the gateway's request. Raises `UnknownCallerError` without an authorizer's result."""
    request = Request(
        {
            "httpMethod": http_request.method,
            "headers": {
                name.decode("latin-1"): value.decode("utf-8", "replace")
                for name, value in http_request.headers.raw
            },
            "pathParameters": {
                name: unquote(value) for name, value in http_request.path_params.items()
            },
            "body": base64.b64encode(await http_request.body()).decode(),
            "isBase64Encoded": True,
            "requestContext": _context(http_request.headers.getlist(CONTEXT_HEADER)),
        }
    )
    try:
        request.tenant  # noqa: B018 - is it known?
    except (KeyError, TypeError) as error:
        raise UnknownCallerError from error
    return request


def _context(headers: list[str]) -> object:
    try:
        [header] = headers
        return json.loads(header.encode("latin-1"))
    except ValueError as error:
        raise UnknownCallerError from error
