"""Which free device gets which waiting mission."""

from dataclasses import replace

import pytest

from jobs.core.change_job import change_job
from jobs.core.status import JobStatus
from jobs.missions.assign_missions import ORDER_TIMEOUT_MS
from jobs.missions.mission import cancel_waiting, order_id_of
from jobs.missions.ports import OrderState
from tests.support import Broken
from tests.unit.missions.world import DOCKS, GROUP, HOVER, SILENCE, TENANT, MissionWorld

FIRST, SECOND = DOCKS


@pytest.fixture
def world() -> MissionWorld:
    """Both devices are docked and online."""
    world = MissionWorld()
    for dock in DOCKS:
        world.read(dock)
    return world


def queue_mission(world, **about):
    """Create a mission that waits for a device."""
    ref = world.create(**about)
    change_job(world.repository, ref, lambda job: job.enqueue(now=world.clock()))
    return ref


def lease_of(world, device):
    return world.fleet.states([device])[device].lease


def dock_after_lease(world, device) -> None:
    """Let the device's lease expire, and store a reading of the docked device."""
    world.clock.now = lease_of(world, device).until
    world.fleet.store_reading(
        replace(world.fleet.states([device])[device].reading, sequence=99, order=None),
        hold=SILENCE,
    )


def test_assign_gives_each_free_device_a_waiting_mission(world) -> None:
    refs = [queue_mission(world) for _ in range(3)]

    world.assign(TENANT, GROUP)

    assert [world.device_of(ref) for ref in sorted(refs, key=lambda ref: ref.id)] == [
        FIRST, SECOND, None,
    ]  # fmt: skip


def test_assign_examines_the_first_100_waiting_missions(world) -> None:
    for _ in range(100):
        queue_mission(world, device="dock-7", priority=9)
    last = queue_mission(world)

    world.assign(TENANT, GROUP)

    assert world.device_of(last) is None


def test_assign_serves_a_queued_mission_that_the_index_lacks(world, monkeypatch) -> None:
    monkeypatch.setattr(world.repository, "list_waiting", lambda *_, **__: [])
    ref = queue_mission(world)

    world.assign(TENANT, GROUP, world.job(ref))

    assert world.device_of(ref) == FIRST


def test_assign_leases_the_device_for_two_answers_and_a_silence(world) -> None:
    world.assign.assign_device(queue_mission(world), FIRST)

    assert lease_of(world, FIRST).until == world.clock() + 2 * ORDER_TIMEOUT_MS + SILENCE


def test_assign_device_with_another_missions_lease_assigns_nothing(world) -> None:
    ref, other = queue_mission(world), queue_mission(world)

    assert world.assign.assign_device(other, FIRST)
    assert not world.assign.assign_device(ref, FIRST)

    assert (world.device_of(other), world.device_of(ref)) == (FIRST, None)


def test_assign_device_to_a_cancelled_mission_releases_it(world) -> None:
    ref = queue_mission(world)
    change_job(world.repository, ref, lambda job: cancel_waiting(job, now=world.clock()))

    assert not world.assign.assign_device(ref, FIRST)

    assert lease_of(world, FIRST) is None
    assert world.orders.documents == {}


@pytest.mark.parametrize("metadata", [{}, {"simulate": "rejection"}])
def test_order_names_the_simulated_behaviour_if_any(world, metadata) -> None:
    queue_mission(world, request={**HOVER, "metadata": metadata})

    world.assign(TENANT, GROUP)

    [document] = world.orders.documents.values()
    assert {key: document[key] for key in document if key == "simulate"} == metadata


def test_order_limits_the_flight_in_whole_seconds(world) -> None:
    world.assign = replace(world.assign, max_flight=1_500)
    queue_mission(world)

    world.assign(TENANT, GROUP)

    assert [each["maxFlightSeconds"] for each in world.orders.documents.values()] == [1]


# ── A device whose lease has expired ────────────────────────────────────────────


