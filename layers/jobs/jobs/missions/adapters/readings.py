"""Stored readings, as messages of the queue of updates: pointers, never the readings.

The point of a track stands beside the pointer, where earlier versions do not look.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import batched
from typing import TYPE_CHECKING, Any

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.sqs import MAX_BATCH_SIZE, raise_if_failed
from jobs.missions.device import StoredReading, TrackPoint

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsReadingQueue:
    """Sends messages with their tenant as message group, which makes the queue fair.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, readings: Sequence[StoredReading]) -> None:
        for batch in batched(readings, MAX_BATCH_SIZE):
            with convert_aws_errors():
                response = self._client.send_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {"Id": str(n), "MessageBody": to_text(each), "MessageGroupId": each.tenant}
                        for n, each in enumerate(batch)
                    ],
                )
            raise_if_failed(response)


def to_text(reading: StoredReading) -> str:
    pointer = asdict(reading)
    point = pointer.pop("point")
    return json.dumps({"reading": pointer} | ({"point": point} if point else {}))


def parse_reading(message: Mapping[str, Any]) -> StoredReading:
    pointer = message["reading"]
    reading = StoredReading(**{**pointer, "orders": tuple(pointer["orders"])})
    point = message.get("point")
    return replace(reading, point=TrackPoint(**point)) if point else reading
