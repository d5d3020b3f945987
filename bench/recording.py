"""Follow one job through the system: the functions that it invokes, and their AWS calls."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.meter import Calls
from bench.report import Row
from bench.requests import Event
from bench.sandbox import Sandbox


@dataclass(slots=True)
class Recording:
    """`polled` counts the requests that Lambda and other services send to queues."""

    job_id: str = ""
    invocations: int = 0
    cpu_ms: float = 0
    requests: int = 0
    polled: int = 0
    answer_bytes: int = 0
    by_step: dict[str, Calls] = field(default_factory=dict)

    @property
    def calls(self) -> Calls:
        total = Calls()
        for calls in self.by_step.values():
            total.add(calls)
        return total

    def rows(self) -> list[Row]:
        return [
            Row(
                name=f"{name}: AWS calls",
                value=calls.total,
                unit="calls",
                details={"WRU": calls.write_units, "RRU": calls.read_units},
                note=", ".join(f"{n} {call}" for call, n in sorted(calls.count.items())),
            )
            for name, calls in self.by_step.items()
        ]

    def total(self, *, lambda_ms: float) -> Row:
        calls = self.calls
        return Row(
            name="total: invocations",
            value=self.invocations,
            details={
                "AWS calls": calls.total,
                "WRU": calls.write_units,
                "RRU": calls.read_units,
                "ms of Lambda": lambda_ms,
            },
        )


class Runner:
    """Calls the functions in turn, and does the work of AWS between them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._queues = sandbox.client("sqs")
        self._stream = sandbox.client("dynamodbstreams")
        self._position = self.latest("JOB_TABLE")
        self.recording = Recording()

    def serve(self, name: str, handler: str, event: Event) -> dict[str, Any]:
        self.recording.requests += 1
        answer = self.work(name, handler, event)
        self.recording.answer_bytes += len(answer["body"])
        body: dict[str, Any] = json.loads(answer["body"])
        return body

    def work(self, name: str, handler: str, event: Any) -> Any:
        return self.invoke(name, lambda: self._sandbox.call(handler, event))

    def invoke[Answer](self, name: str, function: Callable[[], Answer]) -> Answer:
        with self._sandbox.meter.counting() as calls:
            start = time.process_time()
            answer = function()
            self.recording.cpu_ms += (time.process_time() - start) * 1000
        self.recording.invocations += 1
        self.recording.by_step.setdefault(name, Calls()).add(calls)
        return answer

    def changes(self) -> Sequence[Any]:
        """Read new records from the stream, and publish each of them separately."""
        found, self._position = self.records(self._position)
        records = [each for each in found if _has_status(each)]
        for each in records:
            self.work("publish", "workers.publish_events", {"Records": [each]})
        return records

    def message(self, variable: str) -> Any:
        """Receive the one message of a queue, in the shape of Lambda's events."""
        [message] = self._queues.receive_message(
            QueueUrl=self._sandbox.environment[variable],
            WaitTimeSeconds=5,
            AttributeNames=["ApproximateReceiveCount"],
        )["Messages"]
        return _as_lambda_has_it(message)

    def take_all(self, variable: str) -> Sequence[Any]:
        """Receive and delete the messages that a queue has now."""
        url = self._sandbox.environment[variable]
        messages = self._queues.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"]
        )
        found = messages.get("Messages", [])
        for each in found:
            self._queues.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return [_as_lambda_has_it(each) for each in found]

    def records(self, position: str) -> tuple[Sequence[Any], str]:
        """Return a stream's records from a position on, and the next position."""
        response = self._stream.get_records(ShardIterator=position)
        return response["Records"], response["NextShardIterator"]

    def latest(self, variable: str) -> str:
        """Return the end position of a table's stream."""
        table = self._sandbox.environment[variable]
        [stream] = self._stream.list_streams(TableName=table)["Streams"]
        arn = stream["StreamArn"]
        [shard] = self._stream.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        found: str = self._stream.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
        )["ShardIterator"]
        return found


def _as_lambda_has_it(message: Any) -> Any:
    return {name[0].lower() + name[1:]: value for name, value in message.items()}


def _has_status(record: Any) -> bool:
    """Apply the event source's filter (template.yaml)."""
    return "status" in record["dynamodb"].get("NewImage", {})
