"""Fixtures of the providers: a local server and a fake clock."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.core.wiring import now
from jobs.kit.outbound import rest, sse
from jobs.kit.outbound.rest import RestClient
from jobs.messaging.ports import Question
from tests.adapters.upstream import Upstream, running
from tests.support import NOON

JOB_ID = "019b7963-4a00-7000-8000-000000000001"
USER_ID = "22222222-2222-4222-8222-222222222222"
SECRET = "a-key-to-be-kept"


class Secrets:
    def __init__(self) -> None:
        self.values = {"agents/key": SECRET}

    def read(self, name: str) -> str:
        return self.values[name]


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server


@pytest.fixture
def pauses(monkeypatch, clock) -> list[float]:
    """The pauses between attempts, which advance the fake clock only."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(int(seconds * 1000))

    for module in (rest, sse):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep))
    return slept


@pytest.fixture
def client(clock, pauses) -> RestClient:
    return RestClient(clock)


@pytest.fixture
def fast_client() -> RestClient:
    """A client with the real clock and short timeouts, for slow servers."""
    return RestClient(now)


@pytest.fixture
def a_question() -> Any:
    def make(**about: Any) -> Question:
        sane: dict[str, Any] = {
            "job_id": JOB_ID,
            "user_id": USER_ID,
            "content": "How are you? 🐎",
            "metadata": {},
            "timeout": 30_000,
            "deadline": NOON + 30_000,
        }
        return Question(**sane | about)

    return make
