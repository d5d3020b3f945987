"""The Bedrock provider: requests, answers and faults."""

from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import Stubber

from jobs.core.tokens import Tokens
from jobs.kit.errors import UnavailableError, UpstreamError
from jobs.messaging.adapters.providers.bedrock import BedrockProvider
from jobs.messaging.agent import Agent
from jobs.messaging.history import PastMessage
from jobs.messaging.ports import Answer
from tests.adapters.engines import client as aws_client
from tests.adapters.messaging.conftest import JOB_ID

ABOUT = {"model": "a-model", "usage": {"inputTokens": 12, "outputTokens": 3}}
FINE = Answer("Fine", ABOUT, Tokens(12, 3))
SENT: dict[str, Any] = {
    "modelId": "a-model",
    "messages": [{"role": "user", "content": [{"text": "How are you? 🐎"}]}],
    "requestMetadata": {"jobId": JOB_ID},
}


def agent(**settings: Any) -> Agent:
    return Agent(id="a", name="Ada", provider="bedrock", settings={"modelId": "a-model"} | settings)


def response_of(*blocks: Any) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [*blocks]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 12, "outputTokens": 3, "totalTokens": 15},
        "metrics": {"latencyMs": 1},
    }


@pytest.fixture
def bedrock() -> Any:
    return aws_client("bedrock-runtime")


@pytest.fixture
def model(bedrock) -> Any:
    with Stubber(bedrock) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_ask_without_history_sends_one_message(bedrock, model, a_question) -> None:
    model.add_response("converse", response_of({"text": "Fine"}), SENT)

    assert BedrockProvider(bedrock).ask(agent(), a_question()) == FINE


def test_ask_with_history_sends_alternating_roles(bedrock, model, a_question) -> None:
    history = [
        PastMessage(by_agent=False, content="Hello"),
        PastMessage(by_agent=True, content="Hi"),
        PastMessage(by_agent=False, content="Anybody?"),
    ]
    messages = [
        {"role": "user", "content": [{"text": "Hello"}]},
        {"role": "assistant", "content": [{"text": "Hi"}]},
        {"role": "user", "content": [{"text": "Anybody?"}, {"text": "How are you? 🐎"}]},
    ]
    model.add_response("converse", response_of({"text": "Fine"}), SENT | {"messages": messages})

    assert BedrockProvider(bedrock).ask(agent(), a_question(history=history)) == FINE


def test_ask_sends_agent_settings(bedrock, model, a_question) -> None:
    inference = {"maxTokens": 100, "temperature": 0.5}
    model.add_response(
        "converse",
        response_of({"text": "Fine"}),
        SENT | {"system": [{"text": "Be kind"}], "inferenceConfig": inference},
    )

    kind = agent(systemPrompt="Be kind", inference=inference)
    assert BedrockProvider(bedrock).ask(kind, a_question()) == FINE
    model.assert_no_pending_responses()


def test_ask_joins_text_of_all_blocks(bedrock, model, a_question) -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm"}}}
    model.add_response("converse", response_of({"text": "Fi"}, thought, {"text": "ne"}))

    assert BedrockProvider(bedrock).ask(agent(), a_question()) == FINE


@pytest.mark.parametrize(
    "answer", [response_of(), response_of({"text": ""}), response_of({"text": " \0"})]
)
def test_ask_with_empty_answer_raises_upstream_error(bedrock, model, a_question, answer) -> None:
    model.add_response("converse", answer)

    with pytest.raises(UpstreamError, match=r"^The agent gave no answer$"):
        BedrockProvider(bedrock).ask(agent(), a_question())


def test_ask_with_answer_over_300_kb_raises_upstream_error(bedrock, model, a_question) -> None:
    model.add_response("converse", response_of({"text": "x" * 310_000}))

    with pytest.raises(UpstreamError, match=r"^The agent's answer is larger than 300 KB$"):
        BedrockProvider(bedrock).ask(agent(), a_question())


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
def test_ask_with_client_error_tells_operator_details(bedrock, model, a_question, case) -> None:
    code, message, text, failure_class = case
    model.add_client_error("converse", code, message)

    with pytest.raises(UpstreamError, match=text) as error:
        BedrockProvider(bedrock).ask(agent(), a_question())

    assert "arn" not in str(error.value)
    assert error.value.failure_class == failure_class
    assert code in error.value.detail
    assert message in error.value.detail


