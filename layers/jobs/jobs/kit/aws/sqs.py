"""Deliveries of SQS messages."""

from typing import TYPE_CHECKING

from jobs.kit.aws.client import convert_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsDelivery:
    """One receipt of a message.

    SQS requires a visibility timeout longer than the function's timeout. That is too long to wait
    after a crash, so the worker extends a short timeout of its own while it runs.
    """

    def __init__(self, client: "SQSClient", queue_url: str, receipt_handle: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._receipt_handle = receipt_handle

    def hold(self, seconds: int) -> None:
        with convert_aws_errors():
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=self._receipt_handle,
                VisibilityTimeout=seconds,
            )
