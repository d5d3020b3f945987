"""The server's HTTP API answers as API Gateway does in front of the same functions."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.types import ASGIApp

from jobs.kit.api_gateway import MAX_REQUEST_BYTES
from local.kit.paths import ROOT
from scripts.server_template import extract
from sortie_server.http import gateway as module
from sortie_server.http.gateway import Gateway
from sortie_server.http.threads import Threads
from sortie_server.settings import choose_parameters
from sortie_server.template import Template

KEY = f"sortie_{'0' * 12}_{'k' * 43}"
JOBS = "/api/messaging/jobs"

type Work = Callable[[Any], Any]


@pytest.fixture(scope="module")
def template() -> Template:
    return Template.parse(json.loads(json.dumps(extract(ROOT / "template.yaml"))))


class Functions:
    """Functions that answer with their own name and event; a test may replace any."""

    def __init__(self) -> None:
        self.allow = True
        self.own: dict[str, Work] = {}

    def load(self, name: str) -> Work:
        if name.startswith("auth."):
            return self.authorize
        return lambda event: self.own.get(name, self.echo)({"function": name, **event})

    def authorize(self, event: Any) -> Any:
        effect = "Allow" if self.allow else "Deny"
        context = {"tenant": "demo", "scopes": ""}
        return {
            "principalId": "demo",
            "policyDocument": {"Statement": [{"Effect": effect}]},
            "context": context,
        }

    def echo(self, event: Any) -> Any:
        return answer(json.dumps(event))


def answer(body: str, **headers: str) -> Any:
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", **headers},
        "body": body,
    }


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Functions:
    functions = Functions()
    monkeypatch.setattr(module, "load_work", functions.load)
    return functions


class Client:
    def __init__(self, app: ASGIApp) -> None:
        self._transport = ASGITransport(app)

    def call(self, method: str, path: str, key: str = KEY, **options: Any) -> Response:
        async def send() -> Response:
            async with AsyncClient(transport=self._transport, base_url="http://local") as client:
                return await client.request(method, path, headers={"X-API-Key": key}, **options)

        return asyncio.run(send())


@pytest.fixture
def client(template: Template, functions: Functions) -> Iterator[Client]:
    threads = Threads()
    gateway = Gateway(
        template=template,
        parameters=choose_parameters(template, {}),
        missing=("missions.",),
        threads=threads,
    )
    yield Client(gateway.build_app([]))
    threads.stop()


def test_event_names_route_parameters_and_caller(client: Client) -> None:
    event = client.call("GET", f"{JOBS}/a%2Fb?x=1&x=2&y=").json()

    assert event["function"] == "messaging.get_job"
    assert event["pathParameters"] == {"jobId": "a/b"}
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    assert event["requestContext"]["resourcePath"] == f"{JOBS}/{{jobId}}"
    assert event["requestContext"]["path"] == f"{JOBS}/a%2Fb"
    assert event["requestContext"]["authorizer"]["tenant"] == "demo"


def test_event_has_body_as_text(client: Client) -> None:
    event = client.call("POST", JOBS, content=b'{"a": "\xff"}').json()

    assert (event["body"], event["isBase64Encoded"]) == ('{"a": "�"}', False)


@pytest.mark.parametrize(
    ("method", "path", "function"),
    [
        ("GET", f"{JOBS}/health", "messaging.get_health"),
        ("GET", f"{JOBS}/", "messaging.list_jobs"),
        ("GET", "/openapi/messaging.json", "openapi.get_document"),
    ],
)
def test_route_prefers_fixed_segments(
    client: Client, method: str, path: str, function: str
) -> None:
    assert client.call(method, path).json()["function"] == function


@pytest.mark.parametrize("key", ["", "sortie_wrong"])
def test_malformed_credential_reaches_no_authorizer(
    client: Client, functions: Functions, key: str
) -> None:
    functions.authorize = None  # type: ignore[method-assign, assignment]

    response = client.call("GET", JOBS, key)

    assert (response.status_code, response.json()["code"]) == (401, "INVALID_TOKEN")


def test_unknown_credential_is_unauthorized(client: Client, functions: Functions) -> None:
    functions.allow = False

    response = client.call("GET", JOBS)

    assert (response.status_code, response.json()["code"]) == (401, "INVALID_TOKEN")
    assert response.json()["requestId"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/none"), ("PUT", JOBS), ("GET", "/openapi/")]
)
def test_unknown_route_is_not_found(client: Client, method: str, path: str) -> None:
    response = client.call(method, path)

    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


def test_preflight_allows_headers_of_all_apis(client: Client) -> None:
    response = client.call("OPTIONS", f"{JOBS}/some")

    assert response.status_code == 200
    assert "Idempotency-Key" in response.headers["Access-Control-Allow-Headers"]


def test_too_large_body_is_refused(client: Client) -> None:
    response = client.call("POST", JOBS, content=b" " * (MAX_REQUEST_BYTES + 1))

    assert (response.status_code, response.json()["code"]) == (413, "REQUEST_TOO_LARGE")


def test_route_of_a_missing_part_says_so(client: Client) -> None:
    response = client.call("GET", "/v3/jobs")

    assert (response.status_code, response.json()["code"]) == (501, "NOT_SERVED")


def test_failure_of_a_function_is_an_internal_error(client: Client, functions: Functions) -> None:
    functions.own["messaging.get_job"] = lambda event: 1 / 0

    response = client.call("GET", f"{JOBS}/some")

    assert (response.status_code, response.json()["code"]) == (500, "INTERNAL_ERROR")


def test_function_headers_are_remapped_as_on_aws(client: Client, functions: Functions) -> None:
    functions.own["messaging.get_job"] = lambda event: answer("{}", **{"WWW-Authenticate": "x"})

    headers = client.call("GET", f"{JOBS}/some").headers

    assert headers["X-Amzn-Remapped-WWW-Authenticate"] == "x"
    assert "WWW-Authenticate" not in headers


def test_large_response_is_compressed(client: Client, functions: Functions) -> None:
    functions.own["messaging.get_job"] = lambda event: answer("a" * 20_000)

    response = client.call("GET", f"{JOBS}/some")

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.text == "a" * 20_000
