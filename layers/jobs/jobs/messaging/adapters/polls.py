"""Polls of delegated jobs, as messages of an SQS queue that delays them."""

import json
from typing import TYPE_CHECKING, Any

from jobs.core.adapters.messages import ref_fields, ref_from
from jobs.kit.aws.client import convert_aws_errors
from jobs.messaging.poll import Poll

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsPolls:
    """Sends messages with their tenant as message group, which makes the queue fair.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def schedule(self, poll: Poll) -> None:
        with convert_aws_errors():
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=json.dumps({"job": ref_fields(poll.ref), "pauseS": poll.pause_s}),
                MessageGroupId=poll.ref.tenant,
                DelaySeconds=poll.pause_s,
            )


def parse_poll(text: str) -> Poll:
    message: Any = json.loads(text)
    return Poll(ref=ref_from(message["job"]), pause_s=message["pauseS"])
