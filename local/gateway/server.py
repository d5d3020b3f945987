"""http://127.0.0.1:PORT/... as the deployed API's root, and /ws as its WebSocket API.

The emulator serves an API below a long path of its own, and what streams is beside it. Paths and
queries pass byte for byte, as a percent sign may be part of a signature or an id; bodies stream
both ways.
"""

import argparse
import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import aiohttp
from aiohttp import web
from multidict import CIMultiDictProxy
from yarl import URL

from local.gateway.authorizer import (
    CONTEXT_HEADER,
    DOCS_PATHS,
    ROUTES,
    SIBLING,
    Authorizer,
    Guard,
    UnauthorizedError,
)
from local.gateway.websocket import bridge

LIMIT_BYTES = 10 * 2**20  # API Gateway's own
HOP_BY_HOP = {
    *("connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization"),
    *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
}
MADE_UP = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # by aiohttp, if not told
SESSION = web.AppKey("SESSION", aiohttp.ClientSession)

type Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Upstreams:
    """Where what is; `authorizer` guards `streams`."""

    api: str
    sockets: str | None = None
    streams: str | None = None
    authorizer: str = ""


class Body:
    """A request's body on its way, which may turn out to be too long."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._size = request.content_length or 0

    @property
    def too_long(self) -> bool:
        return self._size > LIMIT_BYTES

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._size = 0
        async for part in self._request.content.iter_any():
            self._size += len(part)
            if self.too_long:
                raise aiohttp.ClientPayloadError
            yield part


async def forward(request: web.Request, url: str, headers: Headers) -> web.StreamResponse:
    body = Body(request)
    if body.too_long:
        return refusal(413, "Request body is too large", "REQUEST_TOO_LARGE")
    try:
        upstream = await request.app[SESSION].request(
            request.method,
            URL(url, encoded=True),
            headers=headers,
            data=body if request.body_exists else None,
            allow_redirects=False,
        )
    except aiohttp.ClientError:
        if body.too_long:
            return refusal(413, "Request body is too large", "REQUEST_TOO_LARGE")
        return refusal(502, "The local stack is not answering", "BAD_GATEWAY")
    async with upstream:
        answer = web.StreamResponse(status=upstream.status, reason=upstream.reason)
        answer.headers.extend(end_to_end(upstream.headers))
        await answer.prepare(request)
        async for part in upstream.content.iter_any():
            await answer.write(part)
        await answer.write_eof()
        return answer


def end_to_end(headers: CIMultiDictProxy[str]) -> Headers:
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    dropped = HOP_BY_HOP | named
    return [(name, value) for name, value in headers.items() if name.lower() not in dropped]


def refusal(status: int, error: str, code: str) -> web.Response:
    """Word it as template.yaml's gateway responses are."""
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


async def session(app: web.Application) -> AsyncIterator[None]:
    """A connection per request, as one kept alive may be closed just when it is used again."""
    async with aiohttp.ClientSession(
        auto_decompress=False,
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        skip_auto_headers=MADE_UP,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
    ) as made:
        app[SESSION] = made
        yield


def routes(upstreams: Upstreams) -> list[web.RouteDef]:
    found = []
    if sockets := upstreams.sockets:

        async def connect(request: web.Request) -> web.StreamResponse:
            return await bridge(request, request.app[SESSION], sockets)

        found.append(web.get("/ws", connect))
    if streams := upstreams.streams:
        authorizer = Authorizer(upstreams.authorizer)

        async def stream(request: web.Request, guard: Guard) -> web.StreamResponse:
            try:
                context = await authorizer.context(guard, request.headers, request.app[SESSION])
            except UnauthorizedError:
                return refusal(401, "Missing or invalid credentials", "INVALID_TOKEN")
            except aiohttp.ClientError:
                return refusal(503, "Service is busy, try again", "UNAVAILABLE")
            sent = [(k, v) for k, v in end_to_end(request.headers) if k.lower() != CONTEXT_HEADER]
            url = streams + request.raw_path
            return await forward(request, url, [*sent, (CONTEXT_HEADER, context)])

        async def preflight(request: web.Request) -> web.StreamResponse:
            return await forward(request, upstreams.api + SIBLING, end_to_end(request.headers))

        found += [web.route(m, path, partial(stream, guard=guard)) for m, path, guard in ROUTES]
        found += [web.options(path, preflight) for _, path in DOCS_PATHS]

    async def pass_on(request: web.Request) -> web.StreamResponse:
        url = upstreams.api + request.raw_path
        return await forward(request, url, end_to_end(request.headers))

    return [*found, web.route("*", r"/{path:[\s\S]*}", pass_on)]  # a line feed may be in it


async def serve(descriptor: int, upstreams: Upstreams) -> None:
    app = web.Application()
    app.cleanup_ctx.append(session)
    app.add_routes(routes(upstreams))
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        handler_cancellation=True,  # a client that left takes its upstream request with it
        shutdown_timeout=0.5,
    )
    await runner.setup()
    await web.SockSite(runner, socket.socket(fileno=descriptor)).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    wanted = argparse.ArgumentParser(prog="python -m local.gateway.server")
    wanted.add_argument("descriptor", type=int, help="of a socket that is bound")
    wanted.add_argument("api")
    for each in ("sockets", "streams", "authorizer"):
        wanted.add_argument(f"--{each}")
    given = {k: v for k, v in vars(wanted.parse_args()).items() if v is not None}
    asyncio.run(serve(given.pop("descriptor"), Upstreams(**given)))
