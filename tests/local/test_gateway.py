"""The local gateway, between real sockets."""

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import TypeAdapter

from local.kit.network import bind_port, find_free_port
from local.kit.paths import ROOT
from scripts.openapi.gateway import GatewayError

SLOW_PARTS = 3


class Upstream(BaseHTTPRequestHandler):
    """Remembers what it was asked; `/slow` answers piece by piece, each when it is let."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, dict[str, str], bytes]]
    go: threading.Semaphore

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.asked.append((self.path, dict(self.headers), self.rfile.read(length)))
        self.send_response(201)
        self.send_header("X-Answer", "yes")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(SLOW_PARTS if self.path.endswith("/slow") else 1):
            self.wfile.write(b"4\r\npart\r\n")
            self.wfile.flush()
            if self.path.endswith("/slow"):
                self.go.acquire(timeout=10)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[type[Upstream]]:
    handler = type("Handler", (Upstream,), {"asked": [], "go": threading.Semaphore(0)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


@contextmanager
def gateway_to(port: int) -> Iterator[Callable[[], http.client.HTTPConnection]]:
    """Start a gateway; yields what opens connections to it."""
    opened: list[http.client.HTTPConnection] = []
    with bind_port(0) as door:
        own_port = door.getsockname()[1]
        command = [sys.executable, "-m", "local.gateway.server", str(door.fileno())]
        gateway = subprocess.Popen(
            [*command, f"http://127.0.0.1:{port}/base"], cwd=ROOT, pass_fds=[door.fileno()]
        )

    def connect() -> http.client.HTTPConnection:
        while gateway.poll() is None:
            opened.append(http.client.HTTPConnection("127.0.0.1", own_port, timeout=10))
            try:
                opened[-1].connect()
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return opened[-1]
        pytest.fail("the gateway did not start")

    try:
        yield connect
    finally:
        for each in opened:
            each.close()
        gateway.kill()
        gateway.wait()


@pytest.fixture
def connect(upstream) -> Iterator[Callable[[], http.client.HTTPConnection]]:
    with gateway_to(upstream.port) as connect:
        yield connect


def test_path_and_query_arrive_byte_for_byte_below_the_apis_own_path(connect, upstream) -> None:
    connection = connect()

    connection.request("POST", "/a%2Fb/%C3%A9%0A?x=1%202&x=%26&empty=", b"body", {"X-Mine": "1"})

    answer = connection.getresponse()
    assert (answer.status, answer.getheader("X-Answer"), answer.read()) == (201, "yes", b"part")
    [(path, headers, body)] = upstream.asked
    assert path == "/base/a%2Fb/%C3%A9%0A?x=1%202&x=%26&empty="
    assert body == b"body"
    assert headers["X-Mine"] == "1"
    assert "User-Agent" not in headers  # nothing is made up on the way


def test_hop_by_hop_headers_end_at_the_gateway(connect, upstream) -> None:
    connection = connect()

    connection.request("POST", "/", b"", {"Connection": "X-Hop", "X-Hop": "1", "TE": "trailers"})
    connection.getresponse().read()

    [(_, headers, _)] = upstream.asked
    assert not {"x-hop", "te"} & {name.lower() for name in headers}


def test_an_answer_streams_through_as_it_is_made(connect, upstream) -> None:
    connection = connect()

    connection.request("POST", "/slow", b"")
    answer = connection.getresponse()

    for _ in range(SLOW_PARTS):
        assert answer.read1(100) == b"part"  # before the next one is let go
        upstream.go.release()
    assert answer.read() == b""


def test_a_body_over_ten_megabytes_is_refused_and_goes_nowhere(connect, upstream) -> None:
    connection = connect()

    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(10 * 2**20 + 1))
    connection.endheaders()

    answer = connection.getresponse()
    assert answer.status == 413
    assert answer.getheader("Access-Control-Allow-Origin") == "*"
    assert b"REQUEST_TOO_LARGE" in answer.read()
    assert upstream.asked == []


def test_where_nobody_answers_it_says_so() -> None:
    with gateway_to(find_free_port()) as connect:
        connection = connect()
        connection.request("GET", "/")
        answer = connection.getresponse()

        assert answer.status == 502
        refusal = TypeAdapter(GatewayError).validate_json(answer.read())
        assert refusal["code"] == "BAD_GATEWAY"
