"""The simulated dock's logic, with messages in a list instead of a broker."""

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from local.devices.dock import Dock, Settings
from local.devices.geometry import Point
from local.devices.order import Simulate
from local.devices.telemetry import last_will

HOME = Point(9.97, 53.54, 5.0)
SETTINGS = Settings("sortie-dev", "dock-9", HOME)
NOON = 1_767_268_800.0
JOBS = "$aws/things/sortie-dev_dock-9/jobs"
TELEMETRY = "sortie-dev/devices/sortie-dev_dock-9/telemetry"
MISSION = {"action": "MISSION", "waypoints": [[9.975, 53.541, 40], [9.98, 53.541, 40]]}


@dataclass
class World:
    """A dock, its clock, and the messages that it has published."""

    settings: Settings = SETTINGS
    now: float = NOON
    published: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dock = Dock(self.settings, self.publish, self.now)
        self.dock.connected(self.now)

    def publish(self, topic: str, payload: Any) -> None:
        self.published.append((topic, json.loads(json.dumps(payload))))

    def receive(self, topic: str, **payload: Any) -> None:
        self.dock.received(f"{JOBS}/{topic}", json.dumps(payload).encode(), self.now)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 8)):
            self.now += 0.125
            self.dock.tick(self.now)

    def offer(self, name: str = "order-1", status: str = "QUEUED", **document: Any) -> None:
        self.receive("notify-next", execution=self.execution(name, status, **document))

    def give(self, name: str = "order-1", **document: Any) -> None:
        """Offer an order, and accept the dock's start of it."""
        self.offer(name, **document)
        assert self.sent("start-next") == [{}]
        self.receive(
            "start-next/accepted", execution=self.execution(name, "IN_PROGRESS", **document)
        )

    def execution(self, name: str, status: str, **document: Any) -> dict[str, Any]:
        version = 1 if status == "QUEUED" else 2
        document = {"orderId": name, "jobId": "j", "fence": 1, **MISSION, **document}
        return {
            "jobId": name,
            "status": status,
            "versionNumber": version,
            "jobDocument": document,
        }

    def sent(self, topic: str) -> list[dict[str, Any]]:
        return [payload for to, payload in self.published if to == f"{JOBS}/{topic}"]

    def reported(self, name: str = "order-1") -> list[tuple[str, str, dict[str, str]]]:
        return [
            (each["status"], each["expectedVersion"], each["statusDetails"])
            for each in self.sent(f"{name}/update")
        ]

    def settle(self, name: str = "order-1") -> None:
        self.receive(f"{name}/update/accepted", executionState={})

    @property
    def telemetry(self) -> list[dict[str, Any]]:
        return [payload for topic, payload in self.published if topic == TELEMETRY]

    @property
    def last(self) -> dict[str, Any]:
        return self.telemetry[-1]


@pytest.fixture
def world() -> World:
    return World()


def fast(outcome: str | None = None) -> dict[str, Any]:
    return {"simulate": {"speed": "fast", **({"outcome": outcome} if outcome else {})}}


# ── Orders ──────────────────────────────────────────────────────────────────────


def test_connected_dock_requests_the_next_order(world) -> None:
    assert world.sent("$next/get") == [{}]


def test_order_is_flown_and_reported_as_succeeded(world) -> None:
    world.give(**fast())

    world.wait(5)

    assert world.reported() == [("SUCCEEDED", "2", {})]
    assert world.last["orderId"] == "order-1"
    world.settle()
    world.wait(0.2)
    assert (world.last["orderId"], world.last["droneState"]) == (None, "DOCKED")
    assert len(world.sent("$next/get")) == 2


def test_order_queued_before_the_connection_is_started(world) -> None:
    world.receive("$next/get/accepted", execution=world.execution("order-1", "QUEUED"))

    assert world.sent("start-next") == [{}]


def test_message_without_an_order_starts_nothing(world) -> None:
    world.receive("$next/get/accepted")
    world.receive("notify-next", timestamp=1)
    world.receive("start-next/accepted", timestamp=1)

    assert world.sent("start-next") == []


def test_order_offered_twice_is_started_once(world) -> None:
    world.offer()
    world.offer()

    assert world.sent("start-next") == [{}]


def test_order_that_failed_to_start_is_started_again(world) -> None:
    world.offer()
    world.receive("start-next/rejected", code="InternalError", message="?")
    world.offer()

    assert world.sent("start-next") == [{}, {}]


