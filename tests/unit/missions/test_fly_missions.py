"""Assignment, reports, settlement and watching of missions."""

import pytest

from jobs.core.change_job import change_job
from jobs.core.errors import JobStartedError
from jobs.core.status import JobStatus
from jobs.kit.errors import RefusedError
from jobs.missions.assign_missions import ORDER_TIMEOUT_MS
from jobs.missions.mission import apply_changes, cancel_waiting, mission_of
from jobs.missions.ports import OrderState
from tests.support import HOUR, NOON
from tests.unit.missions.world import (
    DOCKS,
    MAX_FLIGHT_MS,
    SILENCE,
    WAIT,
    MissionWorld,
)

FIRST, SECOND = DOCKS


@pytest.fixture
def world() -> MissionWorld:
    """Both devices are docked and online."""
    world = MissionWorld()
    for dock in DOCKS:
        world.read(dock)
    return world


@pytest.fixture
def flying(world):
    ref = world.create()
    world.run(ref)
    world.answer(ref, OrderState.IN_PROGRESS)
    return ref


def order_of(world, ref):
    return mission_of(world.job(ref)).order


# ── Choosing a device ───────────────────────────────────────────────────────────


def test_run_due_mission_assigns_first_free_device(world) -> None:
    ref = world.create()

    world.run(ref)

    assert world.job(ref).status is JobStatus.QUEUED
    assert world.device_of(ref) == FIRST
    assert world.orders.state(f"{ref.id}-1", FIRST) == (OrderState.QUEUED, None)
    [document] = world.orders.documents.values()
    assert document == {
        "orderId": f"{ref.id}-1",
        "jobId": ref.id,
        "fence": 1,
        "action": "HOVER",
        "waypoints": [],
        "maxFlightSeconds": MAX_FLIGHT_MS // 1000,
    }


def test_run_mission_before_due_changes_nothing(world) -> None:
    ref = world.create(due_in=1000)

    world.run(ref)

    assert world.job(ref).status is JobStatus.PENDING


def test_run_pinned_mission_waits_for_its_device(world) -> None:
    first, second = world.create(device=FIRST), world.create(device=FIRST)

    world.run(first)
    world.run(second)

    assert (world.device_of(first), world.device_of(second)) == (FIRST, None)


def test_run_third_mission_with_two_devices_stays_queued(world) -> None:
    refs = [world.create() for _ in range(3)]

    for ref in refs:
        world.run(ref)

    assert [world.device_of(ref) for ref in refs] == [FIRST, SECOND, None]


def test_freed_device_gets_highest_priority_then_oldest(world) -> None:
    flown = [world.create(), world.create()]
    low = world.create(priority=4)
    world.clock.advance(1)
    older = world.create(priority=9)
    world.clock.advance(1)
    newer = world.create(priority=9)
    for ref in [*flown, low, newer, older]:
        world.run(ref)

    order = order_of(world, flown[0])
    world.answer(flown[0], OrderState.SUCCEEDED)
    world.settle(flown[0], order)
    order = order_of(world, flown[1])
    world.answer(flown[1], OrderState.SUCCEEDED)
    world.settle(flown[1], order)

    assert [world.device_of(ref) for ref in (low, older, newer)] == [None, FIRST, SECOND]


@pytest.mark.parametrize("reason", ["silent", "lost", "in the air", "at work"])
def test_run_with_unavailable_device_assigns_nothing(reason) -> None:
    world = MissionWorld(("dock-1",))
    world.read("dock-1", **{
        "in the air": {"state": "RETURNING"}, "at work": {"order": "another's"},
    }.get(reason, {}))  # fmt: skip
    if reason == "silent":
        world.clock.advance(15_000)
    if reason == "lost":
        world.fleet.mark_disconnected("dock-1")
    ref = world.create()

    world.run(ref)

    assert world.device_of(ref) is None


def test_reading_of_new_free_device_assigns_waiting_mission(world) -> None:
    world.clock.advance(60_000)
    ref = world.create()
    world.run(ref)

    world.read(SECOND)
    world.deliver()

    assert world.device_of(ref) == SECOND


def test_run_repeated_only_resends_order(world) -> None:
    ref = world.create()
    world.run(ref)
    before = world.job(ref)

    world.run(ref)

    assert world.job(ref) == before
    assert [*world.orders.documents] == [f"{ref.id}-1"]


# ── Reports of devices ────────────────────────────────────────────────────────


def test_report_acceptance_then_success_completes_mission(world, flying) -> None:
    assert world.job(flying).status is JobStatus.RUNNING
    assert world.job(flying).deadline == world.clock() + MAX_FLIGHT_MS
    assert mission_of(world.job(flying)).started_at == world.clock()

    world.answer(flying, OrderState.SUCCEEDED)

    assert world.job(flying).status is JobStatus.SUCCEEDED


