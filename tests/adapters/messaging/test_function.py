"""The provider `lambda`: the SDK's client against a server that speaks as AWS Lambda does."""

from functools import partial
from typing import Any

import pytest
from botocore.session import Session

from jobs.core.wiring import now
from jobs.kit.aws.botocore_client import create_client
from jobs.kit.errors import UpstreamError
from jobs.messaging.adapters.providers.function import FunctionProvider
from jobs.messaging.agent import Agent
from jobs.messaging.history import PastMessage
from jobs.messaging.ports import Answer
from local.cloud.aws import CREDENTIALS, REGION
from tests.adapters.messaging.conftest import JOB_ID, USER_ID
from tests.adapters.upstream import (
    close_connection,
    close_in_body,
    never_respond,
    reply,
)
from tests.support import NOON

STACK = "sortie"
NAME = "sortie-agent-demo"


def agent(**settings: Any) -> Agent:
    return Agent(id="a", name="Ada", provider="lambda", settings={"function": NAME} | settings)


def refusal(code: str, status: int) -> Any:
    return reply({"Message": f"arn:aws:lambda:x is {code}"}, status, X_Amzn_ErrorType=code)


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client_at(monkeypatch) -> Any:
    """Return what makes the SDK's clients for the server at an address."""
    for name, value in {**CREDENTIALS, "AWS_DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    session = Session()
    return lambda url: partial(create_client, session, "lambda", endpoint_url=url)


@pytest.fixture
def make_client(upstream, client_at) -> Any:
    return client_at(upstream.url)


@pytest.fixture
def sleep(clock, slept) -> Any:
    def advance(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(int(seconds * 1000))

    return advance


@pytest.fixture
def provider(make_client, clock, sleep) -> FunctionProvider:
    return FunctionProvider(make_client, clock, sleep, stack=STACK)


@pytest.fixture
def ask(provider, a_question) -> Any:
    return lambda **about: provider.ask(agent(), a_question(**about))


# ── The question ───────────────────────────────────────────────────────────


def test_ask_invokes_function_with_the_whole_question(upstream, ask) -> None:
    upstream.then(reply("Fine"))
    history = [PastMessage(by_agent=False, content="Hi"), PastMessage(by_agent=True, content="Ho")]

    assert ask(history=history, metadata={"a": [1.5, None]}) == Answer("Fine")

    received = upstream.only
    assert (received.method, received.path) == (
        "POST", f"/2015-03-31/functions/{NAME}/invocations",
    )  # fmt: skip
    assert received.body == {
        "version": "1",
        "jobId": JOB_ID,
        "agentId": "a",
        "userId": USER_ID,
        "content": "How are you? 🐎",
        "metadata": {"a": [1.5, None]},
        "history": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}],
        "deadline": NOON + 30_000,
    }


def test_ask_with_qualifier_invokes_this_version(upstream, provider, a_question) -> None:
    upstream.then(reply("Fine"))

    provider.ask(agent(qualifier="live"), a_question())

    assert upstream.only.path.endswith("/invocations?Qualifier=live")


@pytest.mark.parametrize("name", ["sortie-agent-", "sortie-RunAgentJob", "other-agent-demo"])
def test_ask_of_a_function_of_others_invokes_nothing(upstream, provider, a_question, name) -> None:
    with pytest.raises(UpstreamError, match=r"^The agent's function is not available$") as error:
        provider.ask(agent(function=name), a_question())

    assert error.value.failure_class == "not_found"
    assert upstream.received == []


def test_ask_without_aws_invokes_nothing(upstream, make_client, clock, a_question) -> None:
    provider = FunctionProvider(make_client, clock, lambda _: None, stack=None)

    with pytest.raises(UpstreamError, match=r"^The agent's function is not available$") as error:
        provider.ask(agent(), a_question())

    assert "needs a stack on AWS" in error.value.detail
    assert upstream.received == []


# ── Answers ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("returned", "answer"), [
    ("Fine", Answer("Fine")),
    ({"content": "Fine"}, Answer("Fine")),
    ({"content": "Fine", "metadata": {"n": 1}}, Answer("Fine", {"n": 1})),
    ({"content": "Fine", "metadata": [1]}, Answer("Fine")),
    ({"content": "Fi\0ne", "error": None}, Answer("Fine")),
], ids=str)  # fmt: skip
def test_ask_takes_what_the_function_returned(upstream, ask, returned, answer) -> None:
    upstream.then(reply(returned))

    assert ask() == answer


