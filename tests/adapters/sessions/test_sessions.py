"""Sessions and their messages."""

from collections.abc import Callable
from typing import Any

import pytest

from jobs import kinds
from jobs.core.errors import IdempotencyConflictError, StaleJobError
from jobs.core.ids import new_job_id
from jobs.core.job import Job
from jobs.core.ports import IdempotencyKey, Listing
from jobs.core.status import JobStatus
from jobs.kit.errors import UnavailableError
from jobs.messaging.message import Message
from jobs.sessions.adapters.jobs import DynamoChatJobs
from jobs.sessions.adapters.sessions import DynamoSessions
from jobs.sessions.errors import SessionNotFoundError, StaleSessionError
from jobs.sessions.session import (
    MINUTE,
    SESSION_RETENTION,
    ChatSession,
    SessionCounts,
    SessionPage,
    Timeouts,
    Turn,
    Window,
)
from tests.support import HOUR, NOON


@pytest.fixture
def a_session(tenant, clock) -> Callable[..., ChatSession]:
    def make(**about: Any) -> ChatSession:
        now = clock()
        sane: dict[str, Any] = {
            "id": new_job_id(now), "tenant": tenant, "agent_id": "a", "user_id": "u",
            "channel_id": "c", "metadata": {"n": 1.5, "big": 2**70, "ž": [None]},
            "created_at": now, "active_at": now, "renewed_at": now,
        }  # fmt: skip
        return ChatSession(**sane | about)

    return make


@pytest.fixture
def session(sessions, a_session) -> ChatSession:
    sessions.create(made := a_session())
    return made


@pytest.fixture
def send(sessions, session, clock, a_job) -> Callable[..., Job]:
    def send(content: str = "Hello", key: IdempotencyKey | None = None) -> Job:
        now = sessions.get(session.tenant, session.id).add_message(clock())
        at = now.last_message_at
        job = a_job(
            id=new_job_id(at), details=Message(session=session.id), created_at=at, changed_at=at,
            deadline=at + 30_000,
        )  # fmt: skip
        job.request["content"] = content
        sessions.send(now, job, key)
        return job

    return send


@pytest.fixture
def answer(chat_jobs) -> Callable[..., Job]:
    def answer(job: Job, content: str = "Fine", *, at: int = 5) -> Job:
        running = job.claim(now=job.created_at, lease=25_000)
        chat_jobs.save(running, replacing=job)
        result = {"id": f"answer-{job.id}", "content": content, "metadata": {"thought": "hm"}}
        ended = running.succeed(result, now=job.created_at + at)
        chat_jobs.save(ended, replacing=running)
        return ended

    return answer


def contents(messages: Any) -> list[str]:
    return [each.content for each in messages]


def test_session_is_read_unchanged(sessions, a_session) -> None:
    session = a_session(
        renewals=3,
        sent=7,
        last_message_at=NOON,
        timeouts=Timeouts(timeout=7, auto_renew=False, warning=2),
    )
    sessions.create(session)

    assert sessions.get(session.tenant, session.id) == session


def test_get_session_of_other_tenant_raises_not_found(sessions, session) -> None:
    with pytest.raises(SessionNotFoundError):
        sessions.get("rival", session.id)


def test_get_session_after_ttl_raises_not_found(sessions, session, clock) -> None:
    clock.advance(SESSION_RETENTION)

    with pytest.raises(SessionNotFoundError):
        sessions.get(session.tenant, session.id)


def test_save_of_stale_version_raises_stale_error(sessions, session) -> None:
    sessions.save(session.renew(NOON + 1))

    with pytest.raises(StaleSessionError):
        sessions.save(session.renew(NOON + 2))
    assert sessions.get(session.tenant, session.id).renewed_at == NOON + 1


def test_save_of_closed_session_raises_stale_error(sessions, session) -> None:
    sessions.close(session)
    sessions.close(session)

    with pytest.raises(StaleSessionError):
        sessions.save(session.renew(NOON + 1))


