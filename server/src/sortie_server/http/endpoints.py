"""Endpoints behind the gateway, as ASGI apps: a function, another app, or none."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobs.kit.api_gateway import CONTEXT_HEADER, MAX_REQUEST_BYTES
from jobs.kit.errors import UnavailableError
from jobs.kit.lambda_handler import logger
from sortie_server.http.authorizers import UnauthorizedError
from sortie_server.http.events import (
    to_context,
    to_event,
    to_gateway_response,
    to_headers,
    to_response,
)
from sortie_server.http.threads import Threads
from sortie_server.template import GatewayResponse

type Authorize = Callable[[Mapping[str, str]], Mapping[str, Any]]


class TooLargeError(Exception):
    """A body over `MAX_REQUEST_BYTES`."""


class NotServedError(Exception):
    """The endpoint needs parts that no single process has."""


class Endpoint(Protocol):
    async def respond(self, request: HttpRequest, request_id: str) -> ASGIApp:
        """Return the response. Raises any error, for the gateway to answer."""


class Guarded:
    """The ASGI app of an endpoint: it answers each error as API Gateway does."""

    def __init__(self, endpoint: Endpoint, responses: Mapping[str, GatewayResponse]) -> None:
        self._endpoint = endpoint
        self._responses = responses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, request_id = HttpRequest(scope, receive), str(uuid4())
        try:
            response = await self._endpoint.respond(request, request_id)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - every request gets a response
            response = self._refuse(error, request_id)
        await response(scope, receive, send)

    def _refuse(self, error: Exception, request_id: str) -> Response:
        match error:
            case UnauthorizedError():
                name = "UNAUTHORIZED"
            case UnavailableError():
                name = "AUTHORIZER_FAILURE"
            case TooLargeError():
                name = "REQUEST_TOO_LARGE"
            case NotServedError():
                name = "NOT_SERVED"
            case _:
                logger.error("unexpected error", exc_info=error)
                name = "DEFAULT_5XX"
        return to_gateway_response(self._responses[name], request_id)


class Identify:
    """Authorizes requests to a resource, for the threads of functions."""

    def __init__(self, resource: str, authorize: Authorize | None) -> None:
        self._resource = resource
        self._authorize = authorize

    def __call__(self, request: HttpRequest, request_id: str) -> dict[str, Any]:
        """Return the request's context, with its caller; name both in this thread's log lines.

        Raises `UnauthorizedError`, and `UnavailableError` if the registry cannot be read.
        """
        caller = self._authorize(to_headers(request.scope["headers"])) if self._authorize else None
        logger.thread_safe_clear_keys()
        logger.thread_safe_append_keys(request_id=request_id, route=self._resource)
        if caller and "tenant" in caller:
            logger.thread_safe_append_keys(tenant=caller["tenant"])
        return to_context(request, request_id, self._resource, caller)


class FunctionEndpoint:
    """Calls a function in a thread, with the event that API Gateway would send."""

    def __init__(
        self, identify: Identify, work: Callable[[Any], Any], threads: Threads, *, waits: bool
    ) -> None:
        """`waits`: whether its requests may wait long, also without `Prefer: wait`."""
        self._identify = identify
        self._work = work
        self._threads = threads
        self._waits = waits

    async def respond(self, request: HttpRequest, request_id: str) -> ASGIApp:
        body = await read_body(request)
        call = partial(self._call, request, request_id, body)
        waits = self._waits or "prefer" in request.headers
        return to_response(await self._threads.run(call, waits=waits))

    def _call(self, request: HttpRequest, request_id: str, body: bytes) -> Any:
        return self._work(to_event(request, self._identify(request, request_id), body))


class AppEndpoint:
    """Passes a request to an ASGI app, with its context in a header, as the Web Adapter does."""

    def __init__(self, identify: Identify, app: ASGIApp, threads: Threads) -> None:
        self._identify = identify
        self._app = app
        self._threads = threads

    async def respond(self, request: HttpRequest, request_id: str) -> ASGIApp:
        context = await self._threads.run(partial(self._identify, request, request_id))
        body = await read_body(request)
        name = CONTEXT_HEADER.encode()
        headers = [each for each in request.scope["headers"] if each[0] != name]
        headers.append((name, json.dumps(context).encode()))

        async def stream(scope: Scope, receive: Receive, send: Send) -> None:
            await self._app({**scope, "headers": headers}, replay(body, receive), send)

        return stream


class NotServed:
    async def respond(self, request: HttpRequest, request_id: str) -> ASGIApp:
        raise NotServedError


async def read_body(request: HttpRequest) -> bytes:
    """Return a request's body. Raises `TooLargeError`, `ClientDisconnect`."""
    if request.method in {"GET", "HEAD"}:
        return b""
    if int(request.headers.get("content-length", 0)) > MAX_REQUEST_BYTES:
        raise TooLargeError
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_REQUEST_BYTES:
            raise TooLargeError
    return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return what receives a body that has been read already, then the end of the connection."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return parts.pop() if parts else await receive()

    return next_message
