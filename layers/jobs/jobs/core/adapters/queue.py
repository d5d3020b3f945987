"""Queue jobs over SQS. A message is a pointer; the table is the source of truth."""

from typing import TYPE_CHECKING

from jobs.core.adapters.messages import to_text
from jobs.core.job import JobRef
from jobs.core.slots import Slot
from jobs.kit.aws.client import convert_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsJobQueue:
    """Sends messages with their tenant as message group, which makes the queue fair.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, ref: JobRef, slot: Slot | None = None, *, delay_s: int = 0) -> None:
        with convert_aws_errors():
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=to_text(ref, slot),
                MessageGroupId=ref.tenant,
                DelaySeconds=delay_s,
            )
