"""Lists of jobs: newest first, in pages, each job once."""

from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.core.failure import Failure
from jobs.core.job import Job
from jobs.core.ports import JobRepository, Listing, Page
from jobs.core.status import JobStatus
from jobs.kit.errors import FailureClass
from tests.support import HOUR, NOON

LEASE = 25_000
ENDED_BADLY = frozenset({JobStatus.FAILED, JobStatus.CANCELLED})
SMALL: dict[str, Any] = {"content": "Hello"}
LARGE = {"content": "x" * 1000}  # too large for a header
fresh = count()


def job_id(number: int) -> str:
    return f"019b7963-4a00-7000-8000-{number:012}"


def stored(repository: JobRepository, job: Job, *steps: JobStatus, result: Any = None) -> Job:
    """Add a job and bring it to a status."""
    repository.add(job)
    for status in steps:
        before = job
        match status:
            case JobStatus.QUEUED:
                job = before.enqueue(now=job.created_at)
            case JobStatus.RUNNING:
                job = before.claim(now=job.created_at, lease=LEASE)
            case JobStatus.SUCCEEDED:
                job = before.succeed(result or SMALL, now=job.created_at)
            case JobStatus.FAILED:
                job = before.fail(Failure("No", FailureClass.REFUSED), now=job.created_at)
            case _:
                job = before.cancel(now=job.created_at)
        repository.save(job, replacing=before)
    return job


def way_to(status: JobStatus) -> Sequence[JobStatus]:
    return {
        JobStatus.PENDING: [],
        JobStatus.SUCCEEDED: [JobStatus.RUNNING, JobStatus.SUCCEEDED],
    }.get(status, [status])


def listing(job: Job, limit: int = 100, **about: Any) -> Listing:
    return Listing(tenant=job.tenant, kind=job.kind, limit=limit, **about)


def test_listing_is_newest_first_with_bodies(repository, a_job) -> None:
    jobs = [
        stored(repository, a_job(id=job_id(1), request=LARGE), *way_to(JobStatus.SUCCEEDED)),
        stored(repository, a_job(id=job_id(2))),
        stored(
            repository,
            a_job(id=job_id(3), request=LARGE),
            *way_to(JobStatus.SUCCEEDED),
            result={"content": "y" * 2000},
        ),
        stored(repository, a_job(id=job_id(4)), JobStatus.CANCELLED),
    ]

    page = repository.newest(listing(jobs[0]), known=4)

    assert page == Page(jobs=jobs[::-1], more=False)


@pytest.mark.parametrize(("limit", "more"), [(1, True), (2, True), (3, False), (4, False)])
def test_listing_more_is_true_if_older_jobs_follow(repository, a_job, limit, more) -> None:
    jobs = [stored(repository, a_job(id=job_id(n), request=LARGE)) for n in range(3)]

    page = repository.newest(listing(jobs[0], limit), known=3)

    assert page == Page(jobs=jobs[::-1][:limit], more=more)


@pytest.mark.parametrize("request_", [SMALL, LARGE], ids=["small", "large"])
def test_page_starts_after_previous_page(repository, a_job, request_) -> None:
    jobs = [stored(repository, a_job(id=job_id(n), request=request_)) for n in range(3)]

    page = repository.newest(listing(jobs[0], 1, before=jobs[2].id), known=2)

    assert page == Page(jobs=[jobs[1]], more=True)


def test_listing_by_status_returns_only_those(repository, a_job) -> None:
    jobs = {
        status: stored(repository, a_job(id=job_id(n)), *way_to(status))
        for n, status in enumerate(s for s in JobStatus if s is not JobStatus.TIMED_OUT)
    }

    for status, job in jobs.items():
        page = repository.newest(listing(job, statuses=frozenset({status})), known=1)
        assert page == Page(jobs=[job], more=False)


def test_listing_of_two_statuses_is_merged_with_large_bodies(repository, a_job) -> None:
    jobs = [
        stored(repository, a_job(id=job_id(n), request=[SMALL, LARGE][n % 3 == 0]), status)
        for n, status in enumerate([JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.RUNNING] * 3)
    ]
    ended = [job for job in jobs if job.status in ENDED_BADLY][::-1]

    first = repository.newest(listing(jobs[0], 4, statuses=ENDED_BADLY), known=6)
    rest = repository.newest(listing(jobs[0], 4, statuses=ENDED_BADLY, before=ended[3].id), known=2)

    assert first == Page(jobs=ended[:4], more=True)
    assert rest == Page(jobs=ended[4:], more=False)


BODIES = st.tuples(st.sampled_from([SMALL, LARGE]), st.sampled_from([SMALL, LARGE]))
STATUSES = st.sampled_from([
    JobStatus.PENDING, JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED,
])  # fmt: skip


