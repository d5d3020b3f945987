"""A flight followed over WebSocket and over MQTT."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import urlencode

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.e2e.api import eventually
from tests.e2e.fleets import Fleet, fleet, in_seconds

FLOWN = ["PENDING", "QUEUED", "INPROGRESS", "COMPLETED"]
SECONDS = 60


class Socket:
    """A WebSocket client that records its messages until the server closes."""

    def __init__(self, url: str, token: str, resource: str) -> None:
        query = urlencode({"token": token, "resourceId": resource})
        self._connect = connect(f"{url}?{query}", open_timeout=30)
        self.messages: list[Any] = []
        self._reader = Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._connection = self._connect.__enter__()
        self._reader.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._connect.__exit__(*details)
        self._reader.join()

    def until_closed(self) -> list[Any]:
        self._reader.join(SECONDS)
        assert not self._reader.is_alive()
        return self.messages

    def _read(self) -> None:
        try:
            for message in self._connection:
                self.messages.append(json.loads(message))
        except ConnectionClosed:
            return


class Subscriber:
    """An MQTT client that records its messages by topic."""

    def __init__(self, stack: Any, client_id: str, password: str, topics: list[str]) -> None:
        self.messages: dict[str, list[Any]] = {topic: [] for topic in topics}
        self.rejected = Event()
        self._ready = Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id)
        self._client.tls_set(str(stack.mqtt.ca_file))
        self._client.username_pw_set("partner", password)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_disconnect = lambda *_: self.rejected.set()
        self._client.on_message = lambda _, __, message: self.messages[message.topic].append(
            json.loads(message.payload)
        )
        self._client.connect(stack.mqtt.host, stack.mqtt.port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def ready(self) -> Self:
        assert self._ready.wait(10)
        return self

    def _subscribe(self, client: mqtt.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        if reason.is_failure:
            self.rejected.set()
        else:
            client.subscribe([(topic, 1) for topic in self.messages])


@pytest.fixture(scope="module")
def made(cloud, make_partner) -> Iterator[Fleet]:
    with fleet(cloud, make_partner(), [None]) as made:
        yield made


@pytest.fixture
def subscribed(stack, made) -> Callable[..., Any]:
    @contextmanager
    def subscribed(*topics: str, partner: Any = None) -> Iterator[Subscriber]:
        viewer = partner or made.partner
        client_id = f"{viewer.client_id}-watcher"
        with Subscriber(stack, client_id, viewer.token, [*topics]) as subscriber:
            yield subscriber

    return subscribed


def without_repeats(states: list[str]) -> list[str]:
    return [*states[:1], *(after for before, after in pairwise(states) if before != after)]


def states_of(messages: list[Any]) -> list[str]:
    return without_repeats([message["jobState"] for message in messages])


def places_of(messages: list[Any]) -> list[Any]:
    """Return the drone's positions in flight, in order."""
    return without_repeats([
        str(message["navigation"]["position"]["coordinates"])
        for message in messages
        if message["jobState"] == "INPROGRESS" and "navigation" in message
    ])  # fmt: skip


def test_flight_is_reported_in_order_by_socket_and_mqtt(stack, made, subscribed) -> None:
    group = f"{made.group}/DEVICE/STATUS"

    with (
        Socket(stack.websocket_url, made.partner.token, made.group) as group_socket,
        ExitStack() as following,
    ):
        eventually(lambda: group_socket.messages, bool)
        job_id = made.fly(scheduledAt=in_seconds(4), priority=7)
        topic = f"{job_id}/JOB/STATUS"
        socket = following.enter_context(Socket(stack.websocket_url, made.partner.token, job_id))
        subscriber = following.enter_context(subscribed(topic, group))
        subscriber.ready()
        over_socket, over_mqtt = socket.until_closed(), subscriber.messages[topic]
        eventually(lambda: states_of(over_mqtt)[-1:], lambda last: last == ["COMPLETED"])
        eventually(
            lambda: {each["droneState"] for each in subscriber.messages[group]},
            lambda seen: {"WAYPOINT", "DOCKED"} <= seen,
        )

    assert states_of(over_socket) == FLOWN
    assert states_of(over_mqtt) in (FLOWN[1:], FLOWN)  # PENDING may precede the subscription
    for seen in (over_socket, over_mqtt):
        assert len(places_of(seen)) >= 2
    for message in [each for each in over_socket if each["jobState"] == "INPROGRESS"][1:]:
        assert message.keys() == {
            "jobState", "deviceId", "droneState", "dockState", "battery",
            "navigation", "sensorPayload", "timestamp",
        }  # fmt: skip
    assert {each["deviceId"] for each in group_socket.messages} == {made.devices[0]}
    assert not any("jobState" in each for each in group_socket.messages)
    assert all("weather" in each for each in subscriber.messages[group])


def test_topic_of_another_organisation_is_refused(made, subscribed, make_partner) -> None:
    job_id = made.fly()
    stranger = make_partner()

    with subscribed(f"{job_id}/JOB/STATUS", partner=stranger) as subscriber:
        assert subscriber.rejected.wait(10)

    assert made.until(job_id)["status"] == "COMPLETED"
    assert subscriber.messages == {f"{job_id}/JOB/STATUS": []}


def test_share_can_subscribe_only_to_its_own_topic(stack, made) -> None:
    answer = made.partner.post(
        "/v3/streams/share",
        {
            "resourceId": made.group, "shareType": "STREAM",
            "permissions": ["view"], "expiresIn": 600,
        },
    )  # fmt: skip
    assert answer.status == 201, answer
    code = answer.json["share"]["shareCode"]
    topic = f"{code}/SHARE/STATUS"

    with Subscriber(stack, f"{code[:8]}-viewer", code, [topic]) as viewer:
        viewer.ready()
        seen = eventually(lambda: viewer.messages[topic], bool)
    with Subscriber(stack, f"{code[:8]}-other", code, [f"{made.group}/DEVICE/STATUS"]) as other:
        assert other.rejected.wait(10)

    assert {"droneState", "navigation", "timestamp"} <= seen[0].keys()
    assert "deviceId" not in seen[0]
