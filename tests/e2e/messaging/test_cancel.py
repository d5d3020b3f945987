"""Stopping jobs."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from jobs.core.job import JobRef
from tests.e2e.api import JOBS, Api
from tests.e2e.cloud import Cloud
from tests.e2e.events import Bus

ENDED = (409, "Job has already ended")
NOT_FOUND = (404, "Job not found")


def test_a_running_job_is_stopped_and_its_late_answer_dropped(
    api: Api, bus: Bus, cloud: Cloud
) -> None:
    job_id = api.create("/sleep 4 too late")
    api.until(job_id, "processing")

    answer = api.cancel(job_id)

    assert answer.status == 200
    cancelled = api.job(job_id)
    assert answer.json == cancelled
    assert (cancelled["status"], cancelled["error"]) == ("failed", "Job cancelled")
    # The sleeper has spoken once a job that it would have kept waiting has been answered.
    later = api.create("/sleep 6 later")
    api.until(later)
    assert api.job(job_id) == cancelled
    bus.until(later, "PENDING", "RUNNING", "SUCCEEDED")
    bus.until(job_id, "PENDING", "RUNNING", "CANCELLED")
    assert cloud.status(JobRef(tenant=api.tenant, kind="messaging", id=job_id)) == "CANCELLED"


def test_a_pending_job_is_stopped_and_never_runs(api: Api, bus: Bus, cloud: Cloud) -> None:
    cloud.consume("RunAgentJob", enabled=False)
    try:
        job_id = api.create()
        answer = api.cancel(job_id)
    finally:
        cloud.consume("RunAgentJob", enabled=True)
    later = api.create()
    api.until(later)

    assert (answer.status, answer.json["status"]) == (200, "failed")
    assert api.job(job_id)["error"] == "Job cancelled"
    assert "result" not in api.job(job_id)
    bus.until(later, "PENDING", "RUNNING", "SUCCEEDED")
    bus.until(job_id, "PENDING", "CANCELLED")


def test_a_finished_job_is_not_stopped(api: Api) -> None:
    done, failed, silent = (
        api.create(content, timeoutMs=2000) for content in ("Hello", "/fail so", "/silent")
    )
    before = [api.until(job_id) for job_id in (done, failed, silent)]

    answers = [api.cancel(job_id) for job_id in (done, failed, silent)]

    assert [answer.error for answer in answers] == [ENDED] * 3
    assert [api.job(job_id) for job_id in (done, failed, silent)] == before


def test_a_job_past_its_deadline_is_not_stopped_even_before_anybody_noticed(
    api: Api, cloud: Cloud
) -> None:
    job_id = api.create("/silent", timeoutMs=60_000)
    api.until(job_id, "processing")
    ref = JobRef(tenant=api.tenant, kind="messaging", id=job_id)
    cloud.change(ref, deadline=api.job(job_id)["createdAt"])

    assert api.cancel(job_id).error == ENDED
    assert api.job(job_id)["status"] == "timeout"


def test_of_many_who_stop_a_job_one_does(api: Api, bus: Bus) -> None:
    job_id = api.create("/sleep 20 never")
    api.until(job_id, "processing")

    with ThreadPoolExecutor(5) as pool:
        answers = [*pool.map(lambda _: api.cancel(job_id), range(5))]

    assert sorted(answer.status for answer in answers) == [200] + [409] * 4
    bus.until(job_id, "PENDING", "RUNNING", "CANCELLED")


def test_a_job_that_is_not_the_callers_is_not_found(make_tenant) -> None:
    owner, stranger = make_tenant(), make_tenant()
    job_id = owner.create("/silent")

    answers = [stranger.cancel(each) for each in (job_id, str(uuid4()), "nonsense")]

    assert [answer.error for answer in answers] == [NOT_FOUND] * 3
    assert len({answer.body for answer in answers}) == 1
    assert owner.job(job_id)["status"] in {"pending", "processing"}


def test_a_stopped_job_counts_as_failed(api: Api) -> None:
    job_id = api.create("/silent")
    api.cancel(job_id)

    assert [job["jobId"] for job in api.listed(status="failed")["jobs"]] == [job_id]
    assert api.send("POST", f"{JOBS}/{job_id}/cancel").error == ENDED
