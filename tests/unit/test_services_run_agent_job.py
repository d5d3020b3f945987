"""One attempt at a message job: claim, ask, store, and every way in which that breaks."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from jobs.adapters.memory import InMemoryJobRepository, InMemoryRegistry, Outbox
from jobs.agents.provider import Answer, Delegated
from jobs.domain.agent import Agent
from jobs.domain.errors import AgentError, JobLeasedError, UnavailableError
from jobs.domain.status import JobStatus
from jobs.services import attend, run_agent_job
from jobs.services.attend import attended
from jobs.services.cancel_job import CancelJob
from jobs.services.run_agent_job import HOLD_S, LEASE, RETRY_S, Ran, RunAgentJob
from tests.support import NOON

AGENT_ID = "11111111-1111-4111-8111-111111111111"


class Receipt:
    def __init__(self) -> None:
        self.held: list[int] = []

    def hold(self, seconds: int) -> None:
        self.held.append(seconds)


class Asked:
    """A provider that does what the test says."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer
        self.questions: list[Any] = []

    def ask(self, agent: Any, question: Any) -> Any:
        self.questions.append(question)
        return self.answer()


def breaking(*errors: Exception | None, inside: Callable[..., Any]) -> Callable[..., Any]:
    """Raise these in turn, None letting a call through; then all get through."""
    left = iter(errors)

    def call(*args: Any, **kwargs: Any) -> Any:
        if error := next(left, None):
            raise error
        return inside(*args, **kwargs)

    return call


@pytest.fixture
def repository(clock) -> InMemoryJobRepository:
    return InMemoryJobRepository(clock)


@pytest.fixture
def job(repository, a_job) -> Any:
    repository.add(job := a_job())
    return job


@pytest.fixture
def delivery() -> Receipt:
    return Receipt()


@pytest.fixture
def timers() -> Outbox:
    return Outbox()


@pytest.fixture
def registry() -> InMemoryRegistry:
    registry = InMemoryRegistry()
    registry.put_agent("acme", Agent(id=AGENT_ID, name="Ada"))
    return registry


@pytest.fixture
def worker(repository, registry, timers, clock) -> Any:
    shared = {"repository": repository, "registry": registry, "timers": timers, "clock": clock}
    return lambda provider: RunAgentJob(**shared, providers=lambda _: provider)


@pytest.fixture
def run(worker, job, delivery) -> Any:
    def run(answer: Callable[[], Any] | Asked = lambda: Answer("Fine")) -> Any:
        provider = answer if isinstance(answer, Asked) else Asked(answer)
        return worker(provider)(job.ref, delivery)

    return run


