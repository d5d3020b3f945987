"""Faults of an attempt's dependencies, and the next attempt."""

import pytest

from jobs.core.attempt import LEASE_MS, RETRY_DELAY_S, VISIBILITY_TIMEOUT_S
from jobs.core.errors import JobLeasedError
from jobs.kit.errors import RefusedError, UnavailableError
from jobs.messaging.poll import Poll
from jobs.messaging.ports import Delegated
from jobs.messaging.run_agent_job import AttemptOutcome
from tests.fakes.memory import Outbox
from tests.support import NOON
from tests.unit.support import FakeProvider, failing_with, raising


def test_run_with_provider_bug_is_retried_soon(run, repository, pending, delivery) -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)

    assert repository.get(pending.ref).lease_until == NOON
    assert delivery.held == [VISIBILITY_TIMEOUT_S, RETRY_DELAY_S]
    assert run() is AttemptOutcome.ANSWERED
    assert repository.get(pending.ref).attempt == 2


@pytest.mark.parametrize("method", ["get", "save"])
def test_run_with_unstored_claim_is_retried(run, repository, pending, monkeypatch, method):
    call = failing_with(UnavailableError(), inside=getattr(repository, method))
    monkeypatch.setattr(repository, method, call)
    provider = FakeProvider()

    with pytest.raises(UnavailableError):
        run(provider)

    assert provider.questions == []
    assert repository.get(pending.ref) == pending
    assert run(provider) is AttemptOutcome.ANSWERED


def test_run_with_unstored_answer_asks_again(
    run, repository, pending, delivery, monkeypatch
) -> None:
    call = failing_with(None, UnavailableError(), inside=repository.save)
    monkeypatch.setattr(repository, "save", call)
    provider = FakeProvider()

    with pytest.raises(UnavailableError):
        run(provider)

    assert delivery.held == [VISIBILITY_TIMEOUT_S, RETRY_DELAY_S]
    assert run(provider) is AttemptOutcome.ANSWERED
    assert [question.job_id for question in provider.questions] == [pending.id] * 2


def test_run_with_unstored_release_waits_for_lease_end(run, repository, clock, monkeypatch) -> None:
    call = failing_with(None, UnavailableError(), inside=repository.save)
    monkeypatch.setattr(repository, "save", call)
    monkeypatch.setattr(
        repository, "renew", failing_with(UnavailableError(), inside=repository.renew)
    )
    with pytest.raises(UnavailableError):
        run()
    with pytest.raises(JobLeasedError):
        run()

    clock.advance(LEASE_MS)

    assert run() is AttemptOutcome.ANSWERED


def test_run_with_failed_hold_still_answers(run, delivery, monkeypatch):
    monkeypatch.setattr(delivery, "hold", failing_with(UnavailableError(), inside=delivery.hold))

    assert run() is AttemptOutcome.ANSWERED


def test_run_with_failed_poll_start_is_started_by_next_attempt(
    run, timers, pending, monkeypatch
) -> None:
    poll = failing_with(UnavailableError(), inside=timers.schedule)
    monkeypatch.setattr(Outbox, "schedule", lambda _, *args, **kwargs: poll(*args, **kwargs))

    with pytest.raises(UnavailableError):
        run(lambda: Delegated("a job there"))
    assert run(lambda: Delegated("a job there")) is AttemptOutcome.DELEGATED

    assert timers.polls == [Poll(ref=pending.ref)]


# ── What AWS refuses for good ───────────────────────────────────────────────────


def test_run_with_unreadable_secret_fails_job_at_once(run, repository, pending) -> None:
    outcome = run(raising(RefusedError("A secret cannot be read: DecryptionFailure")))

    assert outcome is AttemptOutcome.FAILED
    assert repository.get(pending.ref).error == "A secret cannot be read: DecryptionFailure"


def test_run_with_answer_that_cannot_be_stored_asks_once(
    run, repository, pending, monkeypatch
) -> None:
    call = failing_with(None, RefusedError("AWS refused the request: x"), inside=repository.save)
    monkeypatch.setattr(repository, "save", call)
    provider = FakeProvider()

    assert run(provider) is AttemptOutcome.FAILED
    assert repository.get(pending.ref).error == "AWS refused the request: x"
    assert len(provider.questions) == 1


def test_run_with_message_that_is_no_longer_held_still_answers(run, delivery, monkeypatch) -> None:
    monkeypatch.setattr(delivery, "hold", failing_with(RefusedError("x"), inside=delivery.hold))

    assert run() is AttemptOutcome.ANSWERED
