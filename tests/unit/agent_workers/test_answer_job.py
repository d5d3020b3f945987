"""Heartbeats and results of workers."""

from dataclasses import replace

import pytest

from jobs.agent_workers.errors import (
    EndedForWorkerError,
    InvalidAnswerError,
    StaleAttemptError,
)
from jobs.agent_workers.lease import FIRST_LEASE, LEASE
from jobs.core.errors import JobNotFoundError
from jobs.core.status import JobStatus
from jobs.messaging.message import Progress, task_of
from tests.support import NOON

REQUESTS = {
    "heartbeat": lambda answer, held: answer.heartbeat(held),
    "complete": lambda answer, held: answer.complete(held, "Fine", None),
    "fail": lambda answer, held: answer.fail(held, "no"),
    "retry": lambda answer, held: answer.retry(held, "no", None),
}


@pytest.fixture(params=REQUESTS.values(), ids=REQUESTS)
def request_of(request, place):
    return lambda held: request.param(place.answer, held)


def test_heartbeat_extends_the_lease_and_keeps_progress(place, held, clock) -> None:
    mine = held()
    clock.advance(5_000)

    until = place.answer.heartbeat(mine, Progress(percent=40, text="Reading"))
    place.answer.heartbeat(mine, None)

    job = place.repository.get(mine.ref)
    assert until == job.lease_until == NOON + 5_000 + LEASE
    assert task_of(job).progress == Progress(percent=40, text="Reading")


def test_lease_never_outlasts_the_job(place, held) -> None:
    mine = held(deadline=NOON + 12_000)

    assert place.answer.heartbeat(mine, None) == NOON + 12_000


def test_complete_ends_the_job_with_its_answer(place, held, clock) -> None:
    mine = held()
    clock.advance(250)

    place.answer.complete(mine, "Fine", {"model": "mine"})

    job = place.repository.get(mine.ref)
    assert (job.status, job.ended_at) == (JobStatus.SUCCEEDED, NOON + 250)
    assert (job.result["content"], job.result["metadata"]) == ("Fine", {"model": "mine"})
    assert place.claim_ids() == []


def test_complete_repeated_with_same_content_changes_nothing(place, held) -> None:
    mine = held()
    place.answer.complete(mine, "Fine", None)
    before = place.repository.get(mine.ref)

    place.answer.complete(mine, "Fine", None)

    assert place.repository.get(mine.ref) == before


@pytest.mark.parametrize("content", ["Other", "", None])
def test_complete_repeated_with_other_content_is_refused(place, held, content) -> None:
    mine = held()
    place.answer.complete(mine, "Fine", None)

    with pytest.raises(EndedForWorkerError):
        place.answer.complete(mine, content, None)


@pytest.mark.parametrize("content", [None, 1, "", " ", "x" * 310_000])
def test_invalid_answer_leaves_the_job_with_its_worker(place, held, content) -> None:
    mine = held()

    with pytest.raises(InvalidAnswerError):
        place.answer.complete(mine, content, None)

    assert place.repository.get(mine.ref).status is JobStatus.RUNNING
    place.answer.complete(mine, "Fine", None)


@pytest.mark.parametrize(
    ("error", "reason"), [("no\ntrace", "no"), ("", "The agent failed"), ("x" * 500, "x" * 500)]
)
def test_fail_ends_the_job_with_first_line(place, held, error, reason) -> None:
    mine = held()

    place.answer.fail(mine, error)

    job = place.repository.get(mine.ref)
    assert (job.status, job.error) == (JobStatus.FAILED, reason)


@pytest.mark.parametrize(("after_s", "waits"), [(None, 1_000), (0, 0), (300, 300_000)])
def test_retry_makes_the_job_claimable_when_due(place, held, clock, after_s, waits) -> None:
    mine = held(deadline=NOON + 3_600_000)

    assert place.answer.retry(mine, "busy", after_s) == NOON + waits

    if waits:
        clock.advance(waits - 1)
        assert place.claim_ids() == []
        clock.advance(1)
    [again] = place.claim().jobs
    assert again.job.attempt == 2


def test_retry_waits_twice_as_long_after_each_attempt(place, held, clock) -> None:
    mine = held()

    for number, seconds in enumerate((1, 2, 4, 8), start=1):
        mine = replace(mine, attempt=number)
        assert place.answer.retry(mine, "busy", None) == clock() + seconds * 1000
        clock.advance(seconds * 1000)
        assert place.claim_ids() == [mine.ref.id]


def test_retry_of_the_last_attempt_fails_the_job(place, held) -> None:
    mine = held(max_attempts=1)

    assert place.answer.retry(mine, "busy", None) is None

    job = place.repository.get(mine.ref)
    assert (job.status, job.error) == (JobStatus.FAILED, "busy")


@pytest.mark.parametrize("step", [-1, 1])
def test_request_with_another_attempt_is_stale(place, held, request_of, step) -> None:
    mine = held()
    before = place.repository.get(mine.ref)

    with pytest.raises(StaleAttemptError):
        request_of(replace(mine, attempt=mine.attempt + step))

    assert place.repository.get(mine.ref) == before


def test_late_worker_is_refused_after_another_claim(place, held, request_of, clock) -> None:
    mine = held()
    clock.advance(FIRST_LEASE)
    place.claim()

    with pytest.raises(StaleAttemptError):
        request_of(mine)


def test_request_about_job_of_another_agent_or_tenant_finds_none(place, held, request_of) -> None:
    mine = held()

    with pytest.raises(JobNotFoundError):
        request_of(replace(mine, agents=["66666666-6666-4666-8666-666666666666"]))
    with pytest.raises(JobNotFoundError):
        request_of(replace(mine, ref=replace(mine.ref, tenant="rival")))


def test_request_about_job_without_workers_finds_none(place, held, request_of, a_job) -> None:
    job = a_job(tenant="acme")
    place.repository.add(job)
    mine = replace(held(), ref=job.ref, agents=["*"])

    with pytest.raises(JobNotFoundError):
        request_of(mine)


def test_cancelled_job_is_ended_for_its_worker(place, held, request_of) -> None:
    mine = held()
    job = place.repository.get(mine.ref)
    place.repository.save(job.cancel(now=NOON), replacing=job)

    with pytest.raises(EndedForWorkerError) as raised:
        request_of(mine)

    assert raised.value.status is JobStatus.CANCELLED


def test_overdue_job_is_ended_before_its_timer_goes_off(place, held, request_of, clock) -> None:
    mine = held(deadline=NOON + 1000)
    clock.advance(1000)

    with pytest.raises(EndedForWorkerError) as raised:
        request_of(mine)

    assert raised.value.status is JobStatus.TIMED_OUT


def test_key_for_all_agents_answers_any(place, held) -> None:
    place.answer.complete(replace(held(), agents=["*"]), "Fine", None)