def test_send_stores_message_job_and_next_version(sessions, repository, session, send) -> None:
    job = send("Hello")

    stored = sessions.get(session.tenant, session.id)
    assert (stored.version, stored.last_message_at) == (2, NOON)
    assert repository.get(job.ref) == job
    [message] = sessions.page(session.tenant, session.id, Window(limit=9)).messages
    assert (message.id, message.content, message.at) == (job.id, "Hello", job.created_at)
    assert not message.is_agent


def test_send_to_changed_session_stores_nothing(sessions, repository, session, a_job) -> None:
    sessions.save(session.renew(NOON + 1))
    job = a_job(details=Message(session=session.id))

    with pytest.raises(StaleSessionError):
        sessions.send(session.add_message(NOON), job)

    assert sessions.page(session.tenant, session.id, Window(limit=9)).messages == []
    assert job.ref not in [each.ref for each in found(repository, session.tenant)]


def found(repository, tenant: str) -> Any:
    return repository.newest(Listing(tenant=tenant, kind="messaging", limit=9), known=0).jobs


def test_send_with_same_key_stores_one_message(sessions, repository, session, send) -> None:
    key = IdempotencyKey(value="k", request_hash="h", expires_at=NOON + HOUR)
    other = IdempotencyKey(value="k", request_hash="other", expires_at=NOON + HOUR)

    send("Hello", key)
    send("Hello", key)

    with pytest.raises(IdempotencyConflictError):
        send("Hello", other)
    assert len(sessions.page(session.tenant, session.id, Window(limit=9)).messages) == 1
    assert len(found(repository, session.tenant)) == 1


def test_save_with_answer_stores_message_with_job(
    sessions, repository, session, send, answer
) -> None:
    ended = answer(job := send())

    newest, _ = sessions.page(session.tenant, session.id, Window(limit=9)).messages
    assert repository.get(job.ref).status is JobStatus.SUCCEEDED
    assert (newest.id, newest.job_id, newest.content) == (f"answer-{job.id}", job.id, "Fine")
    assert (newest.is_agent, newest.author_id) == (True, job.request["agentId"])
    assert (newest.at, newest.metadata) == (ended.ended_at, {"thought": "hm"})


def test_save_with_long_answer_stores_message(sessions, repository, session, send, answer) -> None:
    long = "ž" * 100_000

    answer(job := send("x" * 4000), long)

    newest, _ = sessions.page(session.tenant, session.id, Window(limit=9)).messages
    assert newest.content == repository.get(job.ref).result["content"] == long


def test_save_by_overtaken_worker_stores_no_message(
    sessions, repository, chat_jobs, session, send
) -> None:
    job = send()
    running = job.claim(now=NOON, lease=25_000)
    chat_jobs.save(running, replacing=job)
    chat_jobs.save(running.cancel(now=NOON + 1), replacing=running)

    with pytest.raises(StaleJobError):
        chat_jobs.save(
            running.succeed({"id": "a", "content": "x"}, now=NOON + 2), replacing=running
        )

    assert len(sessions.page(session.tenant, session.id, Window(limit=9)).messages) == 1
    assert repository.get(job.ref).status is JobStatus.CANCELLED


def test_save_after_session_delete_ends_only_job(
    sessions, repository, session, send, answer
) -> None:
    job = send()
    sessions.close(session)
    sessions.delete_messages(session.tenant, session.id)

    answer(job)

    assert repository.get(job.ref).status is JobStatus.SUCCEEDED
    assert sessions.page(session.tenant, session.id, Window(limit=9)).messages == []


def test_page_merges_questions_and_answers_by_time(sessions, session, send, answer, clock) -> None:
    first = send("one")
    clock.advance(2)
    send("two")
    answer(first, "to one", at=10)

    page = sessions.page(session.tenant, session.id, Window(limit=9))

    assert contents(page.messages) == ["to one", "two", "one"]
    assert not page.more


