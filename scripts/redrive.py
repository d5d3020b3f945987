"""Send what a dead letter queue of a stack holds on its way once more.

usage: make redrive STACK=sortie-dev [QUEUE=StreamDeadLetterQueue]

Without QUEUE it lists the queues, and how much is in each. Messages go back to the queue that they
came from. A message is sent before it is removed: were this to end in between, it is there twice,
which harms nobody. What cannot be sent stays.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from scripts.redrive_errors import KeptError
from scripts.redrive_records import again

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

STREAM: Final = "StreamDeadLetterQueue"
_KIND: Final = "DeadLetterQueue"
_SOURCE: Final = "DeadLetterQueueSourceArn"
_HELD_S: Final = 300
"""How long others, and our own next look, do not see what we are working on."""

type Resend = Callable[["MessageTypeDef"], str]
"""Sends a message, or what it stands for, and says what it has done. Raises `KeptError`."""


def queues_of(stack: str) -> dict[str, str]:
    """Return the URLs of a deployed stack's dead letter queues, by logical id."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages.paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::SQS::Queue" and each["LogicalResourceId"].endswith(_KIND)
    }


def waiting(sqs: "SQSClient", url: str) -> int:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def redrive(sqs: "SQSClient", url: str, resend: Resend) -> Iterator[tuple[bool, str]]:
    """Work off a dead letter queue; tell of each message whether it went, and whereto or why not.

    It ends when the queue is empty but for what stays.
    """
    kept = list[str]()
    while messages := received(sqs, url):
        for message in messages:
            try:
                told = resend(message)
            except KeptError as error:
                kept.append(message["ReceiptHandle"])
                yield False, str(error)
                continue
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield True, told
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


def back_to_its_queue(sqs: "SQSClient") -> Resend:
    sent = set[str]()

    def resend(message: "MessageTypeDef") -> str:
        source = message["Attributes"].get(_SOURCE)
        if source is None:
            raise KeptError(f"{message['MessageId']} came from no queue; its body says what it is")
        if message["MessageId"] in sent:
            raise KeptError(f"{message['MessageId']} is back already: mend the cause first")
        name = source.rsplit(":", 1)[-1]
        answer = sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"],
            MessageBody=message["Body"],
            MessageAttributes=message.get("MessageAttributes", {}),
        )
        sent.add(answer["MessageId"])
        return f"{message['MessageId']} is in {name} again"

    return resend


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--queue", default="")
    parser.add_argument("--stack", required=True)
    options = parser.parse_args()
    try:
        queues, sqs = queues_of(options.stack), boto3.client("sqs")
        if not options.queue:
            for name, url in sorted(queues.items()):
                print(f"{waiting(sqs, url):>8}  {name}")
            return 0
        if options.queue not in queues:
            return _fail(f"there is no {options.queue}; name one with QUEUE=: {', '.join(queues)}")
        resend = again() if options.queue == STREAM else back_to_its_queue(sqs)
        went = kept = 0
        for gone, told in redrive(sqs, queues[options.queue], resend):
            print(told if gone else f"kept: {told}")
            went, kept = went + gone, kept + (not gone)
    except (BotoCoreError, ClientError) as error:
        return _fail(f"stack {options.stack!r}: {error}")
    print(f"{options.queue}: {went} sent once more, {kept} kept")
    return 1 if kept else 0


def _fail(message: str) -> int:
    print(f"redrive: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
