"""Reading jobs: deadlines, and what a caller must not see."""

from uuid import uuid4

import pytest

from jobs.core.job import JobRef
from tests.e2e.api import JOBS, Api, eventually
from tests.e2e.cloud import Cloud
from tests.e2e.events import Bus

TIMED_OUT = "Job timed out waiting for agent response"


def ref(api: Api, job_id: str) -> JobRef:
    return JobRef(tenant=api.tenant, kind="messaging", id=job_id)


def test_a_job_that_nobody_answers_times_out_everywhere(api: Api, bus: Bus, cloud: Cloud) -> None:
    job_id = api.create("/silent", timeoutMs=1000)

    job = api.until(job_id)

    assert (job["status"], job["error"]) == ("timeout", TIMED_OUT)
    assert "result" not in job
    assert api.listed()["jobs"] == [job]
    eventually(lambda: cloud.status(ref(api, job_id)), lambda status: status == "TIMED_OUT")
    assert api.job(job_id) == job
    assert api.listed(status="timeout")["jobs"] == [job]
    health = eventually(api.health, lambda seen: seen["statusCounts"]["timeout"] == 1)
    assert health["totalJobs"] == 1
    assert health["metrics"]["timeoutRate"] == 1
    bus.until(job_id, "PENDING", "RUNNING", "TIMED_OUT")


def test_a_deadline_holds_before_anybody_has_noticed_it(api: Api, cloud: Cloud) -> None:
    job_id = api.create("/silent", timeoutMs=300_000)
    api.until(job_id, "processing")

    cloud.change(ref(api, job_id), deadline=api.job(job_id)["createdAt"] + 1)

    assert cloud.status(ref(api, job_id)) == "RUNNING"
    assert api.job(job_id)["status"] == "timeout"
    assert api.job(job_id)["error"] == TIMED_OUT
    assert [job["status"] for job in api.listed()["jobs"]] == ["timeout"]
    assert api.listed(status="processing")["jobs"] == []


def test_an_answer_after_the_deadline_changes_nothing(api: Api, bus: Bus) -> None:
    job_id = api.create("/sleep 3 too late", timeoutMs=1500)

    at_deadline = api.until(job_id)
    later = api.create("/sleep 4 later")
    api.until(later)

    assert at_deadline["status"] == "timeout"
    assert api.job(job_id) == at_deadline
    bus.until(later, "PENDING", "RUNNING", "SUCCEEDED")
    bus.until(job_id, "PENDING", "RUNNING", "TIMED_OUT")


def test_time_in_the_queue_counts(api: Api, cloud: Cloud, bus: Bus) -> None:
    cloud.consume("RunAgentJob", enabled=False)
    try:
        job_id = api.create(timeoutMs=1000)
        job = api.until(job_id)
    finally:
        cloud.consume("RunAgentJob", enabled=True)

    assert job["status"] == "timeout"
    bus.until(job_id, "PENDING", "TIMED_OUT")


@pytest.mark.parametrize("job_id", [
    "c42fae47-f617-4fba-968a-89392d38bde2",
    "nonsense",
    "x" * 2000,
    "%20",
    "%00",
    "%F0%9F%98%80",
    "..%2f..%2fetc",
    "' OR 1=1",
    "#request",
    "health2",
])  # fmt: skip
def test_an_id_that_is_no_jobs_is_not_found(shared_api: Api, job_id: str) -> None:
    path = f"{JOBS}/{job_id}".replace(" ", "%20").replace("#", "%23")

    answer = shared_api.get(path)

    assert answer.error[0] == 404
    assert answer.headers["access-control-allow-origin"] == "*"


def test_strangers_cannot_tell_a_job_from_none(make_tenant) -> None:
    owner, stranger = make_tenant(), make_tenant()
    job_id = owner.create()
    owner.until(job_id)

    answers = [
        stranger.get(f"{JOBS}/{each}")
        for each in (job_id, job_id.upper(), f"{job_id}x", str(uuid4()), "nonsense")
    ]

    assert {answer.status for answer in answers} == {404}
    [body] = {answer.body for answer in answers}
    assert body == b'{"success":false,"error":"Job not found","code":"JOB_NOT_FOUND"}'
    assert stranger.listed()["total"] == 0
    assert stranger.health()["totalJobs"] == 0


def test_a_large_message_and_its_answer_come_back_whole(api: Api) -> None:
    content = "😀" * 24_999 + "ü~"
    job_id = api.create(content, metadata={"k": "x" * 9_900})

    job = api.until(job_id)

    assert job["prompt"] == content
    assert job["result"]["message"]["content"] == content
    assert api.listed()["jobs"] == [job]


@pytest.mark.parametrize("content", [" ", "\t\n", "\u2028", "<b>&amp;", '"}', "/unknown", "ﷺ"])
def test_text_comes_back_as_it_went_in(shared_api: Api, content: str) -> None:
    answer = shared_api.ask(content, headers={"Prefer": "wait=20"})

    assert answer.json["result"]["message"]["content"] == content
