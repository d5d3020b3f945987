"""What who asks for a job sees: its own tenant's, as of now."""

import pytest

from jobs.domain.errors import JobNotFoundError
from jobs.domain.job import JobRef
from jobs.domain.status import JobStatus
from jobs.services.get_job import GetJob


def test_the_timeout_is_exact_to_the_millisecond(create, repository, clock) -> None:
    get, job = GetJob(repository=repository, clock=clock), create()
    clock.advance(29_999)
    assert get(job.ref).status is JobStatus.PENDING

    clock.advance(1)

    assert get(job.ref).status is JobStatus.TIMED_OUT


def test_another_tenants_job_is_unknown(create, repository, clock, cancel) -> None:
    job = create()
    foreign = JobRef(tenant="rival", dialect=job.dialect, id=job.id)

    for act in (GetJob(repository=repository, clock=clock), cancel):
        with pytest.raises(JobNotFoundError):
            act(foreign)
    assert repository.get(job.ref) == job
