"""Session timeouts and history."""

import pytest

from jobs.messaging.history import PastMessage, group_by_author
from jobs.sessions.errors import SessionExpiredError
from jobs.sessions.session import (
    MAX_HISTORY_CHARACTERS,
    MINUTE,
    ChatMessage,
    ChatSession,
    Timeouts,
    select_history,
)
from tests.support import HOUR, NOON


def session(**about) -> ChatSession:
    sane = {"created_at": NOON, "active_at": NOON, "renewed_at": NOON, "metadata": {}}
    names = dict.fromkeys(("id", "tenant", "agent_id", "user_id", "channel_id"), "x")
    return ChatSession(**names | sane | about)


def question(n: int, content: str = "") -> ChatMessage:
    return message(n, content or f"question {n}", is_agent=False)


def answer(n: int, content: str = "") -> ChatMessage:
    return message(n, content or f"answer {n}", is_agent=True)


def message(n: int, content: str, *, is_agent: bool) -> ChatMessage:
    job = f"job {n}"
    return ChatMessage(
        id=f"answer to {job}" if is_agent else job,
        job_id=job,
        author_id="x",
        is_agent=is_agent,
        content=content,
        metadata={},
        at=NOON + n,
    )


def test_session_timeout_defaults_to_30_minutes() -> None:
    plain = session()

    assert plain.expires_at == NOON + 30 * MINUTE
    assert session(timeouts=Timeouts(timeout=5)).expires_at == NOON + 5 * MINUTE
    plain.check(NOON + 30 * MINUTE - 1)
    with pytest.raises(SessionExpiredError):
        plain.check(NOON + 30 * MINUTE)


def test_session_with_message_is_renewed() -> None:
    later = session().add_message(NOON + 20 * MINUTE)

    assert later.expires_at == NOON + 50 * MINUTE
    assert (later.renewals, later.version) == (1, 2)
    assert later.active_at == later.last_message_at == NOON + 20 * MINUTE


def test_session_without_auto_renew_is_renewed_only_by_renew() -> None:
    fixed = session(timeouts=Timeouts(auto_renew=False))

    used = fixed.touch(NOON + MINUTE)

    assert (used.expires_at, used.renewals) == (fixed.expires_at, 0)
    assert used.active_at == NOON + MINUTE
    assert used.renew(NOON + MINUTE).expires_at == NOON + 31 * MINUTE


def test_session_renewed_often_ends_after_max_duration() -> None:
    long = session(timeouts=Timeouts(timeout=1440))
    renewed = session().renew(NOON + 12 * HOUR - MINUTE)

    assert long.expires_at == renewed.expires_at == NOON + 12 * HOUR
    again = renewed.renew(NOON + 12 * HOUR - 1)
    assert (again.expires_at, again.renewals) == (renewed.expires_at, renewed.renewals)


def test_session_within_warning_is_near_expiration() -> None:
    assert not session().is_near_expiration(NOON + 25 * MINUTE - 1)
    assert session().is_near_expiration(NOON + 25 * MINUTE)
    assert not session().is_near_expiration(NOON + 30 * MINUTE)


def test_session_with_new_timeouts_counts_from_change() -> None:
    assert (
        session().set_timeouts(Timeouts(timeout=60), NOON + MINUTE).expires_at == NOON + 61 * MINUTE
    )


def test_messages_at_one_time_get_distinct_times() -> None:
    first = session().add_message(NOON)

    assert [first.last_message_at, first.add_message(NOON).last_message_at] == [NOON, NOON + 1]


def test_history_puts_late_answer_after_its_question() -> None:
    history = select_history([question(1), question(2), question(3)], [answer(1), answer(3)])

    assert history == [
        PastMessage(by_agent=False, content="question 1"),
        PastMessage(by_agent=True, content="answer 1"),
        PastMessage(by_agent=False, content="question 2"),
        PastMessage(by_agent=False, content="question 3"),
        PastMessage(by_agent=True, content="answer 3"),
    ]


def test_history_without_question_omits_its_answer() -> None:
    assert select_history([question(2)], [answer(1), answer(2)])[0].content == "question 2"


def test_history_of_long_session_keeps_newest_turns() -> None:
    long = "x" * (MAX_HISTORY_CHARACTERS - 100)

    history = select_history([question(1, long), question(2, long), question(3)], [answer(3)])

    assert [message.content[:8] for message in history] == ["x" * 8, "question", "answer 3"]


def test_group_by_author_joins_consecutive_messages() -> None:
    history = [PastMessage(by_agent=text == "b", content=text) for text in "aaba"]

    assert list(group_by_author(history)) == [(False, ["a", "a"]), (True, ["b"]), (False, ["a"])]
    assert list(group_by_author([])) == []