def test_ask_with_too_long_conversation_tells_so(bedrock, model, a_question) -> None:
    model.add_client_error("converse", "ValidationException", "Input is too long for the model.")

    with pytest.raises(UpstreamError, match=r"^The conversation is too long") as error:
        BedrockProvider(bedrock).ask(agent(), a_question())

    assert error.value.failure_class == "quota"


@pytest.mark.parametrize("case", [
    ("max_tokens", [], "The agent gave no answer: it was cut off at the model's limit", "quota"),
    ("max_tokens", [{"text": "<think>Hm, so"}],
     "The agent gave no answer: it was cut off at the model's limit", "quota"),
    ("model_context_window_exceeded", [],
     "The agent gave no answer: it was cut off at the model's limit", "quota"),
    ("content_filtered", [{"text": "How to"}],
     "The agent's answer was blocked by the provider's filter", "refused"),
    ("guardrail_intervened", [], "The agent's answer was blocked by the provider's filter",
     "refused"),
    ("guardrail_intervened", [{"text": "We do not talk about this."}],
     "The agent's answer was blocked by the provider's filter: We do not talk about this.",
     "refused"),
    ("tool_use", [{"toolUse": {"toolUseId": "t", "name": "n", "input": {}}}],
     "The agent gave no answer", "bad_answer"),
    ("malformed_model_output", [], "The agent gave no answer", "bad_answer"),
])  # fmt: skip
def test_ask_with_unfinished_answer_tells_reason(bedrock, model, a_question, case) -> None:
    stop, blocks, text, failure_class = case
    model.add_response("converse", response_of(*blocks) | {"stopReason": stop})

    with pytest.raises(UpstreamError) as error:
        BedrockProvider(bedrock).ask(agent(), a_question())

    assert (str(error.value), error.value.failure_class) == (text, failure_class)


def test_ask_with_answer_cut_off_marks_it(bedrock, model, a_question) -> None:
    model.add_response("converse", response_of({"text": "One, two"}) | {"stopReason": "max_tokens"})

    answer = BedrockProvider(bedrock).ask(agent(), a_question())

    about = ABOUT | {"finishReason": "length"}
    assert (answer.content, answer.metadata) == ("One, two", about)


@pytest.mark.parametrize("blocks", [
    [{"text": "<thinking>Hm.</thinking>\n\nFine"}],
    [{"text": "<thi"}, {"text": "nk>Hm</think>Fine"}],
    [{"text": "Fi\0ne"}], [{"citationsContent": {"content": [{"text": "Fine"}], "citations": []}}],
])  # fmt: skip
def test_ask_returns_only_text_for_users(bedrock, model, a_question, blocks) -> None:
    model.add_response("converse", response_of(*blocks))

    assert BedrockProvider(bedrock).ask(agent(), a_question()) == FINE


@pytest.mark.parametrize(("code", "status"), [
    ("ThrottlingException", 429), ("ModelNotReadyException", 429),
    ("ServiceUnavailableException", 503),
])  # fmt: skip
def test_ask_while_bedrock_throttles_is_repeated(bedrock, model, a_question, code, status) -> None:
    model.add_client_error("converse", code, http_status_code=status)

    with pytest.raises(UnavailableError):
        BedrockProvider(bedrock).ask(agent(), a_question())


@pytest.mark.parametrize("failure", [ReadTimeoutError, ConnectTimeoutError])
def test_ask_with_lost_connection_hides_details(bedrock, a_question, failure) -> None:
    def fail(**_: Any) -> None:
        raise failure(endpoint_url="a host")

    bedrock.meta.events.register("before-call.*.*", fail)

    with pytest.raises(UpstreamError, match=r"^The agent's model is not available$"):
        BedrockProvider(bedrock).ask(agent(), a_question())


def test_ask_with_invalid_settings_hides_details(bedrock, a_question) -> None:
    with pytest.raises(UpstreamError, match=r"^The agent's model is not available$"):
        BedrockProvider(bedrock).ask(agent(inference={"warmth": 1}), a_question())


def test_ask_over_network_returns_answer(cloud, a_question) -> None:
    with closing(aws_client("bedrock-runtime", cloud)) as bedrock:
        answer = BedrockProvider(bedrock).ask(agent(systemPrompt="Be kind"), a_question())

    assert isinstance(answer, Answer)
    assert answer.content
