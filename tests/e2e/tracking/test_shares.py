"""WebSocket connections that follow jobs and devices, by token or by share."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup
from jobs.missions.partner import Role
from jobs.missions.thing import thing_name
from jobs.tracking.share import share_id
from tests.e2e.api import eventually
from tests.e2e.cloud import Cloud
from tests.e2e.forgery import OWN_KEY, parts_of
from tests.e2e.partners import Partner

SOON_S: Final = 2
NAVIGATION: Final = {
    "position": {"type": "Point", "coordinates": [9.967, 53.5455, 40.0]},
    "orientation": {"heading": 90.0, "pitch": 0.0, "roll": 0.0},
    "velocity": {"groundSpeed": 8.0, "verticalSpeed": 0.0},
}
SENSORS: Final = {"camera": {"orientation": {"pitch": -45.0, "yaw": 0.0, "roll": 0.0}}}
WEATHER: Final = {
    "windSpeed": 3.0, "windDirection": 270.0, "temperature": 12.0, "humidity": 60.0, "rain": False,
}  # fmt: skip


@dataclass(frozen=True)
class Watcher:
    """A partner with one drone, whose telemetry the test publishes."""

    partner: Partner
    group: str
    device: str
    cloud: Cloud

    def create_job(self) -> str:
        body = {"name": "Look around", "deviceGroupId": self.group}
        answer = self.partner.post("/v3/jobs/create", body)
        assert answer.status == 201, answer
        return str(answer.json["job"]["jobId"])

    def cancel(self, job_id: str) -> None:
        answer = self.partner.post(f"/v3/jobs/{job_id}/cancel")
        assert answer.status == 200, answer

    def share(self, resource_id: str, **about: Any) -> Any:
        sane = {"shareType": "STREAM", "permissions": ["view"], "expiresIn": 3600}
        body = {"resourceId": resource_id, **sane, **about}
        answer = self.partner.post("/v3/streams/share", body)
        assert answer.status == 201, answer
        return answer.json["share"]

    def report(self, **about: Any) -> str:
        """Publish telemetry as the device does; return its timestamp."""
        timestamp = f"2026-01-01T12:00:{time.time() % 60:06.3f}Z"
        reading = {
            "deviceId": self.device, "sequence": time.time_ns() // 1_000_000,
            "timestamp": timestamp, "online": True, "orderId": None,
            "droneState": "DOCKED", "dockState": "CLOSED",
            "battery": 90, "navigation": NAVIGATION, "sensorPayload": SENSORS, "weather": WEATHER,
        }  # fmt: skip
        stack = self.cloud.stack.name
        self.cloud.client("iot-data").publish(
            topic=f"{stack}/devices/{thing_name(stack, self.device)}/telemetry",
            qos=1,
            payload=json.dumps(reading | about),
        )
        return timestamp

    def viewers(self, code: str) -> int:
        """Return how many connections count against a share's limit."""
        key = {"PK": {"S": f"SHARE#{share_id(code)}"}, "SK": {"S": "SHARE"}}
        table = self.cloud.stack.outputs["MissionTableName"]
        item = self.cloud.client("dynamodb").get_item(
            TableName=table, Key=key, ConsistentRead=True
        )["Item"]
        return int(item["viewers"]["N"])


@pytest.fixture(scope="module")
def make_watcher(cloud: Cloud, make_partner) -> Callable[[], Watcher]:
    fleets = DynamoFleetRegistry(
        cloud.client("dynamodb"), cloud.stack.outputs["RegistryTableName"], clock=lambda: 0
    )

    def make() -> Watcher:
        partner = make_partner()
        group, device = f"g-{partner.tenant}", f"d-{partner.tenant}"
        devices = (Device(id=device, tenant=partner.tenant, group=group, name="Dock"),)
        fleets.put_group(
            DeviceGroup(id=group, tenant=partner.tenant, name="Field", devices=devices)
        )
        return Watcher(partner, group, device, cloud)

    return make


@pytest.fixture(scope="module")
def watcher(make_watcher) -> Watcher:
    made: Watcher = make_watcher()
    return made


@pytest.fixture(scope="module")
def viewer(make_partner, watcher: Watcher) -> Partner:
    """Return a viewer of the watcher's organisation."""
    made: Partner = make_partner(Role.VIEWER, watcher.partner.tenant)
    return made


type Watch = Callable[[str, str], ClientConnection]


@pytest.fixture(params=["gateway", "api"])
def watch(request, cloud: Cloud) -> Iterator[Watch]:
    """Open connections by token and resource; close them after the test."""
    outputs = cloud.stack.outputs
    gateway_url = f"{cloud.stack.aws_endpoint_url.replace('http', 'ws', 1)}/_aws/execute-api"
    address = {
        "gateway": cloud.stack.websocket_url,
        "api": f"{gateway_url}/{outputs['WebSocketApiId']}/{outputs['WebSocketStageName']}",
    }[request.param]
    with ExitStack() as opened:

        def open_one(token: str, resource_id: str) -> ClientConnection:
            query = urlencode({"token": token, "resourceId": resource_id})
            return opened.enter_context(connect(f"{address}?{query}", open_timeout=30))

        yield open_one