def test_busy_dock_starts_the_next_order_after_its_report(world) -> None:
    world.give(**fast())
    world.wait(5)

    world.offer("order-2")
    assert world.reported() == [("SUCCEEDED", "2", {})]
    assert len(world.sent("start-next")) == 1

    world.settle()
    world.wait(0.2)
    world.receive("$next/get/accepted", execution=world.execution("order-2", "QUEUED"))
    assert len(world.sent("start-next")) == 2


@pytest.mark.parametrize("fields", [
    {"waypoints": None},
    {"waypoints": [[1]]},
    {"waypoints": [[200, 0, 40]]},
    {"waypoints": [[0, 89, 40]]},
    {"action": "LAND"},
    {"simulate": {"outcome": "explode"}},
])  # fmt: skip
def test_invalid_order_is_rejected(world, fields) -> None:
    world.offer(**fields)

    assert world.reported() == [("REJECTED", "1", {"reason": "The order is invalid"})]


def test_order_that_begins_out_of_range_is_rejected(world) -> None:
    world.offer(limits={"rangeMeters": 300})

    reason = "The mission begins 349 m away from the dock, whose range is 300 m"
    assert world.reported() == [("REJECTED", "1", {"reason": reason})]
    assert world.sent("start-next") == []


def test_order_that_begins_within_range_is_started(world) -> None:
    world.offer(limits={"rangeMeters": 400})

    assert world.sent("start-next") == [{}]


def test_order_interrupted_by_a_restart_is_reported_as_failed(world) -> None:
    world.offer(status="IN_PROGRESS")

    assert world.reported() == [
        ("FAILED", "2", {"reason": "The flight was interrupted; outcome unknown"})
    ]


def test_report_is_repeated_after_a_reconnect(world) -> None:
    world.give(**fast())
    world.wait(5)

    world.dock.connected(world.now)

    assert world.reported() == [("SUCCEEDED", "2", {})] * 2


def test_flight_continues_after_a_reconnect(world) -> None:
    world.give()
    world.wait(10)

    world.dock.connected(world.now)
    world.receive("$next/get/accepted", execution=world.execution("order-1", "IN_PROGRESS"))
    world.wait(1)

    assert world.reported() == []
    assert world.last["orderId"] == "order-1"


# ── Withdrawn orders ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("next_order", [None, "order-2"])
def test_order_withdrawn_in_flight_returns_the_drone(world, next_order) -> None:
    world.give()
    world.wait(30)
    assert world.last["droneState"] == "WAYPOINT"

    queued = {"execution": world.execution(next_order, "QUEUED")} if next_order else {}
    world.receive("notify-next", **queued)
    world.wait(2)

    assert world.last["droneState"] == "RETURNING"
    world.wait(60)
    assert (world.last["droneState"], world.last["orderId"]) == ("DOCKED", None)
    assert world.reported() == []


def test_order_withdrawn_before_take_off_closes_the_dock(world) -> None:
    world.give()
    world.wait(2)
    assert world.last["dockState"] == "OPENING"

    world.receive("notify-next")
    world.wait(10)

    assert {each["droneState"] for each in world.telemetry} == {"DOCKED"}
    assert world.last["orderId"] is None


def test_refused_report_settles_the_order(world) -> None:
    world.give(**fast())
    world.wait(5)

    world.receive("order-1/update/rejected", code="InvalidStateTransition", message="?")
    world.wait(0.2)

    assert world.last["orderId"] is None


# ── Faults ──────────────────────────────────────────────────────────────────────


def test_simulated_rejection_is_reported_and_not_started(world) -> None:
    world.offer(**fast("reject"))

    assert world.reported() == [("REJECTED", "1", {"reason": "The order simulates a rejection"})]
    assert world.sent("start-next") == []


def test_simulated_offline_dock_starts_the_order_when_back(world) -> None:
    world.offer(**fast("offline"))

    world.wait(19.875)

    assert world.dock.away(world.now)
    assert world.telemetry == []
    world.wait(0.125)
    assert not world.dock.away(world.now)
    world.dock.connected(world.now)
    world.give(**fast("offline"))


