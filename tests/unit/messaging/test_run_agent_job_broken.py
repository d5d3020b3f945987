"""What an attempt at a message job stands on breaks; another attempt makes it good."""

import pytest

from jobs.core.attempt import LEASE_MS, RETRY_DELAY_S, VISIBILITY_TIMEOUT_S
from jobs.core.errors import JobLeasedError
from jobs.kit.errors import UnavailableError
from jobs.messaging.ports import Delegated
from jobs.messaging.run_agent_job import AttemptOutcome
from tests.fakes.memory import Outbox
from tests.support import NOON
from tests.unit.support import Asked, breaking


def test_a_bug_in_a_provider_is_followed_by_another_attempt_soon(
    run, repository, pending, delivery
) -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)

    assert repository.get(pending.ref).lease_until == NOON
    assert delivery.held == [VISIBILITY_TIMEOUT_S, RETRY_DELAY_S]
    assert run() is AttemptOutcome.ANSWERED
    assert repository.get(pending.ref).attempt == 2


@pytest.mark.parametrize("method", ["get", "save"])
def test_a_claim_that_cannot_be_stored_comes_again(run, repository, pending, monkeypatch, method):
    call = breaking(UnavailableError(), inside=getattr(repository, method))
    monkeypatch.setattr(repository, method, call)
    provider = Asked()

    with pytest.raises(UnavailableError):
        run(provider)

    assert provider.questions == []
    assert repository.get(pending.ref) == pending
    assert run(provider) is AttemptOutcome.ANSWERED


def test_an_answer_that_cannot_be_stored_is_asked_for_again(
    run, repository, pending, delivery, monkeypatch
) -> None:
    call = breaking(None, UnavailableError(), inside=repository.save)
    monkeypatch.setattr(repository, "save", call)
    provider = Asked()

    with pytest.raises(UnavailableError):
        run(provider)

    assert delivery.held == [VISIBILITY_TIMEOUT_S, RETRY_DELAY_S]
    assert run(provider) is AttemptOutcome.ANSWERED
    assert [question.job_id for question in provider.questions] == [pending.id] * 2


def test_where_not_even_giving_up_can_be_stored_the_lease_runs_out(
    run, repository, clock, monkeypatch
) -> None:
    call = breaking(None, UnavailableError(), inside=repository.save)
    monkeypatch.setattr(repository, "save", call)
    monkeypatch.setattr(repository, "renew", breaking(UnavailableError(), inside=repository.renew))
    with pytest.raises(UnavailableError):
        run()
    with pytest.raises(JobLeasedError):
        run()

    clock.advance(LEASE_MS)

    assert run() is AttemptOutcome.ANSWERED


def test_a_message_that_cannot_be_held_is_worked_on_all_the_same(run, delivery, monkeypatch):
    monkeypatch.setattr(delivery, "hold", breaking(UnavailableError(), inside=delivery.hold))

    assert run() is AttemptOutcome.ANSWERED


def test_a_poll_that_cannot_be_started_is_started_by_the_next_attempt(
    run, timers, pending, monkeypatch
) -> None:
    poll = breaking(UnavailableError(), inside=timers.poll)
    monkeypatch.setattr(Outbox, "poll", lambda _, *args, **kwargs: poll(*args, **kwargs))

    with pytest.raises(UnavailableError):
        run(lambda: Delegated("a job there"))
    assert run(lambda: Delegated("a job there")) is AttemptOutcome.DELEGATED

    assert timers.polled == {pending.ref: pending.deadline}
