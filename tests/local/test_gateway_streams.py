"""The local gateway's routes that stream: who gets through, and what of a request."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.kit.network import bind_port
from local.kit.paths import ROOT

KEY = f"mint_{'0' * 12}_{'A' * 43}"
CHAT_KEY = f"sortie_{'0' * 12}_{'A' * 43}"
PATH = "/v1/agent/docs/job"
STREAM = f"{PATH}/1/stream"


class Beyond(BaseHTTPRequestHandler):
    """The API, the app that streams, and the authorizer, each below a path of its own."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str]]
    contexts: list[str]
    tokens: list[str]
    broken = False
    go: threading.Semaphore
    left: threading.Event

    def do_POST(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path))
        if self.path == "/authorizer":
            return self.authorize(json.loads(body))
        self.contexts += self.headers.get_all("x-amzn-request-context", [])
        if self.path.endswith("/stream"):
            return self.stream()
        return self.say(b"{}")

    def authorize(self, event: dict) -> None:
        self.tokens.append(event["authorizationToken"])
        effect = "Allow" if event["authorizationToken"].endswith("A") else "Deny"
        answer = {
            "principalId": "acme",
            "policyDocument": {"Statement": [{"Effect": effect}]},
            "context": {"tenant": "acme", "scopes": "read"},
        }
        self.say(json.dumps(answer).encode(), {"X-Amz-Function-Error": "x"} if self.broken else {})

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"4\r\npart\r\n")
                self.wfile.flush()
                self.go.acquire(timeout=0.05)
        except OSError:
            self.left.set()
            self.close_connection = True

    def say(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def beyond() -> Iterator[type[Beyond]]:
    about = {
        "asked": [], "contexts": [], "tokens": [],
        "go": threading.Semaphore(0), "left": threading.Event(),
    }  # fmt: skip
    handler = type("Handler", (Beyond,), about)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler
        server.shutdown()
        thread.join()


type Ask = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def ask(beyond) -> Iterator[Ask]:
    opened: list[http.client.HTTPConnection] = []
    there = f"http://127.0.0.1:{beyond.port}"
    with bind_port(0) as door:
        port = door.getsockname()[1]
        command = [
            *(sys.executable, "-m", "local.gateway.server", str(door.fileno()), f"{there}/api"),
            *("--streams", f"{there}/app", "--authorizer", f"{there}/authorizer"),
        ]
        gateway = subprocess.Popen(command, cwd=ROOT, pass_fds=[door.fileno()])

    def ask(method: str, path: str, **headers: str) -> http.client.HTTPResponse:
        while gateway.poll() is None:
            opened.append(http.client.HTTPConnection("127.0.0.1", port, timeout=10))
            sent = {"Authorization": f"Bearer {KEY}", "Connection": "close"} | headers
            try:
                opened[-1].request(method, path, b"{}", sent)
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return opened[-1].getresponse()
        pytest.fail("the gateway did not start")

    yield ask
    for each in opened:
        each.close()
    gateway.kill()
    gateway.wait()


def test_what_is_said_in_a_session_goes_to_the_app_by_the_key_of_its_api(ask, beyond) -> None:
    path = "/api/messaging/sessions/1/messages"

    said = ask("POST", path, **{"X-API-Key": CHAT_KEY}).status
    refused = ask("POST", path).status
    ask("GET", path)

    assert (said, refused) == (200, 401)
    assert beyond.tokens == [CHAT_KEY]
    assert beyond.asked[-2:] == [("POST", f"/app{path}"), ("GET", f"/api{path}")]


@pytest.mark.parametrize(("method", "path"), [
    ("POST", PATH), ("POST", "/agent/docs/job"), ("GET", "/agent/docs/job/1"),
])  # fmt: skip
def test_only_what_streams_goes_to_the_app(ask, beyond, method, path) -> None:
    ask(method, path)

    assert beyond.asked[-1] == (method, f"{'/app' if method == 'POST' else '/api'}{path}")


def test_the_app_is_told_who_calls_and_not_by_the_client(ask, beyond) -> None:
    mine = {"X-Amzn-Request-Context": '{"authorizer": {"tenant": "mine"}}'}

    ask("POST", PATH, **mine)

    [context] = beyond.contexts
    assert json.loads(context)["authorizer"] == {
        "principalId": "acme",
        "tenant": "acme",
        "scopes": "read",
    }


def test_the_authorizer_is_asked_once_a_minute_for_each_key(ask, beyond) -> None:
    other = f"Bearer {KEY[:-2]}BA"

    for credential in (f"Bearer {KEY}", f"Bearer {KEY}", other):
        assert ask("POST", PATH, Authorization=credential).status == 200

    assert beyond.tokens == [f"Bearer {KEY}", other]


@pytest.mark.parametrize(
    "credential", ["", "Bearer x", KEY, f"Bearer {KEY}!", f"Bearer {KEY[:-1]}B"]
)
def test_who_is_not_known_does_not_get_through(ask, beyond, credential) -> None:
    answer = ask("POST", PATH, Authorization=credential)

    assert answer.status == 401
    assert json.loads(answer.read())["error"] == "Missing or invalid credentials"
    assert beyond.contexts == []


def test_while_the_authorizer_fails_the_client_is_told_to_come_again(ask, beyond) -> None:
    beyond.broken = True

    assert ask("POST", PATH).status == 503
    assert beyond.contexts == []


def test_a_preflight_is_answered_as_on_other_paths_of_the_api(ask, beyond) -> None:
    ask("OPTIONS", PATH, Authorization="")

    assert beyond.asked == [("OPTIONS", "/api/v1/agent/any/jobs")]


def test_when_the_client_leaves_so_does_the_gateway(ask, beyond) -> None:
    answer = ask("GET", STREAM)
    assert answer.read(8) == b"partpart"

    answer.close()

    assert beyond.left.wait(10)
