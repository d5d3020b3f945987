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
    PlanTooLargeError,
)
from jobs.missions.mission import mission_of
from tests.fakes.memory_missions import InMemoryFleetRegistry
from tests.support import HOUR, NOON

DOCK = Device(id="dock-1", tenant="acme", group="harbour", name="Quay dock")
PLAN = Plan(id="round", name="Round", waypoints=((9.97, 53.54, 40.0), (9.98, 53.55, 45.0)))


class Seen:
    """Return a fleet whose devices last reported at this time."""

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
    registry.put_plan("acme", Plan(id="survey", name="Survey", waypoints=PLAN.waypoints * 1000))
    use_case = CreateMission(
        repository=repository,
        registry=registry,
        fleet=fleet,
        clock=clock,
        retention=24 * HOUR,
        device_wait=HOUR,
        stack="sortie-dev",
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


def test_create_stores_pending_mission(create, repository) -> None:
    job = create(description="Look", device="dock-1", priority=7)

    mission = mission_of(job)
    assert repository.get(job.ref) == job
    assert job.status is JobStatus.PENDING
    assert (job.created_at, mission.due_at, job.deadline) == (NOON, NOON, NOON + HOUR)
    assert (mission.name, mission.group, mission.device) == ("Round", "harbour", "dock-1")
    assert (mission.description, mission.priority) == ("Look", 7)


def test_create_with_plan_copies_its_waypoints(create) -> None:
    job = create(request={"metadata": {}, "missionId": "round"})

    assert mission_of(job).start == (9.97, 53.54)
    assert job.request == {
        "metadata": {},
        "missionId": "round",
        "action": "MISSION",
        "waypoints": [[9.97, 53.54, 40.0], [9.98, 53.55, 45.0]],
    }


@pytest.mark.parametrize(("place", "waypoints"), [
    (None, []), ([9.9, 53.5], [[9.9, 53.5, 50.0]]), ([9.9, 53.5, 70], [[9.9, 53.5, 70]]),
])  # fmt: skip
def test_create_hover_flies_to_place_or_stays_at_dock(create, place, waypoints) -> None:
    job = create(action="HOVER", plan=None, place=place)

    assert job.request["waypoints"] == waypoints
    assert mission_of(job).start == (tuple(waypoints[0][:2]) if waypoints else None)


def test_create_scheduled_mission_sets_deadline_after_due_time(create) -> None:
    job = create(scheduled_at=NOON + 5 * HOUR)

    assert (mission_of(job).due_at, job.deadline) == (NOON + 5 * HOUR, NOON + 6 * HOUR)


def test_create_scheduled_in_past_is_due_now(create) -> None:
    mission = mission_of(create(scheduled_at=NOON - HOUR))

    assert (mission.due_at, mission.scheduled_at) == (NOON, NOON - HOUR)


def test_create_tags_job_id_with_tenant(create) -> None:
    assert create().id.endswith(f"-{tenant_tag('acme', stack='sortie-dev')}")


@pytest.mark.parametrize(("about", "error"), [
    ({"group": "nowhere"}, DeviceGroupNotFoundError),
    ({"tenant": "rival"}, DeviceGroupNotFoundError),
    ({"device": "dock-2"}, DeviceNotFoundError),
    ({"device": "dock-1", "group": "quarry"}, DeviceNotFoundError),
    ({"plan": "unknown"}, PlanNotFoundError),
    ({"plan": "survey"}, PlanTooLargeError),
    ({"plan": "unknown", "action": "ORBIT", "place": [9, 53]}, PlanNotFoundError),
    ({"device": "dock-1", "online_only": True}, DeviceOfflineError),
])  # fmt: skip
def test_create_with_unknown_resource_stores_nothing(create, repository, about, error) -> None:
    with pytest.raises(error):
        create(**about)

    assert repository.changes == []


def test_create_online_only_rejects_offline_device(create, fleet) -> None:
    fleet.seen_at = NOON - 1

    assert create(device="dock-1", online_only=True).status is JobStatus.PENDING


def test_create_repeated_after_device_went_offline_returns_job(create, fleet) -> None:
    demand = {"device": "dock-1", "online_only": True, "idempotency_key": "once"}
    fleet.seen_at = NOON - 1
    first = create(**demand)
    fleet.seen_at = 0

    assert create(**demand) == first
    with pytest.raises(IdempotencyConflictError):
        create(**demand, request_hash="other")
    with pytest.raises(DeviceOfflineError):
        create(**demand | {"idempotency_key": "another"})


def test_create_without_online_only_accepts_offline_device(create) -> None:
    assert create(online_only=True).status is JobStatus.PENDING


def test_create_with_used_key_returns_first_mission(create) -> None:
    first = create(idempotency_key="once")

    assert create(idempotency_key="once") == first
    with pytest.raises(IdempotencyConflictError):
        create(idempotency_key="once", request_hash="other")
