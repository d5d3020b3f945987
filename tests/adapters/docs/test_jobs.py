"""Follow-ups of documentation agents' jobs, and the jobs of a project."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from jobs import kinds
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.errors import IdempotencyConflictError, JobNotFoundError, StaleJobError
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.ports import IdempotencyKey
from jobs.docs.adapters.dynamodb.jobs import DynamoDocsJobs
from jobs.docs.docs_job import docs_job_of, with_docs_job
from jobs.kit.errors import UnavailableError
from tests.support import HOUR, NOON

KEY = IdempotencyKey(value="once", request_hash="h", expires_at=NOON + HOUR)


def job_id(number: int) -> str:
    return f"019b7963-4a00-7000-8000-{number:012}"


@pytest.fixture
def root(repository, a_docs_job) -> Job:
    repository.add(job := a_docs_job())
    return job


@pytest.fixture
def follow_up(a_docs_job, root) -> Callable[..., Job]:
    def make(number: int, after: str = root.id, **about: Any) -> Job:
        session = {"root": root.id, "follows": after}
        return a_docs_job(id=job_id(number), session=session, **about)

    return make


def latest_of(repository, job: Job) -> str | None:
    return docs_job_of(repository.get(job.ref)).latest


# ── Follow-ups ──────────────────────────────────────────────────────────────────


def test_follow_up_is_stored_as_latest_of_root(repository, docs_jobs, root, follow_up) -> None:
    small, large = follow_up(2), follow_up(3, after=job_id(2), request={"v": 2, "x": "y" * 5000})

    assert docs_jobs.follow(small, after=None) == small.ref
    assert docs_jobs.follow(large, after=small.id) == large.ref

    assert repository.get(small.ref) == small
    assert repository.get(large.ref) == large
    assert repository.get(root.ref) == with_docs_job(root, latest=large.id)


@pytest.mark.parametrize("after", [None, job_id(7)])
def test_follow_up_of_stale_latest_is_refused(
    repository, docs_jobs, root, follow_up, after
) -> None:
    docs_jobs.follow(follow_up(2), after=None)

    with pytest.raises(StaleJobError):
        docs_jobs.follow(follow_up(3), after=after)

    assert latest_of(repository, root) == job_id(2)
    with pytest.raises(JobNotFoundError):
        repository.get(follow_up(3).ref)


def test_follow_up_without_root_is_refused(repository, docs_jobs, a_docs_job) -> None:
    orphan = a_docs_job(session={"root": job_id(9), "follows": job_id(9)})

    with pytest.raises(JobNotFoundError):
        docs_jobs.follow(orphan, after=None)

    with pytest.raises(JobNotFoundError):
        repository.get(orphan.ref)


def test_follow_up_with_same_key_is_stored_once(repository, docs_jobs, root, follow_up) -> None:
    first = docs_jobs.follow(follow_up(2), after=None, key=KEY)

    assert docs_jobs.follow(follow_up(3), after=None, key=KEY) == first
    assert docs_jobs.follow(follow_up(3), after=first.id, key=KEY) == first
    with pytest.raises(IdempotencyConflictError):
        docs_jobs.follow(follow_up(3), after=first.id, key=replace(KEY, request_hash="other"))
    assert latest_of(repository, root) == first.id


def test_follow_up_during_save_of_root_keeps_both(repository, docs_jobs, root, follow_up) -> None:
    running = root.claim(now=NOON, lease=25_000)
    repository.save(running, replacing=root)
    docs_jobs.follow(follow_up(2), after=None)

    repository.renew(running, lease_until=NOON + 50_000)
    titled = with_docs_job(running, title="Guide")
    repository.save(titled, replacing=running)

    assert repository.get(root.ref) == with_docs_job(titled, latest=job_id(2))


@pytest.mark.parametrize("any_engine", ["sqlite", "ministack"], indirect=True)
def test_concurrent_follow_ups_form_one_chain(
    repository, docs_jobs, root, a_docs_job, tenant
) -> None:
    def follow(_: int) -> None:
        while True:
            after = latest_of(repository, root)
            session = {"root": root.id, "follows": after or root.id}
            try:
                docs_jobs.follow(a_docs_job(id=new_job_id(NOON), session=session), after=after)
            except (StaleJobError, UnavailableError):
                continue
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(follow, range(16)))

    chain, id_ = [], latest_of(repository, root)
    while id_ and id_ != root.id:
        chain.append(id_)
        id_ = docs_job_of(repository.get(replace(root.ref, id=id_))).follows
    assert len(chain) == 16


@pytest.mark.parametrize("key", [None, KEY])
def test_follow_up_with_lost_response_is_stored_once(engine, clock, a_docs_job, key) -> None:
    repository = DynamoJobRepository(engine.client, engine.jobs, clock, kinds.storage)
    docs_jobs = DynamoDocsJobs(engine.client, engine.jobs, clock)
    repository.add(root := a_docs_job())
    job = a_docs_job(id=job_id(2), session={"root": root.id, "follows": root.id})

    with engine.losing_answer("TransactWriteItems") as lost:
        assert docs_jobs.follow(job, after=None, key=key) == job.ref

    assert lost
    assert latest_of(repository, root) == job.id


def test_follow_ups_and_lists_work_across_shards(repository, docs_jobs, a_docs_job, tenant) -> None:
    root = a_docs_job(id=new_job_id(NOON, shards=16))
    repository.add(root)
    job = a_docs_job(id=new_job_id(NOON + 1, shards=16), session={"root": root.id})

    assert docs_jobs.follow(job, after=None, key=KEY) == job.ref

    assert latest_of(repository, root) == job.id
    assert docs_jobs.list_by_project(tenant, "demo-docs", skip=0, take=9) == [root.ref]
    assert docs_jobs.headers([job.ref]) == [replace(job, request={})]


# ── A project's jobs ────────────────────────────────────────────────────────────


def test_jobs_of_project_are_paged_newest_first(repository, docs_jobs, tenant, a_docs_job) -> None:
    jobs = [a_docs_job(id=job_id(n)) for n in range(7)]
    for job in (*jobs, a_docs_job(id=job_id(8), session={"project": "other"}),
                a_docs_job(id=job_id(9), tenant=f"{tenant}-rival")):  # fmt: skip
        repository.add(job)

    def page(skip: int, take: int) -> list[Job]:
        refs = docs_jobs.list_by_project(tenant, "demo-docs", skip=skip, take=take)
        return [job for ref in refs for job in jobs if job.ref == ref]

    assert page(0, 100) == jobs[::-1]
    assert page(2, 3) == jobs[::-1][2:5]
    assert page(6, 3) == jobs[:1]
    assert page(7, 3) == []


def test_list_omits_follow_ups(docs_jobs, tenant, root, follow_up) -> None:
    docs_jobs.follow(follow_up(2), after=None)

    assert docs_jobs.list_by_project(tenant, "demo-docs", skip=0, take=10) == [root.ref]


def test_expired_jobs_are_neither_listed_nor_read(
    repository, docs_jobs, tenant, clock, a_docs_job
) -> None:
    gone = a_docs_job()
    late = a_docs_job(id=job_id(2), deadline=NOON + 10 * HOUR)
    for job in (gone, late):
        repository.add(job)
    clock.advance(gone.gone_at - NOON)

    assert docs_jobs.list_by_project(tenant, "demo-docs", skip=0, take=1) == [late.ref]
    assert docs_jobs.list_by_project(tenant, "demo-docs", skip=0, take=10) == [late.ref]
    assert docs_jobs.headers([gone.ref, late.ref]) == [replace(late, request={})]


def test_headers_omit_missing_jobs(repository, docs_jobs, a_docs_job) -> None:
    jobs = [a_docs_job(id=job_id(n), request={"x": "y" * 5000}) for n in range(130)]
    for job in jobs:
        repository.add(job)
    refs = [job.ref for job in jobs]

    found = docs_jobs.headers([*refs, replace(refs[0], id=job_id(999))])

    assert sorted(found, key=lambda job: job.id) == [replace(job, request={}) for job in jobs]


def test_page_cost_is_independent_of_table_size(engine, clock, tenant, a_docs_job) -> None:
    repository = DynamoJobRepository(engine.client, engine.jobs, clock, kinds.storage)
    docs_jobs = DynamoDocsJobs(engine.client, engine.jobs, clock)
    for n in range(60):
        repository.add(a_docs_job(id=job_id(n)))

    with engine.calls() as calls:
        refs = docs_jobs.list_by_project(tenant, "demo-docs", skip=0, take=12)

    assert (len(refs), calls) == (12, ["Query"])
