"""A scripted webhook receiver on a real socket, which can also misbehave."""

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Self

from standardwebhooks.webhooks import Webhook

type Answer = Callable[["_Handler"], None]


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def verified(self, secret: str) -> Any:
        """Verify the request with the Standard Webhooks library, and return its body."""
        return Webhook(secret).verify(self.body, dict(self.headers))


class Receiver(ThreadingHTTPServer):
    """Returns its responses in turn, and repeats the last one."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.answers: list[Answer] = [status(204)]
        self.received: list[Received] = []
        self.over = Event()

    def then(self, *answers: Answer) -> Self:
        self.answers = [*answers]
        return self

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing: tests expect clients that disconnect or reject the certificate."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        number = len(self.server.received)
        self.server.received.append(Received(self.path, headers, body))
        self.close_connection = True
        with suppress(OSError):  # the client has disconnected
            self.server.answers[min(number, len(self.server.answers) - 1)](self)

    def log_message(self, *_: Any) -> None:
        pass


def status(code: int, **headers: str) -> Answer:
    def answer(handler: _Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def never_respond(handler: _Handler) -> None:
    """Send nothing until the server closes."""
    handler.server.over.wait()


def respond_slowly(handler: _Handler) -> None:
    """Send an endless response, one byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"x")


def send_early_hints(handler: _Handler) -> None:
    """Send interim responses without end."""
    while not handler.server.over.wait(0.02):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def send_many_headers(handler: _Handler) -> None:
    """Send more headers than a client accepts."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1000)


def send_endless_body(handler: _Handler) -> None:
    """Send an endless body."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not handler.server.over.is_set():
        handler.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def close_connection(handler: _Handler) -> None:
    handler.connection.close()


def babble(handler: _Handler) -> None:
    handler.wfile.write(b"220 mail.example ESMTP\r\n")


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    with Receiver(tls) as server:
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
