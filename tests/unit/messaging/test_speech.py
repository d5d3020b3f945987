"""What an agent says while it answers, in the output log."""

from dataclasses import replace
from typing import Any

import pytest

from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.attempt import LEASE_MS
from jobs.core.errors import StaleJobError
from jobs.core.output_log import CLOSING_ATTEMPT
from jobs.core.status import JobStatus
from jobs.core.tokens import Tokens
from jobs.kit.errors import FailureClass, RefusedError, UnavailableError, UpstreamError
from jobs.kit.output.events import RESTARTED, OutputItem
from jobs.messaging.agent import Agent
from jobs.messaging.message import answer_id
from jobs.messaging.output import MAX_PIECE_LENGTH, said_in
from jobs.messaging.ports import Answer
from jobs.messaging.run_agent_job import AttemptOutcome
from tests.unit.support import AGENT_ID, failing_with


class Speaker:
    """A provider that says these pieces, and then answers with all of them, or with `answer`."""

    def __init__(self, *pieces: str, answer: Any = None, meanwhile: Any = lambda: None) -> None:
        self.pieces = pieces
        self.answer = answer
        self.meanwhile = meanwhile

    def ask(self, agent: Any, question: Any) -> Any:
        for piece in self.pieces:
            question.say(piece)
            self.meanwhile()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or Answer("".join(self.pieces), {"a": 1}, Tokens(7, 3))


@pytest.fixture
def log(repository) -> SqliteOutputLog:
    return SqliteOutputLog(repository.database)


@pytest.fixture
def attempt(worker, pending, delivery) -> Any:
    """Attempt the pending job with a provider."""

    def attempt(provider: Any) -> AttemptOutcome:
        delivery.count += 1
        outcome: AttemptOutcome = worker(provider)(pending.ref, delivery)
        return outcome

    return attempt


def events_of(log: SqliteOutputLog, job: Any) -> list[Any]:
    return [event for item in log.read(job.ref, since=1) for event in item.events]


def kinds_of(log: SqliteOutputLog, job: Any) -> list[str]:
    return [event["t"] for event in events_of(log, job)]


def test_run_with_pieces_writes_them_between_start_and_finish(attempt, log, pending) -> None:
    assert attempt(Speaker("One", " two")) is AttemptOutcome.ANSWERED

    first, step, text, *rest = events_of(log, pending)
    about = {"jobId": pending.id, "agentId": AGENT_ID}
    assert first == {"t": "start", "id": answer_id(pending), "metadata": about}
    assert step == {"t": "step-start", "id": answer_id(pending)}
    assert text == {"t": "text", "text": "One two"}
    stopped = {"reason": "stop", "in": 7, "out": 3}
    assert rest == [{"t": "step-finish", **stopped}, {"t": "finish", **stopped}]
    assert log.read(pending.ref, since=1)[-1].end


def test_run_with_pieces_stores_answer_with_the_id_of_its_start(
    attempt, log, repository, pending
) -> None:
    attempt(Speaker("Fine"))

    assert repository.get(pending.ref).result["id"] == events_of(log, pending)[0]["id"]


def test_run_saves_end_of_job_between_text_and_last_item(
    attempt, repository, pending, monkeypatch
) -> None:
    written: list[tuple[bool, bool]] = []
    append = SqliteOutputLog.append

    def watch(log: Any, ref: Any, item: OutputItem, **about: Any) -> None:
        written.append((item.end, repository.get(ref).status.is_terminal))
        append(log, ref, item, **about)

    monkeypatch.setattr(SqliteOutputLog, "append", watch)

    attempt(Speaker("Fine"))

    assert written == [(False, False), (True, True)]


def test_run_without_piece_writes_nothing(attempt, log, pending) -> None:
    attempt(Speaker(answer=Answer("Fine")))

    assert log.read(pending.ref, since=1) == []


def test_run_of_agent_that_does_not_stream_writes_nothing(attempt, log, registry, pending) -> None:
    registry.put_agent("acme", Agent(id=AGENT_ID, name="Ada", settings={"stream": False}))

    assert attempt(Speaker("Fine")) is AttemptOutcome.ANSWERED

    assert log.read(pending.ref, since=1) == []


def test_run_that_fails_after_a_piece_ends_with_its_error(attempt, log, pending) -> None:
    attempt(Speaker("Fi", answer=UpstreamError("Cut off", FailureClass.UNAVAILABLE)))

    assert events_of(log, pending)[2:] == [
        {"t": "text", "text": "Fi"},
        {"t": "error", "error": "Cut off"},
        {"t": "finish", "reason": "error", "in": 0, "out": 0},
    ]


