"""ws://127.0.0.1:PORT/ws as the deployed WebSocket API's stage.

The upstream's handshake comes first, so that a client hears its refusal as it is; then messages and
closes pass both ways until one side leaves.
"""

import asyncio

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web
from yarl import URL

LIMIT_BYTES = 128 * 2**10  # API Gateway's own
HEARTBEAT_S = 30  # finds clients that vanished without a word

type Socket = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


async def bridge(
    request: web.Request, session: aiohttp.ClientSession, upstream: str
) -> web.StreamResponse:
    client = web.WebSocketResponse(
        autoclose=False,  # the other side is closed first, while there is time
        heartbeat=HEARTBEAT_S,
        max_msg_size=LIMIT_BYTES,
    )
    if not client.can_prepare(request):
        raise web.HTTPUpgradeRequired
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    try:
        server = await session.ws_connect(
            URL(upstream + query, encoded=True),
            autoclose=False,
            headers=own_headers(request),
            max_msg_size=LIMIT_BYTES,
        )
    except aiohttp.WSServerHandshakeError as refused:
        return web.json_response({"message": refused.message}, status=refused.status)
    except aiohttp.ClientError:
        raise web.HTTPBadGateway from None
    async with server:
        await client.prepare(request)
        pumps = {
            asyncio.create_task(pump(server, client)),
            asyncio.create_task(pump(client, server)),
        }
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in pumps:
                each.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            await client.close()
    return client


def own_headers(request: web.Request) -> list[tuple[str, str]]:
    """Without those of this connection's own handshake."""
    return [
        (name, value)
        for name, value in request.headers.items()
        if not name.lower().startswith("sec-websocket-")
        and name.lower() not in {"connection", "host", "upgrade"}
    ]


async def pump(source: Socket, target: Socket) -> None:
    while True:
        message = await source.receive()
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
