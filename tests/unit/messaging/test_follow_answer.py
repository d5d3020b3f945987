"""Reading what an agent says, and completing the output of jobs that have ended."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from jobs.core.adapters.sqlite.output import SqliteOutputLog
from jobs.core.failure import Failure
from jobs.core.get_job import GetJob
from jobs.core.pace import Pace
from jobs.core.tail import LOST_MESSAGE
from jobs.kit.errors import FailureClass
from jobs.kit.output.events import RESTARTED, OutputItem
from jobs.kit.output.playback import Playback
from jobs.kit.output.v5 import V5
from jobs.kit.output.wire import START, parse_position
from jobs.messaging.follow_answer import WORKERS_TIME_MS, FollowAnswer
from jobs.messaging.message import WorkerTask, answer_id, with_task
from tests.support import NOON

QUICKLY = Pace(poll=0.001, idle_poll=0.001, heartbeat=0.005, check=0.001)


@pytest.fixture
def log(repository) -> SqliteOutputLog:
    return SqliteOutputLog(repository.database)


@pytest.fixture
def follow(repository, log, clock) -> FollowAnswer:
    get_job = GetJob(repository=repository, clock=clock)
    return FollowAnswer(log=log, repository=repository, get_job=get_job, clock=clock, pace=QUICKLY)


@pytest.fixture
def read(follow, repository, running) -> Any:
    """Read the whole stream of the job, or what follows an id."""

    def read(since: str | None = None) -> list[Any]:
        async def collect() -> bytes:
            position = parse_position(since) if since else START
            stream = await follow(repository.get(running.ref), Playback(V5, position))
            return b"".join([piece async for piece in stream])

        return chunks_of(asyncio.run(collect()))

    return read


@pytest.fixture
def write(log, running) -> Any:
    def write(number: int, *events: Any, end: bool = False, attempt: int = 1) -> None:
        item = OutputItem(number=number, events=events, end=end, attempt=attempt)
        log.append(running.ref, item, expires_at=running.gone_at)

    return write


def chunks_of(stream: bytes) -> list[Any]:
    data = [line[6:] for line in stream.decode().splitlines() if line.startswith("data: ")]
    return [each if each == "[DONE]" else json.loads(each) for each in data]


def text_of(chunks: list[Any]) -> str:
    """Return the text as a client shows it: what is before `restarted` is void."""
    text = ""
    for each in chunks:
        if each["type"] == "data-restarted":
            text = ""
        text += each.get("delta", "")
    return text


def text(content: str) -> dict[str, str]:
    return {"t": "text", "text": content}


def end(repository: Any, job: Any, *, content: str | None = None, now: int = NOON) -> None:
    if content is None:
        failure = Failure("No tokens left", FailureClass.QUOTA)
        repository.save(job.fail(failure, now=now), replacing=job)
    else:
        result = {"id": answer_id(job), "content": content, "metadata": {"finishReason": "length"}}
        repository.save(job.succeed(result, now=now), replacing=job)


BEGUN = ({"t": "start", "id": "a"}, {"t": "step-start", "id": "a"})


def test_job_of_agent_that_does_not_stream_is_one_text(read, repository, running) -> None:
    end(repository, running, content="All of it")

    *chunks, done = read()

    assert done == "[DONE]"
    about = {"jobId": running.id, "agentId": running.request["agentId"]}
    assert chunks[0] == {
        "type": "start", "messageId": answer_id(running), "messageMetadata": about,
    }  # fmt: skip
    assert text_of(chunks) == "All of it"
    assert chunks[-1]["messageMetadata"]["finishReason"] == "length"


def test_long_answer_is_streamed_whole(read, repository, running) -> None:
    content = "🐎" * 75_000
    end(repository, running, content=content)

    assert text_of(read()[:-1]) == content


def test_failed_job_is_its_error(read, repository, running) -> None:
    end(repository, running)

    chunks = read()

    assert [each["type"] for each in chunks[:-1]] == ["start", "start-step", "error", "finish"]
    assert chunks[2]["errorText"] == "No tokens left"


def test_cancel_while_agent_speaks_ends_the_stream(read, write, running, cancel) -> None:
    write(1, *BEGUN, text("so"))
    cancel(running.ref)

    *chunks, error, finish, done = read()

    assert text_of(chunks) == "so"
    assert error == {"type": "error", "errorText": "Job cancelled"}
    assert (finish["type"], done) == ("finish", "[DONE]")


def test_timeout_while_agent_speaks_ends_the_stream(read, write, running, clock) -> None:
    write(1, *BEGUN, text("so"))
    clock.advance(running.deadline - clock())

    reason = "Job timed out waiting for agent response"
    assert {"type": "error", "errorText": reason} in read()


def test_answer_whose_worker_died_at_the_end_is_completed(
    read, write, repository, running, clock
) -> None:
    write(1, *BEGUN, text("All "))
    end(repository, running, content="All of it")
    clock.advance(WORKERS_TIME_MS)

    *chunks, _ = read()

    assert text_of(chunks) == "All of it"
    assert [each["type"] for each in chunks].count("text-delta") == 2


def test_answer_of_a_later_attempt_that_says_nothing_is_read_anew(
    read, write, repository, running, clock
) -> None:
    write(1, *BEGUN, text("Half a"))
    end(repository, running, content="Another")
    clock.advance(WORKERS_TIME_MS)

    *chunks, _ = read()

    assert {"type": "data-restarted", "data": {}} in chunks
    assert text_of(chunks) == "Another"


def test_output_of_a_program_of_the_tenant_is_ended_at_once(
    read, write, repository, running
) -> None:
    """Nobody else ends it: its worker has completed the job over HTTP."""
    task = with_task(running, WorkerTask(max_attempts=5))
    repository.save(task, replacing=running)
    write(1, *BEGUN, text("All "))
    end(repository, task, content="All of it")

    *chunks, _ = read()

    assert text_of(chunks) == "All of it"


def test_end_that_a_worker_writes_in_time_stays(follow, write, log, repository, running) -> None:
    write(1, *BEGUN, text("It"))
    end(repository, running, content="It")

    follow._find_end(running.deadline, running.ref)  # noqa: SLF001 - what a stream does meanwhile
    write(2, {"t": "finish", "reason": "stop", "in": 1, "out": 1}, end=True)

    assert [item.attempt for item in log.read(running.ref, since=1)] == [1, 1]


def test_item_that_comes_while_a_reader_ends_the_output_stays(
    read, write, running, cancel, monkeypatch
) -> None:
    write(1, *BEGUN, text("so"))
    cancel(running.ref)
    append = SqliteOutputLog.append

    def append_late(*args: Any, **about: Any) -> None:
        monkeypatch.setattr(SqliteOutputLog, "append", append)
        write(2, text(" it"))
        append(*args, **about)

    monkeypatch.setattr(SqliteOutputLog, "append", append_late)

    *chunks, _ = read()

    assert text_of(chunks) == "so it"
    assert chunks[-2]["errorText"] == "Job cancelled"


def test_completed_output_is_the_same_for_all_readers(read, repository, running, clock) -> None:
    end(repository, running, content="All of it")

    first = read()
    clock.advance(WORKERS_TIME_MS)

    assert read() == first
    assert read("1.3") == first[3:]


def test_job_that_expires_ends_its_stream(follow, repository, running, write) -> None:
    write(1, *BEGUN)

    async def collect() -> bytes:
        stream = await follow(running, Playback(V5, START))
        repository.delete(running)
        return b"".join([piece async for piece in stream])

    assert {"type": "error", "errorText": LOST_MESSAGE} in chunks_of(asyncio.run(collect()))


def test_restart_is_one_piece_for_clients(read, write, running) -> None:
    write(1, *BEGUN, text("void"))
    write(2, RESTARTED, *BEGUN[1:], text("new"), attempt=2)
    write(3, {"t": "finish", "reason": "stop", "in": 1, "out": 1}, end=True, attempt=2)

    assert text_of(read()[:-1]) == "new"


def test_stream_at_max_duration_ends_without_finish(follow, read, write) -> None:
    write(1, *BEGUN, text("so"))
    object.__setattr__(follow, "pace", replace(QUICKLY, max_duration=0.02))

    assert [each["type"] for each in read()][-1] == "text-delta"
