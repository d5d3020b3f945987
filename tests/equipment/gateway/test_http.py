"""The gateway's HTTP requests, between real sockets."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler

import pytest
from pydantic import TypeAdapter

from local.gateway.server import Upstreams
from local.kit.network import find_free_port
from scripts.openapi.gateway import GatewayError
from tests.equipment.gateway.conftest import run_server

SLOW_PARTS = 3

type Connect = Callable[[int], http.client.HTTPConnection]


class Upstream(BaseHTTPRequestHandler):
    """Records requests; sends each part of `/slow` when the test releases it."""

    protocol_version = "HTTP/1.1"
    requests: list[tuple[str, dict[str, str], bytes]]
    release: threading.Semaphore

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.requests.append((self.path, dict(self.headers), self.rfile.read(length)))
        self.send_response(201)
        self.send_header("X-Answer", "yes")
        self.send_header("WWW-Authenticate", "Basic")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(SLOW_PARTS if self.path.endswith("/slow") else 1):
            self.wfile.write(b"4\r\npart\r\n")
            self.wfile.flush()
            if self.path.endswith("/slow"):
                self.release.acquire(timeout=10)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[type[Upstream]]:
    with run_server(Upstream, requests=[], release=threading.Semaphore(0)) as upstream:
        yield upstream


@pytest.fixture
def connect(start_gateway) -> Iterator[Connect]:
    """Connect to a gateway for the API at this port."""
    with ExitStack() as cleanup:

        def connect(port: int) -> http.client.HTTPConnection:
            gateway = start_gateway(Upstreams(api=f"http://127.0.0.1:{port}/base"))
            connection = http.client.HTTPConnection("127.0.0.1", gateway, timeout=10)
            return cleanup.enter_context(closing(connection))

        yield connect


@pytest.fixture
def connection(connect, upstream) -> http.client.HTTPConnection:
    return connect(upstream.port)


def test_path_and_query_reach_the_api_byte_for_byte(connection, upstream) -> None:
    connection.request("POST", "/a%2Fb/%C3%A9%0A?x=1%202&x=%26&empty=", b"body", {"X-Mine": "1"})

    answer = connection.getresponse()
    assert (answer.status, answer.getheader("X-Answer"), answer.read()) == (201, "yes", b"part")
    [(path, headers, body)] = upstream.requests
    assert path == "/base/a%2Fb/%C3%A9%0A?x=1%202&x=%26&empty="
    assert body == b"body"
    assert headers["X-Mine"] == "1"
    assert "User-Agent" not in headers  # the gateway adds none


def test_bytes_of_a_header_that_are_not_utf8_are_replaced(connection, upstream) -> None:
    connection.request("POST", "/", b"", {"X-Mine": b"gr\xfc"})

    assert connection.getresponse().status == 201
    [(_, headers, _)] = upstream.requests
    assert headers["X-Mine"].encode("latin-1").decode() == "gr\ufffd"


def test_headers_that_api_gateway_keeps_for_itself_are_renamed(connection) -> None:
    connection.request("POST", "/")

    headers = {name.lower() for name, _ in connection.getresponse().getheaders()}
    assert {f"x-amzn-remapped-{name}" for name in ("date", "server", "www-authenticate")} <= headers
    assert "www-authenticate" not in headers


def test_hop_by_hop_headers_are_not_forwarded(connection, upstream) -> None:
    connection.request("POST", "/", b"", {"Connection": "X-Hop", "X-Hop": "1", "TE": "trailers"})
    connection.getresponse().read()

    [(_, headers, _)] = upstream.requests
    assert not {"x-hop", "te"} & {name.lower() for name in headers}


def test_response_streams_through_part_by_part(connection, upstream) -> None:
    connection.request("POST", "/slow", b"")
    answer = connection.getresponse()

    for _ in range(SLOW_PARTS):
        assert answer.read1(100) == b"part"  # before the next one is released
        upstream.release.release()
    assert answer.read() == b""


def test_body_over_ten_megabytes_is_refused_and_not_forwarded(connection, upstream) -> None:
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(10 * 2**20 + 1))
    connection.endheaders()

    answer = connection.getresponse()
    assert answer.status == 413
    assert answer.getheader("Access-Control-Allow-Origin") == "*"
    assert b"REQUEST_TOO_LARGE" in answer.read()
    assert upstream.requests == []


def test_unreachable_api_is_a_bad_gateway(connect) -> None:
    connection = connect(find_free_port())

    connection.request("GET", "/")

    answer = connection.getresponse()
    assert answer.status == 502
    assert TypeAdapter(GatewayError).validate_json(answer.read())["code"] == "BAD_GATEWAY"


def test_foreign_host_is_refused_and_not_forwarded(connection, upstream) -> None:
    connection.request("POST", "/", headers={"Host": "evil.example"})

    answer = connection.getresponse()
    assert answer.status == 403
    assert b"is not local" in answer.read()
    assert upstream.requests == []


def test_page_of_any_origin_is_served_and_not_named_upstream(connection, upstream) -> None:
    page = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    connection.request("POST", "/", headers=page)

    assert connection.getresponse().status == 201
    [(_, headers, _)] = upstream.requests
    assert not {"Origin", "Sec-Fetch-Site"} & headers.keys()
