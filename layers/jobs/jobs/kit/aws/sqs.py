"""Batches, delays and deliveries of SQS messages."""

from typing import TYPE_CHECKING, Final

from jobs.kit.aws.client import convert_aws_errors
from jobs.kit.clock import Millis
from jobs.kit.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchResultTypeDef

MAX_BATCH_SIZE: Final = 10
MAX_DELAY_S: Final = 900
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"""


def delay_until(at: Millis, *, now: Millis, most: int = MAX_DELAY_S) -> int:
    """Return the delay of a message in whole seconds, rounded up, so that it is not early.

    A later time than `most` is left to whoever receives the message.
    """
    return min(max(-(-(at - now) // 1000), 0), most)


def raise_if_failed(response: "SendMessageBatchResultTypeDef") -> None:
    """Raise `RefusedError` or `UnavailableError` if SQS has not taken all messages of a batch."""
    if failed := response.get("Failed"):
        lasting = all(each["SenderFault"] for each in failed)
        kind = RefusedError if lasting else UnavailableError
        raise kind("SQS rejected messages of a batch")


class SqsDelivery:
    """One receipt of a message; `count` is the number of its receipts so far.

    SQS requires a visibility timeout longer than the function's timeout. That is too long to wait
    after a crash, so the worker extends a short timeout of its own while it runs.
    """

    def __init__(
        self, client: "SQSClient", queue_url: str, receipt_handle: str, count: int
    ) -> None:
        self._client = client
        self._queue_url = queue_url
        self._receipt_handle = receipt_handle
        self.count = count

    def hold(self, seconds: int) -> None:
        with convert_aws_errors():
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=self._receipt_handle,
                VisibilityTimeout=seconds,
            )
