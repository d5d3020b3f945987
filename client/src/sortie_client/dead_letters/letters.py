"""Dead letters go back to where they were going.

A letter is sent before it is removed: were this to end in between, it is there twice, which harms
nobody. What cannot be sent stays.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sortie_client.dead_letters import records
from sortie_client.dead_letters.aws import Clients, failures
from sortie_client.dead_letters.errors import KeptError

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_KIND: Final = "DeadLetterQueue"
_HELD_S: Final = 300
"""How long others, and our own next look, do not see what we are working on."""


@dataclass(frozen=True)
class DeadLetterQueue:
    """`name` is its logical id in the template; `messages`: about so many are waiting in it."""

    name: str
    url: str
    messages: int


@dataclass(frozen=True)
class Redriven:
    """One letter: whether it `went`, and in words whereto, or why not."""

    went: bool
    text: str


class DeadLetters:
    """Those of one CloudFormation stack. All methods raise `SortieError` where AWS refuses."""

    def __init__(self, stack: str, client: Clients) -> None:
        self._stack = stack
        self._client = client

    @failures()
    def queues(self) -> Sequence[DeadLetterQueue]:
        """Return the stack's dead-letter queues by name."""
        sqs: SQSClient = self._client("sqs")
        pages = self._client("cloudformation").get_paginator("list_stack_resources")
        urls = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages.paginate(StackName=self._stack)
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == "AWS::SQS::Queue"
        }
        return [
            DeadLetterQueue(name, url, waiting(sqs, url))
            for name, url in sorted(urls.items())
            if name.endswith(_KIND)
        ]

    def redrive(self, queue: DeadLetterQueue) -> Iterator[Redriven]:
        """Work a queue off, and tell of each letter; it is empty then but for what stays."""
        with failures():
            yield from redrive(self._client("sqs"), queue.url, Resender(self._client))


class Resender:
    """Called with a letter, it sends that, or what it stands for, and says what it has done.

    Raises `KeptError`.
    """

    def __init__(self, client: Clients) -> None:
        self._client = client
        self._sent = set[str]()

    def __call__(self, letter: "MessageTypeDef") -> str:
        if source := source_of(letter):
            return self._back(letter, source)
        if note := records.note_of(letter["Body"]):
            return records.again(self._client("dynamodbstreams"), self._client("lambda"), note)
        raise KeptError(f"{letter['MessageId']} came from no queue; its body says what it is")

    def _back(self, letter: "MessageTypeDef", source: str) -> str:
        if letter["MessageId"] in self._sent:
            raise KeptError(f"{letter['MessageId']} is back already: mend the cause first")
        sqs: SQSClient = self._client("sqs")
        name = source.rsplit(":", 1)[-1]
        answer = sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"],
            MessageBody=letter["Body"],
            MessageAttributes=letter.get("MessageAttributes", {}),
        )
        self._sent.add(answer["MessageId"])
        return f"{letter['MessageId']} is in {name} again"


def waiting(sqs: "SQSClient", url: str) -> int:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def redrive(
    sqs: "SQSClient", url: str, resend: Callable[["MessageTypeDef"], str]
) -> Iterator[Redriven]:
    kept = list[str]()
    while letters := received(sqs, url):
        for letter in letters:
            try:
                told = resend(letter)
            except KeptError as error:
                kept.append(letter["ReceiptHandle"])
                yield Redriven(went=False, text=str(error))
                continue
            sqs.delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])
            yield Redriven(went=True, text=told)
    for receipt in kept:  # the next one to look is not to wait
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)


def received(sqs: "SQSClient", url: str) -> "list[MessageTypeDef]":
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=_HELD_S,
        WaitTimeSeconds=1,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    return answer.get("Messages", [])


def source_of(letter: "MessageTypeDef") -> str | None:
    """Return the ARN of the queue that a letter was in, or that EventBridge could not put it into.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/rule-dlq.html
    """
    if source := letter.get("Attributes", {}).get("DeadLetterQueueSourceArn"):
        return source
    target = letter.get("MessageAttributes", {}).get("TARGET_ARN")
    return target.get("StringValue") if target else None
