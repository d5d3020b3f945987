"""A server that is none, and both clients of it."""

import asyncio
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from sortie_client import AsyncSortie, DocsKeys, MissionsKeys, Retries, Settings, Sortie
from sortie_client.cli import app

SETTINGS = Settings(
    "https://sortie.example",
    api_key="key-of-nobody",
    missions=MissionsKeys(api_key="opener", client_id="me", client_secret="mine"),
    docs=DocsKeys(api_key="mint_nobody", project="handbook"),
    websocket_url="wss://sortie.example/ws",
    retries=Retries(first=0),
)

type Reply = Callable[[httpx.Request], httpx.Response] | httpx.Response | Exception


class Server:
    """Says what it is told to, one reply after the other, and remembers what it was asked."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[httpx.Request] = []

    def will(self, *replies: Reply) -> None:
        self.replies += replies

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, httpx.Response) else reply(request)

    @property
    def paths(self) -> list[str]:
        return [f"{it.method} {it.url.raw_path.decode()}" for it in self.asked]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(it.content) for it in self.asked if it.content]

    def headers(self, name: str) -> list[str | None]:
        return [it.headers.get(name) for it in self.asked]


type Use = Callable[[Any], Any]


class Both:
    """Calls a method of either client as its users do; a stream's items come as a list."""

    def __init__(self, server: Server, *, awaiting: bool) -> None:
        self._server = server
        self.awaiting = awaiting

    def call(self, use: Use, settings: Settings = SETTINGS, **options: Any) -> Any:
        transport = httpx.MockTransport(self._server)
        if self.awaiting:
            return asyncio.run(self._awaited(use, settings, transport, options))
        with Sortie(settings, transport=transport, **options) as sortie:
            return use(sortie)

    def stream(self, use: Use, *, at_most: int | None = None, **options: Any) -> list[Any]:
        async def collected(sortie: Any) -> list[Any]:
            found = []
            async with aclosing(use(sortie)) as items:
                async for item in items:
                    found.append(item)
                    if len(found) == at_most:
                        break
            return found

        def collect(sortie: Any) -> list[Any]:
            with closing(use(sortie)) as items:
                return [item for _, item in zip(range(at_most or 10**6), items, strict=False)]

        return self.call(collected if self.awaiting else collect, **options)

    async def _awaited(self, use: Use, settings: Settings, transport: Any, options: Any) -> Any:
        async with AsyncSortie(settings, transport=transport, **options) as sortie:
            return await use(sortie)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    assert made.replies == [], "it was asked less than was expected"


@pytest.fixture(params=["blocking", "awaiting"])
def both(request: pytest.FixtureRequest, server: Server) -> Both:
    return Both(server, awaiting=request.param == "awaiting")


@contextmanager
def in_background(server: Any, *patience: float) -> Iterator[int]:
    """Serve in a thread; return the port."""
    thread = Thread(target=server.serve_forever, args=patience)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        thread.join()


@dataclass
class Sockets:
    """Each connection gets the next list of messages, and is closed then.

    Broken off rather, or kept open until the client leaves, if a test says so.
    """

    settings: Settings
    messages: list[list[str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    break_off: bool = False
    keep_open: bool = False


@pytest.fixture
def sockets() -> Iterator[Sockets]:
    def handle(connection: ServerConnection) -> None:
        made.asked.append(connection.request.path)
        for message in made.messages.pop(0):
            connection.send(message)
        if made.keep_open:
            with suppress(ConnectionClosed):
                connection.recv()
        if made.break_off:
            connection.socket.close()

    def admit(connection: ServerConnection, request) -> object:
        if made.messages:
            return None
        return connection.respond(HTTPStatus.FORBIDDEN, '{"message": "Forbidden"}')

    with (
        serve(handle, "127.0.0.1", 0, process_request=admit) as server,
        in_background(server) as port,
    ):
        made = Sockets(replace(SETTINGS, websocket_url=f"ws://127.0.0.1:{port}/ws"))
        yield made


@pytest.fixture
def environment(server: Server, sockets: Sockets) -> Iterator[dict[str, str]]:
    """The variables by which a command finds this server, on a real port."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = f"http://{self.headers['Host']}{self.path}"
            asked = httpx.Request(self.command, url, headers=dict(self.headers), content=body)
            answer = server(asked)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name != "transfer-encoding":
                    self.send_header(name, value)
            self.end_headers()
            for piece in answer.stream:
                self.wfile.write(piece)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - so it looks for them

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http, in_background(http, 0.01) as port:
        yield {
            "SORTIE_BASE_URL": f"http://127.0.0.1:{port}",
            "SORTIE_WEBSOCKET_URL": str(sockets.settings.websocket_url),
            "SORTIE_API_KEY": "key-of-nobody",
            "SORTIE_MISSIONS_API_KEY": "opener",
            "SORTIE_CLIENT_ID": "me",
            "SORTIE_CLIENT_SECRET": "mine",
            "SORTIE_DOCS_API_KEY": "mint_nobody",
            "SORTIE_PROJECT": "handbook",
        }


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def sortie(environment, monkeypatch, capsys, tmp_path):
    """Run a command as its script does."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, reading: str = "") -> Ran:
        monkeypatch.setattr(sys, "argv", ["sortie", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(reading))
        with pytest.raises(SystemExit) as ended:
            app.run()
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    return run
