"""What becomes of a job whose message was given up."""

import pytest

from jobs import kinds
from jobs.core.attempt import LEASE_MS
from jobs.core.end_dead_letter import EndDeadLetter
from jobs.core.errors import JobLeasedError


@pytest.fixture
def end_dead_letter(repository, clock) -> EndDeadLetter:
    return EndDeadLetter(kinds=kinds.kind, repository=repository, clock=clock)


def test_a_dead_letter_ends_its_job_with_a_reason(end_dead_letter, repository, pending) -> None:
    assert end_dead_letter(pending.ref)

    assert repository.get(pending.ref).error == "Job could not be processed"
    assert not end_dead_letter(pending.ref)


def test_a_dead_letter_waits_for_who_is_still_at_work(
    end_dead_letter, repository, running, clock
) -> None:
    with pytest.raises(JobLeasedError):
        end_dead_letter(running.ref)
    assert repository.get(running.ref) == running

    clock.advance(LEASE_MS)

    assert end_dead_letter(running.ref)


@pytest.mark.parametrize("past", [30_000, 30 * 3600 * 1000])
def test_a_dead_letter_of_a_job_that_is_over_or_gone_ends_nothing(
    end_dead_letter, pending, clock, past
) -> None:
    clock.advance(past)

    assert not end_dead_letter(pending.ref)
