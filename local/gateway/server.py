"""Serve the deployed API at http://127.0.0.1:PORT, and its WebSocket API at /ws.

The emulator serves an API below a long path of its own, and streams come from another process.
Paths and queries pass byte for byte, as a percent sign may be part of a signature or an id. Bodies
stream in both directions.
"""

import argparse
import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import CIMultiDictProxy
from yarl import URL

from jobs.kit.api_gateway import (
    CONTEXT_HEADER,
    MAX_REQUEST_BYTES,
    Received,
    remap_header,
)
from local.gateway.authorizer import (
    Authorizer,
    Credential,
    UnauthorizedError,
    find_routes,
)
from local.gateway.websocket import Timeouts, bridge_connection
from local.kit.foreign_pages import find_foreign_host

HOP_BY_HOP_HEADERS = {
    *("connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization"),
    *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
}
PAGE_HEADERS = {"origin", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-user"}
"""Not forwarded: the public API serves pages of all origins, and the emulator would refuse them."""
AIOHTTP_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # added by default
PREFLIGHT_PATH = "/v1/agent/any/jobs"  # preflights of all paths that the emulator serves are equal
SESSION = web.AppKey("SESSION", aiohttp.ClientSession)

type Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Upstreams:
    """The URLs to forward to. The authorizer decides on requests to the last three origins.

    `payers`: not empty if a payment may replace an API key.
    """

    api: str
    sockets: str | None = None
    docs: str | None = None
    messages: str | None = None
    sessions: str | None = None
    authorizer: str = ""
    payers: str = ""


class Body:
    """A request's body, read as it arrives, with a limit on its size."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._size = request.content_length or 0

    @property
    def too_large(self) -> bool:
        return self._size > MAX_REQUEST_BYTES

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._size = 0
        async for part in self._request.content.iter_any():
            self._size += len(part)
            if self.too_large:
                raise aiohttp.ClientPayloadError
            yield part


async def forward(request: web.Request, url: str, headers: Headers) -> web.StreamResponse:
    body = Body(request)
    if body.too_large:
        return error_response(413, "Request body is too large", "REQUEST_TOO_LARGE")
    try:
        upstream = await request.app[SESSION].request(
            request.method,
            URL(url, encoded=True),
            headers=headers,
            data=body if request.body_exists else None,
            allow_redirects=False,
        )
    except aiohttp.ClientError:
        if body.too_large:
            return error_response(413, "Request body is too large", "REQUEST_TOO_LARGE")
        return error_response(502, "The local stack is not answering", "BAD_GATEWAY")
    async with upstream:
        response = web.StreamResponse(status=upstream.status, reason=upstream.reason)
        headers = end_to_end_headers(upstream.headers)
        response.headers.extend([(remap_header(name), value) for name, value in headers])
        await response.prepare(request)
        async for part in upstream.content.iter_any():
            await response.write(part)
        await response.write_eof()
        return response


@web.middleware
async def refuse_foreign_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    if refusal := find_foreign_host(request.headers.items()):
        return error_response(403, refusal, "FORBIDDEN")
    return await handler(request)


def to_text(value: str) -> str:
    """Replace the bytes of a header that are not UTF-8, which aiohttp keeps as surrogates."""
    return value.encode(errors="surrogateescape").decode(errors="replace")


def end_to_end_headers(headers: CIMultiDictProxy[str]) -> Headers:
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    dropped = HOP_BY_HOP_HEADERS | PAGE_HEADERS | named
    return [
        (name, to_text(value)) for name, value in headers.items() if name.lower() not in dropped
    ]


def error_response(status: int, error: str, code: str) -> web.Response:
    """Return an error in the shape of the gateway responses in template.yaml."""
    return web.json_response(
        {
            "success": False,
            "error": error,
            "code": code,
            "message": error,
            "requestId": str(uuid4()),
            "timestamp": f"{datetime.now(UTC):%d/%b/%Y:%H:%M:%S +0000}",
        },
        status=status,
        headers={"Access-Control-Allow-Origin": "*"},
    )


def request_context(
    request: web.Request, resource: str, authorizer: Mapping[str, Any]
) -> dict[str, Any]:
    received = Received(
        method=request.method,
        path=request.rel_url.raw_path,
        host=request.host,
        source_ip=request.remote or "",
    )
    return received.to_context(request_id=str(uuid4()), resource=resource, caller=authorizer)


async def client_session(app: web.Application) -> AsyncIterator[None]:
    """Open a connection per request: a kept-alive one may close just as it is used again."""
    async with aiohttp.ClientSession(
        auto_decompress=False,
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        skip_auto_headers=AIOHTTP_HEADERS,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
    ) as session:
        app[SESSION] = session
        yield


def build_routes(upstreams: Upstreams, timeouts: Timeouts) -> list[web.RouteDef]:
    routes = []
    if sockets := upstreams.sockets:

        async def connect(request: web.Request) -> web.StreamResponse:
            return await bridge_connection(request, request.app[SESSION], sockets, timeouts)

        routes.append(web.get("/ws", connect))
    origins = {
        "docs": upstreams.docs,
        "messages": upstreams.messages,
        "sessions": upstreams.sessions,
    }
    if streams := [each for each in find_routes() if origins[each.origin]]:
        authorizer = Authorizer(upstreams.authorizer, payers=bool(upstreams.payers))

        async def stream(
            request: web.Request, resource: str, credential: Credential, origin: str
        ) -> web.StreamResponse:
            session = request.app[SESSION]
            try:
                caller = await authorizer.identify(credential, request.headers, session)
            except UnauthorizedError:
                return error_response(401, "Missing or invalid credentials", "INVALID_TOKEN")
            except aiohttp.ClientError:
                return error_response(503, "Service is busy, try again", "UNAVAILABLE")
            headers = end_to_end_headers(request.headers)
            headers = [(name, value) for name, value in headers if name.lower() != CONTEXT_HEADER]
            context = json.dumps(request_context(request, resource, caller))
            url = f"{origins[origin]}{request.raw_path}"
            return await forward(request, url, [*headers, (CONTEXT_HEADER, context)])

        async def preflight(request: web.Request) -> web.StreamResponse:
            url = upstreams.api + PREFLIGHT_PATH
            return await forward(request, url, end_to_end_headers(request.headers))

        for each in streams:
            answer = partial(
                stream, resource=each.path, credential=each.credential, origin=each.origin
            )
            routes.append(web.route(each.method, each.path, answer))
        paths = dict.fromkeys(each.path for each in streams)
        routes += [web.options(path, preflight) for path in paths]

    async def call_api(request: web.Request) -> web.StreamResponse:
        url = upstreams.api + request.raw_path
        return await forward(request, url, end_to_end_headers(request.headers))

    return [*routes, web.route("*", r"/{path:[\s\S]*}", call_api)]  # a path may have a line feed


async def serve(descriptor: int, upstreams: Upstreams, timeouts: Timeouts) -> None:
    app = web.Application(middlewares=[refuse_foreign_host])
    app.cleanup_ctx.append(client_session)
    app.add_routes(build_routes(upstreams, timeouts))
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        handler_cancellation=True,  # cancel the upstream request when the client disconnects
        shutdown_timeout=0.5,
    )
    await runner.setup()
    await web.SockSite(runner, socket.socket(fileno=descriptor)).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m local.gateway.server")
    parser.add_argument("descriptor", type=int, help="file descriptor of a bound socket")
    parser.add_argument("api")
    for option in ("sockets", "docs", "messages", "sessions", "authorizer", "payers"):
        parser.add_argument(f"--{option}")
    parser.add_argument("--idle", type=float, required=True)
    parser.add_argument("--duration", type=float, required=True)
    options = {k: v for k, v in vars(parser.parse_args()).items() if v is not None}
    timeouts = Timeouts(options.pop("idle"), options.pop("duration"))
    asyncio.run(serve(options.pop("descriptor"), Upstreams(**options), timeouts))
