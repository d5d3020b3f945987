"""Cancelling jobs while a worker runs them or before a worker sees them."""

from concurrent.futures import ThreadPoolExecutor

from jobs.core.job import JobRef
from tests.e2e.api import Api
from tests.e2e.cloud import Cloud
from tests.e2e.events import Bus

BOTH_WAYS = True


def test_running_job_when_cancelled_drops_the_late_answer(api: Api, bus: Bus, cloud: Cloud) -> None:
    job_id = api.create("/sleep 4 too late")
    api.until(job_id, "processing")

    answer = api.cancel(job_id)

    assert answer.status == 200
    cancelled = api.job(job_id)
    assert answer.json == cancelled
    assert (cancelled["status"], cancelled["error"]) == ("failed", "Job cancelled")
    # The cancelled answer is due before the answer of this later, slower job.
    later = api.create("/sleep 6 later")
    api.until(later)
    assert api.job(job_id) == cancelled
    bus.until(later, "PENDING", "RUNNING", "SUCCEEDED")
    bus.until(job_id, "PENDING", "RUNNING", "CANCELLED")
    assert cloud.status(JobRef(tenant=api.tenant, kind="messaging", id=job_id)) == "CANCELLED"


def test_concurrent_cancels_of_one_job_succeed_once(api: Api, bus: Bus) -> None:
    job_id = api.create("/sleep 20 never")
    api.until(job_id, "processing")

    with ThreadPoolExecutor(5) as pool:
        answers = [*pool.map(lambda _: api.cancel(job_id), range(5))]

    assert sorted(answer.status for answer in answers) == [200] + [409] * 4
    bus.until(job_id, "PENDING", "RUNNING", "CANCELLED")