HOME = (9.97, 53.54)
FAR = (10.07, 53.54)  # 6.6 km to the east


def limit_ranges(world, metres: int) -> None:
    group = world.registry.group(TENANT, GROUP)
    devices = tuple(replace(device, range_m=metres) for device in group.devices)
    world.registry.put_group(replace(group, devices=devices))


def test_mission_goes_to_a_device_whose_range_it_begins_in(world) -> None:
    limit_ranges(world, 2000)
    world.read(FIRST, place=HOME)
    world.read(SECOND, place=FAR)
    ref = queue_mission(world, start=FAR)

    world.assign(TENANT, GROUP)

    assert world.device_of(ref) == SECOND
    assert world.orders.documents[order_id_of(world.job(ref))]["limits"] == {"rangeMeters": 2000}


def test_mission_out_of_every_range_fails_and_says_how_far(world) -> None:
    limit_ranges(world, 2000)
    for dock, place in ((FIRST, HOME), (SECOND, (9.96, 53.54))):
        world.read(dock, place=place)
    ref = queue_mission(world, start=FAR)

    world.assign(TENANT, GROUP)

    job = world.job(ref)
    assert (job.status, job.failure_class) == (JobStatus.FAILED, "refused")
    assert job.error == (
        "No device can reach the mission: it begins 6,608 m away from the dock dock-1,"
        " whose range is 2,000 m"
    )


def test_mission_out_of_range_of_its_busy_device_fails_at_once(world) -> None:
    limit_ranges(world, 2000)
    world.read(FIRST, place=HOME)
    world.assign.assign_device(queue_mission(world), FIRST)
    ref = queue_mission(world, start=FAR, device=FIRST)

    world.assign(TENANT, GROUP, world.job(ref))

    assert world.job(ref).status is JobStatus.FAILED


def test_mission_waits_while_the_place_of_a_dock_is_unknown(world) -> None:
    limit_ranges(world, 2000)
    world.read(FIRST, place=HOME)
    world.read(SECOND, place=HOME, state="WAYPOINT")
    ref = queue_mission(world, start=FAR)

    world.assign(TENANT, GROUP, world.job(ref))

    assert (world.job(ref).status, world.device_of(ref)) == (JobStatus.QUEUED, None)


def test_device_without_a_range_flies_any_mission(world) -> None:
    world.read(FIRST, place=HOME)
    ref = queue_mission(world, start=FAR)

    world.assign(TENANT, GROUP)

    assert world.device_of(ref) == FIRST


def test_device_of_a_running_mission_is_held_after_its_lease(world) -> None:
    flying = queue_mission(world, device=FIRST)
    world.run(flying)
    world.answer(flying, OrderState.IN_PROGRESS)
    dock_after_lease(world, FIRST)
    waiting = queue_mission(world, device=FIRST)

    world.assign(TENANT, GROUP)

    assert world.job(flying).status is JobStatus.RUNNING
    assert world.device_of(waiting) is None


@pytest.mark.parametrize("end", ["succeeded", "deleted"])
def test_device_of_an_ended_mission_is_free_after_its_lease(world, end) -> None:
    flown = queue_mission(world, device=FIRST)
    world.run(flown)
    if end == "succeeded":
        world.answer(flown, OrderState.SUCCEEDED)
    else:
        world.repository.delete(world.job(flown))
    dock_after_lease(world, FIRST)
    waiting = queue_mission(world, device=FIRST)

    world.assign(TENANT, GROUP)

    assert world.device_of(waiting) == FIRST


def test_device_leased_before_a_crash_is_free_after_its_lease(world, monkeypatch) -> None:
    ref = queue_mission(world, device=FIRST)
    with monkeypatch.context() as patch:
        patch.setattr(world.repository, "save", Broken(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            world.assign(TENANT, GROUP)
    dock_after_lease(world, FIRST)

    world.assign(TENANT, GROUP)

    assert world.device_of(ref) == FIRST
    assert lease_of(world, FIRST).fence == 2
