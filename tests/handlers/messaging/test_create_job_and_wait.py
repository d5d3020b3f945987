"""`Prefer: wait` delays the response until the job has ended."""

import pytest

from jobs.core.status import JobStatus
from tests.support import NOON


@pytest.fixture
def answered_after(world):
    """Answer the next job after this time."""

    def plan(millis: int) -> None:
        due = NOON + millis

        def answer() -> None:
            job = world.repository.get(world.repository.changes[0].ref)
            if world.clock() >= due and job.status is JobStatus.PENDING:
                claimed = job.claim(now=due, lease=1)
                ended = claimed.succeed({"id": "m", "content": "Hi"}, now=due)
                world.repository.save(claimed, replacing=job)
                world.repository.save(ended, replacing=claimed)

        world.meanwhile = answer

    return plan


@pytest.mark.parametrize(("prefer", "applied"), [
    ("wait=10", "wait=10"), ("wait = 10", "wait=10"), ('wait="10"', "wait=10"),
    ("WAIT=10", "wait=10"), ("respond-async, wait=10", "wait=10"),
    ("wait=10; strict", "wait=10"), ("wait=26", "wait=25"), ("wait=999999999", "wait=25"),
])  # fmt: skip
def test_create_with_prefer_wait_returns_ended_job(
    create, call, answered_after, prefer, applied
) -> None:
    answered_after(700)

    answer = create(headers={"Prefer": prefer})

    assert answer.status == 200
    assert answer.headers["Preference-Applied"] == applied
    assert answer.body["status"] == "completed"
    assert answer.body["result"]["processingTimeMs"] == 700
    fetched = call("get_job", pathParameters={"jobId": answer.body["jobId"]})
    assert fetched.body == answer.body


def test_create_with_wait_timeout_returns_plain_201(create, world) -> None:
    answer = create(headers={"Prefer": "wait=3"})

    assert answer.status == 201
    assert answer.body.keys() == {"jobId", "status", "createdAt", "expiresAt"}
    assert "Preference-Applied" not in answer.headers
    assert world.clock() == NOON + 3000


def test_create_with_wait_timeout_tells_status_of_that_moment(create, world) -> None:
    def claim() -> None:
        job = world.repository.get(world.repository.changes[0].ref)
        if job.status is JobStatus.PENDING:
            world.repository.save(job.claim(now=world.clock(), lease=60_000), replacing=job)

    world.meanwhile = claim

    answer = create(headers={"Prefer": "wait=3"})

    assert (answer.status, answer.body["status"]) == (201, "processing")


def test_create_with_long_wait_waits_25_seconds(create, world) -> None:
    create(headers={"Prefer": "wait=60"})

    assert world.clock() == NOON + 25_000


def test_create_with_wait_ends_at_job_deadline(create, world) -> None:
    answer = create(headers={"Prefer": "wait=20"}, timeoutMs=2000)

    assert (answer.status, answer.body["status"]) == (200, "timeout")
    assert world.clock() == NOON + 2000


@pytest.mark.parametrize("prefer", ["wait=0", "wait", "wait=", "wait=-1", "wait=x", "await=5", ""])
def test_create_with_invalid_prefer_does_not_wait(create, world, prefer) -> None:
    assert create(headers={"Prefer": prefer}).status == 201
    assert world.clock() == NOON
