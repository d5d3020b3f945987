"""The remote provider: create, then poll."""

from typing import Any

import pytest

from jobs.core.wiring import now
from jobs.kit.errors import UpstreamError
from jobs.kit.outbound.rest import RestClient
from jobs.messaging.adapters.providers.remote import RemoteProvider
from jobs.messaging.agent import Agent
from jobs.messaging.ports import Answer, Delegated
from tests.adapters.messaging.conftest import JOB_ID, SECRET, USER_ID
from tests.adapters.upstream import close_connection, close_in_body, never_respond, reply
from tests.support import NOON

HANDLE = "019b7963-4a00-7000-8000-00000000000f"


def agent(upstream: Any, **settings: Any) -> Agent:
    return Agent(
        id="a", name="Ada", provider="remote", settings={"baseUrl": upstream.url} | settings
    )


@pytest.fixture
def provider(client, secrets, clock) -> RemoteProvider:
    return RemoteProvider(client, secrets, clock)


@pytest.fixture
def ask(provider, upstream, a_question) -> Any:
    return lambda **about: provider.ask(agent(upstream), a_question(**about))


@pytest.fixture
def poll(provider, upstream, a_question) -> Any:
    return lambda: provider.poll(agent(upstream), a_question(), HANDLE)


def completed(message: Any) -> dict[str, Any]:
    return {"jobId": HANDLE, "status": "completed", "result": {"message": message}}


def test_ask_creates_remote_job(upstream, ask) -> None:
    upstream.then(reply({"jobId": HANDLE, "status": "pending"}, 201))

    assert ask(metadata={"a": [1.5, None]}) == Delegated(HANDLE)

    received = upstream.only
    assert (received.method, received.path) == ("POST", "/api/messaging/jobs")
    assert received.headers["idempotency-key"] == JOB_ID
    assert "x-api-key" not in received.headers
    assert received.body == {
        "userId": USER_ID,
        "content": "How are you? 🐎",
        "metadata": {"a": [1.5, None]},
        "timeoutMs": 30_000,
    }


def test_ask_sends_agent_settings(upstream, provider, a_question) -> None:
    upstream.then(reply({"jobId": HANDLE}, 201), reply(completed({"content": "Fine"})))
    remote_agent = agent(
        upstream, baseUrl=f"{upstream.url}/", agentId="b", apiKeySecret="agents/key"
    )

    provider.ask(remote_agent, a_question())
    provider.poll(remote_agent, a_question(), HANDLE)

    create, get = upstream.received
    assert create.body["agentId"] == "b"
    assert (get.method, get.path) == ("GET", f"/api/messaging/jobs/{HANDLE}")
    assert {create.headers["x-api-key"], get.headers["x-api-key"]} == {SECRET}


def test_ask_again_sends_same_idempotency_key(upstream, ask) -> None:
    upstream.then(reply({"jobId": HANDLE}, 201), reply({"jobId": HANDLE}, 201))

    ask(deadline=NOON + 30_000)
    ask(deadline=NOON + 10_000)

    first, second = (each.body for each in upstream.received)
    assert first == second


@pytest.mark.parametrize("fault", [reply({}, 500), reply({}, 429), close_connection, close_in_body])
def test_ask_with_retries_creates_one_remote_job(upstream, ask, fault) -> None:
    upstream.then(fault, fault, reply({"jobId": HANDLE}, 201))

    assert ask() == Delegated(HANDLE)
    assert [each.headers["idempotency-key"] for each in upstream.received] == [JOB_ID] * 3


@pytest.mark.parametrize("answer", [
    reply({"error": "key sk-1 at host.internal"}, 401), reply(b"<html>", 404), reply({}, 301),
    reply({"success": True}, 201), reply([HANDLE], 201), reply({"jobId": 7}, 200),
    reply({"jobId": HANDLE}, 202), reply({"jobId": "../x"}, 201),
])  # fmt: skip
def test_ask_without_remote_job_raises_upstream_error(upstream, ask, answer) -> None:
    upstream.then(answer)

    with pytest.raises(UpstreamError, match=r"^The remote agent refused the message$"):
        ask()


def test_ask_unreachable_server_raises_upstream_error(upstream, ask) -> None:
    upstream.then(close_connection)

    with pytest.raises(UpstreamError, match=r"^The agent's provider is not available$"):
        ask()


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_poll_of_unended_remote_job_returns_none(upstream, poll, status) -> None:
    upstream.then(reply({"jobId": HANDLE, "status": status}))

    assert poll() is None


@pytest.mark.parametrize(("message", "answer"), [
    ({"content": "Fine"}, Answer("Fine")),
    ({"content": "🐎", "metadata": {"a": 1.5}}, Answer("🐎", {"a": 1.5})),
    ({"content": "Fine", "metadata": "text", "id": "m", "authorId": "b"}, Answer("Fine")),
])  # fmt: skip
def test_poll_of_completed_remote_job_returns_answer(upstream, poll, message, answer) -> None:
    upstream.then(reply(completed(message)))

    assert poll() == answer


