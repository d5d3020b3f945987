"""One contract for both job repositories: DynamoDB and in-memory."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from jobs import kinds
from jobs.core.adapters.dynamodb import items
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.errors import IdempotencyConflictError, JobNotFoundError, StaleJobError
from jobs.core.failure import Failure
from jobs.core.job import Job
from jobs.core.ports import IdempotencyKey, JobRepository, Listing
from jobs.core.status import JobStatus
from jobs.core.tokens import Tokens
from jobs.docs.docs_job import DocsJob
from jobs.kit.errors import FailureClass
from tests.support import HOUR, NOON

LEASE = 25_000
OTHER_ID = "019b7963-4a00-7000-8000-000000000002"
ODD = {
    "text": 'žluťoučký 🐎 \u2028 \x7f \t\n"quoted" \\ ',
    "float": 0.1 + 0.2,
    "exponent": 1e300,
    "minus zero": -0.0,
    "big": 10**300 + 1,
    "z before a": {"z": 1, "a": [None, True, [], {}, ""]},
    "": "no name",
    "__proto__": {"PK": "x"},
}
SMALL: dict[str, Any] = {"content": "Hello"}
LARGE_REQUEST = {"content": "é" * 75_000}
LARGE_RESULT = {"content": "a" * 300_000}


def claimed(repository: JobRepository, job: Job, *, at: int = NOON) -> Job:
    running = job.claim(now=at, lease=LEASE)
    repository.save(running, replacing=job)
    return running


def key(
    value: str = "k", *, of: str = "a request", expires_at: int = NOON + HOUR
) -> IdempotencyKey:
    return IdempotencyKey(value=value, request_hash=of, expires_at=expires_at)


@pytest.mark.parametrize("request_", [SMALL, ODD, LARGE_REQUEST], ids=["small", "odd", "150 KB"])
def test_new_job_round_trips(repository, a_job, request_) -> None:
    job = a_job(request=request_)

    assert repository.add(job) == job.ref

    found = repository.get(job.ref)
    assert found == job
    assert repr(found.request) == repr(job.request)  # types and the order of keys, too
    assert repository.status_of(job.ref) is JobStatus.PENDING


@pytest.mark.parametrize("request_", [SMALL, LARGE_REQUEST], ids=["small request", "150 KB"])
@pytest.mark.parametrize("result", [SMALL, ODD, LARGE_RESULT], ids=["small", "odd", "300 KB"])
def test_answered_job_round_trips(repository, a_job, request_, result) -> None:
    job = a_job(request=request_, key_id="0123456789ab")
    repository.add(job)
    running = claimed(repository, job)
    ended = running.spend(Tokens(7, 3)).succeed(result, now=NOON + 1)

    repository.save(ended, replacing=running)

    assert repository.get(job.ref) == ended
    assert repr(repository.get(job.ref).result) == repr(result)


@pytest.mark.parametrize("step", [
    lambda job: job.fail(Failure("Nobody there", FailureClass.REFUSED), now=NOON + 1),
    lambda job: job.cancel(now=NOON + 1),
    lambda job: job.time_out(),
    lambda job: job.delegate("a job elsewhere"),
], ids=["fail", "cancel", "time out", "delegate"])  # fmt: skip
def test_every_other_step_round_trips(repository, a_job, step) -> None:
    repository.add(job := a_job())
    running = claimed(repository, job)

    repository.save(step(running), replacing=running)

    assert repository.get(job.ref) == step(running)
    assert repository.status_of(job.ref) is step(running).status


DOCS_JOB = DocsJob(project="p", branch="b", model="sonnet", repository="r")


@pytest.mark.parametrize("about", [{"tenant": "rival"}, {"kind": "docs", "details": DOCS_JOB}])
def test_get_by_other_tenant_or_kind_is_not_found(repository, a_job, about) -> None:
    repository.add(job := a_job())
    other = a_job(**about)

    with pytest.raises(JobNotFoundError):
        repository.get(other.ref)
    with pytest.raises(JobNotFoundError):
        repository.status_of(other.ref)
    with pytest.raises(StaleJobError):
        repository.save(other.cancel(now=NOON), replacing=other)
    listing = Listing(tenant=other.tenant, kind=other.kind, limit=10)
    assert not repository.newest(listing, known=0).jobs
    assert repository.get(job.ref) == job


def test_job_is_claimed_once_it_is_queued_for_others(repository, a_job) -> None:
    pending = a_job()
    repository.add(pending)
    repository.save(pending.enqueue(now=NOON), replacing=pending)

    assert repository.is_claimed(pending.ref)


def test_job_is_claimed_once_a_worker_has_had_it(repository, a_job) -> None:
    pending = a_job()
    assert not repository.is_claimed(pending.ref)
    repository.add(pending)
    assert not repository.is_claimed(pending.ref)

    running = pending.claim(now=NOON, lease=1)
    repository.save(running, replacing=pending)
    assert repository.is_claimed(pending.ref)
    repository.save(running.succeed({}, now=NOON), replacing=running)

    assert repository.is_claimed(pending.ref)


@pytest.mark.parametrize("request_", [SMALL, LARGE_REQUEST], ids=["small", "150 KB"])
def test_stored_job_after_retention_is_not_found(repository, clock, a_job, request_) -> None:
    repository.add(job := a_job(request=request_))
    clock.advance(job.gone_at - NOON - 1)
    assert repository.get(job.ref) == job

    clock.advance(1)

    with pytest.raises(JobNotFoundError):
        repository.get(job.ref)
    with pytest.raises(JobNotFoundError):
        repository.status_of(job.ref)
    for statuses in (frozenset(), frozenset({JobStatus.PENDING})):
        listing = Listing(tenant=job.tenant, kind=job.kind, limit=10, statuses=statuses)
        assert not repository.newest(listing, known=0).jobs


def test_two_writers_one_wins(repository, a_job) -> None:
    repository.add(job := a_job())
    cancelled = job.cancel(now=NOON)
    repository.save(cancelled, replacing=job)

    with pytest.raises(StaleJobError):
        repository.save(job.claim(now=NOON, lease=LEASE), replacing=job)

    assert repository.get(job.ref) == cancelled


def test_two_claims_in_one_millisecond_one_wins(repository, a_job) -> None:
    repository.add(job := a_job())
    claimed(repository, job)

    with pytest.raises(StaleJobError):
        claimed(repository, job)


@pytest.mark.parametrize("late", [SMALL, LARGE_RESULT], ids=["small", "300 KB"])
@pytest.mark.parametrize("accepted", [SMALL, {"content": "b" * 300_000}], ids=["small", "300 KB"])
def test_overtaken_attempt_does_not_replace_accepted_result(
    repository, a_job, accepted, late
) -> None:
    repository.add(job := a_job())
    first = claimed(repository, job)
    second = claimed(repository, first, at=NOON + LEASE)

    with pytest.raises(StaleJobError):  # before there is another result
        repository.save(first.succeed(late, now=NOON + 1), replacing=first)
    ended = second.succeed(accepted, now=NOON + LEASE + 1)
    repository.save(ended, replacing=second)
    with pytest.raises(StaleJobError):  # and after
        repository.save(first.succeed(late, now=NOON + 1), replacing=first)

    assert repository.get(job.ref) == ended


@pytest.mark.parametrize("late", [SMALL, LARGE_RESULT], ids=["small", "300 KB"])
def test_second_answer_to_attempt_leaves_no_trace(repository, a_job, late) -> None:
    repository.add(job := a_job())
    running = claimed(repository, job)
    ended = running.succeed({"content": "b" * 300_000}, now=NOON + 1)
    repository.save(ended, replacing=running)

    with pytest.raises(StaleJobError):
        repository.save(running.succeed(late, now=NOON + 2), replacing=running)

    assert repository.get(job.ref) == ended


@pytest.mark.parametrize("late", [SMALL, LARGE_RESULT], ids=["small", "300 KB"])
def test_answer_after_end_changes_nothing(repository, a_job, late) -> None:
    repository.add(job := a_job())
    running = claimed(repository, job)
    repository.save(running.cancel(now=NOON + 1), replacing=running)

    with pytest.raises(StaleJobError):
        repository.save(running.succeed(late, now=NOON + 1), replacing=running)

    assert repository.get(job.ref) == running.cancel(now=NOON + 1)


def test_claim_holder_renews_lease(repository, a_job) -> None:
    repository.add(job := a_job())
    running = claimed(repository, job)

    repository.renew(running, lease_until=NOON + 2 * LEASE)

    assert repository.get(job.ref) == running.renewed(NOON + 2 * LEASE)


def test_renewal_without_claim_is_refused(repository, a_job) -> None:
    repository.add(job := a_job())
    with pytest.raises(StaleJobError):  # pending
        repository.renew(job, lease_until=NOON + LEASE)
    first = claimed(repository, job)
    second = claimed(repository, first, at=NOON + LEASE)
    with pytest.raises(StaleJobError):  # overtaken
        repository.renew(first, lease_until=NOON + 9 * LEASE)
    ended = second.cancel(now=NOON + LEASE)
    repository.save(ended, replacing=second)
    with pytest.raises(StaleJobError):  # over
        repository.renew(second, lease_until=NOON + 9 * LEASE)

    assert repository.get(job.ref) == ended


def test_answer_after_renewed_lease_is_saved(repository, a_job) -> None:
    repository.add(job := a_job())
    running = claimed(repository, job)
    repository.renew(running, lease_until=NOON + 2 * LEASE)

    repository.save(running.succeed(SMALL, now=NOON + 1), replacing=running)

    assert repository.status_of(job.ref) is JobStatus.SUCCEEDED


@pytest.mark.parametrize("request_", [SMALL, LARGE_REQUEST], ids=["small", "150 KB"])
def test_repeated_key_returns_first_job(repository, a_job, request_) -> None:
    first, second = a_job(request=request_), a_job(id=OTHER_ID, request=request_)

    assert repository.add(first, key()) == first.ref
    assert repository.add(second, key()) == first.ref

    assert repository.get(first.ref) == first
    with pytest.raises(JobNotFoundError):
        repository.get(second.ref)


def test_key_with_another_request_conflicts(repository, a_job) -> None:
    repository.add(a_job(), key())

    with pytest.raises(IdempotencyConflictError):
        repository.add(other := a_job(id=OTHER_ID), key(of="another request"))

    with pytest.raises(JobNotFoundError):
        repository.get(other.ref)


def test_expired_key_can_be_reused(repository, clock, a_job) -> None:
    repository.add(a_job(), key())
    clock.advance(HOUR)
    second = a_job(id=OTHER_ID)

    assert repository.add(second, key(of="another", expires_at=NOON + 2 * HOUR)) == second.ref
    assert repository.get(second.ref) == second


def test_key_is_known_until_it_expires(repository, clock, a_job) -> None:
    job = a_job()

    assert not repository.has_key(job.tenant, job.kind, key().value)
    repository.add(job, key())

    assert repository.has_key(job.tenant, job.kind, key().value)
    assert not repository.has_key("rival", job.kind, key().value)
    assert not repository.has_key(job.tenant, "missions", key().value)
    clock.advance(HOUR)
    assert not repository.has_key(job.tenant, job.kind, key().value)


@pytest.mark.parametrize("request_", [{"content": "Hello"}, {"content": "x" * 1000}])
def test_delete_removes_job_and_its_items(repository, a_job, request_) -> None:
    job = a_job(request=request_)
    repository.add(job)

    repository.delete(job)
    repository.delete(job)

    with pytest.raises(JobNotFoundError):
        repository.get(job.ref)
    repository.add(again := a_job(request={"content": "Small"}))
    assert repository.get(job.ref) == again


def test_delete_of_changed_job_is_refused(repository, a_job) -> None:
    repository.add(job := a_job())
    running = claimed(repository, job)

    with pytest.raises(StaleJobError):
        repository.delete(job)

    assert repository.get(job.ref) == running


def test_key_is_scoped_to_tenant_and_kind(repository, a_job) -> None:
    own, others = a_job(), a_job(tenant="rival")
    docs = a_job(kind="docs", details=DOCS_JOB)
    shared = key(value=f"of {own.tenant}")

    assert [repository.add(job, shared) for job in (own, others, docs)] == [
        own.ref, others.ref, docs.ref,
    ]  # fmt: skip


def test_key_that_looks_like_job_id_is_not_a_job(repository, a_job) -> None:
    job = a_job()

    repository.add(job, key(value=f"{job.id}#request"))

    assert repository.get(job.ref) == job


def test_twenty_racing_requests_with_key_create_one_job(ministack, clock, a_job) -> None:
    repository = DynamoJobRepository(ministack.client, ministack.jobs, clock, kinds.storage)
    jobs = [a_job(id=f"019b7963-4a00-7000-8000-0000000000{n:02}") for n in range(20)]

    with ThreadPoolExecutor(20) as pool:
        refs = set(pool.map(lambda job: repository.add(job, key()), jobs))

    listing = Listing(tenant=jobs[0].tenant, kind="messaging", limit=100)
    assert [job.ref for job in repository.newest(listing, known=1).jobs] == [*refs]


def test_twenty_racing_workers_one_claims_job(ministack, clock, a_job) -> None:
    repository = DynamoJobRepository(ministack.client, ministack.jobs, clock, kinds.storage)
    repository.add(job := a_job())

    def claims(_: int) -> bool:
        try:
            claimed(repository, job)
        except StaleJobError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(claims, range(20))) == 1


def test_small_job_header_takes_one_write_unit(moto, clock, a_job) -> None:
    repository = DynamoJobRepository(moto.client, moto.jobs, clock, kinds.storage)
    job = a_job(
        request={"content": "x" * 200},
        tenant="a-tenant-of-thirty-two-characters"[:32],
        key_id="0123456789ab",
    )
    repository.add(job)
    running = claimed(repository, job).spend(Tokens(10_000, 1000))
    repository.save(running.succeed({"content": "y" * 330}, now=NOON + 1), replacing=running)

    item = moto.client.get_item(TableName=moto.jobs, Key=items.key(job.ref))["Item"]
    size = sum(len(name) + (len(value["S"]) if "S" in value else 9) for name, value in item.items())
    assert "result" in item
    assert size <= 1024