def raising(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


# ── How it goes ──


def test_an_answer_ends_the_job(run, repository, job, delivery, clock) -> None:
    provider = Asked(lambda: (clock.advance(250), Answer("Fine", {"a": 1}))[1])

    assert run(provider) is Ran.ANSWERED

    ended = repository.get(job.ref)
    assert (ended.status, ended.attempt, ended.ended_at) == (JobStatus.SUCCEEDED, 1, NOON + 250)
    assert ended.result["content"] == "Fine"
    assert ended.result["metadata"] == {"a": 1}
    assert delivery.held == [HOLD_S]


def test_a_provider_hears_all_it_needs_and_the_jobs_id(run, job) -> None:
    provider = Asked(lambda: Answer("Fine"))

    run(provider)

    [question] = provider.questions
    assert question.job_id == job.id
    assert question.content == "Hello"
    assert question.deadline == job.deadline


def test_an_agents_refusal_ends_the_job_with_its_reason(run, repository, job) -> None:
    assert run(raising(AgentError("No tokens left"))) is Ran.FAILED

    assert repository.get(job.ref).error == "No tokens left"


def test_an_agent_that_left_meanwhile_ends_the_job(run, repository, registry, job) -> None:
    registry.put_agent("acme", Agent(id=AGENT_ID, name="Ada", active=False))

    assert run() is Ran.FAILED

    assert repository.get(job.ref).error == f"Agent {AGENT_ID} not found"


def test_an_agent_that_says_nothing_leaves_the_job_to_its_deadline(run, repository, job) -> None:
    assert run(lambda: None) is Ran.UNANSWERED

    assert repository.get(job.ref).status is JobStatus.RUNNING


def test_a_delegated_job_is_polled_until_its_deadline(run, repository, timers, job) -> None:
    assert run(lambda: Delegated("a job there")) is Ran.DELEGATED

    assert repository.get(job.ref).handle == "a job there"
    assert repository.get(job.ref).status is JobStatus.RUNNING
    assert timers.polled == {job.ref: job.deadline}


def test_the_poll_of_a_delegated_job_starts_after_its_handle_is_stored(
    run, repository, timers, job, monkeypatch
) -> None:
    handles: list[str | None] = []
    monkeypatch.setattr(
        Outbox, "poll", lambda *_, **__: handles.append(repository.get(job.ref).handle)
    )

    run(lambda: Delegated("a job there"))

    assert handles == ["a job there"]


# ── Duplicates, late ones, the dead ──


def test_a_message_of_an_ended_job_is_not_needed(run, repository, job, clock) -> None:
    CancelJob(repository=repository, clock=clock)(job.ref)
    provider = Asked(lambda: Answer("Fine"))

    assert run(provider) is Ran.NOT_NEEDED
    assert provider.questions == []


def test_a_message_after_the_deadline_is_not_needed(run, job, clock) -> None:
    clock.advance(30_000)
    provider = Asked(lambda: Answer("Fine"))

    assert run(provider) is Ran.NOT_NEEDED
    assert provider.questions == []


def test_a_message_of_a_job_that_is_gone_is_not_needed(run, job, clock) -> None:
    clock.advance(job.gone_at - NOON)

    assert run() is Ran.NOT_NEEDED


def test_a_second_worker_is_told_how_long_the_first_has_the_job(run, job) -> None:
    refused: list[int] = []

    def meanwhile() -> Answer:
        with pytest.raises(JobLeasedError) as refusal:
            run()
        refused.append(refusal.value.until)
        return Answer("Fine")

    assert run(meanwhile) is Ran.ANSWERED
    assert refused == [NOON + LEASE]


def test_a_worker_that_died_is_followed_by_another_attempt(run, repository, job, clock) -> None:
    repository.save(job.claim(now=NOON, lease=LEASE), replacing=job)
    clock.advance(LEASE)
    provider = Asked(lambda: Answer("Fine"))

    assert run(provider) is Ran.ANSWERED

    assert repository.get(job.ref).attempt == 2
    assert provider.questions[0].job_id == job.id  # by which the provider knows it again


@pytest.mark.parametrize("outcome", [Answer("Late"), Delegated("a job there")])
def test_a_worker_that_was_overtaken_changes_nothing(run, repository, job, clock, outcome) -> None:
    def meanwhile() -> Any:
        clock.advance(LEASE)
        assert run(lambda: None) is Ran.UNANSWERED
        return outcome

    assert run(meanwhile) is Ran.TOO_LATE

    assert repository.get(job.ref).status is JobStatus.RUNNING
    assert repository.get(job.ref).attempt == 2
    assert repository.get(job.ref).handle is None


def test_an_answer_after_the_cancel_changes_nothing(run, repository, job, clock) -> None:
    def meanwhile() -> Answer:
        CancelJob(repository=repository, clock=clock)(job.ref)
        return Answer("Late")

    assert run(meanwhile) is Ran.TOO_LATE

    assert repository.get(job.ref).status is JobStatus.CANCELLED
    assert [change.sequence for change in repository.changes] == [1, 2, 3]


@pytest.mark.parametrize("outcome", [lambda: Answer("Late"), raising(AgentError("Late"))])
def test_an_answer_at_the_deadline_changes_nothing(run, repository, job, clock, outcome) -> None:
    def meanwhile() -> Any:
        clock.advance(30_000)
        return outcome()

    assert run(meanwhile) is Ran.TOO_LATE

    assert repository.get(job.ref).as_of(clock()).status is JobStatus.TIMED_OUT


# ── Signs of life ──


@pytest.fixture
def _quick_beats(monkeypatch) -> None:
    monkeypatch.setattr(run_agent_job, "BEAT_S", 0.001)


@pytest.mark.usefixtures("_quick_beats")
def test_a_slow_provider_is_attended(run, repository, delivery, clock, monkeypatch) -> None:
    beaten = Event()
    leases: list[int] = []
    renew = repository.renew

    def renewed(job: Any, *, lease_until: int) -> None:
        renew(job, lease_until=lease_until)
        leases.append(lease_until)
        clock.advance(1000)
        if len(leases) == 3:
            beaten.set()

    monkeypatch.setattr(repository, "renew", renewed)

    assert run(lambda: (beaten.wait(), Answer("Fine"))[1]) is Ran.ANSWERED

    assert leases[:3] == [NOON + LEASE, NOON + LEASE + 1000, NOON + LEASE + 2000]
    assert delivery.held[:4] == [HOLD_S] * 4


@pytest.mark.usefixtures("_quick_beats")
def test_beats_that_get_lost_do_not_stop_the_work(run, repository, monkeypatch) -> None:
    beaten = Event()
    left = iter(range(3))

    def renewed(job: Any, *, lease_until: int) -> None:
        if next(left, None) is None:
            beaten.set()
        raise UnavailableError

    monkeypatch.setattr(repository, "renew", renewed)

    assert run(lambda: (beaten.wait(), Answer("Fine"))[1]) is Ran.ANSWERED


@pytest.mark.usefixtures("_quick_beats")
def test_a_beat_learns_that_the_job_was_cancelled_and_waits_no_longer(
    run, repository, job, clock
) -> None:
    never = Event()

    def meanwhile() -> Any:
        CancelJob(repository=repository, clock=clock)(job.ref)
        never.wait()

    try:
        assert run(meanwhile) is Ran.TOO_LATE
    finally:
        never.set()
    assert repository.get(job.ref).status is JobStatus.CANCELLED


def test_a_provider_that_hangs_is_left_at_the_deadline(run, repository, job, clock) -> None:
    never = Event()
    clock.advance(29_990)

    try:
        assert run(lambda: never.wait()) is Ran.UNANSWERED  # noqa: PLW0108 - it is a provider
    finally:
        never.set()
    assert repository.get(job.ref).status is JobStatus.RUNNING


def test_work_that_ends_as_time_is_up_is_not_thrown_away(monkeypatch) -> None:
    monkeypatch.setattr(attend, "wait", lambda answers, **_: answers[0].result())

    assert attended(lambda: "done", beat=lambda: None, every=1, at_most=0) == "done"


def test_what_the_work_raises_is_raised_its_own_timeout_too() -> None:
    for error in (TimeoutError("its own"), KeyError("x"), SystemExit(1)):
        with pytest.raises(type(error)) as raised:
            attended(raising(error), beat=lambda: None, every=1, at_most=1)  # type: ignore[arg-type]
        assert raised.value is error


# ── What it stands on breaks ──


def test_a_bug_in_a_provider_is_followed_by_another_attempt_soon(
    run, repository, job, delivery
) -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)

    assert repository.get(job.ref).lease_until == NOON
    assert delivery.held == [HOLD_S, RETRY_S]
    assert run() is Ran.ANSWERED
    assert repository.get(job.ref).attempt == 2


