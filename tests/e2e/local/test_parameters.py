"""The template's parameters, on a stack that was deployed with others than the defaults."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.stack.launch import run_stack
from tests.e2e.api import Answer, Api

PARAMETERS = {
    "Stage": "prod",
    "DefaultTimeoutMs": "4321",
    "ThrottleRate": "2",
    "ThrottleBurst": "4",
}


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with run_stack(parameters=PARAMETERS) as stack:
        yield Api(stack.base_url, stack.api_key, "demo")


def test_message_without_timeout_has_the_default_timeout(api) -> None:
    created = api.ask("Hello").json

    assert created["expiresAt"] - created["createdAt"] == 4321


def test_request_over_the_limit_returns_429_with_retry_after(api) -> None:
    with ThreadPoolExecutor(16) as clients:
        answers: list[Answer] = [*clients.map(lambda _: api.get("/api/agents"), range(48))]

    throttled = [answer for answer in answers if answer.status == 429]
    assert throttled
    assert {answer.status for answer in answers} <= {200, 429}
    for answer in throttled:
        assert answer.error == (429, "Too many requests")
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["access-control-allow-origin"] == "*"
