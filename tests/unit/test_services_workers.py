"""What happens to a job behind its caller's back, and what of it may happen at once."""

from contextlib import suppress
from itertools import product
from typing import Any

import pytest

from jobs.adapters.memory import (
    InMemoryJobCounters,
    InMemoryJobRepository,
    InMemoryRegistry,
    Outbox,
    change,
)
from jobs.agents.provider import Answer
from jobs.domain.agent import Agent
from jobs.domain.errors import (
    AgentError,
    JobEndedError,
    JobLeasedError,
    JobNotFoundError,
    StaleJobError,
    UnavailableError,
)
from jobs.domain.job import Job
from jobs.domain.status import JobStatus
from jobs.services.cancel_job import CancelJob
from jobs.services.change_job import change_job
from jobs.services.dispatch_job import DispatchJob
from jobs.services.end_dead_letter import EndDeadLetter
from jobs.services.expire_job import ExpireJob
from jobs.services.poll_remote_job import PollRemoteJob
from jobs.services.publish_changes import PublishChanges
from tests.support import NOON

AGENT_ID = "11111111-1111-4111-8111-111111111111"
LEASE = 25_000


class Interrupted(InMemoryJobRepository):
    """Lets something happen once, between the next reading and what is written after it."""

    between: Any = None

    def get(self, ref: Any) -> Job:
        job = super().get(ref)
        act, self.between = self.between, None
        if act:
            act()
        return job


@pytest.fixture
def repository(clock) -> Interrupted:
    return Interrupted(clock)


@pytest.fixture
def pending(repository, a_job) -> Job:
    repository.add(job := a_job())
    return job


@pytest.fixture
def running(repository, pending) -> Job:
    job = pending.claim(now=NOON, lease=LEASE)
    repository.save(job, replacing=pending)
    return job


# ── Races ──


@pytest.fixture
def actors(repository, clock) -> Any:
    """Everybody who may change a job, each reading before writing."""

    def changing(step: Any) -> Any:
        return lambda ref: change_job(repository, ref, step)

    def completing(job: Job) -> Job:
        if job.status is not JobStatus.RUNNING:
            raise JobEndedError(job.id)
        return job.succeed({"content": "Fine"}, now=clock())

    return {
        "claim": changing(lambda job: job.claim(now=clock(), lease=LEASE)),
        "completion": changing(completing),
        "failure": changing(lambda job: job.fail("No", now=clock())),
        "cancel": CancelJob(repository=repository, clock=clock),
        "timeout": ExpireJob(repository=repository),
        "dead letter": EndDeadLetter(repository=repository, clock=clock),
    }


ENDS = {
    "completion": JobStatus.SUCCEEDED,
    "failure": JobStatus.FAILED,
    "cancel": JobStatus.CANCELLED,
    "dead letter": JobStatus.FAILED,
}
ACTORS = ["claim", "timeout", *ENDS]


@pytest.mark.parametrize("race", [*product(ACTORS, ACTORS)], ids=" meets ".join)
@pytest.mark.parametrize("start", ["pending", "running"])
def test_whoever_races_there_is_one_end_and_one_event_a_change(
    request, repository, actors, start, race
) -> None:
    job, (first, second) = request.getfixturevalue(start), race
    winners: list[str] = []

    def act(name: str) -> None:
        with suppress(JobEndedError, JobLeasedError, StaleJobError):
            if actors[name](job.ref) and name in ENDS:
                winners.append(name)

    repository.between = lambda: act(second)
    act(first)
    act("timeout")

    told = repository.changes
    assert [each.sequence for each in told] == [*range(1, len(told) + 1)]
    assert [each.previous for each in told[1:]] == [each.status for each in told[:-1]]
    assert [each.status.is_terminal for each in told] == [False] * (len(told) - 1) + [True]
    ends = [ENDS[name] for name in winners] or [JobStatus.TIMED_OUT]
    assert ends == [told[-1].status]


def test_the_loser_of_a_race_is_told(repository, clock, running) -> None:
    cancel = CancelJob(repository=repository, clock=clock)
    ended = running.succeed({"content": "Fine"}, now=NOON)
    repository.between = lambda: repository.save(ended, replacing=running)

    with pytest.raises(JobEndedError):
        cancel(running.ref)

    assert repository.get(running.ref) == ended


