"""A scripted server of a provider, on a real socket."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self

type Answer = Callable[["Handler"], None]


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class Upstream(ThreadingHTTPServer):
    """Returns its responses in turn, and repeats the last one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = [reply({})]
        self.received: list[Received] = []
        self.over = Event()

    def then(self, *answers: Answer) -> Self:
        self.answers = [*answers]
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def only(self) -> Received:
        [received] = self.received
        return received


class Handler(BaseHTTPRequestHandler):
    server: Upstream
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(raw) if raw else None
        number = len(self.server.received)
        self.server.received.append(Received(self.command, self.path, headers, body))
        self.close_connection = True
        with suppress(OSError):  # the client has disconnected
            self.server.answers[min(number, len(self.server.answers) - 1)](self)

    do_GET = do_POST  # noqa: N815 - as the base class has it

    def log_message(self, *_: Any) -> None:
        pass

    def respond(self, status: int, raw: bytes, length: int | None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()


def reply(body: Any, status: int = 200, **headers: str) -> Answer:
    """Return a handler that responds with JSON, or with bytes unchanged."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: handler.respond(status, raw, len(raw), **headers)


def with_early_answers(early: bytes, answer: Answer) -> Answer:
    """Return a handler that sends these bytes first, such as an informational answer."""

    def respond(handler: Handler) -> None:
        handler.wfile.write(early)
        handler.wfile.flush()
        answer(handler)

    return respond


def never_respond(handler: Handler) -> None:
    handler.server.over.wait()


def close_connection(handler: Handler) -> None:
    """Close the connection without a response."""


def close_in_body(handler: Handler) -> None:
    handler.respond(200, b'{"choices": [', 1000)


def close_in_chunk(handler: Handler) -> None:
    handler.respond(200, b"ff\r\n{", None, Transfer_Encoding="chunked")


def respond_slowly(handler: Handler) -> None:
    """Send one byte at a time until the client disconnects."""
    handler.respond(200, b"", 10**6)
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b" ")


@contextmanager
def running() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