def test_report_success_before_acceptance_completes_mission(world) -> None:
    ref = world.create()
    world.run(ref)

    world.answer(ref, OrderState.SUCCEEDED)

    statuses = [change.status for change in world.repository.changes if change.ref == ref]
    assert statuses == [
        JobStatus.PENDING, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.SUCCEEDED,
    ]  # fmt: skip


def test_report_failure_stores_reason_of_device(world, flying) -> None:
    world.answer(flying, OrderState.FAILED, "Battery low")

    assert world.job(flying).status is JobStatus.FAILED
    assert world.job(flying).error == "Battery low"


def test_report_rejection_assigns_next_device(world) -> None:
    ref = world.create()
    world.run(ref)

    world.answer(ref, OrderState.REJECTED, "Wind")
    world.deliver()

    assert world.job(ref).status is JobStatus.QUEUED
    assert world.device_of(ref) == SECOND
    assert world.fleet.states([FIRST])[FIRST].lease is None


@pytest.mark.parametrize("about", [{}, {"device": FIRST}])
def test_report_rejection_by_last_device_fails_mission(world, about) -> None:
    ref = world.create(**about)
    world.run(ref)

    for _ in range(1 if about else 2):
        world.answer(ref, OrderState.REJECTED, "Wind")
        world.deliver()

    assert world.job(ref).status is JobStatus.FAILED
    assert world.job(ref).error == "No device accepted the mission: Wind"


def test_report_of_superseded_order_changes_nothing(world) -> None:
    ref = world.create()
    world.run(ref)
    first = f"{ref.id}-1"
    world.answer(ref, OrderState.REJECTED)
    world.deliver()
    before = world.job(ref)

    world.orders.answer(first, FIRST, OrderState.IN_PROGRESS)
    world.report(first, FIRST)

    assert world.job(ref) == before
    assert world.orders.state(first, FIRST) == (OrderState.CANCELED, None)


def test_report_by_other_organisations_device_changes_nothing(world, flying) -> None:
    name = f"{flying.id}-1"
    world.orders.answer(name, "stranger", OrderState.SUCCEEDED)

    assert world.report(name, "stranger") is None
    assert world.job(flying).status is JobStatus.RUNNING


def test_reading_reveals_start_and_end_of_order(world) -> None:
    ref = world.create()
    world.run(ref)
    order = f"{ref.id}-1"

    world.orders.answer(order, FIRST, OrderState.IN_PROGRESS)
    world.read(FIRST, order=order, state="WAYPOINT")
    begun = world.job(ref).status
    world.orders.answer(order, FIRST, OrderState.SUCCEEDED)
    world.read(FIRST)

    assert (begun, world.job(ref).status) == (JobStatus.RUNNING, JobStatus.SUCCEEDED)


@pytest.mark.parametrize("order", ["another's", ""])
def test_reading_with_foreign_order_keeps_device_busy(world, order) -> None:
    world.read(FIRST, order=order)

    assert not world.fleet.states([FIRST])[FIRST].is_free(world.clock())


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.IN_PROGRESS])
def test_check_device_applies_report_of_leased_order(world, state) -> None:
    ref = world.create()
    world.run(ref)
    world.orders.answer(f"{ref.id}-1", FIRST, state)

    assert world.check(FIRST) is state
    assert (world.job(ref).status is JobStatus.RUNNING) is (state is OrderState.IN_PROGRESS)


def test_check_device_without_mission_returns_none(world, flying) -> None:
    assert world.check(SECOND) is None
    job = world.job(flying)
    world.answer(flying, OrderState.SUCCEEDED)
    world.repository.delete(world.job(job.ref))

    assert world.check(FIRST) is None


# ── End of a mission ─────────────────────────────────────────────────────────────────────


def test_cancel_before_acceptance_withdraws_order(world) -> None:
    ref = world.create()
    world.run(ref)
    order = order_of(world, ref)
    change_job(world.repository, ref, lambda job: cancel_waiting(job, now=world.clock()))

    world.settle(ref, order)

    assert world.orders.state(f"{ref.id}-1", FIRST) == (OrderState.CANCELED, None)
    assert world.fleet.states([FIRST])[FIRST].is_free(world.clock())


def test_report_acceptance_after_cancel_recalls_device(world) -> None:
    ref = world.create()
    world.run(ref)
    change_job(world.repository, ref, lambda job: cancel_waiting(job, now=world.clock()))

    world.answer(ref, OrderState.IN_PROGRESS)

    assert world.job(ref).status is JobStatus.CANCELLED
    assert world.orders.state(f"{ref.id}-1", FIRST) == (OrderState.CANCELED, None)


