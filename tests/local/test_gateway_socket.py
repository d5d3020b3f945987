"""The local gateway's WebSocket, between real sockets."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from aiohttp import WSMsgType, web
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local.kit.network import bind_port, find_free_port
from local.kit.paths import ROOT


class Upstream:
    """Echoes; `?token=…` other than "good" is forbidden; told "leave CODE REASON", it does."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.left = threading.Event()
        self.close_code: int | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.raw_path, dict(request.headers)))
        match request.query.get("token"):
            case "good":
                return await self.echo(request)
            case None:
                return web.json_response({}, status=401)
            case _:
                return web.json_response({}, status=403)

    async def echo(self, request: web.Request) -> web.StreamResponse:
        here = web.WebSocketResponse()
        await here.prepare(request)
        async for message in here:
            if message.type == WSMsgType.BINARY:
                await here.send_bytes(message.data)
            elif message.data.startswith("leave"):
                _, code, reason = message.data.split(" ", 2)
                await here.close(code=int(code), message=reason.encode())
            elif message.data == "vanish":
                request.transport.abort()
            else:
                await here.send_str(message.data)
        self.close_code = here.close_code
        self.left.set()
        return here


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made, ready = Upstream(), threading.Event()
    loop, over = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/base", made.serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.SockSite(runner, door)
        await site.start()
        ready.set()
        await over.wait()
        await runner.cleanup()

    with bind_port(0) as door:
        made.port = door.getsockname()[1]
        thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
        thread.start()
        assert ready.wait(5)
        yield made
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


type Connect = Callable[[str], ClientConnection]


@contextmanager
def gateway_to(port: int) -> Iterator[Connect]:
    """Start a gateway; yields what opens WebSockets to it."""
    url = f"http://127.0.0.1:{port}/base"
    with bind_port(0) as door:
        own_port = door.getsockname()[1]
        command = [
            *(sys.executable, "-m", "local.gateway.server", str(door.fileno()), url),
            *("--sockets", url),
        ]
        gateway = subprocess.Popen(command, cwd=ROOT, pass_fds=[door.fileno()])

    def connected(query: str) -> ClientConnection:
        while gateway.poll() is None:
            try:
                return opened.enter_context(
                    connect(f"ws://127.0.0.1:{own_port}/ws{query}", proxy=None)
                )
            except ConnectionRefusedError:
                time.sleep(0.05)
        pytest.fail("the gateway did not start")

    with ExitStack() as opened:
        opened.callback(gateway.wait)
        opened.callback(gateway.kill)
        yield connected


@pytest.fixture
def open_socket(upstream) -> Iterator[Connect]:
    with gateway_to(upstream.port) as connected:
        yield connected


def test_text_and_bytes_pass_both_ways(open_socket) -> None:
    socket = open_socket("?token=good")

    socket.send("h\u00e9llo")
    socket.send(b"\x00\xff")

    assert [socket.recv(5), socket.recv(5)] == ["h\u00e9llo", b"\x00\xff"]


def test_the_query_arrives_byte_for_byte_and_the_clients_headers_with_it(
    open_socket, upstream
) -> None:
    open_socket("?token=good&resourceId=a%2Fb%20c")

    [(path, headers)] = upstream.asked
    assert path == "/base?token=good&resourceId=a%2Fb%20c"
    assert "websockets" in headers["User-Agent"]


@pytest.mark.parametrize(("query", "status"), [("", 401), ("?token=bad", 403)])
def test_a_refused_handshake_is_passed_on(open_socket, query, status) -> None:
    with pytest.raises(InvalidStatus) as refused:
        open_socket(query)

    assert refused.value.response.status_code == status


def test_the_close_of_the_api_reaches_the_client_as_it_was(open_socket) -> None:
    socket = open_socket("?token=good")

    socket.send("leave 4001 the job has ended")

    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(5)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "the job has ended")


def test_the_close_of_the_client_reaches_the_api_as_it_was(open_socket, upstream) -> None:
    open_socket("?token=good").close(4002)

    assert upstream.left.wait(5)
    assert upstream.close_code == 4002


def test_when_the_client_vanishes_the_api_is_left_too(open_socket, upstream) -> None:
    open_socket("?token=good").socket.close()

    assert upstream.left.wait(5)


def test_when_the_api_vanishes_the_client_is_told_to_go(open_socket) -> None:
    socket = open_socket("?token=good")

    socket.send("vanish")

    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(5)
    assert closed.value.rcvd.code == 1001


def test_where_nobody_answers_it_says_so() -> None:
    with (
        gateway_to(find_free_port()) as open_socket,
        pytest.raises(InvalidStatus) as refused,
    ):
        open_socket("?token=good")

    assert refused.value.response.status_code == 502
