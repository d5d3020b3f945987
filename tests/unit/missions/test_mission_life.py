"""Random sequences of events: no mission is flown twice, and every mission ends."""

from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from jobs.core.change_job import change_job
from jobs.core.errors import JobEndedError, JobNotFoundError, JobStartedError
from jobs.core.job import Job, JobRef
from jobs.core.status import JobStatus
from jobs.kit.clock import Millis
from jobs.missions.assign_missions import ORDER_TIMEOUT_MS
from jobs.missions.mission import (
    apply_changes,
    cancel_waiting,
    mission_of,
    order_id_of,
    parse_job_id,
)
from jobs.missions.ports import OrderState
from tests.unit.missions.world import DOCKS, HOVER, MAX_FLIGHT_MS, SILENCE, WAIT, MissionWorld

TOO_LARGE = {"metadata": {}, "action": "MISSION", "waypoints": [[9.97, 53.54, 45.5]] * 2000}
some_pause = st.sampled_from([1000, ORDER_TIMEOUT_MS, SILENCE, WAIT, MAX_FLIGHT_MS])
some_dock = st.sampled_from(DOCKS)


class MissionLife(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = MissionWorld()
        self.refs: list[JobRef] = []
        self.deleted: set[JobRef] = set()
        self.flown: list[str] = []
        self.followed = 0
        self.silent: set[str] = set()

    # ── Callers ──

    @initialize(due_in=st.sampled_from([0, 60_000]))
    def begin(self, due_in: Millis) -> None:
        self.create(due_in=0)
        self.create(due_in=due_in)
        self.world.deliver()

    @rule(
        due_in=st.sampled_from([0, 0, 60_000]),
        priority=st.integers(1, 10),
        device=st.sampled_from([None, None, *DOCKS]),
        request=st.sampled_from([HOVER, HOVER, HOVER, TOO_LARGE]),
    )
    def create(self, **about: Any) -> None:
        self.world.clock.advance(1)
        self.refs.append(self.world.create(**about))
        self.docks_report()
        self.world.queue.send(self.refs[-1])

    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        with suppress(JobStartedError, JobEndedError, JobNotFoundError):
            self.change(data, lambda job: cancel_waiting(job, now=self.world.clock()))

    @rule(data=st.data(), priority=st.integers(1, 10))
    def amend(self, data: Any, priority: int) -> None:
        with suppress(JobStartedError, JobNotFoundError):
            changes = {"priority": priority}
            self.change(data, lambda job: apply_changes(job, changes, now=self.world.clock()))

    @rule(data=st.data())
    def delete(self, data: Any) -> None:
        with suppress(JobNotFoundError):
            job = self.world.job(self.some(data))
            if job.status.is_terminal:
                self.world.repository.delete(job)
                self.deleted.add(job.ref)

    # ── Docks ──

    def docks_report(self) -> None:
        for dock in DOCKS:
            if dock in self.silent:
                continue
            for order in self.world.orders.of(dock, OrderState.IN_PROGRESS) or [None]:
                self.world.read(dock, order=order, state="WAYPOINT" if order else "DOCKED")

    @rule(
        dock=some_dock, report=st.sampled_from(["accepts", "accepts", "declines", "lands", "fails"])
    )
    def dock_answers(self, dock: str, report: str) -> None:
        flying = self.world.orders.of(dock, OrderState.IN_PROGRESS)
        orders = [] if flying else self.world.orders.of(dock, OrderState.QUEUED)
        match report:
            case "accepts":
                for order in orders[:1]:
                    self.world.orders.answer(order, dock, OrderState.IN_PROGRESS)
                    self.flown.append(parse_job_id(order))
            case "declines":
                for order in orders[:1]:
                    self.world.orders.answer(order, dock, OrderState.REJECTED, "Wind")
            case "lands" | "fails":
                end = OrderState.SUCCEEDED if report == "lands" else OrderState.FAILED
                for order in flying:
                    self.world.orders.answer(order, dock, end)

    @rule(dock=some_dock)
    def report_comes(self, dock: str) -> None:
        """Repeat all reports of the dock: reports arrive late, twice, or never."""
        for order in self.world.orders.of(dock, *OrderState):
            self.world.report(order, dock)

    @rule(dock=some_dock)
    def connection_breaks_or_returns(self, dock: str) -> None:
        self.silent ^= {dock}
        if dock in self.silent:
            self.world.fleet.mark_disconnected(dock)
        self.docks_report()

    # ── AWS ──

    @rule(delays=st.booleans())
    def orders_are_late_or_arrive(self, *, delays: bool) -> None:
        self.world.orders.delays = delays
        if not delays:
            self.world.orders.deliver()

    @rule(replayed=st.integers(0, 3))
    def stream_is_read(self, replayed: int) -> None:
        for change in self.world.repository.changes[max(0, self.followed - replayed) :]:
            if change.status is not None and change.ref not in self.deleted:
                with suppress(JobNotFoundError):
                    self.world.follow(self.world.job(change.ref))
        self.followed = len(self.world.repository.changes)

    @precondition(lambda self: self.world.queue.waiting)
    @rule(data=st.data(), twice=st.booleans())
    def message_comes(self, data: Any, *, twice: bool) -> None:
        waiting = self.world.queue.waiting
        ref, order = waiting.pop(data.draw(st.integers(0, len(waiting) - 1), label="message"))
        for _ in range(1 + twice):
            if order:
                self.world.settle(ref, order)
            else:
                self.world.run(ref)

    @rule()
    def all_messages_come(self) -> None:
        self.docks_report()
        self.world.deliver()

    @rule()
    def watch_all(self) -> None:
        for ref in self.refs:
            self.world.watch(ref)

    @rule(millis=some_pause)
    def time_passes(self, millis: Millis) -> None:
        self.world.clock.advance(millis)
        self.docks_report()

    # ── Invariants ──

    @invariant()
    def no_mission_is_flown_twice(self) -> None:
        assert len(self.flown) == len(set(self.flown))

    @invariant()
    def no_dock_is_asked_to_fly_two_missions_at_once(self) -> None:
        for dock in DOCKS:
            orders = self.world.orders.of(dock, OrderState.QUEUED, OrderState.IN_PROGRESS)
            now = self.world.clock()
            wanted = [job for job in self.jobs() if not job.as_of(now).status.is_terminal]
            assert len([job for job in wanted if order_id_of(job) in orders]) <= 1

    @invariant()
    def what_was_cancelled_has_never_started(self) -> None:
        for job in self.jobs():
            if job.status is JobStatus.CANCELLED:
                assert mission_of(job).started_at is None

    @invariant()
    def what_aws_refuses_holds_no_dock(self) -> None:
        for job in self.jobs():
            if job.request == TOO_LARGE:
                assert not waits_with_order(job)

    @invariant()
    def changes_follow_the_status_table(self) -> None:
        for change in self.world.repository.changes:
            if change.previous is not None and change.status is not None:
                assert change.previous.allows(change.status)

    def teardown(self) -> None:
        """Without further faults, all missions end."""
        self.silent.clear()
        self.orders_are_late_or_arrive(delays=False)
        self.world.clock.advance(60_000)
        for _ in range(6 * (len(self.refs) + 1)):
            self.world.clock.advance(ORDER_TIMEOUT_MS)
            self.docks_report()
            for dock in DOCKS:
                self.dock_answers(dock, "accepts")
                self.report_comes(dock)
                self.dock_answers(dock, "lands")
                self.report_comes(dock)
            self.docks_report()
            for ref in self.refs:
                self.world.watch(ref)
            self.stream_is_read(0)
            self.world.deliver()
            self.no_mission_is_flown_twice()

        assert [job.status for job in self.jobs() if not job.status.is_terminal] == []

    # ── Helpers ──

    def some(self, data: Any) -> JobRef:
        return self.refs[data.draw(st.integers(0, len(self.refs) - 1), label="mission")]

    def change(self, data: Any, step: Any) -> Job:
        return change_job(self.world.repository, self.some(data), step)

    def jobs(self) -> list[Job]:
        found = []
        for ref in self.refs:
            with suppress(JobNotFoundError):
                found.append(self.world.job(ref))
        return found


def waits_with_order(job: Job) -> bool:
    return job.status is JobStatus.QUEUED and order_id_of(job) is not None


TestMissionLife = MissionLife.TestCase
TestMissionLife.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[*HealthCheck],
)
