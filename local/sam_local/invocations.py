"""Prepare the invocation of each function: its environment, and an event that fits the stack.

The files in events/ name examples (a key, a job, a session, a message). Each example is replaced by
one that the stack knows.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self
from uuid import uuid4

from jobs import kinds
from jobs.admin.adapters.registry import DynamoRegistry
from jobs.admin.audit import Actor
from jobs.admin.manage_keys import ManageKeys, NewKey
from jobs.admin.manage_tenants import ManageTenants
from jobs.auth.adapters.resources import KEYS
from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.job import Job
from jobs.kit.clock import now
from jobs.messaging.adapters.agents import DynamoAgents
from jobs.messaging.agent import Agent
from jobs.missions.adapters.partners import DynamoPartners
from jobs.missions.partner import Client, Role
from jobs.sessions.adapters.sessions import DynamoSessions
from jobs.tracking.adapters.shares import DynamoShares
from jobs.webhooks.adapters.deliveries import DynamoDeliveryLog
from local.cloud.aws import CREDENTIALS, create_session
from local.cloud.build import LOCAL
from local.cloud.template import find_functions, is_web_server, load_template
from local.kit.paths import ROOT
from local.sam_local.examples import (
    ECHO,
    make_delivery,
    make_job,
    make_session,
    make_share,
    make_tenant,
)
from local.stack.logs import list_functions

EXAMPLE_KEY = "sortie_000000000000_EXAMPLE-KEY-OF-NOBODY-EXAMPLE-KEY-OF-NOBODY"
EXAMPLE_PARTNER_KEY = "sortie_111111111111_EXAMPLE-KEY-OF-PARTNER-EXAMPLE-KEY-OF-PARTN"
EXAMPLE_DOCS_KEY = "mint_222222222222_EXAMPLE-KEY-OF-NOBODY-EXAMPLE-KEY-OF-NOBODY"
EXAMPLE_CLIENT = "EXAMPLECLIENTOFNOBODY0000000"
EXAMPLE_CLIENT_SECRET = "EXAMPLE-SECRET-OF-NOBODY"  # noqa: S105 - not a real one
EXAMPLE_JOB = "019b7963-4a00-7000-8000-000000000001"
EXAMPLE_CLAIMED_JOB = "019b7963-4a00-7000-8000-000000000002"
EXAMPLE_SESSION = "019b7963-4a00-7000-8000-00000000c0de"
EXAMPLE_DELIVERY = "5f0c1a52-7d1e-5b0a-9d55-0c1f6f1d2a01"
EXAMPLE_TENANT = "acme"
EXAMPLE_KEY_ID = "a1b2c3d4e5f6"
EXAMPLE_RECEIPT = "EXAMPLE-receipt-handle"
EXAMPLE_SHARE = "EXAMPLE-CODE-OF-NOBODY-EXAMPLE-0"
ACTOR = Actor(name="make sam-local")
QUEUE_VARIABLES = ("AGENT_QUEUE_URL", "DOCS_QUEUE_URL", "WEBHOOK_QUEUE_URL")
ADAPTER_LAYER = "WebAdapterLayer"
CODE_PROPERTIES = {"CodeUri", "ContentUri", "DefinitionUri"}


@dataclass(frozen=True)
class Invocation:
    """A function's logical id, its environment, and its event; `file` is below events/."""

    function: str
    handler: str
    variables: dict[str, str]
    file: str
    event: str

    @property
    def is_web_server(self) -> bool:
        return self.handler.endswith(".sh")


