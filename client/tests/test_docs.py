import json
from dataclasses import replace

import httpx
import pytest

from client.tests.conftest import SETTINGS, Caller
from client.tests.responses import DOCS_JOB, DONE, JOB_ID, NOON, ok, stream
from sortie_client import (
    ConnectionFailedError,
    DocsCredentials,
    JobFailedError,
    NotConfiguredError,
)


def event(event_id: str, text: str) -> bytes:
    data = json.dumps({"type": "text-delta", "delta": text}, ensure_ascii=False)
    return f"id: {event_id}\ndata: {data}\n\n".encode()


def docs_job(status: str = "active"):
    return ok(
        {
            "id": JOB_ID,
            "status": status,
            "source": {"repository": "https://git.example/a.git", "ref": "b"},
            "model": "sonnet",
            "prLink": None,
            "createdAt": NOON,
            "archivedAt": None,
        }
    )


def texts(events) -> list[str]:
    return [it.data["delta"] for it in events if it.type == "text-delta"]


def test_run_yields_opened_then_the_agents_events(client, server) -> None:
    server.will(stream(event("1.1", "One"), b": ping\n\n", event("1.2", "Two"), DONE))

    opened, *events = client.docs.run("say Hello")

    assert server.paths == ["POST /v1/agent/handbook/job"]
    assert server.bodies == [{"messages": [{"role": "user", "content": "say Hello"}]}]
    assert server.headers("Accept") == ["text/event-stream"]
    assert server.headers("Authorization") == ["Bearer mint_key"]
    assert (opened.type, opened.job_id, opened.branch) == ("opened", JOB_ID, "docs-agent/tïdes")
    assert [(it.id, it.job_id) for it in events] == [("1.1", JOB_ID), ("1.2", JOB_ID)]
    assert texts(events) == ["One", "Two"]


def test_run_chunks_of_any_size_are_parsed(client, server) -> None:
    whole = event("1.1", "Ebbe → Flut 🌊").replace(b"\n", b"\r\n") + event("1.2", "b") + DONE
    server.will(stream(*(whole[i : i + 1] for i in range(len(whole)))))

    assert texts(client.docs.run("say Hello")) == ["Ebbe → Flut 🌊", "b"]


def test_run_lost_response_is_retried_under_one_key(client, server) -> None:
    server.will(httpx.ReadTimeout("lost"), stream(DONE))

    list(client.docs.run("say Hello"))

    first, second = server.headers("Idempotency-Key")
    assert first == second is not None


def test_run_streams_without_events_are_given_up(client, server) -> None:
    server.will(*[stream(httpx.ReadError("lost")) for _ in range(5)])

    with pytest.raises(ConnectionFailedError):
        list(client.docs.run("say Hello"))


def test_follow_continues_after_an_event(client, server) -> None:
    server.will(stream(event("3.1", "c"), DONE))

    events = client.docs.follow(JOB_ID, after="2.7", project="other")

    assert texts(events) == ["c"]
    assert server.paths == [f"GET /v1/agent/other/job/{JOB_ID}/stream"]
    assert server.headers("Last-Event-ID") == ["2.7"]


def test_job_is_created_polled_and_messaged(client, server) -> None:
    server.will(docs_job(), docs_job("completed"), docs_job())

    created = client.docs.create_job("say Hello")
    ended = client.docs.poll_job(created.id, interval=0)
    messaged = client.docs.message_job(created.id, "say More")

    assert server.paths == [
        "POST /v2/agent/handbook/job",
        f"GET /v2/agent/handbook/job/{JOB_ID}",
        f"POST /v2/agent/handbook/job/{JOB_ID}/message",
    ]
    assert (created.source.ref, ended.is_terminal, messaged.status) == ("b", True, "active")
    first, _, last = server.headers("Idempotency-Key")
    assert None not in {first, last}


def test_job_is_cancelled(client, server) -> None:
    server.will(docs_job("failed"))

    cancelled = client.docs.cancel_job(JOB_ID)

    assert server.paths == [f"POST /v2/agent/handbook/job/{JOB_ID}/cancel"]
    assert (cancelled.is_terminal, cancelled.usage) == (True, None)


def test_cancel_is_not_repeated_when_its_response_is_lost(client, server) -> None:
    server.will(httpx.ReadTimeout("lost"))

    with pytest.raises(ConnectionFailedError):
        client.docs.cancel_job(JOB_ID)

    assert len(server.paths) == 1


def test_usage_of_job_is_read(client, server) -> None:
    usage = {"inputTokens": 1200, "outputTokens": 34}
    server.will(ok(DOCS_JOB | {"usage": usage}))

    found = client.docs.get_job_details(JOB_ID).usage

    assert (found.input_tokens, found.output_tokens) == (1200, 34)


def test_poll_job_failed_raises_the_agents_message(client, server) -> None:
    server.will(docs_job("failed"), ok(DOCS_JOB | {"haultReason": "error"}))

    with pytest.raises(JobFailedError, match="No such file"):
        client.docs.poll_job(JOB_ID)


def test_job_details_are_read_and_listed(client, server) -> None:
    server.will(ok(DOCS_JOB), ok({"allSessions": [DOCS_JOB]}))

    found = client.docs.get_job_details(JOB_ID)
    [listed] = client.docs.list_jobs(take=1)

    assert (found.halted, found.halt_reason, found.todos[0].content) == (True, "completed", "Write")
    assert listed == found
    assert server.paths[1] == "GET /v1/agent/handbook/jobs?take=1"


def test_call_without_a_project_raises(server) -> None:
    settings = replace(SETTINGS, docs=DocsCredentials(api_key="mint_key"))

    with pytest.raises(NotConfiguredError, match="SORTIE_PROJECT"):
        Caller(server, is_async=False).call(lambda s: s.docs.get_job(JOB_ID), settings=settings)
