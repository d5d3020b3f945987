"""Following jobs and devices: over WebSocket, by token or by share."""

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup
from jobs.missions.partner import Role
from jobs.tracking.share import share_id
from tests.e2e.api import eventually
from tests.e2e.cloud import Cloud
from tests.e2e.forgery import FORGERIES, Jwk, parts_of
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
    """A partner with one drone, which is a thing that says what the test has it say."""

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
        """Publish telemetry as the device does; return its time."""
        timestamp = f"2026-01-01T12:00:{time.time() % 60:06.3f}Z"
        reading = {
            "deviceId": self.device, "sequence": time.time_ns() // 1_000_000,
            "timestamp": timestamp, "online": True, "orderId": None,
            "droneState": "DOCKED", "dockState": "CLOSED",
            "battery": 90, "navigation": NAVIGATION, "sensorPayload": SENSORS, "weather": WEATHER,
        }  # fmt: skip
        self.cloud.client("iot-data").publish(
            topic=f"devices/{self.device}/telemetry", qos=1, payload=json.dumps(reading | about)
        )
        return timestamp

    def viewers(self, code: str) -> int:
        """How many connections are counted against a share."""
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
    """Another program of the watcher's organisation."""
    made: Partner = make_partner(Role.VIEWER, watcher.partner.tenant)
    return made


@pytest.fixture(scope="module")
def pools_key(cloud: Cloud, watcher: Watcher) -> Jwk:
    pool = cloud.stack.outputs["UserPoolId"]
    url = f"{cloud.stack.aws_endpoint_url}/{pool}/.well-known/jwks.json"
    with urllib.request.urlopen(url) as answer:
        keys = json.load(answer)["keys"]
    header, _ = parts_of(watcher.partner.token)
    return next(key for key in keys if key["kid"] == header["kid"])


type Watch = Callable[[str, str], ClientConnection]


