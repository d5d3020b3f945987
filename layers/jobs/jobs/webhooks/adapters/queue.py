"""The SQS queue of planned attempts, and their dead-letter queue.

A message is a reference; the webhook table has the delivery.
"""

import json
from collections.abc import Sequence
from itertools import batched
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.aws.sqs import MAX_BATCH_SIZE, raise_if_failed
from jobs.kit.clock import Clock
from jobs.webhooks.webhook import DeliveryRef, PlannedAttempt

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_MAX_DELAY_S: Final = 900
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""


class SqsDeliveryQueue:
    """Sends messages with their tenant as message group, which makes the queue fair.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    def __init__(self, client: "SQSClient", queue_url: str, clock: Clock) -> None:
        self._client = client
        self._queue_url = queue_url
        self._clock = clock

    def send(self, planned: Sequence[PlannedAttempt]) -> None:
        for batch in batched(planned, MAX_BATCH_SIZE):
            with convert_aws_errors():
                response = self._client.send_message_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {
                            "Id": str(n),
                            "MessageBody": to_text(each),
                            "MessageGroupId": each.ref.tenant,
                            "DelaySeconds": self._delay_s(each),
                        }
                        for n, each in enumerate(batch)
                    ],
                )
            raise_if_failed(response)

    def _delay_s(self, planned: PlannedAttempt) -> int:
        return min(max(ceil((planned.due - self._clock()) / 1000), 0), _MAX_DELAY_S)


class SqsDeadLetters:
    """Sends dead letters as EventBridge does, with their source: `make redrive` returns them there.

    SQS's own redrive policy counts receives of one message, but each attempt has its own message.
    """

    def __init__(self, client: "SQSClient", queue_url: str, source_arn: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._source_arn = source_arn

    def add(self, planned: PlannedAttempt) -> None:
        with convert_aws_errors():
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=to_text(planned),
                MessageGroupId=planned.ref.tenant,
                MessageAttributes={
                    "TARGET_ARN": {"DataType": "String", "StringValue": self._source_arn}
                },
            )


def to_text(planned: PlannedAttempt) -> str:
    return json.dumps({
        "tenant": planned.ref.tenant,
        "jobId": planned.ref.job_id,
        "deliveryId": planned.ref.id,
        "id": planned.id,
        "number": planned.number,
        "index": planned.index,
        "due": planned.due,
        "deferrals": planned.deferrals,
    })  # fmt: skip


def from_text(text: str, *, receive_count: int = 1) -> PlannedAttempt:
    """Parse a message. Raises `ValueError`.

    A message of an earlier version is only a reference: its receives were the attempts.
    """
    body: Any = json.loads(text)
    match body:
        case {"tenant": str(tenant), "jobId": str(job_id), "deliveryId": str(delivery_id)}:
            ref = DeliveryRef(tenant=tenant, job_id=job_id, id=delivery_id)
        case _:
            raise ValueError("not a reference to a delivery")
    match body:
        case {
            "id": str(id), "number": int(number), "index": int(index), "due": int(due),
            "deferrals": int(deferrals),
        }:  # fmt: skip
            return PlannedAttempt(
                ref=ref, id=id, number=number, index=index, due=due, deferrals=deferrals
            )
    return PlannedAttempt(ref=ref, number=receive_count, index=None)
