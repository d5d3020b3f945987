"""The function that is a web server starts from its script, with its layers and nothing else."""

import http.client
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from jobs.streaming.gateway_request import CONTEXT_HEADER
from local.template import load
from local.web import free_port
from tests.runtime.conftest import PYTHON

PATHS = {
    "DocsStreamJobFunction": "/v1/agent/demo-docs/job",
    "SessionsSendMessageFunction": "/api/messaging/sessions/1/messages",
}


@pytest.fixture(params=PATHS)
def function(request) -> str:
    return request.param


@pytest.fixture
def port(stack, built, function) -> Iterator[int]:
    port = free_port()
    properties = load(built / "template.yaml")["Resources"][function]["Properties"]
    script = built / properties["CodeUri"] / properties["Handler"]
    environment = {
        "AWS_LWA_PORT": str(port),
        "PATH": f"{PYTHON.parent}:/usr/bin:/bin",
        "POWERTOOLS_SERVICE_NAME": "sortie",
        "WEBHOOKS_TO_LOOPBACK": "false",
        "PYTHONPATH": f"{built}/JobsLayer/python:{built}/DocsLayer/python",
    }
    server = subprocess.Popen([script], env=environment)
    yield port
    server.terminate()
    server.wait()


def answer(port: int, path: str, headers: dict[str, str]) -> tuple[int, dict]:
    deadline = time.monotonic() + 30
    while True:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as there:
            try:
                there.request("POST", path, b"{}", headers)
                answered = there.getresponse()
                return answered.status, json.loads(answered.read())
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_it_serves_whom_the_gateway_has_let_through(port, function) -> None:
    context = json.dumps({"authorizer": {"tenant": "demo", "scopes": "write"}})

    status, refused = answer(port, PATHS[function], {})
    assert (status, refused["error"]) == (401, "Missing or invalid credentials")
    assert answer(port, PATHS[function], {CONTEXT_HEADER: context})[0] == 400
