"""Unanswered messages of a session: what they cost, and how many there may be."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.core.job import Job, JobRef
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.kit.errors import UnavailableError
from jobs.messaging.errors import NotItsTurnError
from jobs.sessions import send_message
from jobs.sessions.adapters.sqlite import SqliteSessions
from jobs.sessions.errors import SessionFullError, TooManyUnansweredError
from jobs.sessions.find_turn import FindTurn
from jobs.sessions.pass_turn import PassTurn
from jobs.sessions.send_message import NewMessage, SendMessage
from jobs.sessions.session import (
    ANSWER_TIMEOUT,
    MAX_UNANSWERED,
    ChatMessage,
    ChatSession,
    Turn,
)
from jobs.sessions.take_turn import TakeTurn
from tests.databases import Jobs
from tests.fakes.memory import Outbox
from tests.support import HOUR, NOON, Broken, FrozenClock


class CountedJobs(Jobs):
    """Counts every job read."""

    def __init__(self, clock: FrozenClock) -> None:
        super().__init__(clock)
        self.reads: Counter[str] = Counter()

    def get(self, ref: JobRef) -> Job:
        self.reads["job"] += 1
        return super().get(ref)

    def status_of(self, ref: JobRef) -> JobStatus:
        self.reads["job"] += 1
        return super().status_of(ref)


class CountedSessions(SqliteSessions):
    """Counts every message read."""

    def __init__(self, repository: CountedJobs, clock: FrozenClock) -> None:
        super().__init__(repository.database, repository, clock)
        self._reads = repository.reads

    def questions_since(
        self, tenant: str, session_id: str, *, after: Millis
    ) -> Iterator[ChatMessage]:
        for each in super().questions_since(tenant, session_id, after=after):
            self._reads["message"] += 1
            yield each


@pytest.fixture
def chat() -> Any:
    clock = FrozenClock()
    repository = CountedJobs(clock)
    sessions = CountedSessions(repository, clock)
    session = ChatSession(
        id="s", tenant="acme", agent_id="a", user_id="u", channel_id="c", metadata={},
        created_at=NOON, active_at=NOON, renewed_at=NOON,
    )  # fmt: skip
    sessions.create(session)
    find_turn, queue = FindTurn(repository=repository, sessions=sessions), Outbox()
    shared: Any = {"find_turn": find_turn, "sessions": sessions}
    early: list[JobRef] = []
    send = SendMessage(
        **shared,
        repository=repository,
        send_early=early.append,  # type: ignore[arg-type]
        clock=clock,
        retention=24 * HOUR,
    )

    def say(key: str | None = None) -> Job:
        new = {"tenant": "acme", "session": "s", "content": "Hello", "metadata": {}}
        return send(NewMessage(**new, idempotency_key=key, request_hash="h")).job

    def time_out(jobs: list[Job]) -> None:
        for job in jobs:
            repository.save(job.time_out(), replacing=job)

    return SimpleNamespace(
        clock=clock, repository=repository, sessions=sessions, queue=queue, say=say, early=early,
        time_out=time_out, take=TakeTurn(**shared, clock=clock).take,
        pass_turn=PassTurn(**shared, queue=queue),
    )  # fmt: skip


def start(chat: Any, count: int) -> list[Job]:
    """Send messages; a worker takes the first one's turn, and refuses the others."""
    jobs = [chat.say() for _ in range(count)]
    for job in jobs:
        with suppress(NotItsTurnError):
            chat.take(job)
    return jobs


@pytest.mark.parametrize("count", [25, MAX_UNANSWERED])
def test_messages_that_time_out_together_cost_linear_reads(chat, count) -> None:
    jobs = start(chat, count)
    chat.time_out(jobs)
    chat.repository.reads.clear()

    for job in jobs:
        chat.pass_turn(chat.repository.get(job.ref))

    assert chat.repository.reads["job"] <= 3 * count  # one of them is the test's own
    assert chat.repository.reads["message"] <= 2 * count
    assert chat.queue.sent == []


def test_messages_behind_ended_ones_are_taken_in_linear_reads(chat) -> None:
    first, *others = start(chat, 50)
    chat.time_out(others)
    last = chat.say()
    chat.time_out([first])
    chat.repository.reads.clear()

    for _ in range(50):
        chat.take(last)

    assert chat.repository.reads["job"] <= 2 * 51