def test_a_cancel_that_meets_a_claim_is_made_again(repository, clock, pending) -> None:
    claim = pending.claim(now=NOON, lease=LEASE)
    repository.between = lambda: repository.save(claim, replacing=pending)

    cancelled = CancelJob(repository=repository, clock=clock)(pending.ref)

    assert cancelled == claim.cancel(now=NOON)
    assert [each.status for each in repository.changes] == [
        JobStatus.PENDING, JobStatus.RUNNING, JobStatus.CANCELLED,
    ]  # fmt: skip


def test_who_loses_every_race_gives_up(repository, pending, monkeypatch) -> None:
    tries: list[Job] = []

    def lose(job: Job, *, replacing: Job) -> None:
        tries.append(job)
        raise StaleJobError

    monkeypatch.setattr(repository, "save", lose)

    with pytest.raises(StaleJobError):
        change_job(repository, pending.ref, lambda job: job.cancel(now=NOON))

    assert len(tries) == 5


# ── Dispatch ──


def test_a_new_job_has_its_deadline_before_its_message(a_job, monkeypatch) -> None:
    outbox, job = Outbox(), a_job()

    def fail(ref: Any) -> None:
        raise UnavailableError

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "send", lambda *_: fail(_))
        with pytest.raises(UnavailableError):
            DispatchJob(timers=outbox, queue=outbox)(job.ref, deadline=job.deadline)

    assert outbox.deadlines == {job.ref: job.deadline}


def test_a_dispatch_is_made_good_by_its_repetition_and_repeated_without_harm(
    a_job, monkeypatch
) -> None:
    outbox, job = Outbox(), a_job()
    dispatch = DispatchJob(timers=outbox, queue=outbox)

    def fail(*_: Any, **__: Any) -> None:
        raise UnavailableError

    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "time_out", fail)
        with pytest.raises(UnavailableError):
            dispatch(job.ref, deadline=job.deadline)
    assert outbox.sent == []

    for _ in range(2):
        dispatch(job.ref, deadline=job.deadline)

    assert outbox.sent == [job.ref] * 2
    assert outbox.deadlines == {job.ref: job.deadline}


# ── The deadline ──


@pytest.mark.parametrize("start", ["pending", "running"])
def test_the_timer_ends_what_has_not_ended_by_its_own_clock(request, repository, start) -> None:
    job = request.getfixturevalue(start)  # and our clock still stands at the creation

    assert ExpireJob(repository=repository)(job.ref) is JobStatus.TIMED_OUT

    assert repository.get(job.ref).ended_at == job.deadline


def test_the_timer_leaves_alone_what_has_ended(repository, running) -> None:
    ended = running.succeed({"content": "Fine"}, now=NOON)
    repository.save(ended, replacing=running)

    assert ExpireJob(repository=repository)(running.ref) is JobStatus.SUCCEEDED

    assert repository.get(running.ref) == ended


def test_the_timer_finds_a_job_that_is_gone_over(repository, pending, clock) -> None:
    clock.advance(pending.gone_at - NOON)

    assert ExpireJob(repository=repository)(pending.ref) is None


# ── Dead letters ──


@pytest.fixture
def end_dead_letter(repository, clock) -> EndDeadLetter:
    return EndDeadLetter(repository=repository, clock=clock)


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

    clock.advance(LEASE)

    assert end_dead_letter(running.ref)


@pytest.mark.parametrize("past", [30_000, 30 * 3600 * 1000])
def test_a_dead_letter_of_a_job_that_is_over_or_gone_ends_nothing(
    end_dead_letter, pending, clock, past
) -> None:
    clock.advance(past)

    assert not end_dead_letter(pending.ref)


# ── Polling another server ──


class Elsewhere:
    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.asked: list[str | None] = []

    def ask(self, agent: Agent, question: Any) -> Any:
        raise NotImplementedError

    def poll(self, agent: Agent, question: Any, handle: str | None) -> Any:
        self.asked.append(handle)
        if callable(self.outcome):
            return self.outcome()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.fixture
def delegated(repository, running) -> Job:
    job = running.delegate("a job there")
    repository.save(job, replacing=running)
    return job


