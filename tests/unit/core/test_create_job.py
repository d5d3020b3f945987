"""New jobs, and repeated idempotency keys."""

import pytest

from jobs.core.create_job import IDEMPOTENCY_KEY_TTL_MS
from jobs.core.errors import IdempotencyConflictError
from jobs.core.status import JobStatus
from jobs.core.webhook import Webhook
from tests.support import HOUR, NOON


def test_new_job_is_pending_with_deadline(create, repository) -> None:
    job = create(timeout=1000)

    assert (job.status, job.created_at, job.deadline) == (JobStatus.PENDING, NOON, NOON + 1000)
    assert repository.get(job.ref) == job


def test_new_job_has_request_webhook_retention_and_moment_of_creation(create) -> None:
    webhook = Webhook(url="https://example.com/hook")

    job = create(request={"content": "Hi"}, webhook=webhook)

    assert (job.request, job.webhook) == ({"content": "Hi"}, webhook)
    assert (job.retention, job.changed_at) == (24 * HOUR, NOON)


def test_new_job_is_returned_without_a_read(create, repository, monkeypatch) -> None:
    monkeypatch.setattr(repository, "get", pytest.fail)

    assert create().status is JobStatus.PENDING


def test_repeated_request_without_key_creates_two_jobs(create) -> None:
    assert create().id != create().id


def test_ids_sort_by_millisecond_of_creation(create, clock) -> None:
    ids = []
    for _ in range(50):
        ids.append(create().id)
        clock.advance(1)

    assert ids == sorted(ids)
    assert len({*ids}) == 50


def test_repeated_key_returns_first_job_in_current_state(create, cancel) -> None:
    first = create(idempotency_key="k")
    cancelled = cancel(first.ref)

    assert create(idempotency_key="k") == cancelled


def test_repeated_key_after_deadline_returns_timed_out_job(create, clock) -> None:
    create(idempotency_key="k")
    clock.advance(30_000)

    assert create(idempotency_key="k").status is JobStatus.TIMED_OUT


def test_key_with_another_request_conflicts(create) -> None:
    create(idempotency_key="k")

    with pytest.raises(IdempotencyConflictError):
        create(idempotency_key="k", request_hash="another")


def test_key_after_a_day_creates_new_job(create, clock) -> None:
    first = create(idempotency_key="k")
    clock.advance(IDEMPOTENCY_KEY_TTL_MS - 1)
    assert create(idempotency_key="k").id == first.id

    clock.advance(1)

    assert create(idempotency_key="k").id != first.id
