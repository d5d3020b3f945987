"""The simulated dock's side of the device protocol, against a cloud that is a list."""

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
SETTINGS = Settings("dock-9", HOME)
NOON = 1_767_268_800.0
JOBS = "$aws/things/dock-9/jobs"
MISSION = {"action": "MISSION", "waypoints": [[9.975, 53.541, 40], [9.98, 53.541, 40]]}


@dataclass
class World:
    """A dock, its time, and what it has published."""

    settings: Settings = SETTINGS
    now: float = NOON
    said: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dock = Dock(self.settings, self.publish, self.now)
        self.dock.connected(self.now)

    def publish(self, topic: str, payload: Any) -> None:
        self.said.append((topic, json.loads(json.dumps(payload))))

    def hear(self, topic: str, **payload: Any) -> None:
        self.dock.received(f"{JOBS}/{topic}", json.dumps(payload).encode(), self.now)

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 8)):
            self.now += 0.125
            self.dock.tick(self.now)

    def offer(self, name: str = "order-1", status: str = "QUEUED", **document: Any) -> None:
        self.hear("notify-next", execution=self.execution(name, status, **document))

    def give(self, name: str = "order-1", **document: Any) -> None:
        """Offer an order, and let the dock have it."""
        self.offer(name, **document)
        assert self.told("start-next") == [{}]
        self.hear("start-next/accepted", execution=self.execution(name, "IN_PROGRESS", **document))

    def execution(self, name: str, status: str, **document: Any) -> dict[str, Any]:
        version = 1 if status == "QUEUED" else 2
        document = {"orderId": name, "jobId": "j", "fence": 1, **MISSION, **document}
        return {
            "jobId": name,
            "status": status,
            "versionNumber": version,
            "jobDocument": document,
        }

    def told(self, topic: str) -> list[dict[str, Any]]:
        return [payload for to, payload in self.said if to == f"{JOBS}/{topic}"]

    def reported(self, name: str = "order-1") -> list[tuple[str, str, dict[str, str]]]:
        return [
            (each["status"], each["expectedVersion"], each["statusDetails"])
            for each in self.told(f"{name}/update")
        ]

    def settle(self, name: str = "order-1") -> None:
        self.hear(f"{name}/update/accepted", executionState={})

    @property
    def readings(self) -> list[dict[str, Any]]:
        return [payload for topic, payload in self.said if topic == "devices/dock-9/telemetry"]

    @property
    def last(self) -> dict[str, Any]:
        return self.readings[-1]


@pytest.fixture
def world() -> World:
    return World()


def fast(outcome: str | None = None) -> dict[str, Any]:
    return {"simulate": {"speed": "fast", **({"outcome": outcome} if outcome else {})}}


# ── Orders ──────────────────────────────────────────────────────────────────────


def test_connected_it_asks_what_there_is_to_do(world) -> None:
    assert world.told("$next/get") == [{}]


def test_it_flies_what_it_is_told_and_says_so(world) -> None:
    world.give(**fast())

    world.wait(5)

    assert world.reported() == [("SUCCEEDED", "2", {})]
    assert world.last["orderId"] == "order-1"
    world.settle()
    world.wait(0.2)
    assert (world.last["orderId"], world.last["droneState"]) == (None, "DOCKED")
    assert len(world.told("$next/get")) == 2


def test_an_order_waiting_at_connection_is_taken_as_one_that_comes_later(world) -> None:
    world.hear("$next/get/accepted", execution=world.execution("order-1", "QUEUED"))

    assert world.told("start-next") == [{}]


def test_nothing_to_do_is_nothing(world) -> None:
    world.hear("$next/get/accepted")
    world.hear("notify-next", timestamp=1)
    world.hear("start-next/accepted", timestamp=1)

    assert world.told("start-next") == []


def test_an_order_is_asked_for_once_however_often_it_is_offered(world) -> None:
    world.offer()
    world.offer()

    assert world.told("start-next") == [{}]


