"""Jobs of agents that workers answer: the server's own worker queues them, and is done."""

import pytest

from jobs.core.errors import JobLeasedError
from jobs.core.status import JobStatus
from jobs.messaging.agent import DEFAULT_MAX_ATTEMPTS, Agent
from jobs.messaging.message import Message, WorkerTask, task_of
from jobs.messaging.run_agent_job import AttemptOutcome
from tests.support import NOON
from tests.unit.support import AGENT_ID, FakeProvider


@pytest.fixture(autouse=True)
def agent(registry):
    """Have workers answer for the job's agent."""

    def register(**settings):
        agent = Agent(id=AGENT_ID, name="Ada", provider="worker", settings=settings)
        registry.put_agent("acme", agent)

    register()
    return register


def test_job_is_queued_unclaimed_and_no_provider_asked(run, repository, pending) -> None:
    provider = FakeProvider()

    assert run(provider) is AttemptOutcome.QUEUED

    job = repository.get(pending.ref)
    assert (job.status, job.attempt, job.sequence) == (JobStatus.QUEUED, 0, 2)
    assert task_of(job) == WorkerTask(max_attempts=DEFAULT_MAX_ATTEMPTS)
    assert provider.questions == []


def test_attempts_are_those_of_the_agent(run, repository, pending, agent) -> None:
    agent(maxAttempts=2)

    run()

    assert task_of(repository.get(pending.ref)).max_attempts == 2


def test_second_message_of_queued_or_claimed_job_changes_nothing(
    run, repository, pending, clock
) -> None:
    run()
    queued = repository.get(pending.ref)
    assert run() is AttemptOutcome.QUEUED
    assert repository.get(pending.ref) == queued

    claimed = queued.claim(now=clock(), lease=10_000)
    repository.save(claimed, replacing=queued)
    assert run() is AttemptOutcome.QUEUED
    assert repository.get(pending.ref) == claimed


def test_message_of_ended_job_is_done_with(run, repository, pending) -> None:
    repository.save(pending.cancel(now=NOON), replacing=pending)

    assert run() is AttemptOutcome.NOT_NEEDED


def test_job_past_its_deadline_is_not_queued(run, repository, pending, clock) -> None:
    clock.now = pending.deadline

    assert run() is AttemptOutcome.NOT_NEEDED
    assert repository.get(pending.ref) == pending


def test_job_that_another_provider_left_is_handed_to_workers(
    run, repository, running, clock, delivery
) -> None:
    delivery.count = 1
    with pytest.raises(JobLeasedError):
        run()

    clock.now = running.lease_until
    assert run() is AttemptOutcome.QUEUED

    job = repository.get(running.ref)
    assert (job.status, job.attempt, job.lease_until) == (JobStatus.RUNNING, 1, clock())
    assert task_of(job) is not None


def test_message_of_a_session_keeps_its_session(run, repository, a_job, worker, delivery) -> None:
    job = a_job(id="019b7963-4a00-7000-8000-000000000009", details=Message(session="s"))
    repository.add(job)

    assert worker(FakeProvider())(job.ref, delivery) is AttemptOutcome.QUEUED

    assert repository.get(job.ref).details == Message(
        session="s", task=WorkerTask(max_attempts=DEFAULT_MAX_ATTEMPTS)
    )
