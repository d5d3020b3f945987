"""Deadlines on a simulated clock, held by executions and by SQS: the same behaviour."""

import heapq
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.core.adapters import messages
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.core.wiring import CoreWiring
from jobs.kit.clock import Millis
from jobs.kit.errors import UnavailableError
from tests.databases import Jobs
from tests.support import NOON, FrozenClock

MODES = ["executions", "queue"]
QUARTER = 900_000
VISIBILITY_MS = 60_000


class Aws:
    """Step Functions and one queue of SQS, whose messages come when the clock shows their time.

    `skew` makes messages early by as much.
    """

    class exceptions:  # noqa: N801 - as boto3 names it
        ExecutionAlreadyExists = FileExistsError

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.skew: Millis = 0
        self.executions: dict[str, Any] = {}
        self.messages: list[tuple[Millis, int, str]] = []
        self.delays: list[int] = []
        self._number = count()

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:  # noqa: N803, A002
        if name in self.executions:
            raise self.exceptions.ExecutionAlreadyExists
        self.executions[name] = given = json.loads(input)
        at = round(datetime.fromisoformat(given["at"]).timestamp() * 1000)
        self.put(at, json.dumps(given["job"]))

    def send_message(self, *, MessageBody: str, DelaySeconds: int, **_: str) -> None:  # noqa: N803
        assert 0 <= DelaySeconds <= QUARTER // 1000
        self.delays.append(DelaySeconds)
        self.put(self.clock() + DelaySeconds * 1000, MessageBody)

    def put(self, at: Millis, body: str) -> None:
        heapq.heappush(self.messages, (at, next(self._number), body))

    def deliver(self, work: Callable[[str], None]) -> None:
        """Deliver all messages in order of time; a failed one comes again."""
        while self.messages:
            at, _, body = heapq.heappop(self.messages)
            self.clock.now = max(self.clock(), at - self.skew)
            self.skew = 0
            try:
                work(body)
            except UnavailableError:
                self.put(self.clock() + VISIBILITY_MS, body)


class Deadlines:
    def __init__(self) -> None:
        self.clock = FrozenClock()
        self.aws = Aws(self.clock)
        self.repository = Jobs(self.clock)
        self.wiring = CoreWiring(lambda _: None)  # type: ignore[arg-type, return-value]
        self.wiring.clock = self.clock
        self.wiring.aws = SimpleNamespace(sqs=self.aws, step_functions=self.aws)  # type: ignore[assignment]
        self.wiring.__dict__["jobs"] = self.repository
        self.ended_at: list[Millis] = []

    def start(self, job: Job) -> Job:
        self.repository.add(job)
        self.wiring.timers.time_out(job.ref, at=job.deadline)
        return job

    def run(self) -> None:
        """Let all timers end; note when a job ended."""
        self.aws.deliver(self.expire)

    def expire(self, body: str) -> None:
        ref, before = messages.from_text(body), len(self.repository.changes)
        again = self.wiring.expire_job(ref).again
        if again is not None:  # as the worker does
            self.wiring.delayed_timers.time_out(ref, at=again)
        self.ended_at += [self.clock()] * (len(self.repository.changes) - before)


@pytest.fixture(params=MODES)
def world(request, monkeypatch) -> Iterator[Deadlines]:
    monkeypatch.setenv("DEADLINES", request.param)
    monkeypatch.setenv("DEADLINE_QUEUE_URL", "https://sqs.example/deadlines")
    monkeypatch.setenv("JOB_TIMEOUT_ARN", "arn:aws:states:machine")
    return Deadlines()


@pytest.mark.parametrize("timeout", [1, 999, 1_000, 29_500, QUARTER, QUARTER + 1, 6 * QUARTER])
def test_job_times_out_at_its_deadline_and_within_a_second(world, a_job, timeout) -> None:
    job = world.start(a_job(deadline=NOON + timeout))

    world.run()

    [ended] = world.ended_at
    assert job.deadline <= ended < job.deadline + 1_000
    assert world.repository.get(job.ref).ended_at == job.deadline


@pytest.mark.parametrize(("timeout", "starts"), [
    (1_000, 0), (QUARTER, 0), (QUARTER + 1, 1), (6 * QUARTER, 1),
])  # fmt: skip
def test_sqs_holds_deadlines_of_a_quarter_of_an_hour_at_most(
    world, a_job, timeout, starts, monkeypatch
) -> None:
    monkeypatch.setenv("DEADLINES", "queue")

    world.start(a_job(deadline=NOON + timeout))

    assert (len(world.aws.executions), len(world.aws.messages)) == (starts, 1)


@pytest.mark.parametrize("early", [1, 500, 5_000])
def test_early_message_expires_nothing_early(world, a_job, early) -> None:
    job = world.start(a_job(deadline=NOON + 30_000))
    world.aws.skew = early

    world.run()

    [ended] = world.ended_at
    assert job.deadline <= ended < job.deadline + 1_000


def test_deadline_that_moved_while_its_timer_ran_is_met(world, a_job) -> None:
    job = world.start(a_job(deadline=NOON + 30_000))
    moved = replace(job, deadline=NOON + 30_000 + 2 * QUARTER + 1)
    world.repository.save(moved, replacing=job)

    world.run()

    [ended] = world.ended_at
    assert moved.deadline <= ended < moved.deadline + 1_000
    assert len(world.aws.executions) <= 1


def test_job_cancelled_before_its_deadline_stays_cancelled(world, a_job) -> None:
    job = world.start(a_job())
    world.wiring.cancel_job(job.ref)
    changes = len(world.repository.changes)

    world.run()

    assert world.repository.get(job.ref).status is JobStatus.CANCELLED
    assert len(world.repository.changes) == changes


def test_timer_started_twice_expires_once(world, a_job) -> None:
    job = world.start(a_job())
    world.wiring.timers.time_out(job.ref, at=job.deadline)  # the stream repeats a record

    world.run()

    assert len(world.ended_at) == 1


@pytest.mark.parametrize("early", [0, 5_000])
def test_message_delivered_twice_expires_once_and_does_not_multiply(world, a_job, early) -> None:
    job = world.start(a_job(deadline=NOON + 30_000))
    [(at, _, body)] = world.aws.messages
    world.aws.put(at - early, body)

    world.run()

    assert len(world.ended_at) == 1
    assert world.ended_at[0] >= job.deadline
    assert len(world.aws.delays) <= 2


def test_message_whose_worker_fails_expires_the_job_later(world, a_job, monkeypatch) -> None:
    job = world.start(a_job(deadline=NOON + 30_000))
    expire, failures = world.wiring.expire_job, [UnavailableError("ThrottlingException")] * 3

    def fail_first(ref: Any) -> Any:
        if failures:
            raise failures.pop()
        return expire(ref)

    world.wiring.__dict__["expire_job"] = fail_first

    world.run()

    assert world.ended_at == [job.deadline + 3 * VISIBILITY_MS]
    assert world.repository.get(job.ref).ended_at == job.deadline
