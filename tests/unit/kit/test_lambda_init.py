"""In Lambda's init, a handler makes what its first call needs; nowhere else."""

import gc
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path

import pytest

from jobs.kit import lambda_handler as runtime
from jobs.kit.aws.clients import clients
from jobs.kit.http import Request, Response

LAYER = Path(__file__).parents[3] / "layers/jobs"
IN_INIT = {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
COLLECTS = """
import gc
from jobs.kit import lambda_handler
handler = lambda_handler.task(lambda event: gc.isenabled())
print(gc.isenabled(), gc.get_freeze_count() > 0)
context = type("Context", (), {
    "function_name": "f", "memory_limit_in_mb": 1, "invoked_function_arn": "", "aws_request_id": "",
})
print(handler({}, context), gc.get_freeze_count() > 0)
"""
SERVES = """
import gc
from jobs.kit.asgi import make_app
make_app([])
print(gc.isenabled(), gc.get_freeze_count() > 0)
"""


@pytest.fixture
def in_init(monkeypatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")


@pytest.fixture
def connected(monkeypatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(clients, "connect", lambda: found.append("connected"))
    return found


def refuse() -> None:
    raise KeyError("JOB_TABLE")


def run(code: str, **environment: str) -> str:
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"PYTHONPATH": str(LAYER), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return process.stdout


@pytest.mark.parametrize(
    "make",
    [
        lambda needs: runtime.endpoint(refuse, on_error=refuse, headers={}, needs=needs),
        lambda needs: runtime.task(refuse, needs=needs),
        lambda needs: runtime.stream(refuse, needs=needs),
        lambda needs: runtime.stream_batch(refuse, needs=needs),
        lambda needs: runtime.queue(refuse, needs=needs),
        lambda needs: runtime.queue_batch(refuse, needs=needs),
    ],
)
def test_handler_in_init_makes_its_needs_and_connects_once(in_init, connected, make) -> None:
    make(lambda: connected.append("made"))

    assert connected == ["made", "connected"]


def test_handler_outside_init_makes_nothing(connected) -> None:
    runtime.task(refuse, needs=lambda: connected.append("made"))

    assert connected == []


def test_failure_in_init_is_worded_by_the_first_call(in_init, connected, lambda_context) -> None:
    def respond(request: Request) -> Response:
        refuse()
        raise AssertionError

    def word(error: Exception, request: Request) -> Response:
        return Response(HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)})

    handler = runtime.endpoint(respond, on_error=word, headers={}, needs=refuse)
    answer = handler({"requestContext": {"requestId": "r"}, "headers": {}}, lambda_context)

    assert answer["statusCode"] == HTTPStatus.SERVICE_UNAVAILABLE
    assert "JOB_TABLE" in answer["body"]
    assert connected == []


def test_failing_connection_in_init_does_not_fail_the_import(in_init, monkeypatch) -> None:
    monkeypatch.setattr(clients, "connect", refuse)

    assert runtime.task(refuse)


def test_garbage_is_not_collected_in_init_but_from_the_first_call() -> None:
    assert run(COLLECTS, **IN_INIT).splitlines() == ["False False", "True True"]


def test_garbage_collection_outside_init_is_untouched() -> None:
    assert run(COLLECTS).splitlines() == ["True False", "True False"]


def test_web_server_collects_garbage_once_it_is_made() -> None:
    assert run(SERVES, **IN_INIT) == "True True\n"
    assert gc.isenabled()
