"""A scripted server, the clients that call it, and the command line in and out of a terminal."""

import asyncio
import codecs
import io
import json
import os
import pty
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Condition, Thread
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from client.tests.processes import spawn  # noqa: F401 - a fixture
from sortie_client import (
    AsyncSortie,
    DocsCredentials,
    MissionsCredentials,
    RetryPolicy,
    Settings,
    Sortie,
)
from sortie_client.cli import app

SETTINGS = Settings(
    "https://sortie.example",
    api_key="an-api-key",
    missions=MissionsCredentials(api_key="mission-key", client_id="me", client_secret="mine"),
    docs=DocsCredentials(api_key="mint_key", project="handbook"),
    admin_key="admin-key",
    websocket_url="wss://sortie.example/ws",
    retry_policy=RetryPolicy(initial_interval=0),
)
COLUMNS = 100

type Reply = Callable[[httpx.Request], httpx.Response] | httpx.Response | Exception


class Server:
    """Answers requests with a script of replies, and records them."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.requests: list[httpx.Request] = []

    def will(self, *replies: Reply) -> None:
        self.replies += replies

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, httpx.Response) else reply(request)

    @property
    def paths(self) -> list[str]:
        return [f"{it.method} {it.url.raw_path.decode()}" for it in self.requests]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(it.content) for it in self.requests if it.content]

    def headers(self, name: str) -> list[str | None]:
        return [it.headers.get(name) for it in self.requests]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    assert server.replies == [], "the client sent fewer requests than the script expects"


@pytest.fixture
def client(server: Server) -> Iterator[Sortie]:
    with Sortie(SETTINGS, transport=httpx.MockTransport(server)) as client:
        yield client


type Use = Callable[[Any], Any]


class Caller:
    """Calls one method of the synchronous or the asynchronous client."""

    def __init__(self, server: Server, *, is_async: bool) -> None:
        self._transport = httpx.MockTransport(server)
        self._is_async = is_async

    def call(self, use: Use, settings: Settings = SETTINGS, **options: Any) -> Any:
        if self._is_async:
            return asyncio.run(self._await(use, settings, options))
        with Sortie(settings, transport=self._transport, **options) as sortie:
            return use(sortie)

    def collect(self, use: Use, *, limit: int | None = None, **options: Any) -> list[Any]:
        """Return the items of a stream; leave it after `limit` items."""

        async def collect_async(sortie: Any) -> list[Any]:
            items = []
            async with aclosing(use(sortie)) as stream:
                async for item in stream:
                    items.append(item)
                    if len(items) == limit:
                        break
            return items

        def collect(sortie: Any) -> list[Any]:
            with closing(use(sortie)) as stream:
                return [*islice(stream, limit)]

        return self.call(collect_async if self._is_async else collect, **options)

    async def _await(self, use: Use, settings: Settings, options: Any) -> Any:
        async with AsyncSortie(settings, transport=self._transport, **options) as sortie:
            return await use(sortie)


@pytest.fixture(params=["sync", "async"])
def caller(request: pytest.FixtureRequest, server: Server) -> Caller:
    return Caller(server, is_async=request.param == "async")


@contextmanager
def in_background(server: Any, *poll_interval: float) -> Iterator[int]:
    """Serve in a thread; yield the port."""
    thread = Thread(target=server.serve_forever, args=poll_interval)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()
        thread.join()


@dataclass
class WebSockets:
    """A server that sends each connection the next list of messages, then closes it.

    Connections without messages are refused, and the first `refusals`. `break_off`: drop the
    connection instead of closing it. `keep_open`: wait for the client to leave.
    """

    settings: Settings
    messages: list[list[str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    break_off: bool = False
    keep_open: bool = False
    refusals: int = 0


@pytest.fixture
def websockets() -> Iterator[WebSockets]:
    def handle(connection: ServerConnection) -> None:
        state.paths.append(connection.request.path)
        for message in state.messages.pop(0):
            connection.send(message)
        if state.keep_open:
            with suppress(ConnectionClosed):
                connection.recv()
        if state.break_off:
            connection.socket.close()

    def admit(connection: ServerConnection, request: Any) -> object:
        state.refusals -= 1
        if state.messages and state.refusals < 0:
            return None
        return connection.respond(HTTPStatus.FORBIDDEN, '{"message": "Forbidden"}')

    with (
        serve(handle, "127.0.0.1", 0, process_request=admit) as server,
        in_background(server) as port,
    ):
        state = WebSockets(replace(SETTINGS, websocket_url=f"ws://127.0.0.1:{port}/ws"))
        yield state


@pytest.fixture
def environment(server: Server, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment variables with the address of the scripted server."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = f"http://{self.headers['Host']}{self.path}"
            request = httpx.Request(self.command, url, headers=dict(self.headers), content=body)
            response = server(request)
            self.send_response(response.status_code)
            for name, value in response.headers.items():
                if name != "transfer-encoding":
                    self.send_header(name, value)
            self.end_headers()
            for chunk in response.stream:
                self.wfile.write(chunk)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http, in_background(http, 0.01) as port:
        yield {
            "SORTIE_BASE_URL": f"http://127.0.0.1:{port}",
            "SORTIE_API_KEY": "an-api-key",
            "SORTIE_MISSIONS_API_KEY": "mission-key",
            "SORTIE_CLIENT_ID": "me",
            "SORTIE_CLIENT_SECRET": "mine",
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "SORTIE_PROFILE": "",  # a command sets it
            "SORTIE_DOCS_API_KEY": "mint_key",
            "SORTIE_PROJECT": "handbook",
            "SORTIE_ADMIN_KEY": "admin-key",
        }


@pytest.fixture
def tracking(
    environment: dict[str, str], websockets: WebSockets, monkeypatch: pytest.MonkeyPatch
) -> WebSockets:
    """Configure the command line for the WebSocket server."""
    environment["SORTIE_WEBSOCKET_URL"] = str(websockets.settings.websocket_url)
    monkeypatch.setenv("SORTIE_WEBSOCKET_URL", environment["SORTIE_WEBSOCKET_URL"])
    return websockets


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def run_command(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["sortie", *arguments])
    with pytest.raises(SystemExit) as exit_:
        app.run()
    return int(exit_.value.code or 0)


@pytest.fixture
def sortie(environment, monkeypatch, capsys, tmp_path) -> Callable[..., Result]:
    """Run a command in this process, as a script does."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = run_command(arguments, monkeypatch)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


