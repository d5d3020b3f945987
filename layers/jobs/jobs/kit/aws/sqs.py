"""Hand jobs to workers over SQS. The message is a pointer; the table is the truth."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from jobs.core.adapters.messages import spelled, to_text
from jobs.core.job import JobRef
from jobs.kit.aws.client import passing_failures
from jobs.missions.mission import Order

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsJobQueue:
    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, ref: JobRef) -> None:
        with passing_failures():
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=to_text(ref))


class SqsMissionQueue(SqsJobQueue):
    def settle(self, ref: JobRef, order: Order) -> None:
        message = {**spelled(ref), "order": asdict(order)}
        with passing_failures():
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(message))


def order_in(text: str) -> Order | None:
    """Return the order that is to be settled, if that is what the message asks for."""
    order = json.loads(text).get("order")
    return order and Order(**order)


class SqsDelivery:
    """One receipt. The queue's own visibility timeout must outlast its Lambda function's, which is
    far too long to wait for a worker that has died: so the worker holds its message in short steps.
    """

    def __init__(self, client: "SQSClient", queue_url: str, receipt_handle: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._receipt_handle = receipt_handle

    def hold(self, seconds: int) -> None:
        with passing_failures():
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=self._receipt_handle,
                VisibilityTimeout=seconds,
            )
