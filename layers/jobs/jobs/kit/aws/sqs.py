"""Hand jobs to workers over SQS. The message is a pointer; the table is the truth."""

from typing import TYPE_CHECKING

from jobs.kit.aws.client import convert_transient_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsDelivery:
    """One receipt. The queue's own visibility timeout must outlast its Lambda function's, which is
    far too long to wait for a worker that has died: so the worker holds its message in short steps.
    """

    def __init__(self, client: "SQSClient", queue_url: str, receipt_handle: str) -> None:
        self._client = client
        self._queue_url = queue_url
        self._receipt_handle = receipt_handle

    def hold(self, seconds: int) -> None:
        with convert_transient_errors():
            self._client.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=self._receipt_handle,
                VisibilityTimeout=seconds,
            )
