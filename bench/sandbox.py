"""Run the handlers in this process, on separate tables, queues and an event bus.

No deployed function consumes these, so that only the measured work happens.
"""

import importlib
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Final, override
from unittest.mock import patch

import boto3
import botocore.session

from bench.meter import Calls, Meter
from bench.requests import (
    AGENT,
    CLIENT,
    DEVICE,
    GROUP,
    PLAN,
    PROJECT,
    STACK,
    TENANT,
    THING,
    WORKER_AGENT,
    Event,
)
from jobs.docs.adapters.dynamodb.projects import DynamoProjects
from jobs.docs.docs_job import Project
from jobs.kit import lambda_handler as runtime
from jobs.kit.aws.call_policy import LONG
from jobs.kit.aws.json_client import UNUSUAL_SETTINGS
from jobs.messaging.agent import Agent
from jobs.missions.adapters.fleet_registry import DynamoFleetRegistry
from jobs.missions.device import Device, DeviceGroup, Plan
from jobs.missions.partner import Client, Role
from local.cloud.aws import CREDENTIALS, REGION, create_session
from local.cloud.build import LOCAL
from local.cloud.template import load_template
from local.kit.paths import ROOT
from local.stack.local_stack import LocalStack
from scripts import wirings
from scripts.registry_table import RegistryTable

TABLES: Final = {
    "JobTable": "JOB_TABLE",
    "CounterTable": "COUNTER_TABLE",
    "RegistryTable": "REGISTRY_TABLE",
    "AuditTable": "AUDIT_TABLE",
    "MissionTable": "MISSION_TABLE",
    "OutputTable": "OUTPUT_TABLE",
    "PaymentTable": "PAYMENT_TABLE",
    "SessionTable": "SESSION_TABLE",
    "WebhookTable": "WEBHOOK_TABLE",
}
PARAMETERS: Final = {
    "Deadlines": "DEADLINES",
    "DefaultTimeoutMs": "DEFAULT_TIMEOUT_MS",
    "MessagesPerMinute": "MESSAGES_PER_MINUTE",
    "AgentTenantConcurrency": "AGENT_TENANT_CONCURRENCY",
    "RetentionHours": "RETENTION_HOURS",
    "TenantShards": "TENANT_SHARDS",
    "DeviceWaitSeconds": "DEVICE_WAIT_SECONDS",
    "DeviceSilenceSeconds": "DEVICE_SILENCE_SECONDS",
    "MaxFlightSeconds": "MAX_FLIGHT_SECONDS",
    "Payments": "PAYMENTS",
    "KeysAreFree": "KEYS_ARE_FREE",
    "PaymentPrice": "PAYMENT_PRICE",
    "PaymentNetworks": "PAYMENT_NETWORKS",
    "PaymentConfirmations": "PAYMENT_CONFIRMATIONS",
    "PayTo": "PAY_TO",
    "FacilitatorUrl": "FACILITATOR_URL",
    "FacilitatorKeySecret": "FACILITATOR_KEY_SECRET",
    "AllowTransactionHash": "ALLOW_TRANSACTION_HASH",
    "AllowUnsignedTransactionHash": "ALLOW_UNSIGNED_TRANSACTION_HASH",
    "PaymentNodesSecret": "PAYMENT_NODES_SECRET",
    "WebhooksToLoopback": "WEBHOOKS_TO_LOOPBACK",
    "WebhookTenantConcurrency": "WEBHOOK_TENANT_CONCURRENCY",
}
MACHINES: Final = {
    "job-timeout": "JOB_TIMEOUT_ARN",
    "mission": "MISSION_ARN",
    "share-expiry": "SHARE_EXPIRY_ARN",
    "payment": "PAYMENT_ARN",
}
QUEUES: Final = (
    *("AGENT", "DEADLINE", "DOCS", "MISSION", "MISSION_CHECK", "PAYMENT_CHECK", "POLL", "UPDATE"),
    *("WEBHOOK", "WEBHOOK_DEAD_LETTER"),
)
IOT: Final = f"arn:aws:iot:{REGION}:000000000000"

