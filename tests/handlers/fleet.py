"""A fleet in memory, two docks on a quay and a plan, for the handlers of missions and tracking."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from pydantic import TypeAdapter

from jobs.core.adapters.sqlite.rate_limits import SqliteRateLimits
from jobs.core.job import Job
from jobs.missions.device import Device, DeviceGroup, Plan, Reading
from jobs.missions.partner import Client, Role
from jobs.missions.wiring import wiring as missions
from scripts.openapi.missions import MISSIONS
from scripts.wirings import CORES
from tests.databases import empty_database
from tests.fakes.memory_fleet import InMemoryFleet, InMemoryTracks
from tests.fakes.memory_missions import InMemoryFleetRegistry
from tests.handlers.conftest import TENANT, Answer

CLIENT = "EXAMPLECLIENTOFNOBODY0000000"
SETTINGS = {
    "IOT_ARN": "arn:aws:iot:eu-central-1:123456789012",
    "DEVICE_WAIT_SECONDS": "3600",
    "STACK_NAME": "sortie-dev",
    "PUBLIC_URL": "",
    "WEBSOCKET_URL": "wss://ws.example/dev",
}


@pytest.fixture
def fleet(clock) -> InMemoryFleet:
    return InMemoryFleet(clock)


@pytest.fixture(autouse=True)
def tracks(rewire) -> InMemoryTracks:
    made = InMemoryTracks()
    rewire(missions, tracks=made)
    return made


@pytest.fixture
def fleet_registry() -> InMemoryFleetRegistry:
    docks = [
        Device(id=f"dock-{n}", tenant=TENANT, group="harbour", name=f"Dock {n}") for n in (1, 2)
    ]
    group = DeviceGroup(
        id="harbour", tenant=TENANT, name="Harbour", description="A quay", devices=tuple(docks)
    )
    registry = InMemoryFleetRegistry()
    registry.put_group(group)
    registry.put_group(DeviceGroup(id="theirs", tenant="rival", name="Not yours"))
    plan = Plan(id="harbour-round", name="Round", waypoints=((9.97, 53.54, 40.0),))
    registry.put_plan(TENANT, plan)
    return registry


@pytest.fixture(autouse=True)
def fleet_wiring(world, fleet, fleet_registry, monkeypatch, rewire) -> None:
    limits = SqliteRateLimits(empty_database(), world.clock)
    world.registry.put_client(Client(id=CLIENT, tenant=TENANT, name="App", role=Role.MANAGER))
    rewire(missions, fleet=fleet)
    rewire(missions, fleet_registry=fleet_registry)
    rewire(*CORES, rate_limits=limits)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def online(fleet) -> Callable[[str], None]:
    """Have a device report that it is in its dock."""

    def report(device: str) -> None:
        values = {"droneState": "DOCKED"}
        reading = Reading(
            device=device, sequence=1, online=True, order=None, timestamp="", values=values
        )
        fleet.store_reading(reading, hold=0)

    return report


@cache
def declared(endpoint: str, status: int) -> TypeAdapter[Any]:
    """The response type of an endpoint and status in docs/openapi/missions.json."""
    return TypeAdapter(MISSIONS.operation(endpoint).response_type(status))


@pytest.fixture
def call(invoke) -> Callable[..., Answer]:
    """Call a handler with its example event, with changes to the first level of the event."""

    def answer(name: str, *, json_body: Any = None, **changes: Any) -> Answer:
        if json_body is not None:
            changes["body"] = json.dumps(json_body)
        made = invoke(f"missions/{name}", **changes)
        assert made["headers"]["Content-Type"] == "application/json"
        assert made["headers"]["Access-Control-Allow-Origin"] == "*"
        assert declared(name, made["statusCode"]).validate_json(made["body"])
        return Answer(made["statusCode"], made["headers"], made["body"])

    return answer


@pytest.fixture
def stored(world, a_mission) -> Callable[..., Job]:
    """Store a mission of the events' organisation and return it."""

    def store(**about: Any) -> Job:
        job = a_mission(**{"tenant": TENANT} | about)
        world.repository.add(job)
        return job

    return store
