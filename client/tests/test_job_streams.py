"""Answers of message jobs, streamed."""

import httpx
import pytest

from client.tests.responses import DONE, JOB_ID, chunk, ok, reply, stream
from sortie_client import JobFailedError, NotFoundError, Restart, UnexpectedResponseError


def test_stream_job_yields_the_parts_of_the_answer(caller, server) -> None:
    server.will(reply("Good ", "evening"))

    parts = caller.collect(lambda s: s.messaging.stream_job(JOB_ID))

    assert parts == ["Good ", "evening"]
    assert server.paths == [f"GET /api/messaging/jobs/{JOB_ID}/stream"]
    assert server.headers("Accept") == ["text/event-stream"]


def test_stream_job_resumes_after_its_last_event(caller, server) -> None:
    first = chunk("1.4", type="text-delta", delta="Good ")
    server.will(
        stream(first, httpx.ReadError("lost")),
        stream(chunk("2.1", type="text-delta", delta="evening"), DONE),
    )

    parts = caller.collect(lambda s: s.messaging.stream_job(JOB_ID))

    assert parts == ["Good ", "evening"]
    assert server.headers("Last-Event-ID") == [None, "1.4"]


def test_stream_job_that_ends_before_its_mark_is_asked_once_more(caller, server) -> None:
    server.will(stream(chunk("1.4", type="text-delta", delta="All")), ok(None, 204))

    assert caller.collect(lambda s: s.messaging.stream_job(JOB_ID)) == ["All"]


def test_stream_job_says_when_the_agent_is_asked_again(caller, server) -> None:
    restarted = chunk("1.2", type="data-restarted", data={})
    void, new = (chunk(f"{n}.1", type="text-delta", delta=f"{n}") for n in (1, 2))
    server.will(stream(void, restarted, new, DONE))

    parts = caller.collect(lambda s: s.messaging.stream_job(JOB_ID))

    assert parts == ["1", "", "2"]
    assert isinstance(parts[1], Restart)


def test_stream_job_of_a_failed_job_raises_its_error(caller, server) -> None:
    server.will(reply("Half", error="The agent is out"))

    with pytest.raises(JobFailedError, match="The agent is out"):
        caller.collect(lambda s: s.messaging.stream_job(JOB_ID))


def test_stream_job_of_an_unknown_job_raises(caller, server) -> None:
    server.will(ok({"success": False, "error": "Job not found", "code": "JOB_NOT_FOUND"}, 404))

    with pytest.raises(NotFoundError):
        caller.collect(lambda s: s.messaging.stream_job(JOB_ID))


@pytest.mark.parametrize("data", ["{", "[]", "{}", '{"type": "text-delta"}'])
def test_stream_job_with_an_invalid_event_raises(caller, server, data) -> None:
    server.will(stream(f"data: {data}\n\n".encode(), DONE))

    with pytest.raises(UnexpectedResponseError):
        caller.collect(lambda s: s.messaging.stream_job(JOB_ID))
