"""Pieces of an answer that workers send before its end."""

from dataclasses import replace

import pytest

from jobs.agent_workers.answer_job import MAX_SAID, Piece
from jobs.agent_workers.errors import InvalidOutputError, StaleAttemptError
from jobs.agent_workers.lease import FIRST_LEASE
from jobs.core.output_log import CLOSING_ATTEMPT
from jobs.kit.errors import UnavailableError
from jobs.kit.output.events import RESTARTED, OutputItem
from jobs.messaging.message import answer_id, task_of
from jobs.messaging.output import said_in
from tests.unit.agent_workers.conftest import AGENT
from tests.unit.support import failing_with


@pytest.fixture
def events(place):
    """Return all events in a job's output."""

    def read(held):
        return [event for item in place.log.read(held.ref, since=1) for event in item.events]

    return read


def say(place, held, number, text) -> None:
    place.answer.heartbeat(held, piece=Piece(number=number, text=text))


def test_pieces_are_stored_in_order_after_a_beginning(place, held, events) -> None:
    mine = held()

    say(place, mine, 1, "Good ")
    say(place, mine, 2, "evening")

    start, step, *texts = events(mine)
    job = place.repository.get(mine.ref)
    assert (start["t"], start["id"], start["metadata"]) == (
        "start", answer_id(job), {"jobId": job.id, "agentId": AGENT},
    )  # fmt: skip
    assert step["t"] == "step-start"
    assert [each["text"] for each in texts] == ["Good ", "evening"]


def test_repeated_piece_is_stored_once(place, held, events) -> None:
    mine = held()

    for _ in range(2):
        say(place, mine, 1, "Good ")

    assert said_in(events(mine)) == "Good "
    assert task_of(place.repository.get(mine.ref)).said == len("Good ")


def test_piece_that_was_counted_but_not_stored_is_stored_by_its_repeat(
    place, held, events, monkeypatch
) -> None:
    mine = held()
    append = type(place.log).append
    monkeypatch.setattr(type(place.log), "append", failing_with(UnavailableError(), inside=append))
    with pytest.raises(UnavailableError):
        say(place, mine, 1, "Good ")

    say(place, mine, 1, "Good ")
    say(place, mine, 2, "evening")

    assert said_in(events(mine)) == "Good evening"


@pytest.mark.parametrize("number", [0, 2, 3])
def test_piece_out_of_order_is_refused_and_changes_nothing(place, held, events, number) -> None:
    mine = held()
    before = place.repository.get(mine.ref)

    with pytest.raises(InvalidOutputError, match="number must be 1"):
        say(place, mine, number, "Good ")

    assert events(mine) == []
    assert place.repository.get(mine.ref) == before


def test_output_that_no_answer_could_have_is_refused(place, held) -> None:
    mine = held()
    say(place, mine, 1, "x" * MAX_SAID)

    with pytest.raises(InvalidOutputError, match="300 KB"):
        say(place, mine, 2, "x")


def test_later_attempt_begins_anew_after_what_was_said(place, held, events, clock) -> None:
    mine = held()
    say(place, mine, 1, "Bad ")
    clock.advance(2 * 30_000)
    [again] = place.claim().jobs
    assert task_of(again.job).output_from == 2

    say(place, replace(mine, attempt=2), 2, "Good ")

    assert RESTARTED in events(mine)
    assert said_in(events(mine)) == "Good "


def test_attempt_after_silence_begins_with_the_first_number(place, held, clock) -> None:
    held()
    clock.advance(FIRST_LEASE)

    [again] = place.claim().jobs

    assert task_of(again.job).output_from == 1


def test_completed_job_keeps_its_last_piece(place, held, events) -> None:
    mine = held()
    say(place, mine, 1, "Good ")

    place.answer.complete(mine, "Good evening", piece=Piece(number=2, text="evening"))

    assert said_in(events(mine)) == "Good evening"


def test_number_that_a_late_worker_has_taken_does_not_end_the_next_one(
    place, held, events, clock
) -> None:
    lost = held()
    clock.advance(FIRST_LEASE)
    place.claim()
    late = OutputItem(number=1, events=[{"t": "text", "text": "Bad"}], attempt=lost.attempt)
    place.log.append(lost.ref, late, expires_at=clock() + 300_000)
    mine = replace(lost, attempt=2)

    say(place, mine, 1, "Good ")
    say(place, mine, 2, "evening")
    place.answer.complete(mine, "Good evening")

    assert place.repository.get(mine.ref).result["content"] == "Good evening"
    assert said_in(events(mine)) == "Badevening"  # the end of the output begins anew


def test_piece_after_the_reader_has_closed_the_output_is_stale(place, held) -> None:
    mine = held()
    closing = OutputItem(number=1, events=[], end=True, attempt=CLOSING_ATTEMPT)
    place.log.append(mine.ref, closing, expires_at=0)

    with pytest.raises(StaleAttemptError):
        say(place, mine, 1, "late")