def test_pages_return_each_message_once(sessions, session, send, answer, clock) -> None:
    for n in range(5):
        answer(send(f"{n}"), f"to {n}", at=clock.now % 3)
        clock.advance(1)
    messages = contents(sessions.page(session.tenant, session.id, Window(limit=99)).messages)
    assert len(messages) == 10

    for limit in (1, 2, 3):
        back, before, more = list[str](), None, True
        while more:
            page = sessions.page(session.tenant, session.id, Window(limit=limit, before=before))
            back += contents(page.messages)
            before, more = page.messages[-1].at, page.more
        assert sorted(back) == sorted(messages)
        forth, after, more = list[str](), 0, True
        while more:
            page = sessions.page(
                session.tenant, session.id, Window(limit=limit, after=after, oldest=True)
            )
            forth += contents(page.messages)[::-1]
            after, more = page.messages[0].at, page.more
        assert sorted(forth) == sorted(messages)


@pytest.mark.parametrize(("after", "before"), [(NOON, NOON), (NOON + 9, NOON), (None, 0)])
def test_page_with_empty_range_returns_nothing(sessions, session, send, after, before) -> None:
    send()

    page = sessions.page(session.tenant, session.id, Window(limit=9, after=after, before=before))

    assert (page.messages, page.more) == ([], False)


def test_page_of_large_messages_is_shorter_than_limit(
    sessions, session, send, answer, clock
) -> None:
    for n in range(10):
        answer(send(f"{n}"), f"{n}" * 290_000)
        clock.advance(10)

    page = sessions.page(session.tenant, session.id, Window(limit=99))

    if len(page.messages) < 20:  # memory has no such limit
        assert page.more
        assert sum(len(each.content) for each in page.messages) < 3_000_000


def test_questions_before_and_since_exclude_given_time(sessions, session, send) -> None:
    first, second, third = send("1"), send("2"), send("3")
    where = (session.tenant, session.id)

    assert contents(sessions.questions(*where)) == ["3", "2", "1"]
    assert contents(sessions.questions(*where, before=third.created_at)) == ["2", "1"]
    assert contents(sessions.questions(*where, before=first.created_at)) == []
    assert contents(sessions.questions_since(*where, after=first.created_at)) == ["2", "3"]
    assert contents(sessions.questions_since(*where, after=third.created_at)) == []
    assert second.created_at == first.created_at + 1


def test_turn_is_the_latest_stored_and_deleted_with_messages(sessions, session, send) -> None:
    first, where = send("1"), (session.tenant, session.id)
    assert sessions.turn(*where) == Turn()

    sessions.save_turn(*where, Turn(at=first.created_at + 1, ended=1))
    sessions.save_turn(*where, Turn(at=first.created_at, ended=0))

    assert sessions.turn(*where) == Turn(at=first.created_at + 1, ended=1)
    assert contents(sessions.questions_since(*where, after=-1)) == ["1"]
    sessions.delete_messages(*where)
    assert sessions.turn(*where) == Turn()


def test_questions_over_one_page_are_all_read(sessions, session, send) -> None:
    for n in range(45):
        send(f"{n}")

    questions = [*sessions.questions(session.tenant, session.id)]

    assert contents(questions) == [f"{n}" for n in reversed(range(45))]
    sessions.delete_messages(session.tenant, session.id)
    assert [*sessions.questions(session.tenant, session.id)] == []


def test_answers_returns_newest_oldest_first(sessions, session, send, answer, clock) -> None:
    for n in range(4):
        answer(send(), f"{n}")
        clock.advance(10)

    found = sessions.answers(session.tenant, session.id, limit=3)

    assert contents(found) == ["1", "2", "3"]


