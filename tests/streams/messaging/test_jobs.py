"""Streams of message jobs over HTTP."""

import json

import pytest

from jobs.auth.api_key import PAYERS
from jobs.core.cancel_job import CancelJob
from jobs.kit.asgi import CONTEXT_HEADER
from jobs.messaging.message import answer_id
from tests.streams.conftest import context
from tests.streams.messaging.conftest import JOBS, chunks, error_in, text_of
from tests.unit.support import AGENT_ID

NOBODY = "019b7963-4a00-7000-8000-000000000001"


def test_stream_has_the_agents_words_and_its_job(ask, create) -> None:
    job = create("/stream 0.1 One two three")

    answer = ask("GET", f"{JOBS}/{job.id}/stream")

    read = chunks(answer)
    assert answer.status == 200
    assert answer.getheader("Content-Type") == "text/event-stream"
    assert answer.getheader("X-Vercel-AI-UI-Message-Stream") == "v1"
    assert answer.getheader("X-Job-Id") == job.id
    assert "X-Job-Id" in answer.getheader("Access-Control-Expose-Headers")
    assert read[0][1] == {
        "type": "start",
        "messageId": answer_id(job),
        "messageMetadata": {"jobId": job.id, "agentId": AGENT_ID},
    }
    assert (text_of(read), read[-1][1]) == ("One two three", "[DONE]")


def test_stream_with_accept_plain_is_that_of_ai_sdk_4(ask, create) -> None:
    job = create("/stream 0.1 One two")

    answer = ask("GET", f"{JOBS}/{job.id}/stream", headers={"Accept": "text/plain"})

    lines = [line.split(":", 1) for line in answer.read().decode().splitlines()]
    assert answer.getheader("X-Vercel-AI-Data-Stream") == "v1"
    assert "".join(json.loads(text) for kind, text in lines if kind == "0") == "One two"
    assert lines[-1][0] == "d"


def test_first_byte_of_a_silent_agent_is_a_comment(ask, agents, create) -> None:
    agents.away = True
    job = create()

    answer = ask("GET", f"{JOBS}/{job.id}/stream")

    assert [answer.readline() for _ in range(3)] == [b": ping\n", b"\n", b": ping\n"]


def test_each_id_resumes_exactly_after_its_event(ask, agents, create) -> None:
    job = create("/stream 0.05 One two three")
    whole = chunks(ask("GET", f"{JOBS}/{job.id}/stream"))

    for count, (place, _) in enumerate(whole, start=1):
        answer = ask("GET", f"{JOBS}/{job.id}/stream", headers={"Last-Event-ID": place})
        assert answer.status == (200 if whole[count:] else 204)
        assert chunks(answer) == whole[count:]


def test_cancel_while_the_agent_speaks_ends_the_stream(ask, create, world) -> None:
    job = create("/stream 20 One two three four five six seven eight nine ten")
    answer = ask("GET", f"{JOBS}/{job.id}/stream")
    while b"text-delta" not in answer.readline():
        pass

    CancelJob(repository=world.repository, clock=world.clock)(job.ref)

    *_, error, _, done = chunks(answer)
    assert error[1] == {"type": "error", "errorText": "Job cancelled"}
    assert done[1] == "[DONE]"


def test_failed_job_streams_its_error(ask, create) -> None:
    job = create("/fail No tokens left")

    read = chunks(ask("GET", f"{JOBS}/{job.id}/stream"))

    assert ("error", "No tokens left") in [(c["type"], c.get("errorText")) for _, c in read[:-1]]


@pytest.mark.parametrize("job_id", [NOBODY, "none", "x" * 5000])
def test_unknown_job_is_404(ask, agents, job_id) -> None:
    answer = ask("GET", f"{JOBS}/{job_id}/stream", headers={"Last-Event-ID": "x"})

    assert error_in(answer) == (404, "JOB_NOT_FOUND", "Job not found")


def test_job_of_another_tenant_is_404(ask, create) -> None:
    job = create()

    answer = ask("GET", f"{JOBS}/{job.id}/stream", headers={CONTEXT_HEADER: context("other")})

    assert error_in(answer)[:2] == (404, "JOB_NOT_FOUND")


@pytest.mark.parametrize("header", ["", "null", "{}"])
def test_request_without_authorizer_is_401(ask, create, header) -> None:
    answer = ask("GET", f"{JOBS}/{create().id}/stream", headers={CONTEXT_HEADER: header})

    assert error_in(answer)[:2] == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("bad", ["", "x", "0.1", "1.1.1", "7.1", "1.99"])
def test_last_event_id_that_was_never_given_is_400(ask, agents, create, bad) -> None:
    job = create("Hello")
    agents.threads[0].join()

    answer = ask("GET", f"{JOBS}/{job.id}/stream", headers={"Last-Event-ID": bad})

    assert error_in(answer)[:2] == (400, "INVALID_REQUEST")


def test_head_has_the_headers_of_get(ask, create) -> None:
    answer = ask("HEAD", f"{JOBS}/{create().id}/stream")

    assert (answer.status, answer.read()) == (200, b"")
    assert answer.getheader("Content-Type") == "text/event-stream"


def test_job_that_was_paid_for_without_a_key_streams_to_others(ask, create, monkeypatch) -> None:
    job = create("Hello", tenant=PAYERS)
    monkeypatch.setenv("PAYMENTS", "instead-of-key")

    assert text_of(chunks(ask("GET", f"{JOBS}/{job.id}/stream"))) == "Hello"
