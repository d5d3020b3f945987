"""The four endpoints of workers: their responses, and the order of their errors."""

import json
from dataclasses import replace

import pytest

from jobs.agent_workers.wiring import wiring
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from jobs.messaging.message import Message
from jobs.messaging.output import said_in
from jobs.sessions.session import ChatMessage
from tests.handlers.agent_workers.conftest import AGENT, JOB_ID
from tests.support import NOON, Broken

HELD = ("send_heartbeat", "complete_job", "fail_job")


@pytest.fixture
def send(call, event):
    """Send an event's body with these changes."""

    def send(name, **fields):
        body = json.loads(event(f"agent_workers/{name}")["body"])
        return call(name, body=json.dumps(body | fields))

    return send


def code_of(answer) -> tuple[int, str]:
    return answer.status, answer.body.get("code")


def test_claim_returns_the_whole_question(call, queued) -> None:
    job = queued()

    answer = call("claim_jobs")

    assert answer.body == {
        "jobs": [{
            "jobId": JOB_ID, "attempt": 1, "agentId": AGENT, "userId": job.request["userId"],
            "content": "Hello", "metadata": {}, "history": [], "deadline": job.deadline,
            "leaseSeconds": 30, "heartbeatSeconds": 10, "outputFrom": 1,
        }],
        "retryAfterSeconds": 0,
    }  # fmt: skip


def test_claim_of_session_message_returns_its_history(call, queued, world, monkeypatch) -> None:
    queued(details=Message(session="019b7963-4a00-7000-8000-00000000c0de"))
    said = ChatMessage(
        id="m", job_id="j", author_id="u", content="Good evening", at=NOON - 1, is_agent=False,
        metadata={},
    )  # fmt: skip
    monkeypatch.setattr(type(world.sessions), "questions", lambda *_, **__: iter([said]))
    monkeypatch.setattr(type(world.sessions), "answers", lambda *_, **__: [])

    [job] = call("claim_jobs").body["jobs"]

    assert job["history"] == [{"role": "user", "content": "Good evening"}]


def test_claim_without_jobs_asks_for_a_pause(call) -> None:
    assert call("claim_jobs").body == {"jobs": [], "retryAfterSeconds": 5}


@pytest.mark.parametrize("fields", [
    {"agents": None}, {"agents": []}, {"agents": AGENT}, {"agents": ["a"]}, {"agents": [1]},
    {"agents": [AGENT] * 11}, {"maxJobs": 0}, {"maxJobs": 11}, {"maxJobs": "1"},
    {"maxJobs": 1.5}, {"maxJobs": True}, {"waitSeconds": -1}, {"waitSeconds": 20.5},
    {"waitSeconds": 1e300}, {"worker": 1}, {"worker": None}, {"worker": "x" * 65},
])  # fmt: skip
def test_claim_with_bad_field_is_400_and_claims_nothing(send, queued, world, fields) -> None:
    job = queued()

    assert code_of(send("claim_jobs", **fields)) == (400, "INVALID_REQUEST")
    assert world.repository.get(job.ref) == job


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '"text"'])
@pytest.mark.parametrize("name", ["claim_jobs", *HELD])
def test_request_without_object_is_400(call, name, body) -> None:
    assert code_of(call(name, body=body)) == (400, "INVALID_REQUEST")


def test_claim_for_agent_of_another_key_is_403(send, queued, world) -> None:
    other = "66666666-6666-4666-8666-666666666666"
    job = queued()

    answer = send("claim_jobs", agents=[AGENT, other])

    assert code_of(answer) == (403, "AGENT_NOT_ALLOWED")
    assert other in answer.body["error"]
    assert world.repository.get(job.ref) == job


def test_claim_with_key_for_all_agents_is_allowed(call, event, queued) -> None:
    queued()
    context = event("agent_workers/claim_jobs")["requestContext"]
    context["authorizer"]["scopes"] = "*"

    assert len(call("claim_jobs", requestContext=context).body["jobs"]) == 1


def test_claim_takes_ids_in_capitals_and_twice(send, queued) -> None:
    queued(request={"agentId": "abcdefab-cdef-4bcd-8fab-cdefabcdefab"})

    answer = send("claim_jobs", agents=[AGENT.upper(), AGENT])

    assert answer.status == 200


def test_heartbeat_is_seen_in_the_job(call, claimed, invoke, event) -> None:
    claimed()
    assert call("send_heartbeat").body == {"leaseUntil": NOON + 30_000}

    path = {"jobId": JOB_ID}
    read = json.loads(invoke("messaging/get_job", pathParameters=path)["body"])

    assert read["status"] == "processing"
    assert read["progress"] == {"percent": 40, "message": "Reading the charts"}


def test_piece_of_output_is_stored_in_the_log(send, claimed, world) -> None:
    job = claimed()

    assert send("send_heartbeat", number=1, output="Good ").status == 200
    assert send("complete_job", number=2, output="evening").status == 200

    items = world.output_log.read(job.ref, since=1)
    assert said_in([event for item in items for event in item.events]) == "Good evening"


