import json

import httpx
import pytest

from client.tests.answers import JOB_ID, busy, events, ok, refused
from sortie_client import (
    ConnectionFailedError,
    DocsKeys,
    JobFailedError,
    NotConfiguredError,
    NotFoundError,
    Settings,
)

SESSION = {
    "sessionId": JOB_ID, "subdomain": "acme", "branch": "b", "haulted": True,
    "haultReason": "completed", "pullRequestLink": "", "messageToUser": "Done.",
    "todos": [{"content": "Write", "status": "completed", "priority": "high", "id": "1"}],
    "title": "Tides", "createdAt": "2026-01-01T12:00:00.000Z",
}  # fmt: skip
NOWHERE = Settings("https://x", docs=DocsKeys(api_key="mint_nobody"))
BROKEN = httpx.ReadError("lost")
DONE = b"id: 1.4\ndata: [DONE]\n\n"
STREAM = f"GET /v1/agent/handbook/job/{JOB_ID}/stream"


def event(place: str, text: str) -> bytes:
    data = json.dumps({"type": "text-delta", "delta": text}, ensure_ascii=False)
    return f"id: {place}\ndata: {data}\n\n".encode()


def agent_job(status: str = "active"):
    return ok(
        {
            "id": JOB_ID,
            "status": status,
            "source": {"repository": "https://git.example/a.git", "ref": "b"},
            "model": "sonnet",
            "prLink": None,
            "createdAt": "2026-01-01T12:00:00.000Z",
            "archivedAt": None,
        }
    )


def texts(seen) -> list[str]:
    return [it.data["delta"] for it in seen if it.type == "text-delta"]


def run(sortie):
    return sortie.docs.run("say Hello")


def test_a_run_gives_its_job_first_and_then_what_the_agent_does(both, server) -> None:
    server.will(events(event("1.1", "One"), b": ping\n\n", event("1.2", "Two"), DONE))

    opened, *seen = both.stream(run)

    assert server.paths == ["POST /v1/agent/handbook/job"]
    assert server.bodies == [{"messages": [{"role": "user", "content": "say Hello"}]}]
    assert server.headers("Accept") == ["text/event-stream"]
    assert server.headers("Authorization") == ["Bearer mint_nobody"]
    assert (opened.type, opened.job_id, opened.branch) == ("opened", JOB_ID, "docs-agent/tïdes")
    assert [(it.id, it.job_id) for it in seen] == [("1.1", JOB_ID), ("1.2", JOB_ID)]
    assert texts(seen) == ["One", "Two"]


@pytest.mark.parametrize("end", [(BROKEN,), ()], ids=["broken", "ended"])
def test_a_stream_that_breaks_off_goes_on_after_the_last_event(both, server, end) -> None:
    server.will(
        events(event("1.1", "One"), event("1.2", "Two")[:9], *end),
        busy(),
        events(event("1.2", "Two"), *end),
        events(DONE),
    )

    seen = both.stream(run)

    assert texts(seen) == ["One", "Two"]
    assert server.paths == ["POST /v1/agent/handbook/job", STREAM, STREAM, STREAM]
    assert server.headers("Last-Event-ID") == [None, "1.1", "1.1", "1.2"]


def test_pieces_may_be_cut_anywhere(both, server) -> None:
    whole = event("1.1", "Ebbe → Flut 🌊").replace(b"\n", b"\r\n") + event("1.2", "b") + DONE
    server.will(events(*(whole[i : i + 1] for i in range(len(whole)))))

    assert texts(both.stream(run)) == ["Ebbe → Flut 🌊", "b"]


def test_a_create_that_is_lost_before_its_answer_is_repeated_under_one_key(both, server) -> None:
    server.will(httpx.ReadTimeout("lost"), events(DONE))

    both.stream(run)

    first, second = server.headers("Idempotency-Key")
    assert first == second is not None


def test_a_stream_that_never_gets_on_is_given_up(both, server) -> None:
    server.will(*[events(BROKEN) for _ in range(5)])

    with pytest.raises(ConnectionFailedError):
        both.stream(run)


def test_following_begins_after_a_place(both, server) -> None:
    server.will(events(event("3.1", "c"), DONE))

    seen = both.stream(lambda s: s.docs.follow(JOB_ID, after="2.7", project="other"))

    assert server.paths == [f"GET /v1/agent/other/job/{JOB_ID}/stream"]
    assert server.headers("Last-Event-ID") == ["2.7"]
    assert texts(seen) == ["c"]


def test_a_stream_can_be_left(both, server) -> None:
    server.will(events(event("1.1", "One"), event("1.2", "Two"), BROKEN))

    assert len(both.stream(run, at_most=2)) == 2


def test_a_stream_that_is_refused_says_why(both, server) -> None:
    server.will(ok({"error": "Project not found"}, 404))

    with pytest.raises(NotFoundError, match="Project not found"):
        both.stream(run)


def test_jobs_without_a_stream(both, server) -> None:
    server.will(agent_job(), agent_job("completed"), agent_job())

    made = both.call(lambda s: s.docs.create_job("say Hello"))
    over = both.call(lambda s: s.docs.poll_job(made.id, interval=0))
    more = both.call(lambda s: s.docs.message_job(made.id, "say More"))

    assert server.paths == [
        "POST /v2/agent/handbook/job",
        f"GET /v2/agent/handbook/job/{JOB_ID}",
        f"POST /v2/agent/handbook/job/{JOB_ID}/message",
    ]
    assert (made.source.ref, over.is_over, more.status) == ("b", True, "active")
    assert None not in (server.headers("Idempotency-Key")[0], server.headers("Idempotency-Key")[2])


def test_waiting_for_one_that_fails_raises_what_it_says(both, server) -> None:
    failed = SESSION | {"haultReason": "error", "messageToUser": "No such file"}
    server.will(agent_job("failed"), ok(failed))

    with pytest.raises(JobFailedError, match="No such file"):
        both.call(lambda s: s.docs.poll_job(JOB_ID))


def test_sessions(both, server) -> None:
    server.will(ok(SESSION), ok({"allSessions": [SESSION]}))

    one = both.call(lambda s: s.docs.get_session(JOB_ID))
    [listed] = both.call(lambda s: s.docs.list_sessions(take=1))

    assert (one.halted, one.halt_reason, one.todos[0].content) == (True, "completed", "Write")
    assert listed == one
    assert server.paths[1] == "GET /v1/agent/handbook/jobs?take=1"


def test_without_a_project_it_says_so(both) -> None:
    with pytest.raises(NotConfiguredError, match="SORTIE_PROJECT"):
        both.call(lambda s: s.docs.get_job(JOB_ID), settings=NOWHERE)


def test_a_key_of_no_use_is_refused(both, server) -> None:
    server.will(refused(401, "Missing or invalid credentials"))

    with pytest.raises(Exception, match="invalid credentials"):
        both.call(lambda s: s.docs.get_job(JOB_ID))
