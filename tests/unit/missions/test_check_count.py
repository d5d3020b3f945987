"""No parameter makes a mission's checks more than its share of the workers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from jobs.core.job import JobRef
from jobs.core.status import JobStatus
from jobs.missions.mission import mission_of
from jobs.missions.ports import OrderState
from jobs.missions.watch_mission import MAX_CHECKS
from local.cloud.template import load_template
from local.kit.paths import ROOT
from tests.support import HOUR
from tests.unit.missions.world import DOCKS, MissionWorld

FIRST: Final = DOCKS[0]


def parameter(name: str, limit: str) -> int:
    return int(load_template(ROOT / "template.yaml")["Parameters"][name][limit])


def count_checks(world: MissionWorld, ref: JobRef, *, meanwhile: Callable[[], None]) -> int:
    """Check a mission at the times that it asks for, until its status changes."""
    status, checks = world.job(ref).status, 0
    while (again := world.watch(ref)) is not None and world.job(ref).status is status:
        checks += 1
        world.clock.now = max(again, world.clock.now)
        meanwhile()
    return checks


def test_longest_wait_has_at_most_its_checks() -> None:
    wait = parameter("DeviceWaitSeconds", "MaxValue") * 1000
    world = MissionWorld()
    ref = world.create(device="dock-7")
    job = world.job(ref)
    world.repository.save(replace(job, deadline=mission_of(job).due_at + wait), replacing=job)
    world.run(ref)

    checks = count_checks(world, ref, meanwhile=world.queue.waiting.clear)

    assert world.job(ref).status is JobStatus.TIMED_OUT
    assert 100 < checks <= MAX_CHECKS + 1


def test_longest_flight_with_the_shortest_silence_has_at_most_its_checks() -> None:
    silence = parameter("DeviceSilenceSeconds", "MinValue") * 1000
    world = MissionWorld()
    world.report = replace(
        world.report, max_flight=parameter("MaxFlightSeconds", "MaxValue") * 1000
    )
    world.watch = replace(world.watch, apply_report=world.report)
    world.store_readings = replace(world.store_readings, silence_timeout=silence)
    world.read(FIRST)
    ref = world.create()
    world.run(ref)
    world.answer(ref, OrderState.IN_PROGRESS)
    started = world.clock()

    def report() -> None:
        world.read(FIRST, order=f"{ref.id}-1", state="WAYPOINT")

    report()
    checks = count_checks(world, ref, meanwhile=report)

    assert world.clock() - started >= 24 * HOUR
    assert 100 < checks <= MAX_CHECKS + 1