@pytest.fixture
def poll(repository, clock, delegated) -> Any:
    registry = InMemoryRegistry()
    registry.put_agent("acme", Agent(id=AGENT_ID, name="Ada", provider="remote"))

    def poll(outcome: Any, registry: Any = registry) -> Any:
        remote = outcome if isinstance(outcome, Elsewhere) else Elsewhere(outcome)
        return PollRemoteJob(repository=repository, registry=registry, remote=remote, clock=clock)(
            delegated.ref
        )

    return poll


def test_an_answer_from_elsewhere_ends_the_job(poll, repository, delegated) -> None:
    remote = Elsewhere(Answer("Fine", {"a": 1}))

    assert poll(remote)

    assert remote.asked == ["a job there"]
    assert repository.get(delegated.ref).status is JobStatus.SUCCEEDED
    assert repository.get(delegated.ref).result["metadata"] == {"a": 1}


def test_a_failure_elsewhere_ends_the_job_with_its_reason(poll, repository, delegated) -> None:
    assert poll(AgentError("No tokens left"))

    assert repository.get(delegated.ref).error == "No tokens left"


def test_an_agent_that_left_meanwhile_ends_the_job(poll, repository, delegated) -> None:
    assert poll(Answer("Fine"), InMemoryRegistry())

    assert repository.get(delegated.ref).error == f"Agent {AGENT_ID} not found"


def test_no_answer_yet_changes_nothing(poll, repository, delegated) -> None:
    assert not poll(None)

    assert repository.get(delegated.ref) == delegated


@pytest.mark.parametrize("past", [30_000, 30 * 3600 * 1000])
def test_a_job_that_is_over_or_gone_is_no_longer_asked_for(poll, clock, past) -> None:
    clock.advance(past)
    remote = Elsewhere(Answer("Late"))

    assert poll(remote)
    assert remote.asked == []


def test_an_answer_from_elsewhere_at_the_deadline_is_too_late(
    poll, repository, delegated, clock
) -> None:
    assert poll(lambda: (clock.advance(30_000), Answer("Late"))[1])

    assert repository.get(delegated.ref) == delegated


def test_an_answer_from_elsewhere_after_the_cancel_is_dropped(
    poll, repository, delegated, clock
) -> None:
    def answer() -> Answer:
        CancelJob(repository=repository, clock=clock)(delegated.ref)
        return Answer("Late")

    assert not poll(answer)  # the next poll sees what became of it
    assert poll(Answer("Later"))

    assert repository.get(delegated.ref).status is JobStatus.CANCELLED


def test_a_table_out_of_reach_leaves_the_answer_to_the_next_poll(
    poll, repository, delegated, monkeypatch
) -> None:
    def fail(job: Job, *, replacing: Job) -> None:
        raise UnavailableError

    with monkeypatch.context() as broken:
        broken.setattr(repository, "save", fail)
        with pytest.raises(UnavailableError):
            poll(Answer("Fine"))

    assert poll(Answer("Fine"))
    assert repository.get(delegated.ref).status is JobStatus.SUCCEEDED


# ── Telling ──


def test_what_is_published_is_counted_first_and_a_replay_is_counted_once(clock, a_job) -> None:
    counters, outbox, job = InMemoryJobCounters(clock), Outbox(), a_job()
    told = [change(job, previous=None)]

    class Down:
        def publish(self, changes: Any) -> None:
            raise UnavailableError

    with pytest.raises(UnavailableError):
        PublishChanges(counters=counters, publisher=Down())(told)
    assert counters.read("acme", "messaging").total == 1

    PublishChanges(counters=counters, publisher=outbox)(told)

    assert counters.read("acme", "messaging").total == 1
    assert outbox.published == told


def test_a_deletion_is_counted_and_told_to_nobody(clock, repository, pending) -> None:
    counters, outbox = InMemoryJobCounters(clock), Outbox()
    [created] = repository.changes
    deleted = type(created)(
        ref=created.ref,
        sequence=created.sequence,
        status=None,
        previous=JobStatus.PENDING,
        changed_at=created.changed_at,
        created_at=created.created_at,
        gone_at=created.gone_at,
    )

    PublishChanges(counters=counters, publisher=outbox)([created, deleted])

    assert counters.read("acme", "messaging").total == 0
    assert outbox.published == [created]


def test_a_job_unknown_to_the_table_is_an_error_of_its_own(repository, a_job, clock) -> None:
    with pytest.raises(JobNotFoundError):
        CancelJob(repository=repository, clock=clock)(a_job().ref)
