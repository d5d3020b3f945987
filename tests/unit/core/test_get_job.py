"""Reading a job: of its own tenant, in its current state."""

import pytest

from jobs.core.errors import JobNotFoundError, StaleJobError
from jobs.core.get_job import GetJob
from jobs.core.job import JobRef
from jobs.core.status import JobStatus


def test_get_at_deadline_times_out_to_the_millisecond(create, repository, clock) -> None:
    get, job = GetJob(repository=repository, clock=clock), create()
    clock.advance(29_999)
    assert get(job.ref).status is JobStatus.PENDING

    clock.advance(1)

    assert get(job.ref).status is JobStatus.TIMED_OUT


def test_late_answer_after_read_timeout_is_refused(create, repository, clock) -> None:
    get, job = GetJob(repository=repository, clock=clock), create()
    claimed = job.claim(now=clock(), lease=25_000)
    repository.save(claimed, replacing=job)
    answered = claimed.succeed({"content": "Just in time"}, now=job.deadline - 1)
    clock.advance(30_000)

    seen = get(job.ref)

    assert seen.status is JobStatus.TIMED_OUT
    with pytest.raises(StaleJobError):
        repository.save(answered, replacing=claimed)
    assert get(job.ref) == seen


def test_get_after_racing_answer_returns_answer(create, repository, clock, monkeypatch) -> None:
    job = create()
    claimed = job.claim(now=clock(), lease=25_000)
    repository.save(claimed, replacing=job)
    answered = claimed.succeed({"content": "Just in time"}, now=job.deadline - 1)
    clock.advance(30_000)
    stale = iter([claimed])
    read = repository.get
    repository.save(answered, replacing=claimed)
    monkeypatch.setattr(repository, "get", lambda ref: next(stale, None) or read(ref))

    assert GetJob(repository=repository, clock=clock)(job.ref) == answered


def test_get_job_of_other_tenant_is_not_found(create, repository, clock, cancel) -> None:
    job = create()
    foreign = JobRef(tenant="rival", kind=job.kind, id=job.id)

    for act in (GetJob(repository=repository, clock=clock), cancel):
        with pytest.raises(JobNotFoundError):
            act(foreign)
    assert repository.get(job.ref) == job
