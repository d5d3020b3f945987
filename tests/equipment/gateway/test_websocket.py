"""The gateway's WebSocket connections, between real sockets."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest
from aiohttp import WSMsgType, web
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local.gateway.server import Upstreams
from local.gateway.websocket import QUOTAS, Timeouts
from local.kit.network import bind_port, find_free_port

type Open = Callable[[str], ClientConnection]


class Upstream:
    """Echoes messages. `?token=` must be "good". Obeys "close CODE REASON" and "abort"."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.closed = threading.Event()
        self.close_code: int | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.raw_path, dict(request.headers)))
        match request.query.get("token"):
            case "good":
                return await self.echo(request)
            case None:
                return web.json_response({}, status=401)
            case _:
                return web.json_response({}, status=403)

    async def echo(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type == WSMsgType.BINARY:
                await socket.send_bytes(message.data)
            elif message.data.startswith("close"):
                _, code, reason = message.data.split(" ", 2)
                await socket.close(code=int(code), message=reason.encode())
            elif message.data == "abort":
                request.transport.abort()
            else:
                await socket.send_str(message.data)
        self.close_code = socket.close_code
        self.closed.set()
        return socket


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    upstream, ready = Upstream(), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/base", upstream.serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.SockSite(runner, bound)
        await site.start()
        ready.set()
        await stop.wait()
        await runner.cleanup()

    with bind_port(0) as bound:
        upstream.port = bound.getsockname()[1]
        thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
        thread.start()
        assert ready.wait(5)
        yield upstream
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture
def open_through(start_gateway) -> Iterator[Callable[..., Open]]:
    """Start a gateway for the WebSocket API at this port; open connections by their query."""
    with ExitStack() as cleanup:

        def start(port: int, timeouts: Timeouts = QUOTAS) -> Open:
            url = f"http://127.0.0.1:{port}/base"
            gateway = start_gateway(Upstreams(api=url, sockets=url), timeouts)
            return lambda query: cleanup.enter_context(
                connect(f"ws://127.0.0.1:{gateway}/ws{query}", proxy=None)
            )

        yield start


@pytest.fixture
def open_socket(open_through, upstream) -> Open:
    return open_through(upstream.port)


def test_text_and_bytes_pass_in_both_directions(open_socket) -> None:
    socket = open_socket("?token=good")

    socket.send("h\u00e9llo")
    socket.send(b"\x00\xff")

    assert [socket.recv(5), socket.recv(5)] == ["h\u00e9llo", b"\x00\xff"]


def test_query_and_headers_reach_the_api_unchanged(open_socket, upstream) -> None:
    open_socket("?token=good&resourceId=a%2Fb%20c")

    [(path, headers)] = upstream.requests
    assert path == "/base?token=good&resourceId=a%2Fb%20c"
    assert "websockets" in headers["User-Agent"]


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?token=bad", 403)])
def test_refused_handshake_keeps_its_status(open_socket, query, status) -> None:
    with pytest.raises(InvalidStatus) as rejected:
        open_socket(query)

    assert rejected.value.response.status_code == status


def test_close_by_the_api_keeps_its_code_and_reason(open_socket) -> None:
    socket = open_socket("?token=good")

    socket.send("close 4001 the job has ended")

    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(5)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "the job has ended")


def test_close_by_the_client_keeps_its_code(open_socket, upstream) -> None:
    open_socket("?token=good").close(4002)

    assert upstream.closed.wait(5)
    assert upstream.close_code == 4002


def test_lost_client_closes_the_connection_to_the_api(open_socket, upstream) -> None:
    open_socket("?token=good").socket.close()

    assert upstream.closed.wait(5)


def test_lost_api_closes_the_client_as_going_away(open_socket) -> None:
    socket = open_socket("?token=good")

    socket.send("abort")

    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(5)
    assert closed.value.rcvd.code == 1001


@pytest.mark.parametrize("timeouts", [
    Timeouts(idle=0.5, duration=60), Timeouts(idle=60, duration=0.5),
])  # fmt: skip
def test_connection_closes_when_it_is_idle_or_too_old(open_through, upstream, timeouts) -> None:
    socket = open_through(upstream.port, timeouts)("?token=good")

    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(10)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "Going away")
    assert upstream.closed.wait(5)


def test_message_keeps_a_connection_open_and_a_ping_does_not(open_through, upstream) -> None:
    socket = open_through(upstream.port, Timeouts(idle=2, duration=60))("?token=good")

    for _ in range(6):
        time.sleep(0.5)
        socket.send("here")
        assert socket.recv(5) == "here"
    for _ in range(6):
        time.sleep(0.5)
        with suppress(ConnectionClosed):
            socket.ping()

    with pytest.raises(ConnectionClosed):
        socket.recv(0)


def test_unreachable_api_is_a_bad_gateway(open_through) -> None:
    open_socket = open_through(find_free_port())

    with pytest.raises(InvalidStatus) as rejected:
        open_socket("?token=good")

    assert rejected.value.response.status_code == 502
