"""Streams of running docs jobs over HTTP."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

import pytest

from jobs.core.errors import StaleJobError
from jobs.core.failure import Failure
from jobs.core.tail import LOST_MESSAGE
from jobs.core.webhook import Webhook
from jobs.core.write_output import OutputWriter
from jobs.docs.docs_job import Project, docs_job_of
from jobs.docs.find_end import ABANDONED_AFTER_MS, WORKERS_TIME_MS
from jobs.docs.wiring import wiring as docs
from jobs.kit.asgi import CONTEXT_HEADER
from jobs.kit.errors import FailureClass
from tests.streams.conftest import BODY, PATH, PROJECT, QUICKLY, SSE, TENANT, context, key

START = {"t": "start", "id": "msg_1"}
STEP = {"t": "step-start", "id": "msg_1"}
END = {"t": "finish", "reason": "stop", "in": 3, "out": 4}
NOBODY = "019b7963-4a00-7000-8000-000000000001"


def text(content: str) -> dict:
    return {"t": "text", "text": content}


def next_line(answer) -> bytes:
    """Return the next line that is no heartbeat."""
    while (line := answer.readline()) == b"2:[]\n":
        pass
    return line


def rest(answer) -> list[str]:
    """Return the remaining lines of version 4, without heartbeats."""
    return [line for line in answer.read().decode().splitlines() if line != "2:[]"]


def chunks(answer) -> list[tuple[str, object]]:
    """Return ids and data of the remaining events of version 5."""
    events = [event for event in answer.read().decode().split("\n\n") if event.startswith("id: ")]
    pairs = [event.removeprefix("id: ").split("\ndata: ") for event in events]
    return [(place, data if data == "[DONE]" else json.loads(data)) for place, data in pairs]


def error_in(answer) -> tuple[int, str]:
    assert answer.getheader("Content-Type") == "application/json"
    return answer.status, json.loads(answer.read())["error"]


def talk(world, job, meanwhile) -> None:
    """Run an agent that talks until it learns that its job is over."""
    deadline = time.monotonic() + 10
    with suppress(StaleJobError), OutputWriter(world.log, job) as emit:
        emit(START)
        emit(text("so"))
        emit.flush()
        meanwhile()
        while time.monotonic() < deadline:
            emit(text(" on"))
            time.sleep(0.01)
        raise AssertionError("nobody has stopped the agent")


def eventually(holds) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# ── Output ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", [PATH, PATH.removeprefix("/v1")])
def test_create_streams_output_while_job_runs(ask, world, path) -> None:
    answer = ask("POST", path, BODY)

    job_id = answer.getheader("X-Session-Id")
    assert answer.status == 200
    assert answer.getheader("X-Branch-Name") == "guides/new"
    assert answer.getheader("Content-Type") == "text/plain; charset=utf-8"
    assert answer.getheader("X-Vercel-AI-Data-Stream") == "v1"
    assert answer.getheader("Access-Control-Allow-Origin") == "*"
    assert "X-Session-Id" in answer.getheader("Access-Control-Expose-Headers")
    assert answer.readline() == b"2:[]\n"  # the first byte does not wait for the agent
    assert world.job(job_id).request["messages"] == BODY["messages"]
    for word in ("One", "two", "three"):
        world.append_output(job_id, text(word))
        assert next_line(answer) == f'0:"{word}"\n'.encode()  # before the next word is appended
    world.append_output(job_id, END, end=True)
    assert rest(answer) == [
        'd:{"finishReason":"stop","usage":{"promptTokens":3,"completionTokens":4}}'
    ]


def test_stream_with_accept_sse_has_event_ids(create, world) -> None:
    answer = create(headers=SSE)

    job_id = answer.getheader("X-Session-Id")
    world.append_output(job_id, START, text("so"))
    world.append_output(job_id, END, end=True)
    read = chunks(answer)

    assert answer.getheader("Content-Type") == "text/event-stream"
    assert answer.getheader("X-Vercel-AI-UI-Message-Stream") == "v1"
    assert [place for place, _ in read] == ["1.1", "1.2", "1.3", "2.1", "2.2", "2.3"]
    assert read[-1] == ("2.3", "[DONE]")


def test_join_starts_at_beginning_or_after_last_event_id(create, ask, world) -> None:
    job_id = create().getheader("X-Session-Id")
    world.append_output(job_id, START, text("so"))
    world.append_output(job_id, text(" it"), END, end=True)

    whole = chunks(ask("GET", f"{PATH}/{job_id}/stream", headers=SSE))

    for count, (place, _) in enumerate(whole, start=1):
        answer = ask("GET", f"{PATH}/{job_id}/stream", headers={**SSE, "Last-Event-ID": place})
        assert answer.status == (200 if whole[count:] else 204)
        assert chunks(answer) == whole[count:]


@pytest.mark.parametrize("version", ["/v1", ""])
def test_head_of_stream_has_headers_of_get_and_ends(create, ask, version) -> None:
    job_id = create().getheader("X-Session-Id")

    path = f"{version}{PATH.removeprefix('/v1')}/{job_id}/stream"
    answer = ask("HEAD", path, headers=SSE)

    assert (answer.status, answer.read()) == (200, b"")
    assert answer.getheader("Content-Type") == "text/event-stream"
    assert answer.getheader("X-Session-Id") == job_id
    assert ask("HEAD", path.replace(job_id, NOBODY)).status == 404


def test_job_in_capitals_is_found(create, ask) -> None:
    job_id = create().getheader("X-Session-Id")

    answer = ask("GET", f"{PATH}/{job_id.upper()}/stream")

    assert (answer.status, answer.getheader("X-Session-Id")) == (200, job_id)


def test_repeated_create_joins_stream(create, world) -> None:
    same = key()
    job_id = create(headers=same).getheader("X-Session-Id")
    world.append_output(job_id, text("so"))

    again = create(headers=same)

    assert again.getheader("X-Session-Id") == job_id
    world.append_output(job_id, END, end=True)
    assert rest(again)[0] == '0:"so"'


def test_content_type_is_ignored(create) -> None:
    assert create(headers={"Content-Type": "text/plain;charset=UTF-8"}).status == 200


def test_branch_header_non_ascii_is_percent_encoded(ask) -> None:
    answer = ask("POST", PATH, BODY | {"branch": "anleitung/für-%41"})

    assert answer.getheader("X-Branch-Name") == "anleitung/f%C3%BCr-%41"


# ── Chats of the AI SDK ─────────────────────────────────────────────────────────

CHAT = {
    "id": "Yj2kLm9",
    "trigger": "submit-message",
    "messages": [{"id": "1", "role": "user", "parts": [{"type": "text", "text": "Write"}]}],
}


def test_chat_gets_ui_message_stream_without_accept(ask) -> None:
    answer = ask("POST", PATH, CHAT)

    assert (answer.status, answer.getheader("Content-Type")) == (200, "text/event-stream")
    assert answer.getheader("X-Vercel-AI-UI-Message-Stream") == "v1"


@pytest.mark.parametrize("chat", ["Yj2kLm9", "11111111-1111-4111-8111-111111111111", "a b/ü"])
def test_running_chat_is_resumed_by_its_id(ask, world, chat) -> None:
    answer = ask("POST", PATH, CHAT | {"id": chat})
    world.append_output(answer.getheader("X-Session-Id"), START, text("so"))
    place = f"{PATH}/{quote(chat, safe='')}/stream"

    resumed = ask("GET", place)

    world.append_output(answer.getheader("X-Session-Id"), END, end=True)
    assert resumed.getheader("X-Session-Id") == answer.getheader("X-Session-Id")
    assert chunks(resumed) == chunks(answer)


@pytest.mark.parametrize("case", ["none", "ended", "gone", "another project's"])
def test_chat_with_nothing_to_resume_returns_204(ask, world, case) -> None:
    job_id = ask("POST", PATH, CHAT).getheader("X-Session-Id")
    job, chat = world.job(job_id), CHAT["id"]
    match case:
        case "none":
            chat = "other"
        case "ended":
            world.repository.save(job.cancel(now=world.clock()), replacing=job)
        case "gone":
            world.repository.delete(job)
        case "another project's":
            world.projects.put_project(
                Project(id="blog", tenant=TENANT, repository="https://git.example/blog.git")
            )

    path = PATH.replace(PROJECT, "blog") if case == "another project's" else PATH
    answer = ask("GET", f"{path}/{chat}/stream")

    assert (answer.status, answer.read()) == (204, b"")
    assert answer.getheader("Access-Control-Allow-Origin") == "*"


def test_chat_of_unknown_project_returns_404(ask) -> None:
    answer = ask("GET", "/v1/agent/nothing/job/Yj2kLm9/stream")

    assert error_in(answer) == (404, "Project not found")


# ── Heartbeats and ends ───────────────────────────────────────────────────────────


def test_silent_agent_sends_heartbeats(create) -> None:
    answer = create(headers=SSE)

    assert [answer.readline() for _ in range(4)] == [b": ping\n", b"\n"] * 2


def test_queued_job_keeps_stream_open(create, world) -> None:
    answer = create()
    job_id = answer.getheader("X-Session-Id")
    waiting = world.job(job_id)
    world.repository.save(waiting.enqueue(now=world.clock()), replacing=waiting)
    world.clock.advance(ABANDONED_AFTER_MS)

    for _ in range(5):
        assert answer.readline() == b"2:[]\n"
    world.append_output(job_id, END, end=True)

    assert len(rest(answer)) == 1


@pytest.mark.parametrize(("end", "reason"), [
    ("cancelled", "The job was cancelled"), ("timed out", "The job took too long"),
])  # fmt: skip
def test_job_ended_by_others_ends_stream_while_agent_talks(create, ask, world, end, reason) -> None:
    answer = create(headers=SSE)
    job_id = answer.getheader("X-Session-Id")
    job = world.job(job_id)
    claimed = job.claim(now=world.clock(), lease=25_000)
    world.repository.save(claimed, replacing=job)

    def end_job() -> None:
        if end == "cancelled":
            world.repository.save(claimed.cancel(now=world.clock()), replacing=claimed)
        else:
            world.clock.advance(job.deadline - world.clock())

    with ThreadPoolExecutor(1) as agents:
        agents.submit(talk, world, claimed, end_job).result()

    *_, error, finish, done = chunks(answer)
    assert error[1] == {"type": "error", "errorText": reason}
    assert finish[1]["messageMetadata"]["finishReason"] == "error"
    assert done[1] == "[DONE]"
    again = ask("GET", f"{PATH}/{job_id}/stream", headers={**SSE, "Last-Event-ID": done[0]})
    assert again.status == 204


def test_cancelled_job_that_never_started_has_a_whole_stream(create, world) -> None:
    answer = create(headers=SSE)
    job = world.job(answer.getheader("X-Session-Id"))

    world.repository.save(job.cancel(now=world.clock()), replacing=job)

    assert [data["type"] for _, data in chunks(answer)[:-1]] == ["start", "error", "finish"]


@pytest.mark.parametrize(("end", "reason"), [
    ("failed", "No worker took it"), ("succeeded", LOST_MESSAGE),
    ("abandoned", LOST_MESSAGE), ("deleted", LOST_MESSAGE),
])  # fmt: skip
def test_job_ended_without_output_end_ends_stream(create, ask, world, end, reason) -> None:
    answer = create(headers=SSE)
    job_id = answer.getheader("X-Session-Id")
    world.append_output(job_id, START, text("so"))
    job = world.job(job_id)
    claimed = job.claim(now=world.clock(), lease=25_000)
    world.repository.save(claimed, replacing=job)
    match end:
        case "succeeded":
            world.repository.save(claimed.succeed({}, now=world.clock()), replacing=claimed)
            world.clock.advance(WORKERS_TIME_MS)
        case "failed":
            failure = Failure("No worker took it", FailureClass.INTERNAL)
            world.repository.save(claimed.fail(failure, now=world.clock()), replacing=claimed)
            world.clock.advance(WORKERS_TIME_MS)
        case "abandoned":
            world.clock.advance(25_000 + ABANDONED_AFTER_MS)
        case "deleted":
            world.repository.delete(claimed)

    [*_, closed, error, finish, done] = chunks(answer)
    again = ask("GET", f"{PATH}/{job_id}/stream", headers={**SSE, "Last-Event-ID": done[0]})

    assert closed == ("1.3", {"type": "text-end", "id": "text"})
    assert error == ("1.3", {"type": "error", "errorText": reason})
    assert finish[1]["messageMetadata"]["finishReason"] == "error"
    assert done == ("1.3.end", "[DONE]")
    assert again.status == (404 if end == "deleted" else 204)


def test_output_after_end_of_job_is_sent(create, world) -> None:
    answer = create()
    job_id = answer.getheader("X-Session-Id")
    job = world.job(job_id)
    claimed = job.claim(now=world.clock(), lease=25_000)
    world.repository.save(claimed, replacing=job)
    world.repository.save(claimed.succeed({}, now=world.clock()), replacing=claimed)
    for _ in range(4):
        answer.readline()

    world.append_output(job_id, END, end=True)

    assert [line[0] for line in rest(answer)] == ["d"]


def test_outage_during_stream_is_hidden(create, world) -> None:
    answer = create()
    job_id = answer.getheader("X-Session-Id")
    answer.readline()

    world.log.away = True
    assert answer.readline() == b"2:[]\n"
    world.log.away = False
    world.append_output(job_id, END, end=True)

    assert len(rest(answer)) == 1


def test_stream_at_max_duration_ends_resumable(create, ask, world, rewire) -> None:
    world.pace = replace(QUICKLY, max_duration=0.2)
    rewire(docs, tail=world.tail())
    answer = create(headers=SSE)
    job_id = answer.getheader("X-Session-Id")
    world.append_output(job_id, START, text("so"))
    first = chunks(answer)

    again = ask("GET", f"{PATH}/{job_id}/stream", headers={**SSE, "Last-Event-ID": first[-1][0]})
    world.append_output(job_id, END, end=True)

    assert [chunk["type"] for _, chunk in first] == ["start", "text-start", "text-delta"]
    assert [place for place, _ in chunks(again)] == ["2.1", "2.2", "2.3"]


def test_client_disconnect_stops_polling_only(create, world) -> None:
    answer = create()
    job_id = answer.getheader("X-Session-Id")
    answer.readline()

    answer.close()

    def is_quiet() -> bool:
        before = world.log.readings
        time.sleep(0.2)
        return world.log.readings == before

    eventually(is_quiet)
    assert not world.job(job_id).status.is_terminal


# ── Behind a custom domain, whose base path API Gateway leaves in the path ────────


@pytest.mark.parametrize("path", [PATH, f"/base{PATH}", f"/base/path{PATH}", f"/base{PATH}/"])
def test_create_behind_base_path_streams(ask, world, path) -> None:
    known = {CONTEXT_HEADER: context(resourcePath="/v1/agent/{projectId}/job", path=path)}

    answer = ask("POST", path, BODY, headers=known)

    assert answer.status == 200
    assert docs_job_of(world.job(answer.getheader("X-Session-Id"))).project == PROJECT


def test_join_behind_base_path_finds_the_encoded_id(ask) -> None:
    resource = "/v1/agent/{projectId}/job/{id}/stream"
    known = {CONTEXT_HEADER: context(resourcePath=resource)}

    answer = ask("GET", f"/base{PATH}/a%2Fb/stream", headers=known)

    assert answer.status == 204  # as of a chat that has no job


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/"), ("GET", PATH), ("POST", f"{PATH}/"), ("POST", "//example.com"),
])  # fmt: skip
def test_unknown_route_is_the_gateways_404_for_browsers(ask, method, path) -> None:
    known = {CONTEXT_HEADER: context(resourcePath="/unknown/{id}")}

    answer = ask(method, path, BODY, headers=known)

    assert answer.getheader("Access-Control-Allow-Origin") == "*"
    assert error_in(answer) == (404, "Not found")


# ── Error responses ─────────────────────────────────────────


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{", b'{"messages": []}', b'{"messages": NaN}',
    b'{"messages": [{"role": "user", "content": "gr\xfc\xdfe"}]}',
])  # fmt: skip
def test_invalid_body_returns_400(ask, body) -> None:
    assert error_in(ask("POST", PATH, body))[0] == 400


def test_header_that_is_not_utf8_returns_400(create) -> None:
    answer = create(headers={"Idempotency-Key": "gr\xfc\xdfe".encode("latin-1")})

    assert error_in(answer) == (400, "idempotency-key must be UTF-8")


@pytest.mark.parametrize("bad", ["", "x", "0.1", "1.1.1", "1.1.ends", "7.1", "1.9"])
def test_unknown_last_event_id_returns_400(create, ask, bad) -> None:
    job_id = create().getheader("X-Session-Id")

    answer = ask("GET", f"{PATH}/{job_id}/stream", headers={"Last-Event-ID": bad})

    assert error_in(answer)[0] == 400


@pytest.mark.parametrize("header", ["", "null", "{", "[]", "{}", '{"authorizer": null}', '"x"'])
def test_request_without_authorizer_returns_401(ask, header) -> None:
    answer = ask("POST", PATH, BODY, headers={CONTEXT_HEADER: header})

    assert error_in(answer) == (401, "Missing or invalid credentials")


def test_duplicate_caller_header_is_refused(ask) -> None:
    both = {CONTEXT_HEADER: context(), CONTEXT_HEADER.title(): context("other")}

    assert error_in(ask("POST", PATH, BODY, headers=both))[0] == 401


@pytest.mark.parametrize(("method", "path", "scopes"), [
    ("POST", PATH, "read"), ("GET", f"{PATH}/{NOBODY}/stream", "write"), ("POST", PATH, ""),
])  # fmt: skip
def test_key_without_scope_returns_403(ask, method, path, scopes) -> None:
    answer = ask(method, path, BODY, headers={CONTEXT_HEADER: context(scopes=scopes)})

    assert error_in(answer)[0] == 403


def test_unknown_project_returns_404(ask) -> None:
    assert error_in(ask("POST", "/v1/agent/nothing/job", BODY)) == (404, "Project not found")


@pytest.mark.parametrize("whose", ["nobody's", "another tenant's", "another project's"])
def test_job_unknown_or_of_others_returns_404(create, ask, whose) -> None:
    job_id = create().getheader("X-Session-Id")
    project, tenant = PROJECT, TENANT
    match whose:
        case "nobody's":
            job_id = NOBODY
        case "another tenant's":
            tenant = "other"
        case "another project's":
            project = "blog"

    answer = ask(
        "GET", f"/v1/agent/{project}/job/{job_id}/stream", headers={CONTEXT_HEADER: context(tenant)}
    )

    assert error_in(answer) == (404, "Job not found")


def test_same_key_with_other_request_returns_409(create, ask) -> None:
    same = key()
    create(headers=same)

    assert error_in(ask("POST", PATH, BODY | {"branch": "b"}, headers=same))[0] == 409


def test_request_over_rate_limit_returns_429(ask, create, world) -> None:
    for _ in range(100):
        create().close()

    answer = create()

    assert int(answer.getheader("Retry-After")) > 0
    assert error_in(answer)[0] == 429


def test_output_log_unavailable_returns_503(create, world) -> None:
    world.log.away = True

    answer = create()

    assert answer.getheader("Retry-After") == "1"
    assert error_in(answer)[0] == 503


def test_unexpected_error_returns_500_without_details(create, world, monkeypatch) -> None:
    monkeypatch.setattr(world.log, "read", lambda *_, **__: 1 / 0)

    assert error_in(create()) == (500, "Internal server error")


# ── Webhooks ────────────────────────────────────────────────────────────


def test_webhook_header_is_stored(create, world) -> None:
    answer = create(headers={"X-Webhook-Url": "https://hooks.example.com/in"})

    job = world.job(answer.getheader("X-Session-Id"))
    assert job.webhook == Webhook(url="https://hooks.example.com/in")


@pytest.mark.parametrize("url", ["", "http://hooks.example.com", "https://169.254.169.254/"])
def test_private_webhook_url_returns_400(create, world, url) -> None:
    status, error = error_in(create(headers={"X-Webhook-Url": url}))

    assert (status, error.startswith("X-Webhook-Url must ")) == (400, True)
    assert world.repository.all() == []
