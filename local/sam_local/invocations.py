"""Functions one by one: their settings, and their events as a running stack can make sense of them.

What a file in events/ names (a key, a job, a session, a message) is put into the stack before.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from jobs.core.adapters.dynamodb.jobs import DynamoJobRepository
from jobs.core.job import Job
from jobs.sessions.adapters.sessions import DynamoConversations
from jobs.tracking.adapters.shares import DynamoShares
from jobs.webhooks.adapters.deliveries import DynamoDeliveryLog
from local.cloud.aws import CREDENTIALS, session
from local.cloud.build import LOCAL
from local.cloud.omit import FUNCTION
from local.cloud.template import load
from local.gateway.streams import deployed
from local.kit.paths import ROOT
from local.sam_local.examples import delivered, job_for, opened, shared
from local.stack.follow import functions

EXAMPLE_KEY = "sortie_000000000000_EXAMPLE-KEY-OF-NOBODY-EXAMPLE-KEY-OF-NOBODY"
EXAMPLE_PARTNER_KEY = "sortie_111111111111_EXAMPLE-KEY-OF-PARTNER-EXAMPLE-KEY-OF-PARTN"
EXAMPLE_DOCS_KEY = "mint_222222222222_EXAMPLE-KEY-OF-NOBODY-EXAMPLE-KEY-OF-NOBODY"
EXAMPLE_CLIENT = "EXAMPLECLIENTOFNOBODY0000000"
EXAMPLE_CLIENT_SECRET = "EXAMPLE-SECRET-OF-NOBODY"  # noqa: S105 - it is none
EXAMPLE_JOB = "019b7963-4a00-7000-8000-000000000001"
EXAMPLE_SESSION = "019b7963-4a00-7000-8000-00000000c0de"
EXAMPLE_DELIVERY = "5f0c1a52-7d1e-5b0a-9d55-0c1f6f1d2a01"
EXAMPLE_RECEIPT = "EXAMPLE-receipt-handle"
EXAMPLE_SHARE = "EXAMPLE-CODE-OF-NOBODY-EXAMPLE-0"
QUEUES = ("AGENT_QUEUE_URL", "DOCS_QUEUE_URL", "WEBHOOK_QUEUE_URL")
ADAPTER = "WebAdapterLayer"


@dataclass(frozen=True)
class Invocation:
    """A function's logical id, its settings, and an event that the stack can make sense of.

    `file` is where the event is, below events/.
    """

    function: str
    handler: str
    variables: dict[str, str]
    file: str
    event: str

    @property
    def is_web_server(self) -> bool:
        return self.handler.endswith(".sh")


class Backend(Protocol):
    """Of a local stack, what functions need and what was put into it."""

    @property
    def name(self) -> str: ...
    @property
    def aws_endpoint_url(self) -> str: ...
    @property
    def outputs(self) -> Mapping[str, str]: ...
    @property
    def seeded(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Described:
    """The stack that `make up` runs."""

    name: str
    aws_endpoint_url: str
    outputs: Mapping[str, str]
    seeded: Mapping[str, Any]

    @classmethod
    def of(cls, file: Path) -> Self:
        described = json.loads(file.read_text())
        name, endpoint_url = described["stackName"], described["awsEndpointUrl"]
        with closing(session().client("cloudformation", endpoint_url=endpoint_url)) as stacks:
            [found] = stacks.describe_stacks(StackName=name)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
        return cls(name, endpoint_url, outputs, seeded=described)


def invocations(stack: Backend) -> Iterator[Invocation]:
    """One of each function in the template, with what it is about in the stack's tables."""
    aws, endpoint_url = session(), stack.aws_endpoint_url
    with (
        closing(aws.client("sqs", endpoint_url=endpoint_url)) as sqs,
        closing(aws.client("dynamodb", endpoint_url=endpoint_url)) as dynamodb,
        closing(aws.client("lambda", endpoint_url=endpoint_url)) as lambdas,
    ):
        put = Examples(stack, dynamodb)
        queue_url, receipt = message(sqs)
        settings = variables(stack, lambdas)
        for function, properties in template_functions().items():
            handler = properties["Handler"]
            file = handler.removesuffix(".lambda_handler").removesuffix(".sh").replace(".", "/")
            yield Invocation(
                function=function,
                handler=handler,
                variables=settings[function] | dict.fromkeys(QUEUES, queue_url),
                file=f"{file}.json",
                event=filled(
                    (ROOT / f"events/{file}.json").read_text(),
                    {**seeded(stack), **put(function), EXAMPLE_RECEIPT: receipt},
                ),
            )


