import json

import pytest

from jobs.core.status import JobStatus
from scripts.wirings import CORES
from tests.handlers.agent_workers.conftest import claimed, queued
from tests.support import NOON

__all__ = ["claimed", "queued"]
DONE = {"batchItemFailures": []}
ID = "019b7963-4a00-7000-8000-000000000001"


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.RUNNING])
def test_running_job_at_deadline_times_out(invoke, stored, world, log, status) -> None:
    job = stored(status=status)
    world.clock.now = job.deadline

    answer = invoke("workers/expire_job")

    ended = world.repository.get(job.ref)
    assert answer == DONE
    assert (ended.status, ended.ended_at) == (JobStatus.TIMED_OUT, job.deadline)
    [line] = log()
    assert (line["job_id"], line["job_status"]) == (job.id, "TIMED_OUT")


def test_job_before_its_deadline_waits_again(invoke, stored, world) -> None:
    job = stored()
    world.clock.now = job.deadline - 2_001

    assert invoke("workers/expire_job") == DONE

    assert world.repository.get(job.ref) == job
    assert world.queues.sent == [{"tenant": job.tenant, "dialect": job.kind, "jobId": job.id}]
    assert (world.queues.delays, world.queues.groups) == ([3], [job.tenant])


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT"])
def test_ended_job_at_deadline_keeps_status(invoke, stored, world, status) -> None:
    job = stored(status=JobStatus(status), ended_at=NOON)

    assert invoke("workers/expire_job") == DONE
    assert world.repository.get(job.ref) == job


@pytest.fixture
def unclaimed(capsys):
    """Return how many jobs the metric of the alarm WorkersGone counts."""

    def count() -> int:
        lines = map(json.loads, capsys.readouterr().out.splitlines())
        return sum(sum(line.get("UnclaimedJobs", [])) for line in lines)

    return count


@pytest.mark.parametrize("times", [(300_000, 60_000, 1), (30_000, 30_000, 1), (5_000, 5_000, 0)])
def test_job_that_no_worker_claims_is_counted(invoke, queued, world, unclaimed, times) -> None:
    deadline, waited, counted = times
    queued(id=ID, deadline=NOON + deadline)
    world.clock.advance(waited)

    invoke("workers/expire_job")

    assert unclaimed() == counted


def test_long_job_is_checked_each_minute(invoke, queued, world) -> None:
    job = queued(id=ID, deadline=NOON + 3_600_000)
    world.clock.advance(60_000)

    invoke("workers/expire_job")

    assert world.queues.delays == [60]
    assert world.repository.get(job.ref) == job


def test_job_whose_worker_died_is_counted_like_an_unclaimed_one(
    invoke, claimed, world, unclaimed
) -> None:
    claimed(id=ID, deadline=NOON + 300_000)

    world.clock.advance(29_999)
    invoke("workers/expire_job")
    assert unclaimed() == 0
    world.clock.advance(1)
    invoke("workers/expire_job")
    assert unclaimed() == 1


def test_missing_job_is_left_out(invoke) -> None:
    assert invoke("workers/expire_job") == DONE


def test_job_that_cannot_be_read_is_reported_for_retry(invoke, world, event, rewire) -> None:
    rewire(*CORES, jobs=None)
    [record] = event("workers/expire_job")["Records"]

    answer = invoke("workers/expire_job")

    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}


def test_execution_of_previous_version_invokes_function_itself(
    invoke, event, stored, world
) -> None:
    world.clock.now = stored().deadline
    [record] = event("workers/expire_job")["Records"]

    assert invoke("workers/expire_job", json.loads(record["body"])) == {"status": "TIMED_OUT"}


@pytest.mark.parametrize("field", ["tenant", "dialect", "jobId"])
def test_execution_without_job_fails(invoke, event, field) -> None:
    [record] = event("workers/expire_job")["Records"]
    named = json.loads(record["body"])
    del named[field]

    with pytest.raises(ValueError, match="not a job's ref"):
        invoke("workers/expire_job", named)
