"""A stack's dead-letter queues, for whoever operates it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sortie_client.errors import ApiError, ConnectionFailedError, NotConfiguredError

_MOST_AT_ONCE: Final = 10
_HELD_S: Final = 60
_LOCAL: Final[Mapping[str, Any]] = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "eu-central-1",
}


@dataclass(frozen=True)
class DeadLetters:
    """`sources`: the ARNs of the queues whose messages end here."""

    name: str
    url: str
    messages: int
    sources: Sequence[str]


@dataclass(frozen=True)
class Redriven:
    moved: int
    left: int


@contextmanager
def aws() -> Iterator[None]:
    """Turn what boto3 raises, or that it is missing, into a `SortieError`."""
    try:
        from botocore.exceptions import (  # noqa: PLC0415 - an extra
            BotoCoreError,
            ClientError,
            HTTPClientError,
        )
    except ImportError as error:
        raise NotConfiguredError(
            "Queues are reached through AWS: pip install 'sortie-client[aws]'"
        ) from error
    try:
        yield
    except ClientError as error:
        told, answered = error.response["Error"], error.response["ResponseMetadata"]
        raise ApiError(
            answered["HTTPStatusCode"], told.get("Message") or str(error), code=told.get("Code")
        ) from error
    except HTTPClientError as error:
        raise ConnectionFailedError(str(error), sent=False) from error
    except BotoCoreError as error:  # no credentials, no region
        raise NotConfiguredError(str(error)) from error


class Queues:
    """Those of one CloudFormation stack; at an emulator's address, or else in AWS."""

    def __init__(self, stack: str, endpoint_url: str | None) -> None:
        import boto3  # noqa: PLC0415 - an extra

        session = boto3.Session(**(_LOCAL if endpoint_url else {}))
        self._sqs: Any = session.client("sqs", endpoint_url=endpoint_url)
        self._stacks: Any = session.client("cloudformation", endpoint_url=endpoint_url)
        self._stack = stack

    def dead_letters(self) -> Sequence[DeadLetters]:
        found = {name: (url, self._attributes(url)) for name, url in self._urls()}
        feeding: dict[str, list[str]] = {}
        for _, attributes in found.values():
            target = json.loads(attributes.get("RedrivePolicy", "{}")).get("deadLetterTargetArn")
            feeding.setdefault(target, []).append(attributes["QueueArn"])
        return [
            DeadLetters(
                name,
                url,
                int(attributes["ApproximateNumberOfMessages"]),
                feeding.get(attributes["QueueArn"], []),
            )
            for name, (url, attributes) in sorted(found.items())
            if attributes["QueueArn"] in feeding or name.endswith("DeadLetterQueue")
        ]

    def redrive(self, letters: DeadLetters) -> Redriven:
        """Send back as many messages as were there, to where each came from.

        Sent first and deleted then: a crash in between has one done twice, which does no harm.
        One whose origin is not known stays.
        """
        moved = left = 0
        while moved + left < letters.messages:
            messages = self._received(letters)
            if not messages:
                break
            for message in messages:
                origin = _origin(message, letters)
                if origin is None:
                    left += 1
                    continue
                self._sqs.send_message(
                    QueueUrl=self._url(origin),
                    MessageBody=message["Body"],
                    MessageAttributes=message.get("MessageAttributes", {}),
                )
                self._sqs.delete_message(
                    QueueUrl=letters.url, ReceiptHandle=message["ReceiptHandle"]
                )
                moved += 1
        return Redriven(moved, left)

    def _received(self, letters: DeadLetters) -> Sequence[Mapping[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=letters.url,
            MaxNumberOfMessages=_MOST_AT_ONCE,
            VisibilityTimeout=_HELD_S,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        messages: Sequence[Mapping[str, Any]] = answer.get("Messages", [])
        return messages

    def _urls(self) -> Iterator[tuple[str, str]]:
        pages = self._stacks.get_paginator("list_stack_resources")
        for page in pages.paginate(StackName=self._stack):
            for each in page["StackResourceSummaries"]:
                if each["ResourceType"] == "AWS::SQS::Queue":
                    yield each["LogicalResourceId"], each["PhysicalResourceId"]

    def _attributes(self, url: str) -> Mapping[str, str]:
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        attributes: Mapping[str, str] = answer["Attributes"]
        return attributes

    def _url(self, arn: str) -> str:
        return str(self._sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


def _origin(message: Mapping[str, Any], letters: DeadLetters) -> str | None:
    """SQS remembers it; where it does not, only one queue may have sent it."""
    known = message.get("Attributes", {}).get("DeadLetterQueueSourceArn")
    if known:
        return str(known)
    return letters.sources[0] if len(letters.sources) == 1 else None
