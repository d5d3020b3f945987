"""Answers while agents say them, through the gateway."""

import json
from typing import Any

from tests.e2e.api import JOBS, Api
from tests.e2e.sessions.conversations import open_session

BOTH_WAYS = True

CHAT = "/api/messaging/chat"


def chunks_of(body: bytes) -> list[Any]:
    lines = body.decode().splitlines()
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert data.pop() == "[DONE]"
    return [json.loads(each) for each in data]


def text_of(body: bytes) -> str:
    return "".join(each.get("delta", "") for each in chunks_of(body))


def test_stream_of_a_job_has_its_words(api: Api) -> None:
    job_id = api.create("/stream 1 One two three four")

    answer = api.get(f"{JOBS}/{job_id}/stream")

    assert (answer.status, answer.headers["x-job-id"]) == (200, job_id)
    assert text_of(answer.body) == "One two three four"
    assert answer.body.count(b"text-delta") > 1
    assert api.get(f"{JOBS}/{job_id}/stream", **{"Last-Event-ID": "9.9"}).error[0] == 400
    assert Api(api.base_url, None, "").get(f"{JOBS}/{job_id}/stream").status == 401


def test_stream_of_a_cancelled_job_ends_with_its_error(api: Api) -> None:
    job_id = api.create("/silent")
    api.until(job_id, "processing")
    assert api.post(f"{JOBS}/{job_id}/cancel", {}).status == 200

    chunks = chunks_of(api.get(f"{JOBS}/{job_id}/stream").body)

    assert {"type": "error", "errorText": "Job cancelled"} in chunks


def test_chat_streams_its_answer_and_then_has_none_to_resume(api: Api) -> None:
    said = [{"id": "m1", "role": "user", "parts": [{"type": "text", "text": "Good evening"}]}]
    body = {"id": "c/1", "messages": said, "trigger": "submit-message"}

    answer = api.post(CHAT, body)

    assert (answer.status, text_of(answer.body)) == (200, "Good evening")
    assert api.get(f"{CHAT}/c%2F1/stream").status == 204
    assert api.job(answer.headers["x-job-id"])["status"] == "completed"
    preflight = api.send("OPTIONS", CHAT, headers={"Origin": "https://example.com"})
    assert preflight.headers["access-control-allow-origin"] == "*"


def test_sse_of_a_session_has_the_words_of_its_agent(api: Api) -> None:
    session = open_session(api)
    body = {"content": "/stream 1 One two", "transport": "sse"}

    answer = api.post(f"{session}/messages", body)

    names = [line[7:] for line in answer.body.decode().splitlines() if line.startswith("event: ")]
    assert (names[0], names[-1], names.count("chunk")) == ("user_message", "done", 2)
