"""The gateway's streaming routes: authorization, and the requests that reach the functions."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from local.gateway.server import Upstreams
from tests.equipment.gateway.conftest import run_server

KEY = f"mint_{'0' * 12}_{'A' * 43}"
CHAT_KEY = f"sortie_{'0' * 12}_{'A' * 43}"
PATH = "/v1/agent/docs/job"
STREAM = f"{PATH}/1/stream"
MESSAGES = "/api/messaging/sessions/1/messages"
JOB_STREAM = "/api/messaging/jobs/1/stream"


class Server(BaseHTTPRequestHandler):
    """The API, the functions that stream, and the authorizer, each below a path of its own."""

    protocol_version = "HTTP/1.1"
    requests: list[tuple[str, str]]
    contexts: list[str]
    tokens: list[str]
    authorizer_fails = False
    release: threading.Semaphore
    disconnected: threading.Event

    def do_POST(self) -> None:
        self.do_GET()

    def do_OPTIONS(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.requests.append((self.command, self.path))
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.requests.append((self.command, self.path))
        if self.path == "/authorizer":
            return self.authorize(json.loads(body))
        self.contexts += self.headers.get_all("x-amzn-request-context", [])
        if self.path.endswith("/stream"):
            return self.stream()
        return self.respond(b"{}")

    def authorize(self, event: dict) -> None:
        token = event.get("authorizationToken", "a payer's A")
        self.tokens.append(token)
        effect = "Allow" if token.endswith("A") else "Deny"
        answer = {
            "principalId": "acme",
            "policyDocument": {"Statement": [{"Effect": effect}]},
            "context": {"tenant": "acme", "scopes": "read"},
        }
        headers = {"X-Amz-Function-Error": "x"} if self.authorizer_fails else {}
        self.respond(json.dumps(answer).encode(), headers)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"4\r\npart\r\n")
                self.wfile.flush()
                self.release.acquire(timeout=0.05)
        except OSError:
            self.disconnected.set()
            self.close_connection = True

    def respond(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[type[Server]]:
    with run_server(
        Server, requests=[], contexts=[], tokens=[],
        release=threading.Semaphore(0), disconnected=threading.Event(),
    ) as server:  # fmt: skip
        yield server


type Send = Callable[..., http.client.HTTPResponse]


@pytest.fixture
def payers() -> str:
    return ""


@pytest.fixture
def send(server, start_gateway, payers) -> Iterator[Send]:
    url = f"http://127.0.0.1:{server.port}"
    gateway = start_gateway(
        Upstreams(
            api=f"{url}/api",
            docs=f"{url}/docs",
            messages=f"{url}/messages",
            sessions=f"{url}/sessions",
            authorizer=f"{url}/authorizer",
            payers=payers,
        )
    )
    connections: list[http.client.HTTPConnection] = []

    def send(method: str, path: str, **headers: str) -> http.client.HTTPResponse:
        connections.append(http.client.HTTPConnection("127.0.0.1", gateway, timeout=10))
        sent = {"Authorization": f"Bearer {KEY}", "Connection": "close"} | headers
        connections[-1].request(method, path, b"{}", sent)
        return connections[-1].getresponse()

    yield send
    for each in connections:
        each.close()


def test_session_message_is_authorized_by_its_api_key(send, server) -> None:
    authorized = send("POST", MESSAGES, **{"X-API-Key": CHAT_KEY}).status
    rejected = send("POST", MESSAGES).status

    assert (authorized, rejected) == (200, 401)
    assert server.tokens == [CHAT_KEY]


@pytest.mark.parametrize(("method", "path", "target"), [
    ("POST", PATH, "/docs"),
    ("POST", "/agent/docs/job", "/docs"),
    ("GET", "/agent/docs/job/1", "/api"),
    ("POST", MESSAGES, "/sessions"),
    ("GET", MESSAGES, "/api"),
    ("HEAD", STREAM, "/docs"),
    ("HEAD", JOB_STREAM, "/messages"),
    ("POST", "/api/messaging/chat", "/messages"),
    ("HEAD", "/api/messaging/chat/1/stream", "/messages"),
])  # fmt: skip
def test_only_streaming_routes_reach_their_functions(send, server, method, path, target) -> None:
    send(method, path, **{"X-API-Key": CHAT_KEY})

    assert server.requests[-1] == (method, target + path)


def test_caller_is_the_authorizers_and_never_the_clients(send, server) -> None:
    forged = {"X-Amzn-Request-Context": '{"authorizer": {"tenant": "mine"}}'}

    send("POST", PATH, **forged)

    [context] = server.contexts
    assert json.loads(context)["authorizer"] == {
        "principalId": "acme",
        "tenant": "acme",
        "scopes": "read",
    }


def test_context_names_the_matched_resource_and_the_path(send, server) -> None:
    send("GET", f"{PATH}/a%2Fb/stream?x=1").close()

    [context] = map(json.loads, server.contexts)
    assert context["resourcePath"] == "/v1/agent/{projectId}/job/{id}/stream"
    assert context["path"] == f"{PATH}/a%2Fb/stream"


def test_authorizer_is_invoked_once_per_key(send, server) -> None:
    other = f"Bearer {KEY[:-2]}BA"

    for credential in (f"Bearer {KEY}", f"Bearer {KEY}", other):
        assert send("POST", PATH, Authorization=credential).status == 200

    assert server.tokens == [f"Bearer {KEY}", other]


@pytest.mark.parametrize(
    "credential", ["", "Bearer x", KEY, f"Bearer {KEY}!", f"Bearer {KEY[:-1]}B"]
)
def test_missing_or_unknown_credential_is_unauthorized(send, server, credential) -> None:
    answer = send("POST", PATH, Authorization=credential)

    assert answer.status == 401
    assert json.loads(answer.read())["error"] == "Missing or invalid credentials"
    assert server.contexts == []


@pytest.mark.parametrize(("payers", "status"), [("", 401), ("yes", 200)])
def test_job_stream_without_key_is_a_payers(send, server, payers, status) -> None:
    assert send("HEAD", JOB_STREAM).status == status
    assert send("POST", "/api/messaging/chat").status == 401
    assert server.tokens == (["a payer's A"] if payers else [])


def test_failing_authorizer_is_reported_as_unavailable(send, server) -> None:
    server.authorizer_fails = True

    assert send("POST", PATH).status == 503
    assert server.contexts == []


def test_preflight_is_answered_by_another_path_of_the_api(send, server) -> None:
    send("OPTIONS", PATH, Authorization="")

    assert server.requests == [("OPTIONS", "/api/v1/agent/any/jobs")]


def test_disconnected_client_ends_the_request_to_the_app(send, server) -> None:
    answer = send("GET", STREAM)
    assert answer.read(8) == b"partpart"

    answer.close()

    assert server.disconnected.wait(10)