def template_functions() -> dict[str, dict[str, Any]]:
    resources = load(LOCAL.folder / "template.yaml")["Resources"]
    return {
        name: each["Properties"]
        for name, each in sorted(resources.items())
        if each["Type"] == FUNCTION
    }


def variables(stack: Backend, lambdas: Any) -> dict[str, dict[str, str]]:
    """What each function is told by its environment, as it was deployed.

    Web servers are not: they share what all are told, and add their own. What they answer does not
    stream, as nobody but the Lambda service makes anything of that.
    """
    _, everywhere = deployed(stack.aws_endpoint_url, stack.name)
    found = {
        name: {**everywhere, **own["Environment"]["Variables"], "AWS_LWA_INVOKE_MODE": "buffered"}
        for name, own in template_functions().items()
        if own["Handler"].endswith(".sh")
    }
    for physical, name in functions(stack.aws_endpoint_url, stack.name).items():
        told = lambdas.get_function_configuration(FunctionName=physical)
        found[f"{name}Function"] = told["Environment"]["Variables"]
    return found


class Examples:
    """Puts what a function's event is about into the stack, and says by which ids."""

    def __init__(self, stack: Backend, dynamodb: Any) -> None:
        tables = stack.outputs
        self._jobs = DynamoJobRepository(dynamodb, tables["JobTableName"], lambda: 0)
        self._shares = DynamoShares(dynamodb, tables["MissionTableName"], lambda: 0)
        self._sessions = DynamoConversations(
            dynamodb, tables["SessionTableName"], tables["JobTableName"], lambda: 0
        )
        self._deliveries = DynamoDeliveryLog(dynamodb, tables["WebhookTableName"], lambda: 0)

    def __call__(self, function: str) -> dict[str, str]:
        job: Job = job_for(function.removesuffix("Function"))
        self._jobs.add(job)
        self._shares.add(share := shared())
        self._sessions.create(chat := opened())
        self._deliveries.plan(sent := delivered(job))
        return {
            EXAMPLE_JOB: job.id,
            EXAMPLE_SHARE: share.code,
            EXAMPLE_SESSION: chat.id,
            EXAMPLE_DELIVERY: sent.id,
        }


def seeded(stack: Backend) -> dict[str, str]:
    missions = stack.seeded["missions"]
    return {
        EXAMPLE_KEY: stack.seeded["messaging"]["apiKey"],
        EXAMPLE_PARTNER_KEY: missions["apiKey"],
        EXAMPLE_DOCS_KEY: stack.seeded["docsAgents"]["apiKey"],
        EXAMPLE_CLIENT: missions["clientId"],
        EXAMPLE_CLIENT_SECRET: missions["clientSecret"],
    }


def filled(event: str, values: Mapping[str, str]) -> str:
    for example, value in values.items():
        event = event.replace(example, value)
    return event


def message(sqs: Any) -> tuple[str, str]:
    """A queue that no other worker reads, and the receipt of a message from it."""
    url = sqs.create_queue(QueueName="sam-local")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    [received] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    return url, received["ReceiptHandle"]


def write_template(file: Path, invoked: list[Invocation], endpoint_url: str, adapter: Path) -> None:
    """The built template with every setting in it: `sam` passes only those that it declares.

    `adapter` is a layer with the Lambda Web Adapter: for AWS's own, `sam` would ask AWS.
    """
    template = load(LOCAL.folder / "template.yaml")
    resources = template["Resources"]
    for resource in resources.values():
        properties = resource.get("Properties", {})
        for local in properties.keys() & {"CodeUri", "ContentUri", "DefinitionUri"}:
            properties[local] = str((LOCAL.folder / properties[local]).resolve())
    resources[ADAPTER] = {
        "Type": "AWS::Serverless::LayerVersion",
        "Properties": {"ContentUri": str(adapter)},
    }
    for each in invoked:
        properties = resources[each.function]["Properties"]
        settings = each.variables | CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint_url}
        properties["Environment"] = {"Variables": settings}
        if each.is_web_server:
            properties["Layers"] = [{"Ref": "DocsLayer"}, {"Ref": ADAPTER}]
    file.write_text(json.dumps(template, default=str))
