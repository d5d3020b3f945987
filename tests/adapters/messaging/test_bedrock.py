"""The Bedrock provider: requests, answers and faults."""

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import Stubber

from jobs.core.tokens import Tokens
from jobs.kit.aws.clients import AwsClients
from jobs.kit.errors import UnavailableError, UpstreamError
from jobs.messaging.adapters.providers.bedrock import BedrockProvider
from jobs.messaging.agent import Agent
from jobs.messaging.history import PastMessage
from jobs.messaging.ports import Answer
from local.models.model import Model, bedrock_variables
from tests.adapters.converse_wire import EVENT_STREAM, START, Wire, event, stop, text, tool
from tests.adapters.engines import client as aws_client
from tests.adapters.messaging.conftest import JOB_ID
from tests.adapters.upstream import reply, running
from tests.tls import secure

USAGE = {"inputTokens": 12, "outputTokens": 3}
FINE = Answer("Fine", {"model": "a-model", "usage": USAGE}, Tokens(12, 3))
SENT: dict[str, Any] = {
    "messages": [{"role": "user", "content": [{"text": "How are you? 🐎"}]}],
    "requestMetadata": {"jobId": JOB_ID},
}


def agent(**settings: Any) -> Agent:
    return Agent(id="a", name="Ada", provider="bedrock", settings={"modelId": "a-model"} | settings)


@pytest.fixture
def bedrock() -> Any:
    return aws_client("bedrock-runtime")


@pytest.fixture
def wire(bedrock) -> Wire:
    return Wire(bedrock)


@pytest.fixture
def model(bedrock) -> Any:
    """Answers with errors; `wire` answers with events."""
    with Stubber(bedrock) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def ask(bedrock, clock, a_question) -> Any:
    provider = BedrockProvider(bedrock, clock)
    return lambda settings=None, **about: provider.ask(agent(**settings or {}), a_question(**about))


def test_ask_without_history_sends_one_message(wire, ask) -> None:
    wire.raw = START + text("Fine") + stop("end_turn")

    assert ask() == FINE
    assert wire.requests == [SENT]


def test_ask_with_history_sends_alternating_roles(wire, ask) -> None:
    wire.raw = START + text("Fine") + stop("end_turn")
    history = [
        PastMessage(by_agent=False, content="Hello"),
        PastMessage(by_agent=True, content="Hi"),
        PastMessage(by_agent=False, content="Anybody?"),
    ]

    assert ask(history=history) == FINE

    assert wire.requests[0]["messages"] == [
        {"role": "user", "content": [{"text": "Hello"}]},
        {"role": "assistant", "content": [{"text": "Hi"}]},
        {"role": "user", "content": [{"text": "Anybody?"}, {"text": "How are you? 🐎"}]},
    ]


def test_ask_sends_agent_settings(wire, ask) -> None:
    wire.raw = START + text("Fine") + stop("end_turn")
    inference = {"maxTokens": 100, "temperature": 0.5}

    assert ask({"systemPrompt": "Be kind", "inference": inference}) == FINE

    assert wire.requests == [SENT | {"system": [{"text": "Be kind"}], "inferenceConfig": inference}]


def test_ask_says_pieces_of_all_blocks_as_they_come(wire, ask) -> None:
    thought = {"contentBlockIndex": 1, "delta": {"reasoningContent": {"text": "Hm"}}}
    wire.raw = b"".join(
        [START, text("Fi"), event("contentBlockDelta", thought), text("ne", 2), stop("end_turn")]
    )
    said: list[str] = []

    assert ask(say=said.append) == FINE
    assert said == ["Fi", "ne"]


@pytest.mark.parametrize("words", [(), ("",), (" \0",)])
def test_ask_with_empty_answer_raises_upstream_error(wire, ask, words) -> None:
    wire.raw = START + b"".join(map(text, words)) + stop("end_turn")

    with pytest.raises(UpstreamError, match=r"^The agent gave no answer$"):
        ask()


def test_ask_with_answer_over_300_kb_raises_upstream_error(wire, ask) -> None:
    wire.raw = START + text("x" * 100_000) * 4 + stop("end_turn")

    with pytest.raises(UpstreamError, match=r"^The agent's answer is larger than 300 KB$"):
        ask()


@pytest.mark.parametrize("case", [
    ("AccessDeniedException", "No access to arn:x", "provider refused our credentials",
     "credentials"),
    ("UnrecognizedClientException", "Invalid token", "provider refused our credentials",
     "credentials"),
    ("ModelErrorException", "Boom", "model is not available", "unavailable"),
    ("ModelTimeoutException", "Slow", "model is not available", "unavailable"),
    ("ResourceNotFoundException", "No arn:x", "model or its endpoint does not exist", "not_found"),
    ("ValidationException", "The provided model identifier is invalid.",
     "model or its endpoint does not exist", "not_found"),
    ("ValidationException", "temperature: range: 0..1", "model refused the request", "refused"),
    ("ServiceQuotaExceededException", "Too much", "provider is used up", "quota"),
    ("AnythingNewException", "Boom", "model is not available", "unavailable"),
])  # fmt: skip
def test_ask_with_client_error_tells_operator_details(model, ask, case) -> None:
    code, message, text, failure_class = case
    model.add_client_error("converse_stream", code, message)

    with pytest.raises(UpstreamError, match=text) as error:
        ask()

    assert "arn" not in str(error.value)
    assert error.value.failure_class == failure_class
    assert code in error.value.detail
    assert message in error.value.detail


