"""A state machine test: any order of events obeys the status table."""

from contextlib import suppress
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, precondition, rule

from jobs.core.attempt import LEASE_MS
from jobs.core.change_job import change_job
from jobs.core.create_job import NewJob
from jobs.core.errors import JobEndedError
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.kit.errors import UnavailableError
from jobs.messaging.run_agent_job import AttemptOutcome
from tests.unit.world import ANSWERS, World

REQUEST = {"agentId": "a", "userId": "u", "content": "Hello", "metadata": {}}


class JobLife(World):
    # ── Rules ──

    @rule(timeout=st.sampled_from([1_000, 30_000, 300_000]), key=st.sampled_from([None, "k", "l"]))
    def create(self, timeout: Millis, key: str | None) -> None:
        new = NewJob(
            tenant="acme",
            kind="messaging",
            request=REQUEST,
            timeout=timeout,
            idempotency_key=key,
            request_hash="h",
        )
        job = self.create_job(new)
        again = self.create_job(new)

        assert (job.ref == again.ref) is (key is not None)

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def dispatch(self, data: Any) -> None:
        job = self.some_job(data)
        self.outbox.sent.clear()
        self.dispatch_job(job.ref, check_at=job.deadline)
        self.dispatch_job(job.ref, check_at=job.deadline)
        assert self.outbox.deadlines[job.ref] == job.deadline
        assert self.outbox.sent == ([] if self.repository.get(job.ref).attempt else [job.ref] * 2)

    @precondition(lambda self: self.repository.stored)
    @rule(
        data=st.data(),
        does=st.sampled_from([*ANSWERS]),
        meanwhile=st.integers(0, 6),
        count=st.integers(1, 2),
    )
    def deliver(self, data: Any, does: str, meanwhile: int, count: int) -> None:
        """Deliver a message of any job: before it is dispatched, after, or twice."""
        job = self.some_job(data)
        ref, before = job.ref, self.seen(job.ref)
        events = [
            lambda: None,
            lambda: self.clock.advance(LEASE_MS),
            lambda: self.clock.advance(job.deadline - job.created_at),
            lambda: self.expect(lambda: self.cancel_job(ref)),
            lambda: self.run(ref, "answers", lambda: None, count=2),
            lambda: self.overtake(ref, "refuses"),
            lambda: self.overtake(ref, "says nothing"),
        ]
        stored = self.repository.get(ref)
        is_second = stored.attempt > 0 and count == 1 and not stored.status.is_terminal
        outcome = self.run(ref, does, events[meanwhile], count=count)

        if before.status.is_terminal and not is_second:
            assert outcome is AttemptOutcome.NOT_NEEDED
        assert (outcome is AttemptOutcome.DUPLICATE) is is_second
        if outcome is AttemptOutcome.ANSWERED:
            assert self.seen(ref).status is JobStatus.SUCCEEDED
        if outcome is AttemptOutcome.FAILED:
            assert self.seen(ref).status is JobStatus.FAILED

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def die_after_claiming(self, data: Any) -> None:
        job = self.some_job(data)
        self.expect(
            lambda: change_job(
                self.repository, job.ref, lambda j: j.claim(now=self.clock(), lease=LEASE_MS)
            )
        )

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def read(self, data: Any) -> None:
        ref = self.some_job(data).ref
        expected = self.seen(ref)

        read = self.expect(lambda: self.get_job(ref))

        assert read is None or read == expected

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        ref = self.some_job(data).ref
        before = self.seen(ref).status

        with suppress(UnavailableError):
            try:
                cancelled = self.cancel_job(ref)
            except JobEndedError:
                assert before.is_terminal
            else:
                assert not before.is_terminal
                assert self.seen(ref) == cancelled

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def expire(self, data: Any) -> None:
        job = self.some_job(data)
        self.clock.now = max(self.clock.now, job.deadline)

        self.expect(lambda: self.expire_job(job.ref))

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data())
    def give_up_the_message(self, data: Any) -> None:
        ref = self.some_job(data).ref
        before = self.seen(ref)

        if self.expect(lambda: self.end_dead_letter(ref)):
            assert not before.status.is_terminal
            assert self.seen(ref).error == "Job could not be processed"

    @precondition(lambda self: self.repository.stored)
    @rule(data=st.data(), does=st.sampled_from(["answers", "says nothing", "refuses"]))
    def ask_the_other_server(self, data: Any, does: str) -> None:
        job = self.some_job(data)
        if self.repository.get(job.ref).handle is None:
            return
        self.script.append((ANSWERS[does], lambda: None))

        ended = self.expect(lambda: self.poll_remote_job(job.ref))

        self.script.clear()
        if ended:
            assert self.seen(job.ref).status.is_terminal

    @rule(millis=st.sampled_from([1, 999, LEASE_MS, 60_000]))
    def wait(self, millis: Millis) -> None:
        self.clock.advance(millis)

    @rule(fault=st.sampled_from(["is lost", "is not answered"]))
    def break_the_next_save(self, fault: str) -> None:
        self.repository.next_save = fault

    @rule(replayed=st.integers(0, 10))
    def tell_the_counters(self, replayed: int) -> None:
        self.counters.count(self.repository.changes[-replayed:])

    # ── Invariants ──

    @invariant()
    def changes_follow_the_status_table(self) -> None:
        for ref in self.repository.stored:
            changes = [each for each in self.repository.changes if each.ref == ref]
            assert [each.sequence for each in changes] == [*range(1, len(changes) + 1)]
            assert changes[0].status is JobStatus.PENDING
            for earlier, later in pairwise(changes):
                assert later.previous is earlier.status
                assert earlier.status.allows(later.status)
            assert sum(each.status.is_terminal for each in changes) <= 1

    @invariant()
    def readers_see_the_end_at_the_deadline_at_the_latest_and_for_ever(self) -> None:
        for ref, job in self.repository.stored.items():
            seen = self.seen(ref)
            assert seen.status.is_terminal or self.clock() < seen.deadline
            assert self.ended.get(ref, seen.status) is seen.status
            if seen.status.is_terminal:
                self.ended[ref] = seen.status
                assert seen.ended_at is not None
                assert seen.ended_at <= seen.deadline
            stored = self.repository.get(ref)
            assert (stored.status, stored.sequence) == (job.status, job.sequence)
            assert (stored.result is not None) is (stored.status is JobStatus.SUCCEEDED)
            assert (stored.error is not None) is (stored.status is JobStatus.FAILED)

    @invariant()
    def attempts_only_rise(self) -> None:
        for ref in self.repository.stored:
            attempt = self.repository.get(ref).attempt
            assert attempt >= self.attempts.get(ref, 0)
            self.attempts[ref] = attempt

    @invariant()
    def counts_are_the_truth(self) -> None:
        self.counters.count(self.repository.changes)

        counted = self.counters.read("acme", "messaging").by_status

        stored = [job.status for job in self.repository.stored.values()]
        assert counted == {status: stored.count(status) for status in JobStatus}


SLOWLY = {"deadline": None, "suppress_health_check": [*HealthCheck]}

TestJobLife = JobLife.TestCase
TestJobLife.settings = settings(max_examples=120, stateful_step_count=30, **SLOWLY)