@given(
    made=st.lists(st.tuples(BODIES, STATUSES, st.booleans()), max_size=12),
    reader=st.tuples(
        st.lists(st.integers(1, 5), min_size=1, max_size=4),
        st.sampled_from([frozenset(), ENDED_BADLY, frozenset({JobStatus.SUCCEEDED})]),
    ),
)
@settings(settings.get_profile("engines"))
def test_pages_of_any_size_hold_each_job_once(repository, clock, a_job, made, reader) -> None:
    limits, wanted = reader
    clock.now = NOON
    tenant = f"{a_job().tenant}-{next(fresh)}"
    jobs = []
    for n, ((request, result), status, gone) in enumerate(made):
        job = a_job(
            id=job_id(n), tenant=tenant, request=request, retention=(1 if gone else 24) * HOUR
        )
        jobs.append(stored(repository, job, *way_to(status), result=result))
    clock.advance(2 * HOUR)
    live = [
        job for job in jobs[::-1] if job.gone_at > clock() and (not wanted or job.status in wanted)
    ]

    found: list[Job] = []
    for limit in limits * 12:
        before = found[-1].id if found else None
        page = repository.newest(
            Listing(tenant=tenant, kind="messaging", limit=limit, statuses=wanted, before=before),
            known=len(live) - len(found),
        )
        assert len(page.jobs) <= limit
        found += page.jobs
        if not page.more:
            break

    assert found == live


@pytest.mark.parametrize("statuses", [frozenset(), ENDED_BADLY], ids=["all", "by status"])
def test_search_with_expired_items_is_bounded(job_table, engine, clock, a_job, statuses) -> None:
    for n in range(60):
        stored(job_table, a_job(id=job_id(n), retention=HOUR), JobStatus.CANCELLED)
    live = [stored(job_table, a_job(id=job_id(n)), JobStatus.FAILED) for n in range(60, 64)]
    clock.advance(2 * HOUR)

    with engine.calls() as calls:
        first = job_table.newest(listing(live[0], 3, statuses=statuses), known=4)
        rest = job_table.newest(listing(live[0], 3, statuses=statuses, before=live[1].id), known=1)

    assert first == Page(jobs=live[:0:-1], more=True)
    assert rest == Page(jobs=live[:1], more=False)
    assert calls.count("Query") <= 6


@pytest.mark.parametrize("statuses", [frozenset(), frozenset({JobStatus.SUCCEEDED})])
@pytest.mark.parametrize("before", [None, job_id(9)], ids=["first page", "later page"])
def test_uncounted_large_job_is_listed(repository, a_job, before, statuses) -> None:
    job = stored(
        repository,
        a_job(id=job_id(1), request=LARGE),
        *way_to(JobStatus.SUCCEEDED),
        result={"content": "y" * 2000},
    )

    page = repository.newest(listing(job, 1, before=before, statuses=statuses), known=0)

    assert page == Page(jobs=[job], more=False)


@pytest.mark.parametrize("statuses", [frozenset(), frozenset({JobStatus.CANCELLED})])
def test_late_ended_job_is_found_behind_expired_ones(repository, clock, a_job, statuses) -> None:
    late = stored(repository, a_job(id=job_id(0)), JobStatus.CANCELLED)
    for n in range(1, 20):
        stored(repository, a_job(id=job_id(n), retention=HOUR), JobStatus.CANCELLED)
    clock.advance(2 * HOUR)

    page = repository.newest(listing(late, 2, before=job_id(30), statuses=statuses), known=1)

    assert page == Page(jobs=[late], more=False)


@pytest.mark.parametrize("statuses", [frozenset(), frozenset({JobStatus.PENDING})])
def test_page_of_large_jobs_fits_lambda_response(job_table, a_job, statuses) -> None:
    large = {"content": "é" * 150_000}  # 300 KB
    jobs = [stored(job_table, a_job(id=job_id(n), request=large)) for n in range(12)]

    page = job_table.newest(listing(jobs[0], statuses=statuses), known=12)
    rest = job_table.newest(
        listing(jobs[0], statuses=statuses, before=page.jobs[-1].id), known=12 - len(page.jobs)
    )

    assert page.more
    assert len(page.jobs) * 300_000 < 3_000_000
    assert [*page.jobs, *rest.jobs] == jobs[::-1]


def test_single_large_job_fits_page(job_table, a_job) -> None:
    job = stored(
        job_table,
        a_job(request={"content": "x" * 330_000}),
        *way_to(JobStatus.SUCCEEDED),
        result={"content": "y" * 380_000},
    )

    assert job_table.newest(listing(job), known=1) == Page(jobs=[job], more=False)


@pytest.mark.parametrize("limit", [1, 20, 100])
def test_page_of_small_jobs_takes_one_call(job_table, engine, a_job, limit) -> None:
    jobs = [stored(job_table, a_job(id=job_id(n))) for n in range(20)]

    with engine.calls() as calls:
        job_table.newest(listing(jobs[0], limit), known=20)

    assert calls == ["Query"]
