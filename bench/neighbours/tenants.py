"""Tenants of the local stack: their keys, requests and docks."""

import http.client
import json
import time
import urllib.parse
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

from jobs.admin.manage_partners import NewPartner
from jobs.auth.authenticate import new_key
from jobs.core.adapters.dynamodb.tenant_limits import DynamoTenantLimits
from jobs.core.tenant_limits import TenantLimits
from jobs.messaging.agent import Agent
from jobs.missions.adapters.app_clients import CognitoAppClients
from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.adapters.topic_claims import TopicClaims
from jobs.missions.device import Device, DeviceGroup
from jobs.missions.partner import Role
from jobs.missions.thing import thing_name
from local.cloud.aws import create_session
from local.stack.local_stack import LocalStack
from scripts.registry_load import create_partner, open_registry
from scripts.registry_table import RegistryTable
from scripts.webhook_secret import rotate

USER: Final = "22222222-2222-4222-8222-222222222222"
TIMEOUT_S: Final = 60
NAVIGATION: Final = {
    "position": {"type": "Point", "coordinates": [9.967, 53.5455, 40.0]},
    "orientation": {"heading": 90.0, "pitch": 0.0, "roll": 0.0},
    "velocity": {"groundSpeed": 8.0, "verticalSpeed": 0.0},
}


class Cloud:
    """The emulated AWS of the stack."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self._session = create_session()

    def client(self, service: Any) -> Any:
        return self._session.client(service, endpoint_url=self.stack.aws_endpoint_url)

    @cached_property
    def registry(self) -> RegistryTable:
        return RegistryTable(self.client("dynamodb"), self._registry, clock=lambda: 0)

    @cached_property
    def tenant_limits(self) -> DynamoTenantLimits:
        return DynamoTenantLimits(self.client("dynamodb"), self._registry, clock=lambda: 0)

    @cached_property
    def fleets(self) -> DynamoFleetRegistry:
        return DynamoFleetRegistry(self.client("dynamodb"), self._registry, clock=lambda: 0)

    @cached_property
    def iot(self) -> Any:
        return self.client("iot-data")

    @property
    def _registry(self) -> str:
        return self.stack.outputs["RegistryTableName"]

    def add_tenant(self, *, messages_per_minute: int | None = None) -> "Tenant":
        """Register a tenant with an agent that echoes."""
        name, agent = f"t-{uuid4().hex[:12]}", str(uuid4())
        self.registry.put_agent(name, Agent(id=agent, name="Echo"))
        credential, key = new_key(name)
        self.registry.put_key(key)
        limits = TenantLimits(messages_per_minute=messages_per_minute)
        self.tenant_limits.put_limits(name, limits)
        return Tenant(self, name, credential, agent)


@dataclass(frozen=True)
class Tenant:
    cloud: Cloud
    name: str
    key: str
    agent: str

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        address = urllib.parse.urlsplit(self.cloud.stack.base_url)
        with closing(
            http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_S)
        ) as connection:
            content = None if body is None else json.dumps(body)
            sent = {"X-API-Key": self.key, "Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            text = answer.read()
        return answer.status, json.loads(text or b"null")

    def create(self, content: str, *, wait_s: int = 0, **fields: Any) -> tuple[int, Any]:
        body = {"userId": USER, "content": content, **fields}
        headers = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        return self.send("POST", "/api/messaging/jobs", body, headers)

    def count_open(self) -> int:
        """Return how many jobs have not ended."""
        status, body = self.send("GET", "/api/messaging/jobs/health")
        if status != HTTPStatus.OK:
            raise RuntimeError(f"health answered {status}: {body}")
        counts = body["statusCounts"]
        return int(counts["pending"] + counts["processing"])

    def drain(self) -> None:
        """Wait until all jobs have ended."""
        until = time.monotonic() + TIMEOUT_S
        while self.count_open() and time.monotonic() < until:
            time.sleep(0.5)

    def time_answer(self) -> float:
        """Return the seconds from a create to its answer."""
        start = time.monotonic()
        status, job = self.create("Hello", wait_s=25, timeoutMs=60_000)
        while status != HTTPStatus.OK and time.monotonic() < start + TIMEOUT_S:
            time.sleep(0.2)
            _, found = self.send("GET", f"/api/messaging/jobs/{job['jobId']}")
            status = HTTPStatus.OK if "result" in found else HTTPStatus.ACCEPTED
        return time.monotonic() - start

    def allow_webhooks(self) -> None:
        """Create a secret to sign the tenant's webhooks with."""
        rotate(self.cloud.client("secretsmanager"), f"{self.cloud.stack.name}/webhooks/{self.name}")

    # ── Missions ────────────────────────────────────────────────────────────────────

    @cached_property
    def token(self) -> str:
        outputs = self.cloud.stack.outputs
        made = create_partner(
            open_registry(self.cloud.client("dynamodb"), outputs),
            CognitoAppClients(self.cloud.client("cognito-idp"), outputs["UserPoolId"]),
            TopicClaims(
                self.cloud.client("dynamodb"),
                outputs["RegistryTableName"],
                stack=self.cloud.stack.name,
            ),
            NewPartner(tenant=self.name, name=self.name, role=Role.MANAGER),
        )
        grant = {
            "grant_type": "client_credentials",
            "client_id": made["clientId"],
            "client_secret": made["clientSecret"],
        }
        _, body = self.send("POST", "/v3/auth/token", grant, {"X-API-Key": made["apiKey"]})
        return str(body["access_token"])

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Make a request of the missions API."""
        headers = {"Authorization": f"Bearer {self.token}"}
        status, answer = self.send(method, path, body, headers)
        if status >= HTTPStatus.BAD_REQUEST:
            raise RuntimeError(f"{path} answered {status}: {answer}")
        return answer

    def add_docks(self, count: int) -> tuple[str, list[str]]:
        """Register a group of devices; return its id and theirs."""
        name = uuid4().hex[:12]
        group, ids = f"g-{name}", [f"d-{name}-{n}" for n in range(count)]
        devices = tuple(Device(id=i, tenant=self.name, group=group, name=i) for i in ids)
        self.cloud.fleets.put_group(
            DeviceGroup(id=group, tenant=self.name, name="Field", devices=devices)
        )
        return group, ids

    def report(self, device: str) -> None:
        """Publish a reading as a dock does."""
        reading = {
            "deviceId": device,
            "sequence": time.time_ns() // 1_000_000,
            "timestamp": f"2026-01-01T12:00:{time.time() % 60:06.3f}Z",
            "online": True,
            "orderId": None,
            "droneState": "DOCKED",
            "dockState": "CLOSED",
            "battery": 90,
            "navigation": NAVIGATION,
        }
        stack = self.cloud.stack.name
        self.cloud.iot.publish(
            topic=f"{stack}/devices/{thing_name(stack, device)}/telemetry",
            qos=1,
            payload=json.dumps(reading),
        )

    def is_online(self, device: str) -> bool:
        found = self.ask("GET", "/v3/resources")["resources"]
        return any(
            each["deviceId"] == device and each["status"] == "online"
            for group in found
            for each in group["devices"]
        )
