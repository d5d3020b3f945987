import pytest

from jobs.core.errors import IdempotencyConflictError
from jobs.core.ids import tenant_tag
from jobs.core.job import Job
from jobs.core.status import JobStatus
from jobs.missions.create_mission import CreateMission, NewMission
from jobs.missions.device import Device, DeviceGroup, DeviceState, Plan, Reading
from jobs.missions.errors import (
    DeviceGroupNotFoundError,
    DeviceNotFoundError,
    DeviceOfflineError,
    PlanNotFoundError,
)
from jobs.missions.mission import mission_of
from tests.fakes.memory_missions import InMemoryFleetRegistry
from tests.support import HOUR, NOON

DOCK = Device(id="dock-1", tenant="acme", group="harbour", name="Quay dock")
PLAN = Plan(id="round", name="Round", waypoints=((9.97, 53.54, 40.0), (9.98, 53.55, 45.0)))


class Seen:
    """A fleet of which each device was last heard of at this time."""

    def __init__(self, seen_at: int = 0) -> None:
        self.seen_at = seen_at

    def states(self, ids):
        return {
            id_: DeviceState(
                device=id_,
                seen_at=self.seen_at,
                reading=Reading(
                    device=id_, sequence=1, online=True, order=None, timestamp="", values={}
                ),
            )
            for id_ in ids
        }


@pytest.fixture
def fleet() -> Seen:
    return Seen()


@pytest.fixture
def create(repository, clock, fleet):
    registry = InMemoryFleetRegistry()
    registry.put_group(DeviceGroup(id="harbour", tenant="acme", name="Harbour", devices=(DOCK,)))
    registry.put_group(DeviceGroup(id="quarry", tenant="acme", name="Quarry"))
    registry.put_plan("acme", PLAN)
    use_case = CreateMission(
        repository=repository,
        registry=registry,
        fleet=fleet,
        clock=clock,
        retention=24 * HOUR,
        device_wait=HOUR,
    )

    def create(**about) -> Job:
        sane = {
            "tenant": "acme",
            "kind": "missions",
            "name": "Round",
            "group": "harbour",
            "priority": 5,
            "action": "MISSION",
            "plan": "round",
            "request": {"metadata": {}},
            "idempotency_key": None,
            "request_hash": "h",
        }
        return use_case(NewMission(**sane | about))

    return create


def test_a_mission_is_stored_and_waits_for_a_device(create, repository) -> None:
    job = create(description="Look", device="dock-1", priority=7)

    mission = mission_of(job)
    assert repository.get(job.ref) == job
    assert job.status is JobStatus.PENDING
    assert (job.created_at, mission.due_at, job.deadline) == (NOON, NOON, NOON + HOUR)
    assert (mission.name, mission.group, mission.device) == ("Round", "harbour", "dock-1")
    assert (mission.description, mission.priority) == ("Look", 7)


def test_what_the_plan_says_now_is_what_will_be_flown(create) -> None:
    assert create(request={"metadata": {}, "missionId": "round"}).request == {
        "metadata": {},
        "missionId": "round",
        "action": "MISSION",
        "waypoints": [[9.97, 53.54, 40.0], [9.98, 53.55, 45.0]],
    }


@pytest.mark.parametrize(("place", "waypoints"), [
    (None, []), ([9.9, 53.5], [[9.9, 53.5, 50.0]]), ([9.9, 53.5, 70], [[9.9, 53.5, 70]]),
])  # fmt: skip
def test_a_drone_hovers_where_it_is_told_to_or_else_at_home(create, place, waypoints) -> None:
    assert create(action="HOVER", plan=None, place=place).request["waypoints"] == waypoints


def test_a_mission_waits_for_a_device_from_when_it_is_due(create) -> None:
    job = create(scheduled_at=NOON + 5 * HOUR)

    assert (mission_of(job).due_at, job.deadline) == (NOON + 5 * HOUR, NOON + 6 * HOUR)


def test_what_was_due_in_the_past_is_due_now(create) -> None:
    mission = mission_of(create(scheduled_at=NOON - HOUR))

    assert (mission.due_at, mission.scheduled_at) == (NOON, NOON - HOUR)


def test_its_id_tells_policies_of_topics_whose_a_mission_is(create) -> None:
    assert create().id.endswith(f"-{tenant_tag('acme')}")


@pytest.mark.parametrize(("about", "error"), [
    ({"group": "nowhere"}, DeviceGroupNotFoundError),
    ({"tenant": "rival"}, DeviceGroupNotFoundError),
    ({"device": "dock-2"}, DeviceNotFoundError),
    ({"device": "dock-1", "group": "quarry"}, DeviceNotFoundError),
    ({"plan": "unknown"}, PlanNotFoundError),
    ({"plan": "unknown", "action": "ORBIT", "place": [9, 53]}, PlanNotFoundError),
    ({"device": "dock-1", "online_only": True}, DeviceOfflineError),
])  # fmt: skip
def test_what_cannot_be_flown_is_not_stored(create, repository, about, error) -> None:
    with pytest.raises(error):
        create(**about)

    assert repository.changes == []


def test_a_device_that_must_be_online_is(create, fleet) -> None:
    fleet.seen_at = NOON - 1

    assert create(device="dock-1", online_only=True).status is JobStatus.PENDING


def test_a_repeated_request_is_answered_though_the_device_has_gone_offline_since(
    create, fleet
) -> None:
    demand = {"device": "dock-1", "online_only": True, "idempotency_key": "once"}
    fleet.seen_at = NOON - 1
    first = create(**demand)
    fleet.seen_at = 0

    assert create(**demand) == first
    with pytest.raises(IdempotencyConflictError):
        create(**demand, request_hash="other")
    with pytest.raises(DeviceOfflineError):
        create(**demand | {"idempotency_key": "another"})


def test_any_device_may_come_online_later(create) -> None:
    assert create(online_only=True).status is JobStatus.PENDING


def test_one_key_makes_one_mission(create) -> None:
    first = create(idempotency_key="once")

    assert create(idempotency_key="once") == first
    with pytest.raises(IdempotencyConflictError):
        create(idempotency_key="once", request_hash="other")