CONTEXT: Final = SimpleNamespace(
    function_name="bench",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-central-1:000000000000:function:bench",
    aws_request_id="11111111-2222-3333-4444-555555555555",
    get_remaining_time_in_millis=lambda: 29_000,
)


class Log(io.TextIOBase):
    """Counts the bytes of the handlers' log lines."""

    size = 0

    @override
    def write(self, text: str) -> int:
        self.size += len(text)
        return len(text)


@dataclass(frozen=True)
class Sandbox:
    environment: Mapping[str, str]
    meter: Meter
    log: Log
    aws: boto3.Session
    """For the benchmark's own calls, which are not counted."""

    def client(self, service: Any) -> Any:
        return self.aws.client(service, endpoint_url=self.environment["AWS_ENDPOINT_URL"])

    def call(self, handler: str, event: Any) -> Any:
        with redirect_stdout(self.log):  # metrics are printed to it
            return _handler(handler)(event, CONTEXT)

    def ask(self, handler: str, event: Event) -> dict[str, Any]:
        """Call an endpoint and return its answer's body.

        Raises:
            RuntimeError: The endpoint has answered with an error.

        """
        answer = self.call(handler, event)
        if answer["statusCode"] not in {200, 201}:
            raise RuntimeError(f"{handler} answered {answer['statusCode']}: {answer['body']}")
        body: dict[str, Any] = json.loads(answer["body"])
        return body

    def count_calls(self, handler: str, event: Event) -> Calls:
        with self.meter.counting() as calls:
            self.ask(handler, event)
        return calls

    def free_slots(self) -> None:
        """Free the tenant's slots: no worker releases them here."""
        for kind in ("messaging", "docs"):
            key = {"PK": {"S": f"{TENANT}#{kind}#slots"}, "SK": {"S": "slots"}}
            table = self.environment["JOB_TABLE"]
            self.client("dynamodb").delete_item(TableName=table, Key=key)

    def forget(self) -> None:
        """Clear all caches and clients, as in a new execution environment."""
        wirings.forget()


@cache
def _handler(name: str) -> Any:
    if str(ROOT / "functions") not in sys.path:
        sys.path.insert(0, str(ROOT / "functions"))
    return importlib.import_module(name).lambda_handler


@contextmanager
def open_sandbox(stack: LocalStack, name: str, *, metered: bool = True) -> Iterator[Sandbox]:
    """Create the resources, which the stack's end removes.

    Metering needs hooks of botocore. Without it, the handlers have the client that they have in
    Lambda.
    """
    environment = CREDENTIALS | prepare_environment(stack, f"bench-{name}")
    before, log = dict(os.environ), Log()
    os.environ |= environment
    if not metered:
        for unusual in UNUSUAL_SETTINGS:
            os.environ.pop(unusual, None)
        os.environ |= {"AWS_LAMBDA_FUNCTION_NAME": "bench", "AWS_REGION": REGION}
    output = runtime.logger.registered_handler
    stream = output.setStream(log)  # type: ignore[attr-defined]
    ours, theirs = create_session(), botocore.session.get_session()
    meter = Meter(theirs if metered else botocore.session.get_session())
    made = Sandbox(environment, meter, log, ours)
    made.forget()
    try:
        with (
            patch("botocore.session.get_session", return_value=theirs),
            patch("jobs.kit.aws.clients.NORMAL", LONG),  # the emulator searches 100,000 jobs slowly
        ):
            yield made
    finally:
        output.setStream(stream)  # type: ignore[attr-defined]
        os.environ.clear()
        os.environ |= before


