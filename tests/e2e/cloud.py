"""The emulated AWS below the public API, as an operator sees and breaks it."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from jobs.core.adapters.dynamodb import items
from jobs.core.job import JobRef
from local.cloud.aws import create_session
from local.stack.local_stack import LocalStack
from tests.e2e.api import eventually


@dataclass(frozen=True)
class Cloud:
    stack: LocalStack
    client: Callable[[str], Any]

    @property
    def jobs(self) -> str:
        return self.stack.outputs["JobTableName"]

    @property
    def registry(self) -> str:
        return self.stack.outputs["RegistryTableName"]

    def header(self, ref: JobRef) -> Any:
        """Return the job's stored header item."""
        return self.client("dynamodb").get_item(
            TableName=self.jobs, Key=key(ref), ConsistentRead=True
        )["Item"]

    def status(self, ref: JobRef) -> str:
        return str(self.header(ref)["status"]["S"])

    def change(self, ref: JobRef, **numbers: int) -> None:
        """Overwrite numeric attributes of a job, bypassing all code."""
        names = {f"#{name}": name for name in numbers}
        self.client("dynamodb").update_item(
            TableName=self.jobs,
            Key=key(ref),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in numbers),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":{name}": {"N": str(n)} for name, n in numbers.items()},
        )

    def send(self, ref: JobRef) -> None:
        """Put the job's message into the agent queue again."""
        body = {"tenant": ref.tenant, "dialect": ref.kind, "jobId": ref.id}
        self.client("sqs").send_message(
            QueueUrl=self.stack.outputs["AgentQueueUrl"], MessageBody=json.dumps(body)
        )

    def resource(self, name: str) -> str:
        """Return the physical id of a resource of the stack."""
        found = self.client("cloudformation").describe_stack_resource(
            StackName=self.stack.name, LogicalResourceId=name
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def machine(self, name: str) -> str:
        machines = self.client("stepfunctions").list_state_machines()["stateMachines"]
        wanted = f"{self.stack.name}-{name}"
        [arn] = [each["stateMachineArn"] for each in machines if each["name"] == wanted]
        return str(arn)

    def waiting(self, queue: str, *, in_flight: bool = True) -> int:
        """Return how many messages a queue holds, with those in flight or only the visible ones."""
        names = ["ApproximateNumberOfMessages"]
        names += ["ApproximateNumberOfMessagesNotVisible"] if in_flight else []
        found = self.client("sqs").get_queue_attributes(
            QueueUrl=self.stack.outputs[queue], AttributeNames=names
        )
        return sum(int(found["Attributes"][name]) for name in names)

    def purge(self, queue: str) -> None:
        """Drop the messages that earlier tests left in a queue."""
        self.client("sqs").purge_queue(QueueUrl=self.stack.outputs[queue])

    def consume(self, function: str, *, enabled: bool) -> None:
        """Enable or disable a function's event source."""
        self.configure(function, Enabled=enabled)

    def configure(self, function: str, **settings: Any) -> None:
        """Change the settings of a function's event source."""
        functions = self.client("lambda")
        [mapping] = [
            each["UUID"]
            for each in functions.list_event_source_mappings()["EventSourceMappings"]
            if f":{self.stack.name}-{function}Function-" in each["FunctionArn"]
        ]
        functions.update_event_source_mapping(UUID=mapping, **settings)
        eventually(
            lambda: functions.get_event_source_mapping(UUID=mapping)["State"],
            lambda state: state in {"Enabled", "Disabled"},
        )

    def kill(self, function: str) -> int:
        """Kill each process that runs a function; return their number."""
        pids = self.workers(function)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(pids)

    def workers(self, function: str) -> list[int]:
        folders = f"ministack/ministack-lambda-{self.stack.name}-{function}Function-*"
        started = {int(each.read_text()) for each in self.stack.folder.glob(f"{folders}/pid")}
        return [pid for pid, _, _ in processes() if pid in started]


@contextmanager
def above(stack: LocalStack) -> Iterator[Cloud]:
    with ExitStack() as cleanup:

        @cache
        def client(service: str) -> Any:
            made = create_session().client(service, endpoint_url=stack.aws_endpoint_url)  # type: ignore[call-overload]
            return cleanup.enter_context(closing(made))

        yield Cloud(stack, client)


def key(ref: JobRef) -> dict[str, Any]:
    return items.key(ref)


def processes() -> list[tuple[int, int, str]]:
    """Return id, parent's id and command line of every process on this machine."""
    shown = subprocess.run(
        ["ps", "-axwwo", "pid=,ppid=,command="], capture_output=True, check=True, text=True
    )
    rows = (line.split(None, 2) for line in shown.stdout.splitlines())
    return [(int(row[0]), int(row[1]), row[2] if len(row) > 2 else "") for row in rows]
