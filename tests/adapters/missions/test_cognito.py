"""The client of Cognito's token endpoint, over real sockets."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jobs.kit.errors import UnavailableError
from jobs.missions.adapters import cognito
from jobs.missions.adapters.cognito import CognitoTokens
from jobs.missions.errors import InvalidClientError
from jobs.missions.partner import AccessToken

GOOD = {"access_token": "a.b.c", "expires_in": 3600, "token_type": "Bearer"}


class Endpoint(BaseHTTPRequestHandler):
    """Records requests and sends the given response; None closes the connection."""

    requests: list[tuple[str, dict[str, str], str]]
    answer: tuple[int, str] | None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        if self.answer is None:
            return
        status, text = self.answer
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[type[Endpoint]]:
    handler = type("Handler", (Endpoint,), {"requests": [], "answer": (200, json.dumps(GOOD))})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.url = f"http://127.0.0.1:{server.server_port}/oauth2/token"
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


@pytest.fixture
def tokens(endpoint) -> Iterator[CognitoTokens]:
    made = CognitoTokens(endpoint.url)
    yield made
    made._pool.clear()  # noqa: SLF001 - or an open connection is a warning


def test_issue_sends_credentials_and_returns_token(tokens, endpoint) -> None:
    assert tokens.issue("app", "s3cret:ž") == AccessToken(value="a.b.c", expires_in=3600)

    [(path, headers, body)] = endpoint.requests
    assert path == "/oauth2/token"
    assert body == "grant_type=client_credentials"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    kind, encoded = headers["authorization"].split()
    assert (kind, base64.b64decode(encoded).decode()) == ("Basic", "app:s3cret:ž")


@pytest.mark.parametrize("status", [400, 401])
def test_rejected_client_raises_invalid_client_error(tokens, endpoint, status) -> None:
    endpoint.answer = (status, '{"error":"invalid_client"}')

    with pytest.raises(InvalidClientError):
        tokens.issue("app", "wrong")


@pytest.mark.parametrize("answer", [
    (500, ""), (503, json.dumps(GOOD)), (429, ""), (403, ""), (302, ""), (404, ""), (200, ""),
    (200, "<html>"), (200, "null"), (200, "[]"), (200, "{}"), (200, '{"access_token": "a"}'), None,
], ids=str)  # fmt: skip
def test_other_response_raises_unavailable_error_without_secret(tokens, endpoint, answer) -> None:
    endpoint.answer = answer

    with pytest.raises(UnavailableError) as caught:
        tokens.issue("app", "s3cret")

    assert len(endpoint.requests) == 1
    assert "s3cret" not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_unreachable_endpoint_raises_unavailable_error() -> None:
    with pytest.raises(UnavailableError):
        CognitoTokens("http://127.0.0.1:1/oauth2/token").issue("app", "s3cret")


def test_timeout_is_shorter_than_api_gateways() -> None:
    assert cognito._TIMEOUT.connect_timeout + cognito._TIMEOUT.read_timeout < 20  # noqa: SLF001