class Terminal:
    """A pseudo-terminal for commands; `screen` is their whole output."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._changed = Condition()
        self.screen = ""

    def run(self, *arguments: str) -> int:
        """Run a command in this process; return its exit code."""
        master, slave = pty.openpty()
        reader = Thread(target=self._read, args=(master,))
        reader.start()
        try:
            with os.fdopen(slave, "w") as file:
                for stream in ("stdout", "stderr"):
                    self._monkeypatch.setattr(sys, stream, file)
                return run_command(arguments, self._monkeypatch)
        finally:
            reader.join()
            os.close(master)

    def wait_for(self, text: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: text in self.screen, timeout=30), self.screen

    @property
    def lines(self) -> list[str]:
        """The lines on the screen, without control sequences."""
        return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", self.screen).splitlines()

    def _read(self, master: int) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        with suppress(OSError):  # at the end, when the command's side is closed
            while chunk := os.read(master, 4096):
                with self._changed:
                    self.screen += decoder.decode(chunk)
                    self._changed.notify_all()


@pytest.fixture
def terminal(environment, monkeypatch, tmp_path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    size = {"COLUMNS": str(COLUMNS), "LINES": "30"}
    for name, value in (environment | size | {"TERM": "xterm-256color"}).items():
        monkeypatch.setenv(name, value)
    return Terminal(monkeypatch)
