"""A real model, small and from a package: what it says matters to nobody."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from jobs.messaging.agent import Agent
from local.kit.paths import TOOLS
from local.models.model import Model, read_model
from local.models.tiny import run_tiny
from tests.conftest import missing
from tests.e2e.api import Api, eventually
from tests.e2e.sessions.conversations import open_session, send_message

BOTH_WAYS = True
MAX_TOKENS = 12
TIMEOUT_S = 150  # where many tests run at once, it says a word a second


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Iterator[Model]:
    if not (TOOLS / "model/.ready").exists():
        missing("the model is not installed: make .tools/model/.ready")
    tiny = read_model({"MODEL": "tiny"})
    assert tiny
    with run_tiny(tiny, tmp_path_factory.mktemp("model")) as running:
        yield running


@pytest.fixture
def api(model: Model, make_tenant) -> Api:
    settings = {
        "baseUrl": model.base_url,
        "model": model.name,
        "parameters": {"max_tokens": MAX_TOKENS},
    }
    return make_tenant(Agent(id=str(uuid4()), name="Ada", provider="openai", settings=settings))


def test_real_model_answers_in_a_session(api: Api, model: Model) -> None:
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