def test_simulated_lost_link_leaves_in_flight_and_returns_docked(world) -> None:
    world.give(**fast("lose-link"))

    world.wait(4)

    assert world.dock.away(world.now)
    assert world.last["droneState"] not in {"DOCKED", "LANDED"}
    world.wait(20)
    assert (world.last["droneState"], world.last["orderId"]) == ("DOCKED", None)
    assert world.reported() == []


def test_simulated_failure_is_reported_in_flight(world) -> None:
    world.give(**fast("fail"))

    world.wait(3)

    assert world.reported() == [("FAILED", "2", {"reason": "A motor overheated"})]
    assert world.last["droneState"] not in {"DOCKED", "LANDED"}
    world.settle()
    world.wait(5)
    assert (world.last["droneState"], world.last["orderId"]) == ("DOCKED", None)


def test_simulated_overrun_hovers_until_withdrawn(world) -> None:
    world.give(**fast("overrun"))
    world.wait(60)
    assert world.last["droneState"] == "HOVER"
    assert world.reported() == []

    world.receive("notify-next")
    world.wait(5)

    assert (world.last["droneState"], world.last["orderId"]) == ("DOCKED", None)


def test_order_overrides_the_docks_simulation() -> None:
    world = World(Settings("sortie-dev", "dock-9", HOME, Simulate(speed="fast", outcome="reject")))
    world.offer("order-1")
    assert world.reported("order-1")[0][0] == "REJECTED"

    world.give("order-2", simulate={"outcome": None})
    world.wait(5)

    assert world.reported("order-2") == [("SUCCEEDED", "2", {})]


# ── Telemetry ───────────────────────────────────────────────────────────────────


def test_telemetry_has_every_field(world) -> None:
    world.give(action="HOVER")
    world.wait(30)

    telemetry = world.last

    assert shape(telemetry) == {
        "deviceId": str,
        "sequence": int,
        "timestamp": str,
        "online": bool,
        "orderId": str,
        "battery": int,
        "droneState": str,
        "dockState": str,
        "navigation": {
            "position": {"type": str, "coordinates": [float] * 3},
            "orientation": {"heading": float, "pitch": float, "roll": float},
            "velocity": {"groundSpeed": float, "verticalSpeed": float},
        },
        "sensorPayload": {"camera": {"orientation": {"pitch": float, "yaw": float, "roll": float}}},
        "weather": {
            "windSpeed": float,
            "windDirection": int,
            "temperature": float,
            "humidity": int,
            "rain": float,
        },
    }
    assert (telemetry["deviceId"], telemetry["online"]) == ("dock-9", True)
    assert telemetry["navigation"]["position"]["type"] == "Point"
    assert telemetry["timestamp"] == "2026-01-01T12:00:30.000Z"


def shape(value: Any) -> Any:
    match value:
        case dict():
            return {name: shape(each) for name, each in value.items()}
        case list():
            return [shape(each) for each in value]
    return type(value)


def test_telemetry_interval_is_5_s_idle_and_1_s_with_an_order(world) -> None:
    world.wait(21)
    idle = len(world.telemetry)
    world.give()
    world.wait(20.5)

    assert idle == 5
    assert len(world.telemetry) - idle == 21


def test_fast_flight_sends_at_least_three_messages(world) -> None:
    world.give(**fast())
    world.wait(5)
    world.settle()

    assert len([each for each in world.telemetry if each["orderId"]]) >= 3


def test_sequence_increases_across_restarts(world) -> None:
    world.wait(60)
    again = World(now=world.now)
    again.wait(60)

    sequences = [each["sequence"] for each in world.telemetry + again.telemetry]
    assert all(a < b for a, b in pairwise(sequences))


def test_battery_drains_in_flight_and_charges_in_the_dock(world) -> None:
    world.give(**fast())
    world.wait(5)
    flown = [each["battery"] for each in world.telemetry]
    world.settle()
    world.wait(3600)

    assert flown == sorted(flown, reverse=True)
    assert flown[-1] < flown[0]
    assert (world.last["battery"], world.last["dockState"]) == (100, "CLOSED")


def test_same_seed_gives_the_same_telemetry() -> None:
    one, same, other = (
        World(Settings("sortie-dev", "dock-9", HOME, seed=seed)) for seed in (1, 1, 2)
    )
    for each in (one, same, other):
        each.wait(60)

    assert one.telemetry == same.telemetry != other.telemetry


def test_last_will_reports_the_dock_offline() -> None:
    assert last_will("dock-9") == {"deviceId": "dock-9", "online": False}
