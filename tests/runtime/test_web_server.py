"""A function that is a web server starts from its script, with nothing but its layers."""

import http.client
import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from jobs.kit.asgi import CONTEXT_HEADER
from local.cloud.aws import CREDENTIALS
from local.cloud.template import load_template
from local.kit.network import find_free_port
from tests.runtime.conftest import PYTHON

SERVERS = [
    "DocsStreamJobFunction",
    "MessagingStreamMessageFunction",
    "SessionsSendMessageFunction",
]


@pytest.fixture(params=SERVERS)
def function(request) -> str:
    return request.param


@pytest.fixture
def event(invoked, function) -> Any:
    return json.loads(invoked[function].event)


@pytest.fixture
def port(stack, built, invoked, function) -> Iterator[int]:
    port = find_free_port()
    properties = load_template(built / "template.yaml")["Resources"][function]["Properties"]
    script = built / properties["CodeUri"] / properties["Handler"]
    environment = invoked[function].variables | CREDENTIALS | {
        "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
        "AWS_LWA_PORT": str(port),
        "PATH": f"{PYTHON.parent}:/usr/bin:/bin",
        "PYTHONPATH": f"{built}/JobsLayer/python:{built}/DocsLayer/python",
    }  # fmt: skip
    server = subprocess.Popen([script], env=environment)
    yield port
    server.terminate()
    server.wait()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str


def send(port: int, event: Any, **headers: str) -> Answer:
    """Send the request that the Lambda Web Adapter makes from an event."""
    deadline = time.monotonic() + 30
    body = (event["body"] or "").encode()
    while True:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            try:
                connection.request(
                    event["httpMethod"], event["path"], body, event["headers"] | headers
                )
                response = connection.getresponse()
                names = {name.lower(): value for name, value in response.getheaders()}
                return Answer(response.status, names, response.read().decode())
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_web_server_answers_its_event(port, event) -> None:
    answer = send(port, event, **{CONTEXT_HEADER: json.dumps(event["requestContext"])})

    assert answer.status in {200, 201}
    assert "The tides are in." in answer.body or "Good evening" in answer.body
    assert not answer.headers.keys() & {"server", "date"}


def test_web_server_refuses_a_request_without_the_gateways_context(port, event) -> None:
    answer = send(port, event)

    assert answer.status == 401
    assert json.loads(answer.body)["error"] == "Missing or invalid credentials"
