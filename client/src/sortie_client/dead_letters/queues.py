"""Redrive of dead-letter queues.

A message is sent before it is deleted. A crash between the two duplicates it, and consumers are
idempotent. A message that cannot be sent stays in the queue.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sortie_client.dead_letters import stream_records
from sortie_client.dead_letters.aws import Clients, aws_errors
from sortie_client.dead_letters.errors import RedriveError

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef, SendMessageRequestTypeDef

_NAME_SUFFIX: Final = "DeadLetterQueue"
_VISIBILITY_TIMEOUT_S: Final = 300


@dataclass(frozen=True)
class DeadLetterQueue:
    """`name`: its logical id in the template; `messages`: their approximate number."""

    name: str
    url: str
    messages: int


@dataclass(frozen=True)
class RedriveResult:
    """The outcome for one message; `text` says where it went, or why it stays."""

    redriven: bool
    text: str


class DeadLetterQueues:
    """The dead-letter queues of one CloudFormation stack. AWS's errors become `SortieError`s."""

    def __init__(self, stack: str, client: Clients) -> None:
        self._stack = stack
        self._client = client

    @aws_errors()
    def list_queues(self) -> Sequence[DeadLetterQueue]:
        """Return the stack's dead-letter queues, sorted by name."""
        sqs: SQSClient = self._client("sqs")
        pages = self._client("cloudformation").get_paginator("list_stack_resources")
        urls = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages.paginate(StackName=self._stack)
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == "AWS::SQS::Queue"
        }
        return [
            DeadLetterQueue(name, url, _count_messages(sqs, url))
            for name, url in sorted(urls.items())
            if name.endswith(_NAME_SUFFIX)
        ]

    def redrive(self, queue: DeadLetterQueue) -> Iterator[RedriveResult]:
        """Redrive each message of a queue and yield its result."""
        with aws_errors():
            yield from _redrive(self._client("sqs"), queue.url, _Redriver(self._client).redrive)


def _redrive(
    sqs: "SQSClient", url: str, redrive: Callable[["MessageTypeDef"], str]
) -> Iterator[RedriveResult]:
    receipts = list[str]()
    while messages := _receive(sqs, url):
        for message in messages:
            try:
                text = redrive(message)
            except RedriveError as error:
                receipts.append(message["ReceiptHandle"])
                yield RedriveResult(redriven=False, text=str(error))
                continue
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield RedriveResult(redriven=True, text=text)
    for receipt in receipts:  # the next redrive must not wait for the visibility timeout
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)


class _Redriver:
    """Sends a message back to its source queue, or its stream records to their function."""

    def __init__(self, client: Clients) -> None:
        self._client = client
        self._sent = set[str]()

    def redrive(self, message: "MessageTypeDef") -> str:
        """Return a description of what was done. Raises `RedriveError`."""
        if source := _source_queue(message):
            return self._send(message, source)
        if batch := stream_records.parse_failed_batch(message["Body"]):
            return stream_records.redeliver(
                self._client("dynamodbstreams"), self._client("lambda"), batch
            )
        raise RedriveError(
            f"{message['MessageId']} has no source queue. Read its body and handle it by hand"
        )

    def _send(self, message: "MessageTypeDef", source: str) -> str:
        if message["MessageId"] in self._sent:
            raise RedriveError(
                f"{message['MessageId']} failed again. Fix the cause before the next redrive"
            )
        sqs: SQSClient = self._client("sqs")
        name = source.rsplit(":", 1)[-1]
        request: SendMessageRequestTypeDef = {
            "QueueUrl": sqs.get_queue_url(QueueName=name)["QueueUrl"],
            "MessageBody": message["Body"],
            "MessageAttributes": message.get("MessageAttributes", {}),
        }
        if group := message.get("Attributes", {}).get("MessageGroupId"):
            request["MessageGroupId"] = group
        sent = sqs.send_message(**request)
        self._sent.add(sent["MessageId"])
        return f"{message['MessageId']} was sent to {name}"


def _count_messages(sqs: "SQSClient", url: str) -> int:
    response = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(response["Attributes"]["ApproximateNumberOfMessages"])


def _receive(sqs: "SQSClient", url: str) -> "Sequence[MessageTypeDef]":
    response = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=_VISIBILITY_TIMEOUT_S,
        WaitTimeSeconds=1,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    return response.get("Messages", [])


def _source_queue(message: "MessageTypeDef") -> str | None:
    """Return the ARN of a message's source queue, or of the EventBridge target it never reached.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/rule-dlq.html
    """
    if source := message.get("Attributes", {}).get("DeadLetterQueueSourceArn"):
        return source
    target = message.get("MessageAttributes", {}).get("TARGET_ARN")
    return target.get("StringValue") if target else None
