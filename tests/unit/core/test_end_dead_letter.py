"""Jobs whose message became a dead letter."""

from types import SimpleNamespace

import pytest

from jobs import kinds
from jobs.core.attempt import LEASE_MS
from jobs.core.end_dead_letter import EndDeadLetter
from jobs.core.errors import JobLeasedError


@pytest.fixture
def end_dead_letter(repository, clock) -> EndDeadLetter:
    return EndDeadLetter(kinds=kinds.kind, repository=repository, clock=clock)


def test_dead_letter_pending_job_fails_with_reason(end_dead_letter, repository, pending) -> None:
    assert end_dead_letter(pending.ref)

    assert repository.get(pending.ref).error == "Job could not be processed"
    assert not end_dead_letter(pending.ref)


def test_dead_letter_leased_job_is_retried_later(
    end_dead_letter, repository, running, clock
) -> None:
    with pytest.raises(JobLeasedError) as leased:
        end_dead_letter(running.ref)
    assert leased.value.until == running.lease_until
    assert repository.get(running.ref) == running

    clock.advance(LEASE_MS)

    assert end_dead_letter(running.ref)


@pytest.mark.parametrize("past", [30_000, 30 * 3600 * 1000])
def test_dead_letter_ended_or_missing_job_is_ignored(end_dead_letter, pending, clock, past) -> None:
    clock.advance(past)

    assert not end_dead_letter(pending.ref)


def test_dead_letter_job_that_its_kind_lets_survive_goes_on(repository, pending, clock) -> None:
    kind = SimpleNamespace(survives_dead_letter=lambda job: job == pending)
    end_dead_letter = EndDeadLetter(kinds=lambda _: kind, repository=repository, clock=clock)  # type: ignore[arg-type, return-value]

    assert not end_dead_letter(pending.ref)
    assert repository.get(pending.ref) == pending