def test_an_order_that_cannot_be_started_may_be_offered_again(world) -> None:
    world.offer()
    world.hear("start-next/rejected", code="InternalError", message="?")
    world.offer()

    assert world.told("start-next") == [{}, {}]


def test_a_busy_dock_takes_no_other_order_until_it_is_done(world) -> None:
    world.give(**fast())
    world.wait(5)

    world.offer("order-2")
    assert world.reported() == [("SUCCEEDED", "2", {})]
    assert len(world.told("start-next")) == 1

    world.settle()
    world.wait(0.2)
    world.hear("$next/get/accepted", execution=world.execution("order-2", "QUEUED"))
    assert len(world.told("start-next")) == 2


@pytest.mark.parametrize("wrong", [
    {"waypoints": None},
    {"waypoints": [[1]]},
    {"waypoints": [[200, 0, 40]]},
    {"waypoints": [[0, 89, 40]]},
    {"action": "LAND"},
    {"simulate": {"outcome": "explode"}},
])  # fmt: skip
def test_an_order_that_makes_no_sense_is_rejected(world, wrong) -> None:
    world.offer(**wrong)

    assert world.reported() == [("REJECTED", "1", {"reason": "The order is invalid"})]


def test_an_order_that_was_begun_in_another_life_has_failed(world) -> None:
    world.offer(status="IN_PROGRESS")

    assert world.reported() == [
        ("FAILED", "2", {"reason": "The flight was interrupted; outcome unknown"})
    ]


def test_a_report_that_may_be_lost_is_made_again_when_the_link_is_back(world) -> None:
    world.give(**fast())
    world.wait(5)

    world.dock.connected(world.now)

    assert world.reported() == [("SUCCEEDED", "2", {})] * 2


def test_a_link_lost_for_a_while_does_not_end_the_flight(world) -> None:
    world.give()
    world.wait(10)

    world.dock.connected(world.now)
    world.hear("$next/get/accepted", execution=world.execution("order-1", "IN_PROGRESS"))
    world.wait(1)

    assert world.reported() == []
    assert world.last["orderId"] == "order-1"


# ── Withdrawn orders ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("next_one", [None, "order-2"])
def test_an_order_withdrawn_in_the_air_brings_it_home(world, next_one) -> None:
    world.give()
    world.wait(30)
    assert world.last["droneState"] == "WAYPOINT"

    waiting = {"execution": world.execution(next_one, "QUEUED")} if next_one else {}
    world.hear("notify-next", **waiting)
    world.wait(2)

    assert world.last["droneState"] == "RETURNING"
    world.wait(60)
    assert (world.last["droneState"], world.last["orderId"]) == ("DOCKED", None)
    assert world.reported() == []


def test_an_order_withdrawn_before_take_off_closes_the_dock(world) -> None:
    world.give()
    world.wait(2)
    assert world.last["dockState"] == "OPENING"

    world.hear("notify-next")
    world.wait(10)

    assert {each["droneState"] for each in world.readings} == {"DOCKED"}
    assert world.last["orderId"] is None


def test_a_report_that_is_refused_was_about_an_order_that_is_no_more(world) -> None:
    world.give(**fast())
    world.wait(5)

    world.hear("order-1/update/rejected", code="InvalidStateTransition", message="?")
    world.wait(0.2)

    assert world.last["orderId"] is None


# ── Faults ──────────────────────────────────────────────────────────────────────


def test_told_to_reject_it_rejects(world) -> None:
    world.offer(**fast("reject"))

    assert world.reported() == [("REJECTED", "1", {"reason": "The order simulates a rejection"})]
    assert world.told("start-next") == []


def test_told_to_be_offline_it_leaves_before_it_accepts_and_flies_when_it_is_back(world) -> None:
    world.offer(**fast("offline"))

    world.wait(19.875)

    assert world.dock.away(world.now)
    assert world.readings == []
    world.wait(0.125)
    assert not world.dock.away(world.now)
    world.dock.connected(world.now)
    world.give(**fast("offline"))