@pytest.mark.parametrize(("raw", "text", "failure_class"), [
    (b'{"error": "No such order\\nsecond line"}', "No such order", "refused"),
    (b'{"error": "No", "content": "Yes"}', "No", "refused"),
    (b"null", "The agent's answer is malformed", "bad_answer"),
    (b"[1, 2]", "The agent's answer is malformed", "bad_answer"),
    (b"7", "The agent's answer is malformed", "bad_answer"),
    (b'{"error": " "}', "The agent's answer is malformed", "bad_answer"),
    (b'{"error": 7}', "The agent's answer is malformed", "bad_answer"),
    (b'{"content": null}', "The agent's answer is malformed", "bad_answer"),
    (b"no JSON", "The agent's answer is malformed", "bad_answer"),
    (b"", "The agent's answer is malformed", "bad_answer"),
    (b'{"content": "x", "metadata": {"a":' + b'{"a":' * 200 + b"1" + b"}" * 202,
     "The agent's answer is malformed", "bad_answer"),
    (b'""', "The agent gave no answer", "bad_answer"),
    (b'{"content": " "}', "The agent gave no answer", "bad_answer"),
    (b'"' + b"x" * 310_000 + b'"', "The agent's answer is larger than 300 KB", "quota"),
    (b'"' + b"x" * 3_000_000 + b'"', "The agent's answer is too large", "quota"),
], ids=lambda each: str(each)[:40])  # fmt: skip
def test_ask_with_bad_answer_fails(upstream, ask, raw, text, failure_class) -> None:
    upstream.then(reply(raw))

    with pytest.raises(UpstreamError) as error:
        ask()

    assert (str(error.value), error.value.failure_class) == (text, failure_class)
    assert len(upstream.received) == 1


def test_ask_of_failing_function_keeps_its_message_in_its_log(upstream, ask) -> None:
    raised = {"errorMessage": "secret detail", "errorType": "ValueError", "stackTrace": ["x"]}
    upstream.then(reply(raised, X_Amz_Function_Error="Unhandled"))

    with pytest.raises(UpstreamError, match=r"^The agent's function failed$") as error:
        ask()

    assert "secret" not in error.value.detail
    assert len(upstream.received) == 1


# ── Later, or never ────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", [
    refusal("TooManyRequestsException", 429), refusal("ServiceException", 500),
    refusal("EC2ThrottledException", 502), refusal("ENILimitReachedException", 502),
    refusal("ResourceConflictException", 409), refusal("SnapStartNotReadyException", 409),
    reply(b"<html>", 503),
])  # fmt: skip
def test_ask_before_the_function_runs_is_repeated(upstream, ask, slept, fault) -> None:
    upstream.then(fault, fault, reply("Fine"))

    assert ask() == Answer("Fine")
    assert len(upstream.received) == 3
    assert len(slept) == 2


@pytest.mark.parametrize(("fault", "text", "failure_class"), [
    (refusal("TooManyRequestsException", 429), "is busy; try again later", "quota"),
    (refusal("ServiceException", 500), "is not ready; try again later", "unavailable"),
])  # fmt: skip
def test_ask_until_the_deadline_fails(upstream, ask, clock, fault, text, failure_class) -> None:  # noqa: PLR0913, PLR0917
    upstream.then(fault)

    with pytest.raises(UpstreamError, match=text) as error:
        ask()

    assert error.value.failure_class == failure_class
    assert len(upstream.received) > 5
    assert NOON + 20_000 < clock() < NOON + 30_000


def test_ask_without_connection_is_repeated_until_the_deadline(
    client_at, clock, sleep, slept, a_question
) -> None:
    provider = FunctionProvider(client_at("http://127.0.0.1:9"), clock, sleep, stack=STACK)

    with pytest.raises(UpstreamError, match=r"cannot be reached; try again later$") as error:
        provider.ask(agent(), a_question())

    assert error.value.failure_class == "unavailable"
    assert len(slept) > 5


@pytest.mark.parametrize(("code", "status", "failure_class"), [
    ("ResourceNotFoundException", 404, "not_found"), ("AccessDeniedException", 403, "credentials"),
    ("InvalidParameterValueException", 400, "refused"), ("InvalidZipFileException", 502, "refused"),
    ("RecursiveInvocationException", 400, "refused"), ("KMSAccessDeniedException", 502, "refused"),
])  # fmt: skip
def test_ask_that_can_never_succeed_fails_at_once(upstream, ask, code, status,
                                                  failure_class) -> None:  # fmt: skip
    upstream.then(refusal(code, status))

    with pytest.raises(UpstreamError, match=r"^The agent's function is not available$") as error:
        ask()

    assert error.value.failure_class == failure_class
    assert code in error.value.detail
    assert len(upstream.received) == 1


def test_ask_with_too_long_conversation_tells_so(upstream, ask) -> None:
    upstream.then(refusal("RequestTooLargeException", 413))

    with pytest.raises(UpstreamError, match=r"^The conversation is too long") as error:
        ask()

    assert error.value.failure_class == "quota"


# ── Invoked once ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", [close_connection, close_in_body])
def test_ask_with_lost_connection_does_not_run_it_twice(upstream, ask, fault) -> None:
    upstream.then(fault)

    with pytest.raises(UpstreamError, match=r"^The agent's function gave no answer$"):
        ask()

    assert len(upstream.received) == 1


def test_ask_of_slow_function_gives_up_at_the_deadline(upstream, make_client, a_question) -> None:
    upstream.then(never_respond)
    provider = FunctionProvider(make_client, now, lambda _: None, stack=STACK)

    assert provider.ask(agent(), a_question(deadline=now() + 500)) is None
    assert len(upstream.received) == 1


def test_ask_after_the_deadline_invokes_nothing(upstream, ask) -> None:
    assert ask(deadline=NOON) is None
    assert upstream.received == []