@pytest.mark.parametrize(("error", "reason"), [
    ("Out of tokens", "Out of tokens"),
    ("First line\n  File secret.py", "First line"),
    ("\n\nAfter some lines", "After some lines"),
])  # fmt: skip
def test_poll_of_failed_remote_job_raises_its_reason(upstream, poll, error, reason) -> None:
    upstream.then(reply({"status": "failed", "error": error}))

    with pytest.raises(UpstreamError) as failure:
        poll()

    assert str(failure.value) == reason


@pytest.mark.parametrize("body", [
    {}, {"status": "timeout"}, {"status": "failed"}, {"status": "failed", "error": ""},
    {"status": "failed", "error": " \n"}, {"status": "failed", "error": {"at": "host"}},
    {"status": "completed"}, {"status": "completed", "result": "text"},
    {"status": "completed", "result": {"message": {}}}, {"status": "gone"}, {"status": None},
])  # fmt: skip
def test_poll_of_remote_job_without_answer_raises_upstream_error(upstream, poll, body) -> None:
    upstream.then(reply(body))

    with pytest.raises(UpstreamError, match=r"^The remote agent gave no answer$"):
        poll()


@pytest.mark.parametrize(("content", "text"), [
    (7, "The agent's answer is malformed"), (None, "The agent's answer is malformed"),
    (["text"], "The agent's answer is malformed"), ("", "The agent gave no answer"),
    (" \n", "The agent gave no answer"), ("\0", "The agent gave no answer"),
])  # fmt: skip
def test_poll_with_non_text_answer_raises_upstream_error(upstream, poll, content, text) -> None:
    upstream.then(reply(completed({"content": content})))

    with pytest.raises(UpstreamError, match=f"^{text}$") as error:
        poll()

    assert error.value.failure_class == "bad_answer"


def test_poll_replaces_characters_that_cannot_be_stored(upstream, poll) -> None:
    raw = b'{"content": "a\\u0000b \\ud83d\\ude00 \\ud83d", "metadata": {"\\udc00": ["\\u0000c"]}}'
    upstream.then(reply(b'{"status": "completed", "result": {"message": ' + raw + b"}}"))

    assert poll() == Answer("ab 😀 \ufffd", {"\ufffd": ["c"]})


@pytest.mark.parametrize("message", [
    {"content": "x" * 310_000}, {"content": "x", "metadata": {"a": "x" * 310_000}},
])  # fmt: skip
def test_poll_with_answer_over_300_kb_raises_upstream_error(upstream, poll, message) -> None:
    upstream.then(reply(completed(message)))

    with pytest.raises(UpstreamError, match="larger than 300 KB"):
        poll()


@pytest.mark.parametrize("status", [301, 401, 403, 404, 410])
@pytest.mark.parametrize("body", [b"{}", b"<html>"])
def test_poll_of_unknown_remote_job_raises_upstream_error(upstream, poll, status, body) -> None:
    upstream.then(reply(body, status))

    with pytest.raises(UpstreamError, match=r"^The remote agent no longer knows the message$"):
        poll()


@pytest.mark.parametrize("fault", [
    reply({}, 500), reply({}, 503), reply({}, 429, Retry_After="60"), close_connection,
    close_in_body,
    reply(b"garbage"),
])  # fmt: skip
def test_poll_with_failing_server_returns_none(upstream, poll, fault) -> None:
    upstream.then(fault)

    assert poll() is None


def test_poll_of_agent_without_url_raises_upstream_error(provider, a_question) -> None:
    changed = Agent(id="a", name="Ada", provider="echo")

    with pytest.raises(UpstreamError, match=r"^The agent is no longer a remote one$"):
        provider.poll(changed, a_question(), HANDLE)


def test_poll_with_slow_server_ends_before_job_deadline(upstream, secrets, a_question) -> None:
    upstream.then(never_respond)
    late = now() - 9_800  # most of the poll's ten seconds have passed
    provider = RemoteProvider(RestClient(now), secrets, lambda: late)

    assert provider.poll(agent(upstream), a_question(deadline=now() + 300_000), HANDLE) is None


@pytest.mark.parametrize(("status", "failure_class"), [
    (400, "refused"), (401, "credentials"), (402, "quota"), (403, "credentials"),
    (404, "not_found"), (429, "quota"), (503, "unavailable"),
])  # fmt: skip
def test_ask_refused_tells_class_and_operator_the_reason(upstream, ask, status, failure_class):
    upstream.then(reply({"success": False, "error": "No, because"}, status))

    with pytest.raises(UpstreamError) as error:
        ask()

    assert error.value.failure_class == failure_class
    assert error.value.detail == f"HTTP {status}: No, because"


@pytest.mark.parametrize(("job", "failure_class"), [
    ({"status": "failed", "error": "No"}, "refused"),
    ({"status": "failed", "error": "No", "errorClass": "quota"}, "quota"),
    ({"status": "failed", "error": "No", "errorClass": ["new"]}, "refused"),
    ({"status": "timeout"}, "timeout"), ({"status": "gone"}, "bad_answer"),
])  # fmt: skip
def test_poll_of_failed_remote_job_has_its_class(upstream, poll, job, failure_class) -> None:
    upstream.then(reply(job))

    with pytest.raises(UpstreamError) as error:
        poll()

    assert error.value.failure_class == failure_class