def test_told_to_lose_its_link_it_leaves_in_flight_and_comes_back_docked(world) -> None:
    world.give(**fast("lose-link"))

    world.wait(4)

    assert world.dock.away(world.now)
    assert world.last["droneState"] not in {"DOCKED", "LANDED"}
    world.wait(20)
    assert (world.last["droneState"], world.last["orderId"]) == ("DOCKED", None)
    assert world.reported() == []


def test_told_to_fail_it_says_so_in_the_air_and_returns(world) -> None:
    world.give(**fast("fail"))

    world.wait(3)

    assert world.reported() == [("FAILED", "2", {"reason": "A motor overheated"})]
    assert world.last["droneState"] not in {"DOCKED", "LANDED"}
    world.settle()
    world.wait(5)
    assert (world.last["droneState"], world.last["orderId"]) == ("DOCKED", None)


def test_told_to_overrun_it_flies_until_it_is_called_back(world) -> None:
    world.give(**fast("overrun"))
    world.wait(60)
    assert world.last["droneState"] == "HOVER"
    assert world.reported() == []

    world.hear("notify-next")
    world.wait(5)

    assert (world.last["droneState"], world.last["orderId"]) == ("DOCKED", None)


def test_an_order_can_differ_from_how_the_dock_was_told_to_be() -> None:
    world = World(Settings("dock-9", HOME, Simulate(speed="fast", outcome="reject")))
    world.offer("order-1")
    assert world.reported("order-1")[0][0] == "REJECTED"

    world.give("order-2", simulate={"outcome": None})
    world.wait(5)

    assert world.reported("order-2") == [("SUCCEEDED", "2", {})]


# ── Telemetry ───────────────────────────────────────────────────────────────────


def test_a_reading_says_all_there_is_to_see(world) -> None:
    world.give(action="HOVER")
    world.wait(30)

    reading = world.last

    assert shape(reading) == {
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
    assert (reading["deviceId"], reading["online"]) == ("dock-9", True)
    assert reading["navigation"]["position"]["type"] == "Point"
    assert reading["timestamp"] == "2026-01-01T12:00:30.000Z"


def shape(value: Any) -> Any:
    match value:
        case dict():
            return {name: shape(each) for name, each in value.items()}
        case list():
            return [shape(each) for each in value]
    return type(value)


def test_idle_it_speaks_every_five_seconds_and_with_an_order_every_second(world) -> None:
    world.wait(21)
    idle = len(world.readings)
    world.give()
    world.wait(20.5)

    assert idle == 5
    assert len(world.readings) - idle == 21


def test_a_fast_flight_is_seen_at_least_three_times(world) -> None:
    world.give(**fast())
    world.wait(5)
    world.settle()

    assert len([each for each in world.readings if each["orderId"]]) >= 3


def test_sequences_rise_and_the_next_life_starts_higher(world) -> None:
    world.wait(60)
    again = World(now=world.now)
    again.wait(60)

    sequences = [each["sequence"] for each in world.readings + again.readings]
    assert all(a < b for a, b in pairwise(sequences))


def test_the_battery_drains_in_flight_and_charges_in_the_dock(world) -> None:
    world.give(**fast())
    world.wait(5)
    flown = [each["battery"] for each in world.readings]
    world.settle()
    world.wait(3600)

    assert flown == sorted(flown, reverse=True)
    assert flown[-1] < flown[0]
    assert (world.last["battery"], world.last["dockState"]) == (100, "CLOSED")


def test_the_same_seed_is_the_same_dock() -> None:
    one, same, other = (World(Settings("dock-9", HOME, seed=seed)) for seed in (1, 1, 2))
    for each in (one, same, other):
        each.wait(60)

    assert one.readings == same.readings != other.readings


def test_the_last_will_says_only_that_it_is_gone() -> None:
    assert last_will("dock-9") == {"deviceId": "dock-9", "online": False}