def test_running_mission_rejects_cancel_and_changes(world, flying) -> None:
    for step in (cancel_waiting, lambda job, now: apply_changes(job, {"priority": 1}, now=now)):
        with pytest.raises(JobStartedError):
            change_job(world.repository, flying, lambda job, step=step: step(job, now=1))


def test_end_of_mission_releases_device_for_next(world, flying) -> None:
    world.create(device=FIRST)
    waiting = world.create(device=FIRST)
    world.run(waiting)
    order = order_of(world, flying)
    world.answer(flying, OrderState.FAILED, "Motor")

    world.follow(world.job(flying))
    assert world.queue.waiting == [(flying, order)]


# ── Watching ───────────────────────────────────────────────────────────────────


def test_mission_behind_many_others_is_queued_again_ever_less_often(world) -> None:
    """Its message waits in the queue: another one every few seconds would make that longer."""
    ref, began = world.create(), world.clock()
    checks = 0
    while world.clock() < began + 600_000:
        again = world.watch(ref)
        world.clock.advance(again - world.clock())
        checks += 1

    assert len(world.queue.waiting) == checks <= 4 + 10


def test_waiting_mission_is_checked_at_its_deadline(world) -> None:
    ref = world.create()
    world.clock.advance(WAIT - 1)

    assert world.watch(ref) == world.job(ref).deadline


def test_watch_without_device_until_deadline_times_out(world) -> None:
    ref = world.create(device="dock-7")
    world.run(ref)
    world.clock.advance(WAIT)

    assert world.watch(ref) is None
    assert world.job(ref).status is JobStatus.TIMED_OUT
    assert mission_of(world.job(ref)).started_at is None


def test_watch_resends_lost_message(world) -> None:
    ref = world.create()

    again = world.watch(ref)

    assert world.queue.waiting == [(ref, None)]
    assert again is not None
    assert world.clock() < again <= world.clock() + 60_000


def test_watch_unanswered_order_moves_mission_to_next_device(world) -> None:
    ref = world.create()
    world.run(ref)
    world.clock.advance(ORDER_TIMEOUT_MS)
    world.read(SECOND)

    world.watch(ref)
    world.deliver()

    assert world.orders.state(f"{ref.id}-1", FIRST) == (OrderState.CANCELED, None)
    assert world.device_of(ref) == SECOND


def test_watch_after_crash_in_withdrawal_assigns_next_device(world) -> None:
    ref = world.create()
    world.run(ref)
    world.orders.withdraw(f"{ref.id}-1", FIRST)  # the worker crashes here

    world.watch(ref)
    world.deliver()

    assert world.device_of(ref) == SECOND


def test_watch_applies_acceptance_whose_report_was_lost(world) -> None:
    ref = world.create()
    world.run(ref)
    world.orders.answer(f"{ref.id}-1", FIRST, OrderState.IN_PROGRESS)

    world.watch(ref)

    assert world.job(ref).status is JobStatus.RUNNING


def test_watch_flight_returns_end_of_lease(world, flying) -> None:
    world.read(FIRST, order=f"{flying.id}-1", state="WAYPOINT")

    assert world.watch(flying) == world.clock() + SILENCE


def test_watch_silent_device_fails_mission_for_good(world, flying) -> None:
    world.read(FIRST, order=f"{flying.id}-1", state="WAYPOINT")
    order = order_of(world, flying)
    world.clock.advance(SILENCE)

    world.watch(flying)
    world.settle(flying, order)
    world.read(FIRST)
    world.deliver()

    assert world.job(flying).status is JobStatus.FAILED
    assert world.job(flying).error == "The device fell silent in flight; outcome unknown"
    assert [*world.orders.documents] == [f"{flying.id}-1"]
    assert world.orders.state(f"{flying.id}-1", FIRST) == (OrderState.CANCELED, None)


def test_watch_silent_device_that_succeeded_completes_mission(world, flying) -> None:
    world.orders.answer(f"{flying.id}-1", FIRST, OrderState.SUCCEEDED)
    world.clock.advance(SILENCE + 2 * ORDER_TIMEOUT_MS)

    world.watch(flying)

    assert world.job(flying).status is JobStatus.SUCCEEDED


def test_watch_flight_over_maximum_times_out(world, flying) -> None:
    world.clock.advance(MAX_FLIGHT_MS)

    assert world.watch(flying) is None
    assert world.job(flying).status is JobStatus.TIMED_OUT


