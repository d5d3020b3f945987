"""Forward WebSocket connections from ws://127.0.0.1:PORT/ws to the deployed WebSocket API.

The gateway does the upstream's handshake first, so that the client receives a refusal unchanged.
Then messages and closes pass in both directions until one side closes the connection, or the
connection has been idle or open for as long as API Gateway allows. Pings are no messages.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web
from yarl import URL

MAX_MESSAGE_BYTES = 128 * 2**10  # API Gateway's own limit
HEARTBEAT_S = 30  # detects clients that vanished without a close


@dataclass(frozen=True)
class Timeouts:
    """Seconds after which a connection closes: without a message, and in any case."""

    idle: float
    duration: float


QUOTAS = Timeouts(idle=600, duration=7200)  # API Gateway's own


type Socket = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


async def bridge_connection(
    request: web.Request, session: aiohttp.ClientSession, upstream: str, timeouts: Timeouts
) -> web.StreamResponse:
    client = web.WebSocketResponse(
        autoclose=False,  # a close is forwarded before it is answered
        heartbeat=HEARTBEAT_S,
        max_msg_size=MAX_MESSAGE_BYTES,
    )
    if not client.can_prepare(request):
        raise web.HTTPUpgradeRequired
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    try:
        server = await session.ws_connect(
            URL(upstream + query, encoded=True),
            autoclose=False,
            headers=forwarded_headers(request),
            max_msg_size=MAX_MESSAGE_BYTES,
        )
    except aiohttp.WSServerHandshakeError as refused:
        return web.json_response({"message": refused.message}, status=refused.status)
    except aiohttp.ClientError:
        raise web.HTTPBadGateway from None
    async with server:
        await client.prepare(request)
        await exchange(client, server, timeouts)
    return client


async def exchange(client: Socket, server: Socket, timeouts: Timeouts) -> None:
    """Forward messages until one side closes, or a timeout."""
    clock = asyncio.get_running_loop().time
    latest = clock() + timeouts.duration
    try:
        async with asyncio.timeout(min(timeouts.idle, timeouts.duration)) as deadline:

            def defer() -> None:
                deadline.reschedule(min(clock() + timeouts.idle, latest))

            pumps = {
                asyncio.create_task(pump(server, client, defer)),
                asyncio.create_task(pump(client, server, defer)),
            }
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        await client.close(code=WSCloseCode.GOING_AWAY, message=b"Going away")
    finally:
        for each in pumps:
            each.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        await client.close()


def forwarded_headers(request: web.Request) -> list[tuple[str, str]]:
    """Return the headers without those of the client's own handshake, and of its web page."""
    return [
        (name, value)
        for name, value in request.headers.items()
        if not name.lower().startswith(("sec-websocket-", "sec-fetch-"))
        and name.lower() not in {"connection", "host", "origin", "upgrade"}
    ]


async def pump(source: Socket, target: Socket, on_message: Callable[[], None]) -> None:
    """Forward messages in one direction until the source closes."""
    while True:
        message = await source.receive()
        on_message()
        match message.type:
            case WSMsgType.TEXT:
                await target.send_str(message.data)
            case WSMsgType.BINARY:
                await target.send_bytes(message.data)
            case WSMsgType.CLOSE:
                reason = (message.extra or "").encode()
                await target.close(code=message.data or WSCloseCode.OK, message=reason)
                return
            case _:
                await target.close(code=WSCloseCode.GOING_AWAY)
                return