def test_piece_out_of_order_is_400(send, claimed) -> None:
    claimed()

    assert code_of(send("send_heartbeat", number=2, output="x")) == (400, "INVALID_REQUEST")


def test_queued_job_is_pending_for_its_caller(queued, invoke) -> None:
    queued()

    read = json.loads(invoke("messaging/get_job", pathParameters={"jobId": JOB_ID})["body"])

    assert read["status"] == "pending"


def test_complete_answers_the_job_and_may_be_repeated(call, claimed, world) -> None:
    job = claimed()

    assert call("complete_job").body == call("complete_job").body == {"status": "completed"}

    assert world.repository.get(job.ref).result["content"] == "Good evening"


def test_fail_ends_the_job_with_its_error(send, claimed, world) -> None:
    job = claimed()

    assert send("fail_job", retryable=False).body == {"status": "failed"}

    assert world.repository.get(job.ref).error == "No charts of that coast"


def test_retryable_fail_tells_when_workers_may_try_again(send, claimed, world) -> None:
    job = claimed()

    answer = send("fail_job", retryable=True, retryAfterSeconds=7)

    assert answer.body == {"status": "processing", "retryAt": NOON + 7_000}
    assert world.repository.get(job.ref).status is JobStatus.RUNNING


@pytest.mark.parametrize(("name", "fields"), [
    *((name, {"attempt": attempt}) for name in HELD
      for attempt in (None, 0, -1, 1.5, "1", True, [1])),
    ("send_heartbeat", {"progress": []}), ("send_heartbeat", {"progress": {"percent": 101}}),
    ("send_heartbeat", {"progress": {"percent": "1"}}),
    ("send_heartbeat", {"progress": {"percent": 10**400}}),
    ("send_heartbeat", {"progress": {"message": "x" * 201}}),
    ("send_heartbeat", {"output": ""}), ("send_heartbeat", {"output": "x"}),
    ("send_heartbeat", {"output": "x" * 60_001, "number": 1}),
    ("send_heartbeat", {"output": "x", "number": 0}), ("complete_job", {"output": "x"}),
    ("fail_job", {"error": None}), ("fail_job", {"error": "x" * 501}),
    ("fail_job", {"retryable": "yes"}), ("fail_job", {"retryAfterSeconds": 301}),
])  # fmt: skip
def test_bad_field_is_400_before_the_job_is_read(send, rewire, name, fields) -> None:
    rewire(wiring, answer_job=Broken(AssertionError()))

    assert code_of(send(name, **fields)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("name", HELD)
def test_unknown_job_is_404(call, name) -> None:
    assert code_of(call(name)) == (404, "JOB_NOT_FOUND")
    assert code_of(call(name, pathParameters={"jobId": "x"})) == (404, "JOB_NOT_FOUND")


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("about", [
    {"tenant": "rival"}, {"request": {"agentId": "66666666-6666-4666-8666-666666666666"}}, None,
], ids=["tenant", "agent", "no worker job"])  # fmt: skip
def test_job_of_others_looks_like_an_unknown_one(call, claimed, stored, name, about) -> None:
    _ = stored(id=JOB_ID) if about is None else claimed(**about)

    answer = call(name)

    assert answer.status == 404
    assert answer.body == call(name, pathParameters={"jobId": "x"}).body


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("ending", [
    (JobStatus.CANCELLED, "failed"), (JobStatus.FAILED, "failed"), (JobStatus.TIMED_OUT, "timeout"),
])  # fmt: skip
def test_ended_job_is_409_with_its_status(call, claimed, world, name, ending) -> None:
    status, word = ending
    job = claimed()
    world.repository.save(replace(job, status=status, sequence=9, ended_at=NOON), replacing=job)

    answer = call(name)

    assert code_of(answer) == (409, "JOB_ENDED")
    assert answer.body["status"] == word


@pytest.mark.parametrize("name", HELD)
def test_attempt_of_another_claim_is_409(send, claimed, name) -> None:
    claimed()

    assert code_of(send(name, attempt=2)) == (409, "STALE_ATTEMPT")


@pytest.mark.parametrize("content", [None, 5, "", " \n", "x" * 310_000])
def test_invalid_answer_is_400_after_the_fence(send, claimed, content) -> None:
    claimed()

    assert code_of(send("complete_job", content=content, attempt=2)) == (409, "STALE_ATTEMPT")
    assert code_of(send("complete_job", content=content)) == (400, "INVALID_ANSWER")


@pytest.mark.parametrize("name", ["claim_jobs", *HELD])
def test_throttled_table_is_503(call, rewire, name) -> None:
    broken = Broken(UnavailableError())
    rewire(wiring, claim_jobs=broken, answer_job=broken)

    answer = call(name)

    assert code_of(answer) == (503, "UNAVAILABLE")
    assert answer.headers["Retry-After"] == "1"