def prepare_environment(stack: LocalStack, name: str) -> dict[str, str]:
    """Create the functions' resources; return the environment variables that name them."""
    template, aws = load_template(LOCAL.folder / "template.yaml"), create_session()

    def client(service: Any) -> Any:
        return aws.client(service, endpoint_url=stack.aws_endpoint_url)

    tables = {variable: f"{name}-{table}" for table, variable in TABLES.items()}
    for table, variable in TABLES.items():
        make_table(client("dynamodb"), tables[variable], template["Resources"][table]["Properties"])
    register(client("dynamodb"), tables["REGISTRY_TABLE"])
    client("iot").create_thing(thingName=THING)  # idempotent
    machines = {
        each["name"].removeprefix(f"{stack.name}-"): each["stateMachineArn"]
        for each in client("stepfunctions").list_state_machines()["stateMachines"]
    }
    client("events").create_event_bus(Name=name)
    secret = client("secretsmanager").create_secret(Name=f"{name}/cursor", SecretString="s" * 64)
    pool = stack.outputs["UserPoolId"]
    api, stage = stack.outputs["WebSocketApiId"], stack.outputs["WebSocketStageName"]
    return {
        **tables,
        **{variable: machines[machine] for machine, variable in MACHINES.items()},
        **{
            variable: str(template["Parameters"][parameter]["Default"])
            for parameter, variable in PARAMETERS.items()
        },
        "AWS_ENDPOINT_URL": stack.aws_endpoint_url,
        "POWERTOOLS_METRICS_NAMESPACE": "sortie",
        "POWERTOOLS_SERVICE_NAME": "sortie",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        **{f"{queue}_QUEUE_URL": make_queue(client("sqs"), f"{name}-{queue}") for queue in QUEUES},
        "WEBHOOK_SECRETS": f"{name}/webhooks/",
        "WEBHOOK_QUEUE_ARN": f"arn:aws:sqs:{REGION}:000000000000:{name}-WEBHOOK",
        "EVENT_BUS": name,
        "CURSOR_SECRET_ARN": secret["ARN"],
        "IOT_ARN": IOT,
        "STACK_NAME": STACK,
        "THINGS_ARN": f"{IOT}:thing/{STACK}_",
        "USER_POOL_ID": pool,
        "TOKEN_ISSUER": f"https://cognito/{pool}",
        "TOKEN_KEYS_URL": f"{stack.aws_endpoint_url}/{pool}/.well-known/jwks.json",
        "PUBLIC_URL": stack.base_url,
        "WEBSOCKET_URL": stack.websocket_url,
        "SOCKETS_URL": f"{stack.aws_endpoint_url}/_aws/execute-api/{api}/{stage}",
    }


def make_queue(sqs: Any, name: str) -> str:
    """Create a queue that returns each message once, as the benchmark deletes none."""
    created = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "43200"})
    return str(created["QueueUrl"])


def register(dynamodb: Any, table: str) -> None:
    """Register an agent, a program that flies missions, a drone and a docs project."""
    registry = RegistryTable(dynamodb, table, clock=lambda: 0)
    registry.put_agent(TENANT, Agent(id=AGENT, name="Echo"))
    registry.put_agent(TENANT, Agent(id=WORKER_AGENT, name="Own", provider="worker", order=1))
    registry.put_client(Client(id=CLIENT, tenant=TENANT, name="Bench", role=Role.MANAGER))
    handbook = Project(id=PROJECT, tenant=TENANT, repository="https://git.example/handbook.git")
    DynamoProjects(dynamodb, table, clock=lambda: 0).put_project(handbook)
    fleet = DynamoFleetRegistry(dynamodb, table, clock=lambda: 0)
    drone = Device(id=DEVICE, tenant=TENANT, group=GROUP, name="Drone")
    fleet.put_group(DeviceGroup(id=GROUP, tenant=TENANT, name="Field", devices=(drone,)))
    waypoints = ((9.9700, 53.5450, 60.0), (9.9720, 53.5460, 60.0), (9.9690, 53.5470, 40.0))
    fleet.put_plan(TENANT, Plan(id=PLAN, name="Round", waypoints=waypoints))


def make_table(dynamodb: Any, table: str, properties: Mapping[str, Any]) -> None:
    names = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")
    copied = {name: properties[name] for name in names if name in properties}
    if stream := properties.get("StreamSpecification"):
        copied["StreamSpecification"] = {"StreamEnabled": True, **stream}
    dynamodb.create_table(TableName=table, **copied)