def test_active_returns_unexpired_sessions_newest_first(sessions, a_session, clock) -> None:
    made = []
    for timeout in (5, 60, 60, 60):
        sessions.create(session := a_session(timeouts=Timeouts(timeout=timeout)))
        made.append(session)
        clock.advance(1)
    sessions.create(a_session(tenant="rival"))
    clock.advance(5 * MINUTE)

    tenant = made[0].tenant
    first = sessions.active(tenant, limit=2)
    assert first == SessionPage(sessions=[made[3], made[2]], next=made[2].id)
    assert sessions.active(tenant, limit=2, after=first.next) == SessionPage(
        sessions=[made[1]], next=None
    )
    assert sessions.active(tenant, limit=9).sessions == [made[3], made[2], made[1]]
    assert sessions.active(tenant, limit=9, after="0" * 36).sessions == []


def test_active_pages_are_bounded_in_bytes_and_complete(engine, clock, a_session) -> None:
    sessions = DynamoSessions(engine.client, engine.sessions, engine.jobs, clock)
    made = []
    for _ in range(30):
        sessions.create(session := a_session(metadata={"quotes": '"' * 75_000, "text": "\u20ac"}))
        made.append(session)
        clock.advance(1)
    found, after = [], None

    while True:
        page = sessions.active(made[0].tenant, limit=1000, after=after)
        assert 1 <= len(page.sessions) <= 17
        found += page.sessions
        if (after := page.next) is None:
            break

    assert found == made[::-1]


def test_count_active_counts_those_that_expire_soon(sessions, a_session, clock) -> None:
    for timeout in (5, 60, 60):
        sessions.create(session := a_session(timeouts=Timeouts(timeout=timeout, warning=5)))
    clock.advance(1)

    assert sessions.count_active(session.tenant) == SessionCounts(active=3, expiring=1)
    assert sessions.count_active("nobody") == SessionCounts(active=0, expiring=0)


def test_throttled_table_raises_unavailable_error(engine, clock, a_session) -> None:
    sessions = DynamoSessions(engine.client, engine.sessions, engine.jobs, clock)
    session = a_session()

    with engine.failing("ThrottlingException"):
        for call in (
            lambda: sessions.create(session),
            lambda: sessions.get("t", "s"),
            lambda: sessions.save(session),
            lambda: sessions.active("t", limit=1),
            lambda: sessions.page("t", "s", Window(limit=1)),
            lambda: sessions.close(session),
        ):
            with pytest.raises(UnavailableError):
                call()


@pytest.mark.parametrize("engine", ["ministack"], indirect=True)  # moto knows no token again
def test_send_retried_after_lost_response_stores_one_message(
    engine, clock, a_session, a_job
) -> None:
    table = DynamoSessions(engine.client, engine.sessions, engine.jobs, clock)
    table.create(session := a_session())
    job = a_job(tenant=session.tenant, details=Message(session=session.id))

    with engine.losing_answer("TransactWriteItems") as lost:
        assert table.send(session.add_message(NOON), job) == job.ref

    assert lost
    [message] = table.page(session.tenant, session.id, Window(limit=9)).messages
    assert (message.id, table.get(session.tenant, session.id).version) == (job.id, 2)


def test_save_retried_after_lost_response_stores_one_answer(
    engine, clock, a_session, a_job
) -> None:
    table = DynamoSessions(engine.client, engine.sessions, engine.jobs, clock)
    jobs = DynamoChatJobs(engine.client, engine.jobs, engine.sessions, clock, kinds.storage)
    table.create(session := a_session())
    job = a_job(tenant=session.tenant, details=Message(session=session.id))
    table.send(session.add_message(NOON), job)
    jobs.save(running := job.claim(now=NOON, lease=25_000), replacing=job)
    ended = running.succeed({"id": "answer", "content": "Fine"}, now=NOON + 5)

    with engine.losing_answer("TransactWriteItems") as lost:
        jobs.save(ended, replacing=running)

    assert lost
    found = table.page(session.tenant, session.id, Window(limit=9)).messages
    assert contents(found) == ["Fine", job.request["content"]]
    assert jobs.get(job.ref).status is JobStatus.SUCCEEDED