@pytest.fixture(params=["gateway", "api"])
def watch(request, cloud: Cloud) -> Iterator[Watch]:
    """Open a connection with this token, to this resource; all are closed after the test."""
    outputs = cloud.stack.outputs
    own = f"{cloud.stack.aws_endpoint_url.replace('http', 'ws', 1)}/_aws/execute-api"
    address = {
        "gateway": cloud.stack.websocket_url,
        "api": f"{own}/{outputs['WebSocketApiId']}/{outputs['WebSocketStageName']}",
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
    """Whether it closes within two seconds, whatever else is said before."""
    ends = time.monotonic() + SOON_S
    try:
        while True:
            connection.recv(timeout=max(0.0, ends - time.monotonic()))
    except ConnectionClosed:
        return True
    except TimeoutError:
        return False


def refused(open_it: Callable[[], Any]) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        open_it()
    return refusal.value.response.status_code


# ── By token ────────────────────────────────────────────────────────────────────


def test_a_jobs_watcher_hears_how_it_stands_then_each_change_and_then_no_more(
    watch, watcher
) -> None:
    job_id = watcher.create_job()

    connection = watch(watcher.partner.token, job_id)
    first = next_of(connection)
    watcher.cancel(job_id)
    heard = [first]
    while heard[-1]["jobState"] != "CANCELLED":
        heard.append(next_of(connection))

    states = [each["jobState"] for each in heard]
    assert states == sorted(set(states), key=["PENDING", "QUEUED", "CANCELLED"].index)
    assert all(each["timestamp"].endswith("Z") for each in heard)
    assert closes_soon(connection)


@only_gateway
def test_a_viewers_token_suffices(watch, watcher, viewer) -> None:
    assert next_of(watch(viewer.token, watcher.group))["deviceId"] == watcher.device


@only_gateway
def test_a_job_that_is_over_is_shown_once(watch, watcher) -> None:
    job_id = watcher.create_job()
    watcher.cancel(job_id)

    connection = watch(watcher.partner.token, job_id)

    assert next_of(connection)["jobState"] == "CANCELLED"
    assert closes_soon(connection)


def test_a_groups_watcher_hears_what_its_devices_report(watch, watcher) -> None:
    connection = watch(watcher.partner.token, watcher.group)
    next_of(connection)

    timestamp = watcher.report()

    assert next_of(connection) == {
        "deviceId": watcher.device,
        "droneState": "DOCKED",
        "dockState": "CLOSED",
        "navigation": NAVIGATION,
        "sensorPayload": SENSORS,
        "weather": WEATHER,
        "timestamp": timestamp,
    }


@only_gateway
@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_token_that_is_not_valid_opens_nothing(watch, watcher, viewer, pools_key, forge) -> None:
    token = forge(viewer.token, pools_key)

    assert refused(lambda: watch(token, watcher.group)) == 403


@only_gateway
def test_nothing_opens_without_a_token(watch, watcher) -> None:
    assert refused(lambda: watch("", watcher.group)) in {401, 403}


@only_gateway
def test_another_organisations_resource_is_as_unknown_as_none(watch, watcher, make_watcher) -> None:
    rival = make_watcher()
    job_id = watcher.create_job()

    refusals = [
        refused(lambda resource=resource: watch(rival.partner.token, resource))
        for resource in (watcher.group, job_id, "nowhere", str(uuid4()))
    ]

    assert refusals == [403] * 4


# ── By share ────────────────────────────────────────────────────────────────────


def test_a_shares_viewer_sees_what_it_shows_and_no_more(watch, watcher) -> None:
    stream = watcher.share(watcher.group)["shareCode"]
    status = watcher.share(watcher.group, shareType="DEVICE_STATUS")["shareCode"]
    viewers = [watch(stream, stream), watch(status, watcher.group)]
    for viewer in viewers:
        next_of(viewer)

    timestamp = watcher.report()

    shown = {"droneState": "DOCKED", "dockState": "CLOSED", "weather": WEATHER}
    assert next_of(viewers[0]) == shown | {"navigation": NAVIGATION, "timestamp": timestamp}
    assert next_of(viewers[1]) == shown | {"timestamp": timestamp}


@only_gateway
def test_a_share_opens_nothing_but_its_resource(watch, watcher) -> None:
    code = watcher.share(watcher.group)["shareCode"]

    assert refused(lambda: watch(code, watcher.create_job())) == 403
    assert refused(lambda: watch(code[:-1] + "!", watcher.group)) == 403


@only_gateway
def test_only_so_many_watch_at_once_as_may(watch, watcher) -> None:
    code = watcher.share(watcher.group, maxViewers=3)["shareCode"]

    def gets_in(_: int) -> ClientConnection | None:
        try:
            return watch(code, code)
        except InvalidStatus:
            return None

    with ThreadPoolExecutor(10) as pool:
        got_in = [each for each in pool.map(gets_in, range(10)) if each]

    assert len(got_in) == 3
    got_in[0].close()
    eventually(lambda: watcher.viewers(code), lambda viewers: viewers == 2)
    next_of(watch(code, code))
    assert refused(lambda: watch(code, code)) in {403, 429}


def test_who_watches_by_a_revoked_share_is_out_at_once(watch, watcher) -> None:
    code = watcher.share(watcher.group)["shareCode"]
    mine, theirs = watch(watcher.partner.token, watcher.group), watch(code, code)
    for connection in (mine, theirs):
        next_of(connection)

    answer = watcher.partner.send("DELETE", f"/v3/shares/{code}")

    assert answer.json == {"success": True, "message": "Share revoked successfully"}
    assert closes_soon(theirs)
    assert watcher.partner.get(f"/v3/shares/{code}").error == (404, "Share not found")
    assert refused(lambda: watch(code, code)) == 403
    watcher.report()
    assert next_of(mine)["deviceId"] == watcher.device


@only_gateway
def test_who_watches_by_a_share_is_out_when_it_expires(watch, watcher) -> None:
    """It takes the minute that a share lives at least."""
    share = watcher.share(watcher.group, expiresIn=60)
    connection = watch(share["shareCode"], share["shareCode"])
    next_of(connection)

    with pytest.raises(ConnectionClosed):
        connection.recv(timeout=90)

    assert watcher.partner.get(f"/v3/shares/{share['shareCode']}").status == 404


def test_a_shares_url_leads_to_a_page_that_knows_where_to_connect(watcher, cloud) -> None:
    share = watcher.share(watcher.group)
    path = share["shareUrl"].removeprefix(watcher.partner.base_url)

    page = watcher.partner.get(path)

    assert path == f"/tracking?share={share['shareCode']}"
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert cloud.stack.websocket_url in page.body.decode()
    assert "script-src 'nonce-" in page.headers["content-security-policy"]