def test_end_of_waiting_message_queues_none(chat) -> None:
    _, second, _ = start(chat, 3)
    chat.time_out([second])

    chat.pass_turn(second)

    assert chat.queue.sent == []


def test_ends_before_waiting_message_queue_it_once(chat) -> None:
    *ended, last = start(chat, 5)
    chat.time_out(ended)

    for job in reversed(ended):
        chat.pass_turn(job)

    assert chat.queue.sent == [last.ref]


@pytest.mark.parametrize("step", ["send", "save_turn"])
def test_turn_whose_passer_died_is_passed_by_the_repeated_change(chat, monkeypatch, step) -> None:
    first, second = start(chat, 2)
    chat.time_out([first])
    with monkeypatch.context() as dying:
        dying.setattr(type(chat.queue if step == "send" else chat.sessions), step, die)
        with pytest.raises(SystemExit):
            chat.pass_turn(first)
    chat.queue.sent.clear()

    chat.pass_turn(first)

    assert chat.queue.sent == [second.ref]
    chat.take(second)


def die(*_: Any) -> None:
    raise SystemExit


def test_turn_that_ends_before_its_worker_starts_is_passed_on(chat) -> None:
    first, second, third = start(chat, 3)
    chat.time_out([first])
    chat.pass_turn(first)
    chat.queue.sent.clear()
    chat.time_out([second])

    chat.pass_turn(second)

    assert chat.queue.sent == [third.ref]


def test_send_over_maximum_is_refused_until_a_turn_ends(chat) -> None:
    first, *_ = start(chat, MAX_UNANSWERED)
    for _ in range(3):
        with pytest.raises(TooManyUnansweredError):
            chat.say()
    assert len(chat.repository.all()) == MAX_UNANSWERED

    chat.time_out([first])

    chat.say()
    with pytest.raises(TooManyUnansweredError):
        chat.say()


def test_send_to_full_session_is_refused_but_repeated_key_is_answered(chat, monkeypatch) -> None:
    first = chat.say("k")
    start(chat, MAX_UNANSWERED - 1)
    monkeypatch.setattr(send_message, "MAX_MESSAGES", MAX_UNANSWERED)
    chat.clock.advance(ANSWER_TIMEOUT + MAX_UNANSWERED)

    with pytest.raises(SessionFullError):
        chat.say()

    assert chat.say("k").id == first.id


def test_send_after_all_are_overdue_is_accepted(chat) -> None:
    start(chat, MAX_UNANSWERED)
    chat.clock.advance(ANSWER_TIMEOUT + MAX_UNANSWERED)

    chat.say()


def test_repeated_key_at_maximum_returns_first_message(chat) -> None:
    first = chat.say("k")
    start(chat, MAX_UNANSWERED - 1)

    assert chat.say("k").id == first.id


def test_refused_sends_read_one_message_each(chat) -> None:
    start(chat, MAX_UNANSWERED)
    chat.repository.reads.clear()

    for _ in range(10):
        with pytest.raises(TooManyUnansweredError):
            chat.say()

    assert chat.repository.reads == {"job": 10, "message": 10}


def test_messages_of_older_sessions_are_counted_from_now(chat) -> None:
    chat.sessions.save_turn("acme", "s", Turn(at=NOON, ended=500))

    chat.say()


def test_message_is_sent_early_once_all_before_it_have_ended(chat) -> None:
    first = chat.say()
    chat.say()
    assert chat.early == [first.ref]
    chat.time_out(chat.repository.all())

    last = chat.say()

    assert chat.early == [first.ref, last.ref]


def test_repeated_message_is_not_sent_early_again(chat) -> None:
    for _ in range(2):
        chat.say("k")

    assert len(chat.early) == 1


def test_message_is_stored_without_knowing_its_turn(chat, monkeypatch) -> None:
    chat.time_out([chat.say()])
    monkeypatch.setattr(CountedSessions, "turn", Broken(UnavailableError()))

    job = chat.say()

    assert chat.repository.get(job.ref) == job
    assert job.ref not in chat.early
