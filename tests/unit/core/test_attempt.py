"""A worker's attempt at a job that another worker holds, and giving up."""

import pytest

from jobs.core.attempt import LEASE_MS, VISIBILITY_TIMEOUT_S, Attempt
from jobs.core.errors import DuplicateMessageError, JobLeasedError, StaleJobError
from jobs.kit.errors import RefusedError, UnavailableError
from tests.databases import Jobs


@pytest.fixture
def attempt(repository, delivery, clock) -> Attempt:
    delivery.count = 2
    return Attempt(repository=repository, delivery=delivery, clock=clock)


def test_claim_of_a_leased_job_returns_the_message_after_the_lease(
    attempt, running, delivery, clock
) -> None:
    clock.advance(3_000)

    with pytest.raises(JobLeasedError):
        attempt.claim(running.ref)

    assert delivery.held == [(LEASE_MS - 3_000) // 1000 + VISIBILITY_TIMEOUT_S]
    assert isinstance(delivery.held[0], int)


def test_first_delivery_of_a_leased_job_is_a_duplicate(attempt, running, delivery) -> None:
    delivery.count = 1

    with pytest.raises(DuplicateMessageError):
        attempt.claim(running.ref)

    assert delivery.held == []


@pytest.mark.parametrize("error", [StaleJobError, UnavailableError, RefusedError])
def test_giving_up_with_a_failed_renewal_leaves_the_message(
    attempt, running, delivery, monkeypatch, error
) -> None:
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(Jobs, "renew", fail)

    attempt.give_up(running)

    assert delivery.held == []