def test_next_attempt_says_restarted_and_the_whole_text(attempt, log, pending, clock) -> None:
    with pytest.raises(ZeroDivisionError):
        attempt(Speaker("One", answer=ZeroDivisionError()))
    clock.advance(LEASE_MS)

    assert attempt(Speaker("Two")) is AttemptOutcome.ANSWERED

    events = events_of(log, pending)
    assert kinds_of(log, pending) == [
        *("start", "step-start", "text"),
        *("data", "step-start", "text", "step-finish", "finish"),
    ]
    assert events[3] == RESTARTED
    assert said_in(events) == "Two"


def test_overtaken_attempt_cannot_write_after_the_next_one(attempt, log, pending, clock) -> None:
    def meanwhile() -> None:
        speaker.meanwhile = lambda: None
        clock.advance(LEASE_MS)
        attempt(Speaker("Mine"))

    speaker = Speaker("Old", " words", meanwhile=meanwhile)

    assert attempt(speaker) is AttemptOutcome.TOO_LATE

    assert said_in(events_of(log, pending)) == "Mine"
    assert kinds_of(log, pending)[-1] == "finish"


def test_next_attempt_begins_anew_after_a_first_item_that_came_late(
    attempt, log, pending, clock, monkeypatch
) -> None:
    with pytest.raises(ZeroDivisionError):
        attempt(Speaker(answer=ZeroDivisionError()))
    clock.advance(LEASE_MS)
    append = SqliteOutputLog.append

    def overtake(log: Any, ref: Any, item: OutputItem, **about: Any) -> None:
        monkeypatch.undo()
        events = [{"t": "start", "id": "x"}, {"t": "text", "text": "One"}]
        append(log, ref, OutputItem(number=1, events=events, attempt=1), **about)
        append(log, ref, item, **about)

    monkeypatch.setattr(SqliteOutputLog, "append", overtake)

    assert attempt(Speaker("Two")) is AttemptOutcome.ANSWERED

    events = events_of(log, pending)
    assert kinds_of(log, pending).count("start") == 1
    assert said_in(events) == "Two"


def test_answer_other_than_the_pieces_is_said_anew(attempt, log, pending) -> None:
    attempt(Speaker("Thought</think>Fi", "ne", answer=Answer("Fine")))

    assert RESTARTED in events_of(log, pending)
    assert said_in(events_of(log, pending)) == "Fine"


def test_answer_longer_than_the_pieces_is_completed(attempt, log, pending) -> None:
    attempt(Speaker("Fi", answer=Answer("Fine")))

    assert RESTARTED not in events_of(log, pending)
    assert said_in(events_of(log, pending)) == "Fine"


def test_long_piece_is_written_whole(attempt, log, pending) -> None:
    text = "🐎" * (20 * MAX_PIECE_LENGTH)

    attempt(Speaker(text))

    assert said_in(events_of(log, pending)) == text


@pytest.mark.parametrize("error", [UnavailableError(), RefusedError("Too large")])
def test_log_that_cannot_be_written_leaves_the_answer(
    attempt, repository, pending, monkeypatch, error
) -> None:
    fail = failing_with(*([error] * 9), inside=SqliteOutputLog.append)
    monkeypatch.setattr(SqliteOutputLog, "append", fail)

    assert attempt(Speaker("One", " two")) is AttemptOutcome.ANSWERED

    assert repository.get(pending.ref).result["content"] == "One two"


def test_piece_after_a_reader_has_ended_the_output_stops_the_agent(
    attempt, log, repository, pending, cancel
) -> None:
    def meanwhile() -> None:
        if repository.get(pending.ref).status is JobStatus.CANCELLED:
            return
        cancel(pending.ref)
        end = OutputItem(number=1, events=[], end=True, attempt=CLOSING_ATTEMPT)
        log.append(pending.ref, end, expires_at=pending.gone_at)

    assert attempt(Speaker(*["word "] * 9, meanwhile=meanwhile)) is AttemptOutcome.TOO_LATE

    assert events_of(log, pending) == []


def test_say_after_its_attempt_is_over_raises(attempt, pending, clock) -> None:
    kept: list[Any] = []

    class Keeper(Speaker):
        def ask(self, agent: Any, question: Any) -> Any:
            kept.append(question)
            return super().ask(agent, question)

    attempt(Keeper("Fine"))

    with pytest.raises(StaleJobError):
        kept[0].say("more")
    assert kept[0] == replace(kept[0], say=print)
