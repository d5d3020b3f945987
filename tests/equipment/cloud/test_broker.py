"""The emulator's MQTT broker enforces access as AWS IoT does."""

import io
import json
import socket
import ssl
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from local.cloud.aws import REGION, create_session
from tests.equipment.cloud.conftest import AUTHORIZER_PREFIX

ARN = f"arn:aws:iot:{REGION}:000000000000"
DOCK_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "iot:Connect",
            "Resource": f"{ARN}:client/${{iot:Connection.Thing.ThingName}}",
        },
        {
            "Effect": "Allow",
            "Action": "iot:Publish",
            "Resource": f"{ARN}:topic/devices/${{iot:Connection.Thing.ThingName}}/telemetry",
        },
    ],
}
AUTHORIZER = f"""
import base64

def lambda_handler(event, context):
    mqtt = event["protocolData"]["mqtt"]
    if mqtt["username"] == "broken":
        raise RuntimeError
    if (mqtt["username"], base64.b64decode(mqtt["password"])) != ("partner", b"secret"):
        return {{"isAuthenticated": False}}
    allowed = [
        ("iot:Connect", "client/" + mqtt["clientId"]),
        ("iot:Subscribe", "topicfilter/devices/+/telemetry"),
        ("iot:Receive", "topic/devices/mine/telemetry"),
    ]
    return {{
        "isAuthenticated": True,
        "principalId": "partner",
        "disconnectAfterInSeconds": 1 if mqtt["clientId"] == "brief" else 300,
        "refreshAfterInSeconds": 300,
        "policyDocuments": [{{
            "Version": "2012-10-17",
            "Statement": [
                {{"Effect": "Allow", "Action": action, "Resource": "{ARN}:" + resource}}
                for action, resource in allowed
            ],
        }}],
    }}
"""


@pytest.fixture(scope="module", autouse=True)
def authorizer_and_policy(root, role) -> None:
    """Create an authorizer, and a policy for docks."""
    root("lambda").create_function(
        FunctionName=f"{AUTHORIZER_PREFIX}1",
        Runtime="python3.13",
        Handler="function.lambda_handler",
        Role=role,
        Code={"ZipFile": zip_code(AUTHORIZER)},
    )
    root("iot").create_policy(policyName="dock", policyDocument=json.dumps(DOCK_POLICY))


def zip_code(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("function.py", code)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def certify(ministack, tmp_path_factory) -> Callable[..., tuple[Path, Path]]:
    """Create a thing with a certificate, with the dock's policy or none."""

    def create(thing: str, *, policy: bool = True) -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp(thing)
        with closing(create_session().client("iot", endpoint_url=ministack.url)) as iot:
            iot.create_thing(thingName=thing)
            created = iot.create_keys_and_certificate(setAsActive=True)
            iot.attach_thing_principal(thingName=thing, principal=created["certificateArn"])
            if policy:
                iot.attach_policy(policyName="dock", target=created["certificateArn"])
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        certificate.write_text(created["certificatePem"])
        key.write_text(created["keyPair"]["PrivateKey"])
        return certificate, key

    return create


@pytest.fixture(scope="module")
def connect(ministack) -> Callable[..., Any]:
    """Connect a client; yields it, or None if the broker refuses it."""

    @contextmanager
    def open_client(
        client_id: str,
        *,
        certificate: tuple[Path, Path] | None = None,
        user: tuple[str, str] | None = None,
        protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
    ) -> Iterator[mqtt.Client | None]:
        answered, accepted = Event(), Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=protocol)
        cert, key = certificate or (None, None)
        client.tls_set(str(ministack.mqtt.ca_file), cert and str(cert), key and str(key))
        if user:
            client.username_pw_set(*user)

        def on_connect(_client, _data, _flags, reason, _properties) -> None:
            if not reason.is_failure:
                accepted.set()
            answered.set()

        client.on_connect = on_connect
        client.on_disconnect = lambda *_: answered.set()
        client.reconnect_delay_set(60)
        client.connect(ministack.mqtt.host, ministack.mqtt.port)
        client.loop_start()
        try:
            assert answered.wait(10)
            yield client if accepted.is_set() else None
        finally:
            client.disconnect()
            client.loop_stop()

    return open_client


@pytest.mark.parametrize("protocol", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
@pytest.mark.parametrize("user", [None, ("partner", "guess"), ("partner", ""), ("broken", "x")])
def test_client_that_the_authorizer_refuses_cannot_connect(connect, user, protocol) -> None:
    with connect("anybody", user=user, protocol=protocol) as client:
        assert client is None


@pytest.mark.parametrize("protocol", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5])
def test_client_that_the_authorizer_accepts_connects(connect, protocol) -> None:
    with connect("partner-1", user=("partner", "secret"), protocol=protocol) as client:
        assert client is not None


def test_certificate_without_a_policy_cannot_connect(connect, certify) -> None:
    with connect("bare", certificate=certify("bare", policy=False)) as client:
        assert client is None


def test_certificate_cannot_connect_as_another_thing(connect, certify) -> None:
    with connect("another-thing", certificate=certify("one")) as client:
        assert client is None


def test_subscriber_receives_only_the_topics_of_its_policy(connect, certify) -> None:
    messages, received = [], Event()

    with (
        connect("partner-2", user=("partner", "secret")) as partner,
        connect("mine", certificate=certify("mine")) as mine,
        connect("theirs", certificate=certify("theirs")) as theirs,
    ):

        def on_message(_client, _data, message) -> None:
            messages.append((message.topic, message.payload))
            received.set()

        subscribed = Event()
        partner.on_message = on_message
        partner.on_subscribe = lambda *_: subscribed.set()
        partner.subscribe("devices/+/telemetry", 1)
        assert subscribed.wait(5)
        theirs.publish("devices/theirs/telemetry", b"not this", 1).wait_for_publish(5)
        mine.publish("devices/mine/telemetry", b"this", 1).wait_for_publish(5)
        assert received.wait(5)

    assert messages == [("devices/mine/telemetry", b"this")]


@pytest.mark.parametrize("topic", ["#", "devices/mine/telemetry", "$aws/things/mine/jobs/#"])
def test_subscription_outside_of_the_policy_disconnects(connect, topic) -> None:
    disconnected = Event()

    with connect("partner-3", user=("partner", "secret")) as partner:
        partner.on_disconnect = lambda *_: disconnected.set()
        partner.subscribe(topic, 1)

        assert disconnected.wait(5)


def test_authorizers_time_limit_disconnects(connect) -> None:
    disconnected = Event()

    with connect("brief", user=("partner", "secret")) as partner:
        partner.on_disconnect = lambda *_: disconnected.set()

        assert disconnected.wait(5)


def test_publish_before_connect_closes_the_connection(ministack) -> None:
    context = ssl.create_default_context(cafile=ministack.mqtt.ca_file)
    publish = b"\x30\x0c\x00\x06anyone" + b"hear"
    with (
        socket.create_connection((ministack.mqtt.host, ministack.mqtt.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(publish)

        assert connection.recv(1) == b""
