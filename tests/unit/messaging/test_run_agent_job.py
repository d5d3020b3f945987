"""One attempt at a message job."""

from typing import Any

import pytest

from jobs.core.attempt import LEASE_MS, VISIBILITY_TIMEOUT_S
from jobs.core.errors import JobLeasedError
from jobs.core.status import JobStatus
from jobs.core.tokens import Tokens
from jobs.kit.errors import FailureClass, UpstreamError
from jobs.messaging.agent import Agent
from jobs.messaging.poll import Poll
from jobs.messaging.ports import Answer, Delegated
from jobs.messaging.run_agent_job import AttemptOutcome
from tests.fakes.memory import Outbox
from tests.support import NOON
from tests.unit.support import AGENT_ID, FakeProvider, raising


def test_run_with_answer_ends_job(run, repository, pending, delivery, clock) -> None:
    provider = FakeProvider(lambda: (clock.advance(250), Answer("Fine", {"a": 1}, Tokens(7, 3)))[1])

    assert run(provider) is AttemptOutcome.ANSWERED

    ended = repository.get(pending.ref)
    assert (ended.status, ended.attempt, ended.ended_at) == (JobStatus.SUCCEEDED, 1, NOON + 250)
    assert ended.result["content"] == "Fine"
    assert ended.result["metadata"] == {"a": 1}
    assert ended.tokens == Tokens(7, 3)
    assert delivery.held == [VISIBILITY_TIMEOUT_S]


def test_run_asks_provider_with_whole_question(run, pending) -> None:
    provider = FakeProvider()

    run(provider)

    [question] = provider.questions
    assert question.job_id == pending.id
    assert question.content == "Hello"
    assert question.deadline == pending.deadline


def test_run_with_upstream_error_fails_job_with_its_reason(run, repository, pending) -> None:
    assert (
        run(raising(UpstreamError("No tokens left", FailureClass.REFUSED))) is AttemptOutcome.FAILED
    )

    assert repository.get(pending.ref).error == "No tokens left"


def test_run_with_removed_agent_fails_job(run, repository, registry, pending) -> None:
    registry.put_agent("acme", Agent(id=AGENT_ID, name="Ada", active=False))

    assert run() is AttemptOutcome.FAILED

    assert repository.get(pending.ref).error == f"Agent {AGENT_ID} not found"


def test_run_without_answer_leaves_job_running(run, repository, pending) -> None:
    assert run(lambda: None) is AttemptOutcome.UNANSWERED

    assert repository.get(pending.ref).status is JobStatus.RUNNING


def test_run_with_delegation_polls_until_deadline(run, repository, timers, pending) -> None:
    assert run(lambda: Delegated("a job there")) is AttemptOutcome.DELEGATED

    assert repository.get(pending.ref).handle == "a job there"
    assert repository.get(pending.ref).status is JobStatus.RUNNING
    assert timers.polls == [Poll(ref=pending.ref)]


def test_run_with_delegation_stores_handle_before_poll(
    run, repository, timers, pending, monkeypatch
) -> None:
    handles: list[str | None] = []
    monkeypatch.setattr(
        Outbox, "schedule", lambda *_, **__: handles.append(repository.get(pending.ref).handle)
    )

    run(lambda: Delegated("a job there"))

    assert handles == ["a job there"]


def test_run_of_delegated_job_does_not_ask_again(run, timers, pending, clock) -> None:
    run(lambda: Delegated("a job there"))
    timers.polls.clear()
    clock.advance(LEASE_MS)
    provider = FakeProvider()

    assert run(provider) is AttemptOutcome.DELEGATED

    assert provider.questions == []
    assert timers.polls == [Poll(ref=pending.ref)]


def test_run_of_ended_job_does_nothing(run, pending, cancel) -> None:
    cancel(pending.ref)
    provider = FakeProvider()

    assert run(provider) is AttemptOutcome.NOT_NEEDED
    assert provider.questions == []


def test_run_after_deadline_does_nothing(run, pending, clock) -> None:
    clock.advance(30_000)
    provider = FakeProvider()

    assert run(provider) is AttemptOutcome.NOT_NEEDED
    assert provider.questions == []


def test_run_of_unknown_job_does_nothing(run, pending, clock) -> None:
    clock.advance(pending.gone_at - NOON)

    assert run() is AttemptOutcome.NOT_NEEDED


def test_run_of_leased_job_raises_with_lease_end(run, pending) -> None:
    leases: list[int] = []

    def meanwhile() -> Answer:
        with pytest.raises(JobLeasedError) as error:
            run()
        leases.append(error.value.until)
        return Answer("Fine")

    assert run(meanwhile) is AttemptOutcome.ANSWERED
    assert leases == [NOON + LEASE_MS]


def test_run_of_leased_job_by_a_second_message_is_not_needed(run, delivery) -> None:
    outcomes: list[AttemptOutcome] = []

    def meanwhile() -> Answer:
        delivery.count = 0
        outcomes.append(run())
        return Answer("Fine")

    assert run(meanwhile) is AttemptOutcome.ANSWERED
    assert outcomes == [AttemptOutcome.DUPLICATE]


def test_run_after_lease_end_takes_job_over(run, repository, pending, clock, delivery) -> None:
    delivery.count = 1
    repository.save(pending.claim(now=NOON, lease=LEASE_MS), replacing=pending)
    clock.advance(LEASE_MS)
    provider = FakeProvider()

    assert run(provider) is AttemptOutcome.ANSWERED

    assert repository.get(pending.ref).attempt == 2
    assert provider.questions[0].job_id == pending.id  # the provider's idempotency key


@pytest.mark.parametrize("outcome", [Answer("Late"), Delegated("a job there")])
def test_run_of_overtaken_worker_changes_nothing(run, repository, pending, clock, outcome) -> None:
    def meanwhile() -> Any:
        clock.advance(LEASE_MS)
        assert run(lambda: None) is AttemptOutcome.UNANSWERED
        return outcome

    assert run(meanwhile) is AttemptOutcome.TOO_LATE

    assert repository.get(pending.ref).status is JobStatus.RUNNING
    assert repository.get(pending.ref).attempt == 2
    assert repository.get(pending.ref).handle is None


def test_run_with_answer_after_cancel_changes_nothing(run, repository, pending, cancel) -> None:
    def meanwhile() -> Answer:
        cancel(pending.ref)
        return Answer("Late")

    assert run(meanwhile) is AttemptOutcome.TOO_LATE

    assert repository.get(pending.ref).status is JobStatus.CANCELLED
    assert [change.sequence for change in repository.changes] == [1, 2, 3]


@pytest.mark.parametrize(
    "outcome", [lambda: Answer("Late"), raising(UpstreamError("Late", FailureClass.REFUSED))]
)
def test_run_with_answer_at_deadline_changes_nothing(
    run, repository, pending, clock, outcome
) -> None:
    def meanwhile() -> Any:
        clock.advance(30_000)
        return outcome()

    assert run(meanwhile) is AttemptOutcome.TOO_LATE

    assert repository.get(pending.ref).as_of(clock()).status is JobStatus.TIMED_OUT