class Backend(Protocol):
    """The part of a local stack that functions and their examples need."""

    @property
    def name(self) -> str: ...
    @property
    def aws_endpoint_url(self) -> str: ...
    @property
    def outputs(self) -> Mapping[str, str]: ...
    @property
    def seeded(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class DescribedStack:
    """The running stack of `make up`, read from stack.json."""

    name: str
    aws_endpoint_url: str
    outputs: Mapping[str, str]
    seeded: Mapping[str, Any]

    @classmethod
    def read(cls, file: Path) -> Self:
        description = json.loads(file.read_text())
        name, endpoint_url = description["stackName"], description["awsEndpointUrl"]
        with closing(
            create_session().client("cloudformation", endpoint_url=endpoint_url)
        ) as stacks:
            [found] = stacks.describe_stacks(StackName=name)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
        return cls(name, endpoint_url, outputs, seeded=description)


def prepare_invocations(stack: Backend) -> Iterator[Invocation]:
    """Yield one invocation of each function in the template; store its examples in the stack."""
    aws, endpoint_url = create_session(), stack.aws_endpoint_url
    with (
        closing(aws.client("sqs", endpoint_url=endpoint_url)) as sqs,
        closing(aws.client("dynamodb", endpoint_url=endpoint_url)) as dynamodb,
        closing(aws.client("lambda", endpoint_url=endpoint_url)) as lambdas,
    ):
        examples = ExampleStore(stack, dynamodb)
        queue_url, receipt = create_message(sqs)
        variables = load_variables(stack, lambdas)
        for function, properties in load_functions().items():
            handler = properties["Handler"]
            file = handler.removesuffix(".lambda_handler").removesuffix(".sh").replace(".", "/")
            yield Invocation(
                function=function,
                handler=handler,
                variables=variables[function] | dict.fromkeys(QUEUE_VARIABLES, queue_url),
                file=f"{file}.json",
                event=fill_event(
                    (ROOT / f"events/{file}.json").read_text(),
                    {**seeded_values(stack), **examples.put(function), EXAMPLE_RECEIPT: receipt},
                ),
            )


def load_functions() -> dict[str, dict[str, Any]]:
    functions = find_functions(load_template(LOCAL.folder / "template.yaml"))
    return dict(sorted(functions.items()))


def load_variables(stack: Backend, lambdas: Any) -> dict[str, dict[str, str]]:
    """Return each function's environment as deployed, by logical id.

    Responses of web servers are buffered, as only the Lambda service understands streams.
    """
    variables = {}
    for physical, name in list_functions(stack.aws_endpoint_url, stack.name).items():
        settings = lambdas.get_function_configuration(FunctionName=physical)
        variables[f"{name}Function"] = settings["Environment"]["Variables"]
    for name, function in load_functions().items():
        if is_web_server(function):
            variables[name]["AWS_LWA_INVOKE_MODE"] = "buffered"
    return variables


class ExampleStore:
    def __init__(self, stack: Backend, dynamodb: Any) -> None:
        tables = stack.outputs
        self._jobs = DynamoJobRepository(dynamodb, tables["JobTableName"], lambda: 0, kinds.storage)
        self._shares = DynamoShares(dynamodb, tables["MissionTableName"], lambda: 0)
        self._sessions = DynamoSessions(
            dynamodb, tables["SessionTableName"], tables["JobTableName"], lambda: 0
        )
        self._deliveries = DynamoDeliveryLog(dynamodb, tables["WebhookTableName"], lambda: 0)
        self._registry = DynamoRegistry(
            dynamodb, tables["RegistryTableName"], tables["AuditTableName"]
        )
        self._agents = DynamoAgents(dynamodb, tables["RegistryTableName"], lambda: 0)
        self._partners = DynamoPartners(dynamodb, tables["RegistryTableName"], lambda: 0)

    def put(self, function: str) -> dict[str, str]:
        """Store the examples for a function's event; return the new id of each."""
        job: Job = make_job(function.removesuffix("Function"))
        self._jobs.add(job)
        self._shares.add(share := make_share(job))
        self._sessions.create(session := make_session())
        self._deliveries.plan(delivery := make_delivery(job))
        managed = self._put_tenant(function) if function.startswith("Admin") else {}
        return managed | {
            EXAMPLE_JOB: job.id,
            EXAMPLE_CLAIMED_JOB: job.id,
            EXAMPLE_SHARE: share.code,
            EXAMPLE_SESSION: session.id,
            EXAMPLE_DELIVERY: delivery.id,
        }

    def _put_tenant(self, function: str) -> dict[str, str]:
        """Store a tenant for an event of the admin API, with all that the event names.

        Only an empty tenant can be deleted, and only a new one created.
        """
        tenant, key_id = make_tenant(function), EXAMPLE_KEY_ID
        if function != "AdminCreateTenantFunction":
            ManageTenants(registry=self._registry, clock=now).create(ACTOR, tenant, "Acme")
        if function in {"AdminRevokeKeyFunction", "AdminRotateKeyFunction"}:
            keys = ManageKeys(registry=self._registry, keys=KEYS, clock=now)
            wanted = NewKey(tenant=tenant, name="ci", opens="messaging")
            key_id = keys.create(ACTOR, wanted).key.id
        if function in {"AdminGetEntryFunction", "AdminDeleteEntryFunction"}:
            self._agents.put_agent(tenant, Agent(id=ECHO, name="Echo"))
        partner = Client(id=uuid4().hex, tenant=tenant, name="App", role=Role.PILOT)
        if function in {"AdminRevokePartnerFunction", "AdminRotatePartnerFunction"}:
            self._partners.put_client(partner)
        return {EXAMPLE_TENANT: tenant, EXAMPLE_KEY_ID: key_id, EXAMPLE_CLIENT: partner.id}


def seeded_values(stack: Backend) -> dict[str, str]:
    missions = stack.seeded["missions"]
    return {
        EXAMPLE_KEY: stack.seeded["messaging"]["apiKey"],
        EXAMPLE_PARTNER_KEY: missions["apiKey"],
        EXAMPLE_DOCS_KEY: stack.seeded["docsAgents"]["apiKey"],
        EXAMPLE_CLIENT: missions["clientId"],
        EXAMPLE_CLIENT_SECRET: missions["clientSecret"],
    }


def fill_event(event: str, values: Mapping[str, str]) -> str:
    for example, value in values.items():
        event = event.replace(example, value)
    return event


def create_message(sqs: Any) -> tuple[str, str]:
    """Return the URL of a queue that no worker reads, and the receipt of a message from it."""
    url = sqs.create_queue(QueueName="sam-local")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    [received] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    return url, received["ReceiptHandle"]


def write_files(
    folder: Path, invocations: list[Invocation], endpoint_url: str, adapter: Path
) -> None:
    """Write template.json, and the events below events/."""
    write_template(folder / "template.json", invocations, endpoint_url, adapter)
    for each in invocations:
        event = folder / "events" / each.file
        event.parent.mkdir(parents=True, exist_ok=True)
        event.write_text(each.event)


def write_template(
    file: Path, invocations: list[Invocation], endpoint_url: str, adapter: Path
) -> None:
    """Write the built template with all variables: `sam` passes only those that it declares.

    `adapter` is a layer with the Lambda Web Adapter: AWS's own needs AWS credentials.
    """
    template = load_template(LOCAL.folder / "template.yaml")
    resources = template["Resources"]
    for resource in resources.values():
        properties = resource.get("Properties", {})
        for name in properties.keys() & CODE_PROPERTIES:
            properties[name] = str((LOCAL.folder / properties[name]).resolve())
    resources[ADAPTER_LAYER] = {
        "Type": "AWS::Serverless::LayerVersion",
        "Properties": {"ContentUri": str(adapter)},
    }
    for each in invocations:
        properties = resources[each.function]["Properties"]
        variables = each.variables | CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint_url}
        properties["Environment"] = {"Variables": variables}
        if each.is_web_server:
            properties["Layers"] = [{"Ref": "DocsLayer"}, {"Ref": ADAPTER_LAYER}]
    file.write_text(json.dumps(template, default=str))