def test_device_possibly_in_air_gets_no_mission(world, flying) -> None:
    other = world.create(device=FIRST)
    world.read(FIRST, order=f"{flying.id}-1", state="WAYPOINT")
    world.clock.advance(MAX_FLIGHT_MS)
    order = order_of(world, flying)
    world.watch(flying)
    world.read(FIRST, order=f"{flying.id}-1", state="RETURNING")

    world.settle(flying, order)
    world.run(other)

    assert world.device_of(other) is None


def test_reading_of_docked_device_releases_ended_mission(world, flying) -> None:
    world.read(FIRST, order=f"{flying.id}-1", state="WAYPOINT")
    world.clock.advance(MAX_FLIGHT_MS)
    world.watch(flying)

    world.read(FIRST)

    assert world.fleet.states([FIRST])[FIRST].is_free(world.clock())


def test_watch_deleted_mission_returns_none(world) -> None:
    ref = world.create()
    world.repository.delete(world.job(ref))

    assert world.watch(ref) is None
    assert world.run(ref) is None


def test_timer_of_moved_mission_ends_and_new_one_flies_it(world) -> None:
    ref = world.create(due_in=HOUR)
    world.move(ref, NOON + 60_000)

    assert world.observed.due == {ref: NOON + 60_000}
    world.clock.advance(60_000)
    assert world.watch(ref) is None
    assert world.watch(ref, moves=1) is not None
    world.run(ref)
    assert world.job(ref).status is JobStatus.QUEUED


# ── An order that AWS refuses for good ──────────────────────────────────────────

TOO_LARGE = {"metadata": {}, "action": "MISSION", "waypoints": [[9.97, 53.54, 45.5]] * 2000}


def test_refused_order_ends_mission_and_next_one_flies(world) -> None:
    too_large = [world.create(request=TOO_LARGE) for _ in DOCKS]
    small = world.create()

    world.run(too_large[0])
    world.run(too_large[1])
    world.run(small)
    for ref in too_large:
        world.follow(world.job(ref))
    world.deliver()

    reason = (
        "The order cannot be sent to a device. AWS refused the request: InvalidRequestException"
    )
    assert [world.job(ref).status for ref in too_large] == [JobStatus.FAILED] * 2
    assert world.job(too_large[0]).error == reason
    assert world.device_of(small) == FIRST
    assert world.fleet.states([SECOND])[SECOND].is_free(world.clock())


def test_refused_order_that_is_no_longer_the_missions_changes_nothing(world) -> None:
    ref = world.create()
    world.run(ref)
    outdated = world.job(ref)
    world.answer(ref, OrderState.REJECTED)
    world.deliver()
    world.orders.send = raising_refused

    world.assign.send_order(outdated)

    assert world.job(ref).status is JobStatus.QUEUED


@pytest.mark.parametrize("end", ["cancelled", "deleted"])
def test_refused_order_of_mission_that_ended_changes_nothing(world, end) -> None:
    ref = world.create()
    world.run(ref)
    outdated = world.job(ref)
    if end == "cancelled":
        change_job(world.repository, ref, lambda job: cancel_waiting(job, now=world.clock()))
    else:
        world.repository.delete(outdated)
    ended = world.repository.all()
    world.orders.send = raising_refused

    world.assign.send_order(outdated)

    assert world.repository.all() == ended


def raising_refused(*_: object) -> None:
    raise RefusedError("no")


# ── Cancelled just after its order ──────────────────────────────────────────────


def test_mission_cancelled_before_delivery_of_its_order_never_flies(world) -> None:
    world.orders.delays = True
    ref = world.create()
    world.run(ref)

    change_job(world.repository, ref, lambda job: cancel_waiting(job, now=world.clock()))
    world.follow(world.job(ref))
    world.deliver()
    world.orders.deliver()

    assert world.orders.of(FIRST, OrderState.QUEUED) == []
    assert world.fleet.states([FIRST])[FIRST].is_free(world.clock())


def test_mission_cancelled_before_its_order_was_sent_never_flies(world) -> None:
    ref, send = world.create(), world.orders.send

    def send_late(*order) -> None:
        change_job(world.repository, ref, lambda job: cancel_waiting(job, now=world.clock()))
        world.follow(world.job(ref))
        world.deliver()
        send(*order)

    world.orders.send = send_late
    world.run(ref)

    assert world.orders.of(FIRST, OrderState.CANCELED) == [f"{ref.id}-1"]
    assert world.fleet.states([FIRST])[FIRST].is_free(world.clock())


def test_mission_deleted_before_its_order_was_sent_never_flies(world) -> None:
    ref, send = world.create(), world.orders.send

    def send_late(*order) -> None:
        world.repository.delete(world.job(ref))
        send(*order)

    world.orders.send = send_late
    world.run(ref)

    assert world.orders.of(FIRST, OrderState.CANCELED) == [f"{ref.id}-1"]
