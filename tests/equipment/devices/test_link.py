"""A simulated dock on the local MQTT broker, with orders as AWS IoT jobs."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Event
from typing import Any
from uuid import uuid4

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from local.cloud.aws import create_session
from local.kit.errors import LocalStackError
from local.stack.docks import enrol, run_docks
from tests.e2e.api import eventually
from tests.e2e.cloud import processes

DEVICE = "test-dock"
FINAL_STATUSES = {"SUCCEEDED", "FAILED", "REJECTED", "CANCELED"}
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def iot(stack) -> Iterator[Any]:
    with closing(create_session().client("iot", endpoint_url=stack.aws_endpoint_url)) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def dock(stack) -> Iterator[None]:
    """Run a dock that flies fast and reconnects after two seconds."""
    with run_docks(stack, [DEVICE], speed="fast", away=2):
        yield


@pytest.fixture(scope="module")
def connect(stack, iot, tmp_path_factory) -> Callable[..., Any]:
    """Connect clients, each with its own certificate, under a policy."""
    folder = tmp_path_factory.mktemp("clients")
    anything = f"anything-{uuid4().hex[:8]}"
    iot.create_policy(policyName=anything, policyDocument=json.dumps(ANYTHING))

    @contextmanager
    def open_client(policy: str = anything) -> Iterator[mqtt.Client]:
        name, connected = f"client-{uuid4().hex[:8]}", Event()
        enrol(iot, stack.name, name, policy, folder)
        client = mqtt.Client(CallbackAPIVersion.VERSION2, f"{stack.name}_{name}")
        client.tls_set(
            str(stack.mqtt.ca_file), *(f"{folder}/{name}.{end}" for end in ("crt", "key"))
        )
        client.on_connect = lambda *_: connected.set()
        client.connect(stack.mqtt.host, stack.mqtt.port)
        client.loop_start()
        try:
            assert connected.wait(10)
            yield client
        finally:
            client.disconnect()
            client.loop_stop()

    return open_client


@pytest.fixture
def telemetry(connect, stack) -> Iterator[list[dict[str, Any]]]:
    """Collect the dock's telemetry as it arrives."""
    messages: list[dict[str, Any]] = []
    subscribed = Event()
    with connect() as client:
        client.on_message = lambda *event: messages.append(json.loads(event[-1].payload))
        client.on_subscribe = lambda *_: subscribed.set()
        client.subscribe(f"{stack.name}/devices/{stack.name}_{DEVICE}/telemetry", 1)
        assert subscribed.wait(5)
        yield messages


@pytest.fixture
def order(iot, stack) -> Callable[..., str]:
    """Order a flight; return the order's name."""
    target = iot.describe_thing(thingName=f"{stack.name}_{DEVICE}")["thingArn"]

    def send(outcome: str | None = None) -> str:
        name = f"{uuid4()}-1"
        document = {
            "orderId": name,
            "jobId": name[:36],
            "fence": 1,
            "action": "MISSION",
            "waypoints": [[9.9670, 53.5455, 40], [9.9748, 53.5436, 45]],
            "maxFlightSeconds": 1800,
            **({"simulate": {"outcome": outcome}} if outcome else {}),
        }
        iot.create_job(jobId=name, targets=[target], document=json.dumps(document))
        return name

    return send


@pytest.fixture
def wait_for_end(iot, stack) -> Callable[[str], tuple[str, str | None]]:
    """Wait for an order's end; return its status and its reason."""

    def wait(name: str) -> tuple[str, str | None]:
        def execution() -> Any:
            thing = f"{stack.name}_{DEVICE}"
            return iot.describe_job_execution(jobId=name, thingName=thing)["execution"]

        found = eventually(execution, lambda found: found["status"] in FINAL_STATUSES)
        return found["status"], found["statusDetails"]["detailsMap"].get("reason")

    return wait


def is_idle(telemetry: list[dict[str, Any]]) -> bool:
    last = telemetry[-1] if telemetry else {}
    return (last.get("droneState"), last.get("orderId")) == ("DOCKED", None)


def test_dock_flies_its_order_and_reports_telemetry(order, wait_for_end, telemetry) -> None:
    name = order()

    assert wait_for_end(name) == ("SUCCEEDED", None)
    eventually(lambda: is_idle(telemetry), bool)
    flown = [each for each in telemetry if each.get("orderId") == name]
    assert len(flown) >= 3
    assert {each["online"] for each in telemetry} == {True}
    assert "WAYPOINT" in {each["droneState"] for each in flown}
    assert [each["sequence"] for each in telemetry] == sorted(
        {each["sequence"] for each in telemetry}
    )


def test_offline_dock_flies_its_order_after_the_reconnect(order, wait_for_end, telemetry) -> None:
    name = order("offline")

    assert wait_for_end(name) == ("SUCCEEDED", None)
    silence = telemetry.index({"deviceId": DEVICE, "online": False})
    assert not [each for each in telemetry[:silence] if each.get("orderId") == name]


def test_dock_that_lost_its_link_in_flight_fails_the_order(order, wait_for_end, telemetry) -> None:
    name = order("lose-link")

    assert wait_for_end(name) == ("FAILED", "The flight was interrupted; outcome unknown")
    silence = telemetry.index({"deviceId": DEVICE, "online": False})
    assert telemetry[silence - 1]["orderId"] == name
    assert {each["droneState"] for each in telemetry[silence + 1 :]} <= {"DOCKED"}


def test_cancelled_order_recalls_the_drone(order, iot, telemetry) -> None:
    name = order("overrun")
    eventually(lambda: telemetry[-1:], lambda last: last and last[0].get("droneState") == "HOVER")

    iot.cancel_job(jobId=name, force=True)

    eventually(lambda: is_idle(telemetry), bool)
    assert "RETURNING" in {each["droneState"] for each in telemetry if each.get("orderId") == name}


def test_dock_policy_allows_only_its_own_topics(stack, connect) -> None:
    foreign = f"{stack.name}/devices/{stack.name}_{DEVICE}/telemetry"
    for act in (
        lambda client: client.subscribe("#", 1),
        lambda client: client.subscribe("$aws/things/+/jobs/#", 1),
        lambda client: client.publish(foreign, "{}", 1),
        lambda client: client.publish(f"another-stack/devices/{DEVICE}/telemetry", "{}", 1),
    ):
        disconnected = Event()
        with connect(stack.outputs["DockPolicyName"]) as client:
            client.on_disconnect = lambda *_, disconnected=disconnected: disconnected.set()
            act(client)

            assert disconnected.wait(5)


def test_dead_dock_is_reported(stack) -> None:
    with run_docks(stack, [f"{DEVICE}-c"]) as docks:
        [pid] = [
            pid
            for pid, _, command in processes()
            if f"--device={DEVICE}-c=" in command and "supervisor.py" not in command
        ]
        os.kill(pid, signal.SIGKILL)

        def read_error() -> str:
            try:
                docks.check()
            except LocalStackError as error:
                return str(error)
            return ""

        assert "the dock ended" in eventually(read_error, bool)
