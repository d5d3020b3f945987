"""Sessions: how long they last, and what of them an agent is told."""

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


def asked(n: int, content: str = "") -> ChatMessage:
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


def test_a_session_lasts_half_an_hour_unless_something_else_is_asked_for() -> None:
    plain = session()

    assert plain.expires_at == NOON + 30 * MINUTE
    assert session(timeouts=Timeouts(timeout=5)).expires_at == NOON + 5 * MINUTE
    plain.check(NOON + 30 * MINUTE - 1)
    with pytest.raises(SessionExpiredError):
        plain.check(NOON + 30 * MINUTE)


def test_each_message_renews_it() -> None:
    later = session().add_message(NOON + 20 * MINUTE)

    assert later.expires_at == NOON + 50 * MINUTE
    assert (later.renewals, later.version) == (1, 2)
    assert later.active_at == later.last_message_at == NOON + 20 * MINUTE


def test_it_is_not_renewed_by_use_if_that_is_not_wanted_but_can_be_by_hand() -> None:
    fixed = session(timeouts=Timeouts(auto_renew=False))

    used = fixed.touch(NOON + MINUTE)

    assert (used.expires_at, used.renewals) == (fixed.expires_at, 0)
    assert used.active_at == NOON + MINUTE
    assert used.renew(NOON + MINUTE).expires_at == NOON + 31 * MINUTE


def test_no_session_lasts_longer_than_twelve_hours() -> None:
    long = session(timeouts=Timeouts(timeout=1440))
    renewed = session().renew(NOON + 12 * HOUR - MINUTE)

    assert long.expires_at == renewed.expires_at == NOON + 12 * HOUR
    again = renewed.renew(NOON + 12 * HOUR - 1)
    assert (again.expires_at, again.renewals) == (renewed.expires_at, renewed.renewals)


def test_a_session_is_near_its_end_for_as_long_as_it_says() -> None:
    assert not session().is_near_expiration(NOON + 25 * MINUTE - 1)
    assert session().is_near_expiration(NOON + 25 * MINUTE)
    assert not session().is_near_expiration(NOON + 30 * MINUTE)


def test_other_times_run_from_when_they_are_given() -> None:
    assert (
        session().set_timeouts(Timeouts(timeout=60), NOON + MINUTE).expires_at == NOON + 61 * MINUTE
    )


def test_two_messages_never_have_the_same_time() -> None:
    first = session().add_message(NOON)

    assert [first.last_message_at, first.add_message(NOON).last_message_at] == [NOON, NOON + 1]


def test_an_agent_hears_each_answer_after_its_question_however_late_it_came() -> None:
    told = select_history([asked(1), asked(2), asked(3)], [answer(1), answer(3)])

    assert told == [
        PastMessage(by_agent=False, content="question 1"),
        PastMessage(by_agent=True, content="answer 1"),
        PastMessage(by_agent=False, content="question 2"),
        PastMessage(by_agent=False, content="question 3"),
        PastMessage(by_agent=True, content="answer 3"),
    ]


def test_an_answer_whose_question_is_too_long_ago_is_left_out_with_it() -> None:
    assert select_history([asked(2)], [answer(1), answer(2)])[0].content == "question 2"


def test_of_a_long_conversation_the_newest_part_is_told() -> None:
    long = "x" * (MAX_HISTORY_CHARACTERS - 100)

    told = select_history([asked(1, long), asked(2, long), asked(3)], [answer(3)])

    assert [said.content[:8] for said in told] == ["x" * 8, "question", "answer 3"]


def test_what_one_side_says_in_a_row_can_be_joined() -> None:
    history = [PastMessage(by_agent=text == "b", content=text) for text in "aaba"]

    assert list(group_by_author(history)) == [(False, ["a", "a"]), (True, ["b"]), (False, ["a"])]
    assert list(group_by_author([])) == []
