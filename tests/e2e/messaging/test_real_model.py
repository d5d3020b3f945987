"""A real model, small and from a package. It speaks; its words are not compared."""

import http.client
import json
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest

from jobs.messaging.agent import Agent
from local.kit.paths import TOOLS
from local.models.model import Model, read_model
from local.models.tiny import run_tiny
from tests.conftest import missing
from tests.e2e.api import JOBS, Api, eventually
from tests.e2e.sessions.conversations import open_session, send_message

BOTH_WAYS = True
MAX_TOKENS = 12
TIMEOUT_S = 150  # where many tests run at once, it says a word a second
PIECES = 4


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Iterator[Model]:
    if not (TOOLS / "model/.ready").exists():
        missing("the model is not installed: make .tools/model/.ready")
    tiny = read_model({"MODEL": "tiny"})
    assert tiny
    with run_tiny(tiny, tmp_path_factory.mktemp("model")) as running:
        yield running


@pytest.fixture
def make_api(model: Model, make_tenant) -> Callable[..., Api]:
    """Register a tenant, whose agent asks the model with these parameters."""

    def make(**parameters: Any) -> Api:
        settings = {"baseUrl": model.base_url, "model": model.name, "parameters": parameters}
        return make_tenant(Agent(id=str(uuid4()), name="Ada", provider="openai", settings=settings))

    return make


def test_real_model_answers_in_a_session(make_api, model: Model) -> None:
    api = make_api(max_tokens=MAX_TOKENS)
    session = open_session(api)

    sent = send_message(api, session, "Hello, how are you?")

    job = api.until(sent["job"]["jobId"], seconds=TIMEOUT_S)
    answer = job["result"]["message"]
    assert answer["content"].strip()
    assert answer["metadata"]["model"] == model.name
    assert answer["metadata"]["usage"]["inputTokens"] > MAX_TOKENS
    assert 0 < answer["metadata"]["usage"]["outputTokens"] <= MAX_TOKENS
    messages = eventually(
        lambda: api.get(f"{session}/messages").json["messages"], lambda found: len(found) == 2
    )
    assert answer["content"] in {each["content"] for each in messages}


def follow(api: Api, job_id: str, last_event_id: str = "") -> Iterator[tuple[str, str]]:
    """Yield the id and the text of each piece of an answer, as they come."""
    where = urllib.parse.urlsplit(api.base_url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    with closing(connection):
        resumed = {"Last-Event-ID": last_event_id} if last_event_id else {}
        path = f"{JOBS}/{job_id}/stream"
        connection.request("GET", path, headers={"X-API-Key": str(api.key), **resumed})
        event_id = ""
        for line in connection.getresponse():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                event_id = value
            elif name == "data" and value.startswith("{"):
                event = json.loads(value)
                if event["type"] == "text-delta":
                    yield event_id, event["delta"]


def test_real_model_is_followed_while_it_speaks_and_over_a_cut(make_api) -> None:
    api = make_api(max_tokens=256, ignore_eos=True)  # it does not end by itself meanwhile
    job_id = api.create("Tell me a long story about the sea.", timeoutMs=120_000)
    pieces = follow(api, job_id)
    seen = [next(pieces), next(pieces)]
    pieces.close()

    rest = follow(api, job_id, seen[-1][0])
    seen += [next(rest) for _ in range(PIECES - len(seen))]

    assert api.cancel(job_id).status == 200
    seen += rest
    assert api.job(job_id)["error"] == "Job cancelled"
    assert len({event_id for event_id, _ in seen}) == len(seen) >= PIECES
    again = "".join(text for _, text in follow(api, job_id))
    assert again.startswith("".join(text for _, text in seen))
