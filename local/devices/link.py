"""A dock's connection: MQTT 3.1.1 over TLS, with reconnects."""

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from local.devices.dock import Dock, Settings
from local.devices.telemetry import last_will

KEEP_ALIVE_S, RETRY_INTERVAL_S = 15, 1.0
AT_LEAST_ONCE = 1


@dataclass(frozen=True)
class Broker:
    host: str
    port: int
    ca: Path


class Link:
    """Runs its dock, too. All work happens in `step`, so that one thread serves many docks."""

    def __init__(self, broker: Broker, tls: ssl.SSLContext, settings: Settings) -> None:
        self._broker, self._tls = broker, tls
        self._dock = Dock(settings, self._publish, time.time())
        self._client: Client | None = None
        self._ready = False  # subscribed
        self._retry_at = 0.0

    def step(self, timeout: float) -> None:
        """Handle the received messages, or wait for some, in seconds; then advance the dock."""
        now = time.time()
        if self._dock.away(now):
            self._drop_connection()
        elif self._client is None and now >= self._retry_at:
            self._connect(now)
        if self._client is None:
            time.sleep(timeout)
        elif self._client.loop(timeout) != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._log("connection lost")
            self._drop_connection()
        elif self._ready:
            self._dock.tick(time.time())

    def _connect(self, now: float) -> None:
        """Connect with a new client: the messages that the last one has not sent are outdated."""
        self._retry_at = now + RETRY_INTERVAL_S
        client = Client(CallbackAPIVersion.VERSION2, self._dock.thing)
        client.tls_set_context(self._tls)
        client.will_set(
            self._dock.telemetry, json.dumps(last_will(self._dock.id)), qos=AT_LEAST_ONCE
        )
        client.on_connect, client.on_subscribe = self._on_connect, self._on_subscribe
        client.on_message = self._on_message
        try:
            client.connect(self._broker.host, self._broker.port, KEEP_ALIVE_S)
        except OSError as error:
            self._log(f"cannot connect: {error}")
        else:
            self._client = client

    def _drop_connection(self) -> None:
        """Disconnect without DISCONNECT, so that the broker publishes the last will."""
        if self._client and (connection := self._client.socket()):
            connection.close()
        self._client, self._ready = None, False

    def _on_connect(
        self,
        client: Client,
        _data: None,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._log(f"connection refused: {reason}")
        else:
            client.subscribe([(topic, AT_LEAST_ONCE) for topic in self._dock.jobs.topics])

    def _on_subscribe(self, *_: object) -> None:
        self._ready = True
        self._log("connected")
        self._dock.connected(time.time())

    def _on_message(self, _client: Client, _data: None, message: MQTTMessage) -> None:
        self._dock.received(message.topic, bytes(message.payload), time.time())

    def _publish(self, topic: str, payload: Mapping[str, Any]) -> None:
        if self._client:
            self._client.publish(topic, json.dumps(payload), qos=AT_LEAST_ONCE)

    def _log(self, text: str) -> None:
        print(f"{self._dock.id}: {text}", flush=True)