def test_ask_with_too_long_conversation_tells_so(model, ask) -> None:
    model.add_client_error(
        "converse_stream", "ValidationException", "Input is too long for the model."
    )

    with pytest.raises(UpstreamError, match=r"^The conversation is too long") as error:
        ask()

    assert error.value.failure_class == "quota"


@pytest.mark.parametrize("case", [
    ("max_tokens", b"", "The agent gave no answer: it was cut off at the model's limit", "quota"),
    ("max_tokens", text("<think>Hm, so"),
     "The agent gave no answer: it was cut off at the model's limit", "quota"),
    ("model_context_window_exceeded", b"",
     "The agent gave no answer: it was cut off at the model's limit", "quota"),
    ("content_filtered", text("How to"),
     "The agent's answer was blocked by the provider's filter", "refused"),
    ("guardrail_intervened", b"", "The agent's answer was blocked by the provider's filter",
     "refused"),
    ("guardrail_intervened", text("We do not talk about this."),
     "The agent's answer was blocked by the provider's filter: We do not talk about this.",
     "refused"),
    ("tool_use", tool(0, "n", "{}"), "The agent gave no answer", "bad_answer"),
    ("malformed_model_output", b"", "The agent gave no answer", "bad_answer"),
])  # fmt: skip
def test_ask_with_unfinished_answer_tells_reason(wire, ask, case) -> None:
    ended, blocks, words, failure_class = case
    wire.raw = START + blocks + stop(ended)

    with pytest.raises(UpstreamError) as error:
        ask()

    assert (str(error.value), error.value.failure_class) == (words, failure_class)


def test_ask_with_answer_cut_off_marks_it(wire, ask) -> None:
    wire.raw = START + text("One, two") + stop("max_tokens")

    answer = ask()

    assert answer.content == "One, two"
    assert answer.metadata == {"finishReason": "length", **FINE.metadata}


@pytest.mark.parametrize("words", [
    ("<thinking>Hm.</thinking>\n\nFine",), ("<thi", "nk>Hm</think>Fine"), ("Fi\0ne",),
])  # fmt: skip
def test_ask_returns_only_text_for_users(wire, ask, words) -> None:
    wire.raw = START + b"".join(map(text, words)) + stop("end_turn")

    assert ask() == FINE


@pytest.mark.parametrize("raw", [START, START + text("Fi")])
def test_ask_with_answer_without_end_asks_once(wire, ask, raw) -> None:
    wire.raw = raw

    with pytest.raises(UpstreamError, match=r"^The agent's answer was cut off$"):
        ask()

    assert len(wire.requests) == 1


def test_ask_with_failure_before_first_piece_is_repeated(wire, ask) -> None:
    wire.raw = START + event("throttlingException", {"message": "Slow down"}, "exception")

    with pytest.raises(UnavailableError):
        ask()


def test_ask_with_failure_after_first_piece_fails(wire, ask) -> None:
    slow = event("throttlingException", {"message": "Slow down"}, "exception")
    wire.raw = START + text("Fi") + slow

    with pytest.raises(UpstreamError, match=r"^The agent's provider limits our requests"):
        ask()


@pytest.mark.parametrize(("code", "status"), [
    ("ThrottlingException", 429), ("ModelNotReadyException", 429),
    ("ServiceUnavailableException", 503),
])  # fmt: skip
def test_ask_while_bedrock_throttles_is_repeated(model, ask, code, status) -> None:
    model.add_client_error("converse_stream", code, http_status_code=status)

    with pytest.raises(UnavailableError):
        ask()


@pytest.mark.parametrize("failure", [ReadTimeoutError, ConnectTimeoutError])
def test_ask_with_lost_connection_hides_details(bedrock, ask, failure) -> None:
    def fail(**_: Any) -> None:
        raise failure(endpoint_url="a host")

    bedrock.meta.events.register("before-call.*.*", fail)

    with pytest.raises(UpstreamError, match=r"^The agent's model is not available$"):
        ask()


def test_ask_with_invalid_settings_hides_details(ask) -> None:
    with pytest.raises(UpstreamError, match=r"^The agent's model is not available$"):
        ask({"inference": {"warmth": 1}})


def test_ask_over_network_returns_answer(cloud, clock, a_question) -> None:
    with closing(aws_client("bedrock-runtime", cloud)) as bedrock:
        provider = BedrockProvider(bedrock, clock)
        answer = provider.ask(agent(systemPrompt="Be kind"), a_question())

    assert isinstance(answer, Answer)
    assert answer.content


def test_ask_with_variables_of_make_reaches_their_endpoint(
    clock, a_question, tmp_path, monkeypatch
) -> None:
    raw = START + text("Fine") + stop("end_turn")
    with running() as upstream:
        upstream.then(reply(raw, Content_Type=EVENT_STREAM))
        monkeypatch.setenv("AWS_CA_BUNDLE", str(secure(upstream, tmp_path)))
        url = upstream.url.replace("http", "https")
        model = Model(choice="bedrock:a-model", kind="bedrock", name="a-model", base_url=url)
        for name, value in bedrock_variables(replace(model, key="a-token")).items():
            monkeypatch.setenv(name, value)

        with closing(AwsClients().bedrock) as bedrock:
            answer = BedrockProvider(bedrock, clock).ask(agent(), a_question())

    assert answer == FINE
    assert upstream.only.headers["authorization"] == "Bearer a-token"