only_gateway = pytest.mark.parametrize("watch", ["gateway"], indirect=True)


def next_of(connection: ClientConnection) -> Any:
    return json.loads(connection.recv(timeout=30))


def closes_soon(connection: ClientConnection) -> bool:
    """Return whether the server closes the connection within two seconds."""
    ends = time.monotonic() + SOON_S
    try:
        while True:
            connection.recv(timeout=max(0.0, ends - time.monotonic()))
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False


def handshake_status(open_it: Callable[[], Any]) -> int:
    with pytest.raises(InvalidStatus) as error:
        open_it()
    return error.value.response.status_code


# ── By token ────────────────────────────────────────────────────────────────────


def test_job_connection_receives_every_state_and_is_closed(watch, watcher) -> None:
    job_id = watcher.create_job()

    connection = watch(watcher.partner.token, job_id)
    first = next_of(connection)
    watcher.cancel(job_id)
    messages = [first]
    while messages[-1]["jobState"] != "CANCELLED":
        messages.append(next_of(connection))

    states = [each["jobState"] for each in messages]
    assert states == sorted(set(states), key=["PENDING", "QUEUED", "CANCELLED"].index)
    assert all(each["timestamp"].endswith("Z") for each in messages)
    assert closes_soon(connection)


@only_gateway
def test_group_connection_receives_telemetry_of_its_devices(watch, watcher, viewer) -> None:
    connection = watch(viewer.token, watcher.group)
    next_of(connection)

    timestamp = watcher.report()

    assert next_of(connection) == {
        "deviceId": watcher.device,
        "droneState": "DOCKED",
        "dockState": "CLOSED",
        "battery": 90,
        "navigation": NAVIGATION,
        "sensorPayload": SENSORS,
        "weather": WEATHER,
        "timestamp": timestamp,
    }


@only_gateway
def test_connection_without_valid_token_is_refused(watch, watcher, viewer, make_watcher) -> None:
    rival = make_watcher()
    _, claims = parts_of(viewer.token)
    forged = jwt.encode(claims, OWN_KEY, algorithm="RS256")

    refusals = [handshake_status(lambda: watch(forged, watcher.group))]
    refusals += [
        handshake_status(lambda resource=resource: watch(rival.partner.token, resource))
        for resource in (watcher.group, watcher.create_job(), str(uuid4()))
    ]

    assert refusals == [403] * 4
    assert handshake_status(lambda: watch("", watcher.group)) == 401


# ── By share ────────────────────────────────────────────────────────────────────


@only_gateway
def test_share_connection_receives_only_its_types_fields(watch, watcher) -> None:
    stream = watcher.share(watcher.group)["shareCode"]
    status = watcher.share(watcher.group, shareType="DEVICE_STATUS")["shareCode"]
    viewers = [watch(stream, stream), watch(status, watcher.group)]
    for viewer in viewers:
        next_of(viewer)

    timestamp = watcher.report()

    shown = {
        "deviceNumber": 1, "droneState": "DOCKED", "dockState": "CLOSED",
        "battery": 90, "weather": WEATHER,
    }  # fmt: skip
    assert next_of(viewers[0]) == shown | {"navigation": NAVIGATION, "timestamp": timestamp}
    assert next_of(viewers[1]) == shown | {"timestamp": timestamp}


@only_gateway
def test_share_admits_no_more_than_its_maximum_of_viewers(watch, watcher) -> None:
    code = watcher.share(watcher.group, maxViewers=3)["shareCode"]

    def admitted(_: int) -> ClientConnection | None:
        try:
            return watch(code, code)
        except InvalidStatus:
            return None

    with ThreadPoolExecutor(10) as pool:
        connections = [each for each in pool.map(admitted, range(10)) if each]

    assert len(connections) == 3
    connections[0].close()
    eventually(lambda: watcher.viewers(code), lambda viewers: viewers == 2)
    next_of(watch(code, code))
    assert handshake_status(lambda: watch(code, code)) in {403, 429}


@only_gateway
def test_revoked_share_closes_only_its_own_connections(watch, watcher) -> None:
    code = watcher.share(watcher.group)["shareCode"]
    by_token, by_code = watch(watcher.partner.token, watcher.group), watch(code, code)
    for connection in (by_token, by_code):
        next_of(connection)

    answer = watcher.partner.send("DELETE", f"/v3/shares/{code}")

    assert answer.json == {"success": True, "message": "Share revoked successfully"}
    assert closes_soon(by_code)
    assert watcher.partner.get(f"/v3/shares/{code}").error == (404, "Share not found")
    assert handshake_status(lambda: watch(code, code)) == 403
    watcher.report()
    assert next_of(by_token)["deviceId"] == watcher.device


@only_gateway
def test_expired_share_closes_its_connections(watch, watcher) -> None:
    """The shortest life of a share is a minute."""
    share = watcher.share(watcher.group, expiresIn=60)
    connection = watch(share["shareCode"], share["shareCode"])
    next_of(connection)

    with pytest.raises(ConnectionClosed):
        connection.recv(timeout=120)

    assert watcher.partner.get(f"/v3/shares/{share['shareCode']}").status == 404
