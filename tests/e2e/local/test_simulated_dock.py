"""A simulated dock on the local stack's MQTT broker, given orders as AWS IoT jobs."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any
from uuid import uuid4

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from local.kit.errors import LocalStackError
from local.stack.docks import enrol, run_docks
from tests.e2e.api import eventually
from tests.e2e.cloud import processes

DEVICE = "dock-of-these-tests"
ENDED = {"SUCCEEDED", "FAILED", "REJECTED", "CANCELED"}
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def iot(cloud) -> Any:
    return cloud.client("iot")


@pytest.fixture(scope="module", autouse=True)
def dock(stack) -> Iterator[None]:
    """One that flies fast, and that a lost link costs two seconds."""
    with run_docks(stack, [DEVICE], speed="fast", away=2):
        yield


@pytest.fixture(scope="module")
def connect(stack, iot, tmp_path_factory) -> Callable[..., Any]:
    """Connect a client with a certificate of its own, under a policy."""
    folder = tmp_path_factory.mktemp("clients")
    anything = f"anything-{uuid4().hex[:8]}"
    iot.create_policy(policyName=anything, policyDocument=json.dumps(ANYTHING))

    @contextmanager
    def connected(policy: str = anything) -> Iterator[mqtt.Client]:
        name, up = f"client-{uuid4().hex[:8]}", Event()
        enrol(iot, name, policy, folder)
        client = mqtt.Client(CallbackAPIVersion.VERSION2, name)
        client.tls_set(
            str(stack.mqtt.ca_file), *(f"{folder}/{name}.{end}" for end in ("crt", "key"))
        )
        client.on_connect = lambda *_: up.set()
        client.connect(stack.mqtt.host, stack.mqtt.port)
        client.loop_start()
        try:
            assert up.wait(10)
            yield client
        finally:
            client.disconnect()
            client.loop_stop()

    return connected


@pytest.fixture
def heard(connect) -> Iterator[list[dict[str, Any]]]:
    """What the dock says of itself, as it says it."""
    found: list[dict[str, Any]] = []
    subscribed = Event()
    with connect() as client:
        client.on_message = lambda *about: found.append(json.loads(about[-1].payload))
        client.on_subscribe = lambda *_: subscribed.set()
        client.subscribe(f"devices/{DEVICE}/telemetry", 1)
        assert subscribed.wait(5)
        yield found


@pytest.fixture
def order(iot) -> Callable[..., str]:
    """Order a flight; returns the order's name."""
    target = iot.describe_thing(thingName=DEVICE)["thingArn"]

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
def ended(iot) -> Callable[[str], tuple[str, str | None]]:
    """How an order ended, and why."""

    def wait(name: str) -> tuple[str, str | None]:
        def execution() -> Any:
            return iot.describe_job_execution(jobId=name, thingName=DEVICE)["execution"]

        found = eventually(execution, lambda found: found["status"] in ENDED)
        return found["status"], found["statusDetails"]["detailsMap"].get("reason")

    return wait


def idle(heard: list[dict[str, Any]]) -> bool:
    last = heard[-1] if heard else {}
    return (last.get("droneState"), last.get("orderId")) == ("DOCKED", None)


def test_it_flies_its_order_for_all_to_see(order, ended, heard) -> None:
    name = order()

    assert ended(name) == ("SUCCEEDED", None)
    eventually(lambda: idle(heard), bool)
    flown = [each for each in heard if each.get("orderId") == name]
    assert len(flown) >= 3
    assert {each["online"] for each in heard} == {True}
    assert "WAYPOINT" in {each["droneState"] for each in flown}
    assert [each["sequence"] for each in heard] == sorted({each["sequence"] for each in heard})


def test_it_flies_one_order_after_the_other(order, ended, heard) -> None:
    first, second = order(), order()

    assert ended(first) == ended(second) == ("SUCCEEDED", None)
    flown = [each["orderId"] for each in heard if each.get("orderId")]
    assert flown == sorted(flown, key=[first, second].index)


def test_it_rejects_an_order(order, ended) -> None:
    assert ended(order("reject")) == ("REJECTED", "The order simulates a rejection")


def test_it_fails_in_flight(order, ended) -> None:
    assert ended(order("fail")) == ("FAILED", "A motor overheated")


def test_gone_offline_it_is_known_to_be_and_flies_when_it_is_back(order, ended, heard) -> None:
    name = order("offline")

    assert ended(name) == ("SUCCEEDED", None)
    silence = heard.index({"deviceId": DEVICE, "online": False})
    assert not [each for each in heard[:silence] if each.get("orderId") == name]


def test_its_link_lost_in_flight_it_comes_back_docked_and_does_not_fly_again(
    order, ended, heard
) -> None:
    name = order("lose-link")

    assert ended(name) == ("FAILED", "The flight was interrupted; outcome unknown")
    silence = heard.index({"deviceId": DEVICE, "online": False})
    assert heard[silence - 1]["orderId"] == name
    assert {each["droneState"] for each in heard[silence + 1 :]} <= {"DOCKED"}


def test_called_back_it_returns(order, iot, heard) -> None:
    name = order("overrun")
    eventually(lambda: heard[-1:], lambda last: last and last[0].get("droneState") == "HOVER")

    iot.cancel_job(jobId=name, force=True)

    eventually(lambda: idle(heard), bool)
    assert "RETURNING" in {each["droneState"] for each in heard if each.get("orderId") == name}


@pytest.mark.parametrize("topic", ["#", f"devices/{DEVICE}/telemetry", "$aws/things/+/jobs/#"])
def test_a_dock_hears_nothing_but_its_own_orders(stack, connect, topic) -> None:
    gone = Event()

    with connect(stack.outputs["DockPolicyName"]) as client:
        client.on_disconnect = lambda *_: gone.set()
        client.subscribe(topic, 1)

        assert gone.wait(5)


@pytest.mark.parametrize("topic", [f"devices/{DEVICE}/telemetry", f"$aws/things/{DEVICE}/jobs/get"])
def test_a_dock_speaks_in_its_own_name_only(stack, connect, topic) -> None:
    gone = Event()

    with connect(stack.outputs["DockPolicyName"]) as client:
        client.on_disconnect = lambda *_: gone.set()
        client.publish(topic, "{}", 1)

        assert gone.wait(5)


def test_told_so_by_its_command_line_it_fails_every_order(stack, iot) -> None:
    with run_docks(stack, [f"{DEVICE}-b"], simulate="reject"):
        target = iot.describe_thing(thingName=f"{DEVICE}-b")["thingArn"]
        document = {"orderId": "b", "action": "HOVER", "waypoints": [[9.97, 53.54, 40]]}
        name = str(uuid4())
        iot.create_job(jobId=name, targets=[target], document=json.dumps(document))

        ended = eventually(
            lambda: iot.describe_job_execution(jobId=name, thingName=f"{DEVICE}-b")["execution"],
            lambda found: found["status"] in ENDED,
        )

        assert ended["status"] == "REJECTED"


def test_a_dock_that_dies_is_noticed(stack) -> None:
    with run_docks(stack, [f"{DEVICE}-c"]) as part:
        [pid] = [
            pid
            for pid, _, command in processes()
            if f"--device={DEVICE}-c=" in command and "supervisor.py" not in command
        ]
        os.kill(pid, signal.SIGKILL)

        def complaint() -> str:
            try:
                part.check()
            except LocalStackError as error:
                return str(error)
            return ""

        assert "the dock ended" in eventually(complaint, bool)
