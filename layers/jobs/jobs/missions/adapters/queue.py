"""The mission queue: jobs to advance, and orders to settle."""

import json
from dataclasses import asdict

from jobs.core.adapters.messages import ref_fields
from jobs.core.adapters.queue import SqsJobQueue
from jobs.core.job import JobRef
from jobs.kit.aws.client import convert_aws_errors
from jobs.missions.mission import Order


class SqsMissionQueue(SqsJobQueue):
    def settle(self, ref: JobRef, order: Order) -> None:
        message = {**ref_fields(ref), "order": asdict(order)}
        with convert_aws_errors():
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=json.dumps(message),
                MessageGroupId=ref.tenant,
            )


def parse_order(text: str) -> Order | None:
    """Return the order to settle, or None if the message is about a job to advance."""
    order = json.loads(text).get("order")
    return order and Order(**order)