@pytest.mark.parametrize("method", ["get", "save"])
def test_a_claim_that_cannot_be_stored_comes_again(run, repository, job, monkeypatch, method):
    call = breaking(UnavailableError(), inside=getattr(repository, method))
    monkeypatch.setattr(repository, method, call)
    provider = Asked(lambda: Answer("Fine"))

    with pytest.raises(UnavailableError):
        run(provider)

    assert provider.questions == []
    assert repository.get(job.ref) == job
    assert run(provider) is Ran.ANSWERED


def test_an_answer_that_cannot_be_stored_is_asked_for_again(
    run, repository, job, delivery, monkeypatch
) -> None:
    call = breaking(None, UnavailableError(), inside=repository.save)
    monkeypatch.setattr(repository, "save", call)
    provider = Asked(lambda: Answer("Fine"))

    with pytest.raises(UnavailableError):
        run(provider)

    assert delivery.held == [HOLD_S, RETRY_S]
    assert run(provider) is Ran.ANSWERED
    assert [question.job_id for question in provider.questions] == [job.id] * 2


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

    clock.advance(LEASE)

    assert run() is Ran.ANSWERED


def test_a_message_that_cannot_be_held_is_worked_on_all_the_same(run, delivery, monkeypatch):
    monkeypatch.setattr(delivery, "hold", breaking(UnavailableError(), inside=delivery.hold))

    assert run() is Ran.ANSWERED


def test_a_poll_that_cannot_be_started_is_started_by_the_next_attempt(
    run, timers, job, monkeypatch
) -> None:
    poll = breaking(UnavailableError(), inside=timers.poll)
    monkeypatch.setattr(Outbox, "poll", lambda _, *args, **kwargs: poll(*args, **kwargs))

    with pytest.raises(UnavailableError):
        run(lambda: Delegated("a job there"))
    assert run(lambda: Delegated("a job there")) is Ran.DELEGATED

    assert timers.polled == {job.ref: job.deadline}
