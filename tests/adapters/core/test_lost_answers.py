"""Writes whose response is lost and which the SDK repeats."""

import pytest

from jobs import kinds
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.errors import IdempotencyConflictError, JobNotFoundError, StaleJobError
from jobs.core.failure import Failure
from jobs.core.ports import IdempotencyKey
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass
from tests.support import HOUR, NOON

LEASE = 25_000
KEY = IdempotencyKey(value="k", request_hash="a request", expires_at=NOON + HOUR)
LARGE = {"content": "x" * 1000}


@pytest.fixture
def job(a_job):
    return a_job()


def test_lost_response_new_job_is_added(job_table, engine, job) -> None:
    with engine.losing_answer("PutItem") as lost:
        assert job_table.add(job) == job.ref

    assert lost
    assert job_table.get(job.ref) == job


def test_lost_response_large_job_is_added(job_table, engine, a_job) -> None:
    job = a_job(request=LARGE)

    with engine.losing_answer("PutItem") as lost:  # of the body
        assert job_table.add(job) == job.ref

    assert lost
    assert job_table.get(job.ref) == job


def test_lost_response_new_job_already_claimed_is_added(job_table, engine, job) -> None:
    running = job.claim(now=NOON, lease=LEASE)

    with engine.losing_answer(
        "PutItem", meanwhile=lambda: job_table.save(running, replacing=job)
    ) as lost:
        assert job_table.add(job) == job.ref

    assert lost
    assert job_table.get(job.ref) == running


def test_lost_response_job_with_key_is_added(job_table, engine, job) -> None:
    with engine.losing_answer("TransactWriteItems") as lost:
        assert job_table.add(job, KEY) == job.ref

    assert lost
    assert job_table.get(job.ref) == job


def test_lost_response_key_with_another_request_conflicts(job_table, engine, job) -> None:
    job_table.add(job, KEY)
    another = IdempotencyKey(value="k", request_hash="another", expires_at=KEY.expires_at)

    with engine.losing_answer("TransactWriteItems"), pytest.raises(IdempotencyConflictError):
        job_table.add(job, another)


@pytest.mark.parametrize("step", [
    lambda job: job.claim(now=NOON, lease=LEASE),
    lambda job: job.cancel(now=NOON),
    lambda job: job.fail(Failure("No", FailureClass.REFUSED), now=NOON),
    lambda job: job.time_out(),
], ids=["claim", "cancel", "fail", "time out"])  # fmt: skip
def test_lost_response_step_is_saved(job_table, engine, job, step) -> None:
    job_table.add(job)

    with engine.losing_answer("UpdateItem") as lost:
        job_table.save(step(job), replacing=job)

    assert lost
    assert job_table.get(job.ref) == step(job)


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem"])
def test_lost_response_large_answer_is_saved(job_table, engine, job, operation) -> None:
    job_table.add(job)
    running = job.claim(now=NOON, lease=LEASE)
    job_table.save(running, replacing=job)
    ended = running.succeed(LARGE, now=NOON + 1)

    with engine.losing_answer(operation) as lost:
        job_table.save(ended, replacing=running)

    assert lost
    assert job_table.get(job.ref) == ended


def test_lost_response_lease_is_renewed(job_table, engine, job) -> None:
    job_table.add(job)
    running = job.claim(now=NOON, lease=LEASE)
    job_table.save(running, replacing=job)

    with engine.losing_answer("UpdateItem") as lost:
        job_table.renew(running, lease_until=NOON + 2 * LEASE)

    assert lost
    assert job_table.get(job.ref).lease_until == NOON + 2 * LEASE


def test_identical_claim_by_another_worker_is_refused(job_table, engine, clock, job) -> None:
    rival = DynamoJobRepository(engine.client, engine.jobs, clock, kinds.storage)
    job_table.add(job)
    claim = job.claim(now=NOON, lease=LEASE)
    rival.save(claim, replacing=job)

    with engine.losing_answer("UpdateItem") as lost, pytest.raises(StaleJobError):
        job_table.save(claim, replacing=job)

    assert lost


def test_lost_response_overtaken_claim_is_refused(job_table, engine, job) -> None:
    job_table.add(job)
    claim = job.claim(now=NOON, lease=LEASE)
    cancelled = claim.cancel(now=NOON + 1)

    with (
        engine.losing_answer(
            "UpdateItem", meanwhile=lambda: job_table.save(cancelled, replacing=claim)
        ) as lost,
        pytest.raises(StaleJobError),
    ):
        job_table.save(claim, replacing=job)

    assert lost
    assert job_table.status_of(job.ref) is JobStatus.CANCELLED


def test_lost_response_job_is_deleted(job_table, engine, job) -> None:
    job_table.add(job)

    with engine.losing_answer("DeleteItem") as lost:
        job_table.delete(job)

    assert lost
    with pytest.raises(JobNotFoundError):
        job_table.get(job.ref)
